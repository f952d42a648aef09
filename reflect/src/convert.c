#include "convert.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 Wide; /* 128-bit fields exist; C11 has no name for them */

/* Any number: a sign and a magnitude, or a float. long double holds every 64-bit integer on the ABIs
 * we run on, and float and double exactly. */
typedef struct Number {
    bool is_float;
    bool negative;
    Wide magnitude;
    long double real;
} Number;

static Wide load_bytes(const void *source, uint32_t size)
{
    Wide value = 0;
    memcpy(&value, source, size); /* little-endian, as every ABI that a library loads here has */
    return value;
}

static Wide load_field(const MoltNumberForm *form, const void *source)
{
    uint32_t bytes = (form->shift + form->width + 7) / 8;
    return load_bytes(source, bytes) >> form->shift & (((Wide)1 << form->width) - 1);
}

static uint32_t form_bits(const MoltNumberForm *form)
{
    if (form->width > 0)
        return form->width;
    return form->class == MOLT__BOOL ? 1 : form->size * 8;
}

static void store_bits(const MoltNumberForm *form, Wide value, void *destination)
{
    if (form->width == 0) {
        memcpy(destination, &value, form->size);
        return;
    }
    uint32_t bytes = (form->shift + form->width + 7) / 8;
    Wide mask = (((Wide)1 << form->width) - 1) << form->shift;
    Wide word = load_bytes(destination, bytes);
    word = (word & ~mask) | (value << form->shift & mask);
    memcpy(destination, &word, bytes);
}

static long double load_float(uint32_t size, const void *source)
{
    float single;
    double twice;
    long double extended = 0;
    switch (size) {
    case sizeof(float): memcpy(&single, source, sizeof single); return (long double)single;
    case sizeof(double): memcpy(&twice, source, sizeof twice); return (long double)twice;
    default: /* of x87's 80-bit format no more than that may be there */
        memcpy(&extended, source, LDBL_MANT_DIG == 64 ? 10 : sizeof extended);
        return extended;
    }
}

static void store_float(uint32_t size, long double value, void *destination)
{
    float single;
    double twice;
    switch (size) {
    case sizeof(float):
        single = (float)value;
        memcpy(destination, &single, sizeof single);
        return;
    case sizeof(double):
        twice = (double)value;
        memcpy(destination, &twice, sizeof twice);
        return;
    default: /* the padding of x87's 80-bit format stays zero */
        memset(destination, 0, size);
        memcpy(destination, &value, size == sizeof value && LDBL_MANT_DIG == 64 ? 10 : size);
        return;
    }
}

static Number load_number(const MoltNumberForm *form, const void *source)
{
    Number number = {0};
    if (form->class == MOLT__FLOAT) {
        number.is_float = true;
        number.real = load_float(form->size, source);
        return number;
    }
    Wide bits = form->width > 0 ? load_field(form, source) : load_bytes(source, form->size);
    uint32_t count = form->width > 0 ? form->width : form->size * 8;
    if (form->class == MOLT__SIGNED && (bits >> (count - 1) & 1)) {
        Wide sign = count == 128 ? 0 : ~(Wide)0 << count;
        number.negative = true;
        number.magnitude = ~(bits | sign) + 1;
        return number;
    }
    number.magnitude = form->class == MOLT__BOOL ? bits != 0 : bits;
    return number;
}

static MoltNumberLoss store_integer(const MoltNumberForm *to, bool negative, Wide magnitude,
                                    void *destination)
{
    uint32_t bits = form_bits(to);
    if (to->class == MOLT__BOOL) {
        store_bits(to, magnitude != 0, destination);
        return magnitude <= 1 && !(negative && magnitude) ? MOLT__EXACT : MOLT__COLLAPSED;
    }
    MoltNumberLoss loss = MOLT__EXACT;
    if (to->class == MOLT__SIGNED) {
        Wide limit = (Wide)1 << (bits - 1); /* magnitude of the smallest value */
        Wide most = negative ? limit : limit - 1;
        if (magnitude > most) {
            magnitude = most;
            loss = MOLT__OUT_OF_RANGE;
        }
    } else {
        Wide most = bits == 128 ? ~(Wide)0 : ((Wide)1 << bits) - 1;
        if (negative && magnitude > 0) {
            negative = false;
            magnitude = 0;
            loss = MOLT__OUT_OF_RANGE;
        } else if (magnitude > most) {
            magnitude = most;
            loss = MOLT__OUT_OF_RANGE;
        }
    }
    store_bits(to, negative ? ~magnitude + 1 : magnitude, destination);
    return loss;
}

static MoltNumberLoss float_to_integer(const MoltNumberForm *to, long double real, bool round,
                                       void *destination)
{
    if (isnan(real)) {
        store_integer(to, false, 0, destination);
        return MOLT__NAN;
    }
    if (to->class == MOLT__BOOL) {
        store_bits(to, real != 0, destination);
        return real == 0 || real == 1 ? MOLT__EXACT : MOLT__COLLAPSED;
    }
    long double whole = round ? roundl(real) : truncl(real);
    bool negative = signbit(whole) != 0;
    long double size = fabsl(whole);
    bool huge = size >= 0x1p128L;
    MoltNumberLoss loss = store_integer(to, negative, huge ? ~(Wide)0 : (Wide)size, destination);
    if (huge)
        return MOLT__OUT_OF_RANGE;
    return loss == MOLT__EXACT && whole != real ? MOLT__FRACTION : loss;
}

static long double largest_float(uint32_t size)
{
    return size == sizeof(float)    ? (long double)FLT_MAX
           : size == sizeof(double) ? (long double)DBL_MAX
                                    : LDBL_MAX;
}

static MoltNumberLoss to_float(const MoltNumberForm *to, const Number *number, void *destination)
{
    long double real = number->real;
    bool exact = true;
    if (!number->is_float) {
        real = (long double)number->magnitude;
        exact = real < 0x1p128L ? (Wide)real == number->magnitude : false;
        if (number->negative)
            real = -real;
    }
    long double most = largest_float(to->size);
    if (isfinite(real) && fabsl(real) > most) {
        store_float(to->size, copysignl(most, real), destination);
        return MOLT__OUT_OF_RANGE;
    }
    store_float(to->size, real, destination);
    if (isnan(real))
        return MOLT__EXACT;
    return exact && load_float(to->size, destination) == real ? MOLT__EXACT : MOLT__ROUNDED;
}

/* ---- integers and bools of at most 64 bits in at most 8 bytes, as most fields are -------------- */

static bool is_narrow(const MoltNumberForm *form)
{
    return form->class != MOLT__FLOAT &&
           (form->width > 0 ? form->shift + form->width <= 64 : form->size <= 8);
}

static inline uint32_t narrow_bytes(const MoltNumberForm *form)
{
    return form->width > 0 ? (form->shift + form->width + 7) / 8 : form->size;
}

/* Copies of constant size are single moves. */
static inline void copy_bytes(void *to, const void *from, uint32_t bytes)
{
    switch (bytes) {
    case 1: memcpy(to, from, 1); break;
    case 2: memcpy(to, from, 2); break;
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    default: memcpy(to, from, bytes); break;
    }
}

/* The value, sign-extended; a bool is 0 or 1. */
static inline uint64_t load_narrow(const MoltNumberForm *form, const void *source)
{
    uint64_t word = 0;
    copy_bytes(&word, source, narrow_bytes(form));
    uint32_t bits = form->width > 0 ? form->width : form->size * 8;
    word <<= 64 - bits - (form->width > 0 ? form->shift : 0);
    if (form->class == MOLT__SIGNED)
        return (uint64_t)((int64_t)word >> (64 - bits));
    word >>= 64 - bits;
    return form->class == MOLT__BOOL ? word != 0 : word;
}

static inline bool fits_narrow(const MoltNumberForm *form, uint64_t value, bool negative)
{
    uint32_t bits = form_bits(form);
    if (form->class == MOLT__SIGNED)
        return negative ? (int64_t)value >> (bits - 1) == -1 : value >> (bits - 1) == 0;
    return !negative && (bits == 64 || value >> bits == 0);
}

static inline void store_narrow(const MoltNumberForm *form, uint64_t value, void *destination)
{
    uint32_t bytes = narrow_bytes(form);
    if (form->width > 0) {
        uint64_t word = 0, mask = ~(uint64_t)0 >> (64 - form->width) << form->shift;
        copy_bytes(&word, destination, bytes);
        value = (word & ~mask) | (value << form->shift & mask);
    }
    copy_bytes(destination, &value, bytes);
}

MoltNumberLoss molt__number_convert(const MoltNumberForm *from, const void *source,
                                    const MoltNumberForm *to, void *destination, bool round)
{
    Number number = load_number(from, source);
    if (to->class == MOLT__FLOAT)
        return to_float(to, &number, destination);
    if (number.is_float)
        return float_to_integer(to, number.real, round, destination);
    return store_integer(to, number.negative, number.magnitude, destination);
}

bool molt__number_is_zero(const MoltNumberForm *form, const void *source)
{
    if (is_narrow(form))
        return load_narrow(form, source) == 0;
    Number number = load_number(form, source);
    /* -0.0 is a value of its own: dropping it would not be dropping the default */
    return number.is_float ? number.real == 0 && !signbit(number.real) : number.magnitude == 0;
}

bool molt__number_is_odd_bool(const MoltNumberForm *form, const void *source)
{
    MoltNumberForm bits = *form;
    bits.class = MOLT__UNSIGNED;
    return form->class == MOLT__BOOL && load_number(&bits, source).magnitude > 1;
}

bool molt__number_is_nan(const MoltNumberForm *form, const void *source)
{
    return form->class == MOLT__FLOAT && isnan(load_float(form->size, source));
}

uint64_t molt__number_bits(const MoltNumberForm *form, const void *source)
{
    if (is_narrow(form))
        return load_narrow(form, source);
    Number number = load_number(form, source);
    uint64_t low = (uint64_t)number.magnitude;
    return number.negative ? ~low + 1 : low;
}

bool molt__number_store(const MoltNumberForm *form, uint64_t value, bool is_signed,
                        void *destination)
{
    bool negative = is_signed && (value >> 63) != 0;
    if (is_narrow(form) && fits_narrow(form, value, negative)) {
        store_narrow(form, value, destination);
        return true;
    }
    Wide magnitude = negative ? (Wide)(~value + 1) : (Wide)value;
    return store_integer(form, negative, magnitude, destination) == MOLT__EXACT;
}

void molt__number_text(const MoltNumberForm *form, const void *source, char *buffer, size_t size)
{
    MoltNumberForm bits = *form;
    bits.class = form->class == MOLT__BOOL ? MOLT__UNSIGNED : form->class; /* as they are */
    Number number = load_number(&bits, source);
    if (number.is_float) {
        int digits = form->size == sizeof(float)    ? FLT_DECIMAL_DIG
                     : form->size == sizeof(double) ? DBL_DECIMAL_DIG
                                                    : LDBL_DECIMAL_DIG;
        snprintf(buffer, size, "%.*Lg", digits, number.real);
        return;
    }
    char digits[48];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)(number.magnitude % 10));
        number.magnitude /= 10;
    } while (number.magnitude > 0);
    if (number.negative)
        digits[--at] = '-';
    snprintf(buffer, size, "%s", digits + at);
}

/* ---- kernels: one loop per pair of common types, so that a batch costs no switch per value ----- */

#define BATCH                                                                                      \
    const MoltNumberForm *forms, const unsigned char *source, uint64_t source_stride,              \
        unsigned char *destination, uint64_t destination_stride, uint64_t n, MoltNumberSlow *slow, \
        void *context

#define KERNEL(name, S, D, convert)                                                                \
    static void name(BATCH)                                                                        \
    {                                                                                              \
        (void)forms, (void)slow, (void)context;                                                    \
        for (uint64_t i = 0; i < n; i++) {                                                         \
            S v;                                                                                   \
            D w;                                                                                   \
            memcpy(&v, source, sizeof v);                                                          \
            if (convert)                                                                           \
                memcpy(destination, &w, sizeof w);                                                 \
            else                                                                                   \
                slow(context, i, source, destination);                                             \
            source += source_stride;                                                               \
            destination += destination_stride;                                                     \
        }                                                                                          \
    }

/* `low` and `end` bound the integer type as exact floats: low <= v < end */
#define INT_TO_INT(S, D, low, end) !__builtin_add_overflow(v, (S)0, &w)
#define INT_TO_FLOAT(S, D, low, end) (w = (D)v, w >= (low) && w < (end) && (S)w == v)
#define FLOAT_TO_INT(S, D, low, end)                                                               \
    (v >= (low) && v < (end) && (w = (D)v, (S)w == v) && !(w == 0 && signbit(v)))
#define FLOAT_TO_BOOL(v) (w = (uint8_t)(v == 1), (v == 0 && !signbit(v)) || v == 1)
#define TO_DOUBLE(v) ((w = (double)(v)), 1)
#define TO_SINGLE(v) ((w = (float)(v)), (double)w == (double)(v))

/* X(suffix, C type, lowest value, highest value + 1) */
#define INTEGERS(X, ...)                                                                           \
    X(i8, int8_t, -0x1p7f, 0x1p7f, __VA_ARGS__)                                                    \
    X(i16, int16_t, -0x1p15f, 0x1p15f, __VA_ARGS__)                                                \
    X(i32, int32_t, -0x1p31f, 0x1p31f, __VA_ARGS__)                                                \
    X(i64, int64_t, -0x1p63f, 0x1p63f, __VA_ARGS__)                                                \
    X(u8, uint8_t, 0.0f, 0x1p8f, __VA_ARGS__)                                                      \
    X(u16, uint16_t, 0.0f, 0x1p16f, __VA_ARGS__)                                                   \
    X(u32, uint32_t, 0.0f, 0x1p32f, __VA_ARGS__)                                                   \
    X(u64, uint64_t, 0.0f, 0x1p64f, __VA_ARGS__)

#define FROM(d, D, low, end, s, S) KERNEL(s##_to_##d, S, D, INT_TO_INT(S, D, low, end))
#define ALL_FROM(s, S) INTEGERS(FROM, s, S)
ALL_FROM(i8, int8_t)
ALL_FROM(i16, int16_t)
ALL_FROM(i32, int32_t)
ALL_FROM(i64, int64_t)
ALL_FROM(u8, uint8_t)
ALL_FROM(u16, uint16_t)
ALL_FROM(u32, uint32_t)
ALL_FROM(u64, uint64_t)

#define FLOATS(s, S, low, end, unused)                                                             \
    KERNEL(s##_to_f32, S, float, INT_TO_FLOAT(S, float, low, end))                                 \
    KERNEL(s##_to_f64, S, double, INT_TO_FLOAT(S, double, low, end))                               \
    KERNEL(f32_to_##s, float, S, FLOAT_TO_INT(float, S, low, end))                                 \
    KERNEL(f64_to_##s, double, S, FLOAT_TO_INT(double, S, low, end))                               \
    KERNEL(s##_to_bool, S, uint8_t, (w = (uint8_t)(v == 1), v == 0 || v == 1))
INTEGERS(FLOATS, )
KERNEL(f32_to_f64, float, double, TO_DOUBLE(v))
KERNEL(f64_to_f32, double, float, TO_SINGLE(v))
KERNEL(f32_to_bool, float, uint8_t, FLOAT_TO_BOOL(v))
KERNEL(f64_to_bool, double, uint8_t, FLOAT_TO_BOOL(v))

/* Bit-fields, and bools of other sizes. */
static void each_narrow(BATCH)
{
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = load_narrow(&forms[0], source);
        bool odd = forms[0].class == MOLT__BOOL && molt__number_is_odd_bool(&forms[0], source);
        if (!odd && fits_narrow(&forms[1], value, forms[0].class == MOLT__SIGNED && value >> 63))
            store_narrow(&forms[1], value, destination);
        else
            slow(context, i, source, destination);
        source += source_stride;
        destination += destination_stride;
    }
}

static void each_slow(BATCH)
{
    (void)forms;
    for (uint64_t i = 0; i < n; i++) {
        slow(context, i, source, destination);
        source += source_stride;
        destination += destination_stride;
    }
}

enum { I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, BOOLEAN, COMMON, UNCOMMON = COMMON };

/* A valid bool is a byte of 0 or 1. */
#define FROM_BOOL(d, D, low, end, unused)                                                          \
    KERNEL(bool_to_##d, uint8_t, D, (w = (D)(v == 1), v == 0 || v == 1))
INTEGERS(FROM_BOOL, )
FROM_BOOL(f32, float, , , )
FROM_BOOL(f64, double, , , )

#define ROW(s, S, low, end, unused)                                                                \
    {s##_to_i8,  s##_to_i16, s##_to_i32, s##_to_i64, s##_to_u8,  s##_to_u16,                       \
     s##_to_u32, s##_to_u64, s##_to_f32, s##_to_f64, s##_to_bool},

static MoltNumberKernel *const kernels[COMMON][COMMON] = {
    INTEGERS(ROW, ){f32_to_i8, f32_to_i16, f32_to_i32, f32_to_i64, f32_to_u8, f32_to_u16,
                    f32_to_u32, f32_to_u64, NULL, f32_to_f64, f32_to_bool},
    {f64_to_i8, f64_to_i16, f64_to_i32, f64_to_i64, f64_to_u8, f64_to_u16, f64_to_u32, f64_to_u64,
     f64_to_f32, NULL, f64_to_bool},
    {bool_to_i8, bool_to_i16, bool_to_i32, bool_to_i64, bool_to_u8, bool_to_u16, bool_to_u32,
     bool_to_u64, bool_to_f32, bool_to_f64, NULL},
};

static int common_index(const MoltNumberForm *form)
{
    if (form->width > 0)
        return UNCOMMON;
    switch (form->class) {
    case MOLT__BOOL: return form->size == 1 ? BOOLEAN : UNCOMMON;
    case MOLT__FLOAT: return form->size == 4 ? F32 : form->size == 8 ? F64 : UNCOMMON;
    case MOLT__SIGNED:
    case MOLT__UNSIGNED: break;
    }
    int base = form->class == MOLT__SIGNED ? I8 : U8;
    switch (form->size) {
    case 1: return base;
    case 2: return base + 1;
    case 4: return base + 2;
    case 8: return base + 3;
    default: return UNCOMMON;
    }
}

MoltNumberKernel *molt__number_kernel(const MoltNumberForm *from, const MoltNumberForm *to)
{
    int s = common_index(from), d = common_index(to);
    if (s == UNCOMMON || d == UNCOMMON || !kernels[s][d])
        return is_narrow(from) && is_narrow(to) ? each_narrow : each_slow;
    return kernels[s][d];
}
