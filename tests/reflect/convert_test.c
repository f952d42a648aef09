/* Numbers convert by value: every kernel against the general conversion, on the edges of both types. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "convert.h"

static const MoltNumberForm forms[] = {
    {MOLT__SIGNED, 1, 0, 0},
    {MOLT__SIGNED, 2, 0, 0},
    {MOLT__SIGNED, 4, 0, 0},
    {MOLT__SIGNED, 8, 0, 0},
    {MOLT__SIGNED, 16, 0, 0},
    {MOLT__UNSIGNED, 1, 0, 0},
    {MOLT__UNSIGNED, 2, 0, 0},
    {MOLT__UNSIGNED, 4, 0, 0},
    {MOLT__UNSIGNED, 8, 0, 0},
    {MOLT__UNSIGNED, 16, 0, 0},
    {MOLT__FLOAT, 4, 0, 0},
    {MOLT__FLOAT, 8, 0, 0},
    {MOLT__FLOAT, sizeof(long double), 0, 0},
    {MOLT__BOOL, 1, 0, 0},
    {MOLT__UNSIGNED, 4, 3, 5},
    {MOLT__SIGNED, 4, 6, 11},
    {MOLT__UNSIGNED, 8, 7, 64 - 7},
    {MOLT__SIGNED, 8, 3, 64 - 3 - 5},
    {MOLT__SIGNED, 4, 0, 32},
    {MOLT__SIGNED, 1, 7, 1},
    {MOLT__BOOL, 1, 2, 1},
    {MOLT__BOOL, 4, 0, 0},
};
enum { FORMS = sizeof forms / sizeof *forms };

static const long double edges[] = {
    0,           1,           -1,          2,           0.5L,
    -0.5L,       1.5L,        127,         128,         -128,
    -129,        255,         256,         32767,       32768,
    -32768,      -32769,      65535,       65536,       0x1p24L,
    0x1p24L + 1, 0x1p31L - 1, 0x1p31L,     -0x1p31L,    -0x1p31L - 1,
    0x1p32L - 1, 0x1p32L,     0x1p53L,     0x1p53L + 1, 0x1p63L,
    -0x1p63L,    0x1p63L - 1, 0x1p64L - 1, 0x1p64L,     0.1L,
    1e30L,       -1e30L,      1e300L,      -1e300L,     FLT_MAX,
    DBL_MAX,     FLT_MIN,     5e-324L,     INFINITY,    -INFINITY,
    NAN,
};
enum { EDGES = sizeof edges / sizeof *edges };

typedef struct Slow {
    const MoltNumberForm *from, *to;
    unsigned calls;
} Slow;

static void convert_one(void *context, uint64_t i, const void *source, void *destination)
{
    Slow *slow = context;
    (void)i;
    molt__number_convert(slow->from, source, slow->to, destination, false);
    slow->calls++;
}

/* An edge in a form; the form's own saturation makes every edge a valid value of it. */
static void store_edge(const MoltNumberForm *form, long double edge, unsigned char *bytes)
{
    MoltNumberForm wide = {MOLT__FLOAT, sizeof edge, 0, 0};
    memset(bytes, 0, 32);
    molt__number_convert(&wide, &edge, form, bytes, false);
}

static void kernels_agree_with_the_general_conversion(void **state)
{
    (void)state;
    for (int f = 0; f < FORMS; f++) {
        for (int t = 0; t < FORMS; t++) {
            unsigned char source[EDGES][32], expected[EDGES][32], actual[EDGES][32];
            Slow slow = {&forms[f], &forms[t], 0};
            unsigned inexact = 0;
            memset(expected, 0, sizeof expected);
            memset(actual, 0, sizeof actual);
            for (int e = 0; e < EDGES; e++) {
                store_edge(&forms[f], edges[e], source[e]);
                inexact += molt__number_convert(&forms[f], source[e], &forms[t], expected[e],
                                                false) != MOLT__EXACT;
            }
            const MoltNumberForm pair[] = {forms[f], forms[t]};
            molt__number_kernel(&forms[f], &forms[t])(pair, source[0], 32, actual[0], 32, EDGES,
                                                      convert_one, &slow);
            assert_memory_equal(actual, expected, sizeof expected);
            assert_true(slow.calls >= inexact); /* every loss reaches the slow path */
        }
    }
}

static MoltNumberLoss convert(MoltNumberForm from, const void *source, MoltNumberForm to,
                              void *into)
{
    return molt__number_convert(&from, source, &to, into, false);
}

#define I32 ((MoltNumberForm){MOLT__SIGNED, 4, 0, 0})
#define U8 ((MoltNumberForm){MOLT__UNSIGNED, 1, 0, 0})
#define F32 ((MoltNumberForm){MOLT__FLOAT, 4, 0, 0})
#define F64 ((MoltNumberForm){MOLT__FLOAT, 8, 0, 0})
#define FLAG ((MoltNumberForm){MOLT__BOOL, 1, 0, 0})

static void narrowing_saturates_and_says_so(void **state)
{
    (void)state;
    int32_t value = 300;
    uint8_t byte = 0;
    assert_int_equal(convert(I32, &value, U8, &byte), MOLT__OUT_OF_RANGE);
    assert_int_equal(byte, 255);
    value = -1;
    assert_int_equal(convert(I32, &value, U8, &byte), MOLT__OUT_OF_RANGE);
    assert_int_equal(byte, 0);
    value = 200;
    assert_int_equal(convert(I32, &value, U8, &byte), MOLT__EXACT);
    assert_int_equal(byte, 200);
}

static void int_to_float_reports_rounding(void **state)
{
    (void)state;
    int32_t value = 16777217;
    float result = 0;
    assert_int_equal(convert(I32, &value, F32, &result), MOLT__ROUNDED);
    assert_true(result == 16777216.0f);
    value = 7;
    assert_int_equal(convert(I32, &value, F32, &result), MOLT__EXACT);
    assert_true(result == 7.0f);
}

static void float_to_int_reports_fraction_and_nan(void **state)
{
    (void)state;
    int32_t result = 5;
    float value = -3.0f;
    assert_int_equal(convert(F32, &value, I32, &result), MOLT__EXACT);
    assert_int_equal(result, -3);
    value = 2.75f;
    assert_int_equal(convert(F32, &value, I32, &result), MOLT__FRACTION);
    assert_int_equal(result, 2);
    MoltNumberForm from = F32, to = I32;
    assert_int_equal(molt__number_convert(&from, &value, &to, &result, true), MOLT__FRACTION);
    assert_int_equal(result, 3);
    value = NAN;
    assert_int_equal(convert(F32, &value, I32, &result), MOLT__NAN);
    assert_int_equal(result, 0);
    value = 1e20f;
    assert_int_equal(convert(F32, &value, I32, &result), MOLT__OUT_OF_RANGE);
    assert_int_equal(result, INT32_MAX);
}

static void double_to_float_saturates_only_what_is_too_large(void **state)
{
    (void)state;
    double value = 1e300;
    float result = 0;
    assert_int_equal(convert(F64, &value, F32, &result), MOLT__OUT_OF_RANGE);
    assert_true(result == FLT_MAX);
    value = INFINITY;
    assert_int_equal(convert(F64, &value, F32, &result), MOLT__EXACT);
    assert_true(isinf(result));
    value = 0.1;
    assert_int_equal(convert(F64, &value, F32, &result), MOLT__ROUNDED);
    assert_true(result == 0.1f);
}

static void int_to_bool_collapses_with_a_loss(void **state)
{
    (void)state;
    int32_t value = 7;
    unsigned char flag = 9;
    assert_int_equal(convert(I32, &value, FLAG, &flag), MOLT__COLLAPSED);
    assert_int_equal(flag, 1);
    value = 1;
    assert_int_equal(convert(I32, &value, FLAG, &flag), MOLT__EXACT);
    assert_int_equal(flag, 1);
}

static void bit_fields_keep_their_neighbours(void **state)
{
    (void)state;
    struct {
        unsigned a : 3, b : 5, c : 9;
        signed d : 6;
    } fields = {5, 20, 300, -9};
    MoltNumberForm b = {MOLT__UNSIGNED, 4, 3, 5}, value_form = I32;
    int32_t value = 17;
    assert_int_equal(molt__number_convert(&value_form, &value, &b, &fields, false), MOLT__EXACT);
    assert_int_equal(fields.a, 5);
    assert_int_equal(fields.b, 17);
    assert_int_equal(fields.c, 300);
    assert_int_equal(fields.d, -9);
    MoltNumberForm d = {MOLT__SIGNED, 4, 1, 6};
    assert_int_equal(
        molt__number_convert(&d, (unsigned char *)&fields + 2, &value_form, &value, false),
        MOLT__EXACT);
    assert_int_equal(value, -9);
    value = 40;
    assert_int_equal(molt__number_convert(&value_form, &value, &b, &fields, false),
                     MOLT__OUT_OF_RANGE);
    assert_int_equal(fields.b, 31);
}

static void text_is_decimal_for_every_width(void **state)
{
    (void)state;
    char text[64];
    unsigned char huge[16];
    memset(huge, 0xff, sizeof huge);
    MoltNumberForm wide = {MOLT__UNSIGNED, 16, 0, 0}, narrow = {MOLT__SIGNED, 1, 0, 0};
    molt__number_text(&wide, huge, text, sizeof text);
    assert_string_equal(text, "340282366920938463463374607431768211455");
    int8_t small = -128;
    molt__number_text(&narrow, &small, text, sizeof text);
    assert_string_equal(text, "-128");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_agree_with_the_general_conversion),
        cmocka_unit_test(narrowing_saturates_and_says_so),
        cmocka_unit_test(int_to_float_reports_rounding),
        cmocka_unit_test(float_to_int_reports_fraction_and_nan),
        cmocka_unit_test(double_to_float_saturates_only_what_is_too_large),
        cmocka_unit_test(int_to_bool_collapses_with_a_loss),
        cmocka_unit_test(bit_fields_keep_their_neighbours),
        cmocka_unit_test(text_is_decimal_for_every_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
