/* Numbers as text: every integer's limits, floats as the shortest decimals, and the table that these are
 * computed with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal_powers.h"
#include "number_text.h"

/* Bits of all kinds: anything, few digits, and neighbours of powers of two, whose one neighbour is
 * nearer than the other. */
static uint64_t random_bits(uint64_t *state, int i)
{
    static const double scales[] = {1, 10, 100, 1000};
    uint64_t bits;
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    double decimal = (double)(*state % 2000000) / scales[i / 4 % 4];
    memcpy(&bits, &decimal, sizeof bits);
    switch (i % 4) {
    case 0: return *state;
    case 1: return bits;
    case 2: return (*state & ~(((uint64_t)1 << 52) - 1)) + (uint64_t)(i / 4 % 3) - 1;
    default: return *state & (((uint64_t)1 << i / 4 % 52) - 1);
    }
}

/* Digits before and behind the point, without zeros at either end. */
static int count_digits(const char *text)
{
    char digits[MOLT__NUMBER_TEXT];
    int count = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0'))
            digits[count++] = *text;
    while (count > 0 && digits[count - 1] == '0')
        count--;
    return count;
}

static void expect_double(double number)
{
    char text[MOLT__NUMBER_TEXT], shorter[MOLT__NUMBER_TEXT];
    size_t length;
    if (molt__float_text(&number, sizeof number, text, &length) != MOLT__FLOAT_NUMBER)
        return;
    double read = strtod(text, NULL);
    int digits = count_digits(text);
    assert_int_equal(strlen(text), length);
    assert_memory_equal(&read, &number, sizeof number);
    snprintf(shorter, sizeof shorter, "%.*e", digits > 2 ? digits - 2 : 0, number);
    read = strtod(shorter, NULL);
    assert_true(digits < 2 || memcmp(&read, &number, sizeof number) != 0);
}

static void expect_float(float number)
{
    char text[MOLT__NUMBER_TEXT], shorter[MOLT__NUMBER_TEXT];
    size_t length;
    if (molt__float_text(&number, sizeof number, text, &length) != MOLT__FLOAT_NUMBER)
        return;
    float read = strtof(text, NULL);
    int digits = count_digits(text);
    assert_int_equal(strlen(text), length);
    assert_memory_equal(&read, &number, sizeof number);
    snprintf(shorter, sizeof shorter, "%.*e", digits > 2 ? digits - 2 : 0, (double)number);
    read = strtof(shorter, NULL);
    assert_true(digits < 2 || memcmp(&read, &number, sizeof number) != 0);
}

static void random_floats_are_shortest_and_read_back_bit_exact(void **context)
{
    (void)context;
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        char text[MOLT__NUMBER_TEXT];
        size_t length;
        uint64_t bits = random_bits(&state, i);
        uint32_t high = (uint32_t)(bits >> 32);
        double number;
        float small, half;
        memcpy(&number, &bits, sizeof number);
        memcpy(&small, &bits, sizeof small);
        memcpy(&half, &high, sizeof half);
        expect_double(number);
        expect_float(small);
        expect_float(half);
        expect_float((float)number);
        long double wide = (long double)number / 3;
        if (molt__float_text(&wide, sizeof wide, text, &length) == MOLT__FLOAT_NUMBER) {
            assert_int_equal(strlen(text), length);
            assert_true(strtold(text, NULL) == wide);
        }
    }
}

/* Near to 0 a long double has fewer digits, as few as one. */
static void small_long_doubles_are_shortest_and_read_back_bit_exact(void **context)
{
    (void)context;
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 2000; i++) {
        char text[MOLT__NUMBER_TEXT], shorter[MOLT__NUMBER_TEXT];
        size_t length;
        long double fraction = (long double)(random_bits(&state, i) >> i % 64) + 1;
        long double number = ldexpl(i % 2 ? fraction : -fraction,
                                    LDBL_MIN_EXP - LDBL_MANT_DIG - (i % 3 == 0 ? 1 : 0));
        if (number == 0)
            continue;
        assert_int_equal(molt__float_text(&number, sizeof number, text, &length),
                         MOLT__FLOAT_NUMBER);
        assert_int_equal(strlen(text), length);
        assert_true(strtold(text, NULL) == number);
        int digits = count_digits(text);
        snprintf(shorter, sizeof shorter, "%.*Le", digits > 2 ? digits - 2 : 0, number);
        assert_true(digits < 2 || strtold(shorter, NULL) != number);
    }
    long double least = ldexpl(1, LDBL_MIN_EXP - LDBL_MANT_DIG);
    char text[MOLT__NUMBER_TEXT];
    size_t length;
    molt__float_text(&least, sizeof least, text, &length);
    assert_int_equal(count_digits(text), 1);
}

/* A number of any size, least byte first. */
typedef struct Exact {
    unsigned char bytes[160];
} Exact;

static void multiply(Exact *number, unsigned factor)
{
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof number->bytes; i++) {
        carry += number->bytes[i] * factor;
        number->bytes[i] = (unsigned char)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
}

static int top_bit(const Exact *number)
{
    int top = (int)sizeof number->bytes * 8 - 1;
    while (top > 0 && (number->bytes[top / 8] >> top % 8 & 1) == 0)
        top--;
    return top;
}

static int compare(const Exact *a, const Exact *b)
{
    for (size_t i = sizeof a->bytes; i-- > 0;)
        if (a->bytes[i] != b->bytes[i])
            return a->bytes[i] < b->bytes[i] ? -1 : 1;
    return 0;
}

/* The first 128 bits, plus 1. */
static void expect_first_bits(const Exact *number, const MoltDecimalPower *power)
{
    uint64_t words[2] = {0, 0};
    for (int b = 0, top = top_bit(number); b < 128 && b <= top; b++) {
        bool set = (number->bytes[(top - b) / 8] >> (top - b) % 8 & 1) != 0;
        words[b / 64] |= (uint64_t)set << (63 - b % 64);
    }
    assert_int_equal(power->low, words[1] + 1);
    assert_int_equal(power->high, words[0] + (words[1] == UINT64_MAX));
}

/* Of 1 / ten: the product with `ten` is above a power of two, and by no more than `ten`. */
static void expect_inverse(const Exact *ten, const MoltDecimalPower *power)
{
    Exact product = {{0}};
    for (int byte = 0; byte < 16; byte++) {
        uint64_t word = byte < 8 ? power->low : power->high;
        unsigned factor = (unsigned)(word >> byte % 8 * 8) & 255u, carry = 0;
        for (size_t i = 0; i + (size_t)byte < sizeof product.bytes; i++) {
            carry += product.bytes[i + (size_t)byte] + ten->bytes[i] * factor;
            product.bytes[i + (size_t)byte] = (unsigned char)carry;
            carry >>= 8;
        }
    }
    int top = top_bit(&product);
    product.bytes[top / 8] &= (unsigned char)~(1u << top % 8);
    const Exact nothing = {{0}};
    assert_true(compare(&product, &nothing) > 0 && compare(&product, ten) <= 0);
    assert_true(power->high >> 63 == 1);
}

static void powers_of_ten_are_exact(void **context)
{
    (void)context;
    Exact ten = {{1}};
    for (int k = 0; k <= MOLT__DECIMAL_MOST; k++) {
        expect_first_bits(&ten, &molt__decimal_powers[k - MOLT__DECIMAL_LEAST]);
        if (k > 0 && -k >= MOLT__DECIMAL_LEAST)
            expect_inverse(&ten, &molt__decimal_powers[-k - MOLT__DECIMAL_LEAST]);
        multiply(&ten, 10);
    }
}

static void doubles_are_spelled_by_their_size(void **context)
{
    (void)context;
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0, "0"},
                 {1, "1"},
                 {-2.5, "-2.5"},
                 {1234.5678, "1234.5678"},
                 {0.0001, "0.0001"},
                 {0.00001234, "1.234e-05"},
                 {123456789012345, "123456789012345"},
                 {1e15, "1e+15"},
                 {1234567890123456, "1234567890123456"},
                 {9007199254740992, "9007199254740992"},
                 {1e22, "1e+22"},
                 {1.5e300, "1.5e+300"},
                 {5e-324, "5e-324"},
                 {DBL_MAX, "1.7976931348623157e+308"},
                 {DBL_MIN, "2.2250738585072014e-308"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[MOLT__NUMBER_TEXT];
        size_t length;
        molt__float_text(&cases[i].number, sizeof(double), text, &length);
        assert_string_equal(text, cases[i].text);
    }
}

static void expect_integer(const void *bytes, size_t size, bool is_signed, const char *wanted)
{
    char text[MOLT__NUMBER_TEXT];
    molt__integer_text(bytes, size, is_signed, text);
    assert_string_equal(text, wanted);
}

static void integers_of_every_size_have_their_limits(void **context)
{
    (void)context;
    unsigned char ones[16], lowest[16] = {0};
    memset(ones, 0xff, sizeof ones);
    lowest[15] = 0x80;
    int8_t tiny = -128;
    int16_t small = -32768;
    int32_t middle = INT32_MIN;
    expect_integer(&tiny, 1, true, "-128");
    expect_integer(&small, 2, true, "-32768");
    expect_integer(&middle, 4, true, "-2147483648");
    expect_integer(ones, 1, false, "255");
    expect_integer(ones, 4, false, "4294967295");
    expect_integer(ones, 16, true, "-1");
    expect_integer(ones, 16, false, "340282366920938463463374607431768211455");
    expect_integer(lowest, 16, true, "-170141183460469231731687303715884105728");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_floats_are_shortest_and_read_back_bit_exact),
        cmocka_unit_test(small_long_doubles_are_shortest_and_read_back_bit_exact),
        cmocka_unit_test(powers_of_ten_are_exact),
        cmocka_unit_test(doubles_are_spelled_by_their_size),
        cmocka_unit_test(integers_of_every_size_have_their_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
