#include "number_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "float_digits.h"

/* ISO C has no integer of 128 bits; both compilers do where the game can have one. */
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 Widest;
#else
typedef uint64_t Widest;
#endif

/* Two digits at a time halve the divisions, which are what the time goes to. */
static const char pairs[] = "0001020304050607080910111213141516171819"
                            "2021222324252627282930313233343536373839"
                            "4041424344454647484950515253545556575859"
                            "6061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

static uint32_t count_digits(uint64_t value)
{
    static const uint64_t powers[] = {0,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000,
                                      1000000000000000000,
                                      10000000000000000000u};
    uint32_t bits = 64u - (uint32_t)__builtin_clzll(value | 1u);
    uint32_t least = bits * 1233u >> 12; /* digits of the least number of so many bits, less 1 */
    return least + (value >= powers[least]);
}

/* `count` digits, with zeros in front where the value has fewer. */
static void put_digits(char *to, uint64_t value, uint32_t count)
{
    while (count >= 2) {
        count -= 2;
        memcpy(to + count, pairs + value % 100u * 2, 2);
        value /= 100u;
    }
    if (count > 0)
        *to = (char)('0' + (int)value);
}

static size_t put_number(char *to, uint64_t value)
{
    uint32_t count = count_digits(value);
    put_digits(to, value, count);
    return count;
}

static size_t put_wide(char *to, Widest value)
{
    const uint64_t most = 10000000000000000000u; /* 10^19 */
    if (value <= UINT64_MAX)
        return put_number(to, (uint64_t)value);
    size_t length = put_wide(to, value / most);
    put_digits(to + length, (uint64_t)(value % most), 19);
    return length + 19;
}

size_t molt__word_text(uint64_t value, bool is_signed, char text[MOLT__NUMBER_TEXT])
{
    bool negative = is_signed && value >> 63 != 0;
    text[0] = '-';
    size_t length = negative + put_number(text + negative, negative ? 0 - value : value);
    text[length] = '\0';
    return length;
}

size_t molt__integer_text(const void *bytes, size_t size, bool is_signed,
                          char text[MOLT__NUMBER_TEXT])
{
    Widest value = 0;
    if (size > sizeof value)
        size = sizeof value;
    switch (size) {
    case 1: {
        uint8_t word;
        memcpy(&word, bytes, sizeof word);
        value = word;
        break;
    }
    case 2: {
        uint16_t word;
        memcpy(&word, bytes, sizeof word);
        value = word;
        break;
    }
    case 4: {
        uint32_t word;
        memcpy(&word, bytes, sizeof word);
        value = word;
        break;
    }
    case 8: {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        value = word;
        break;
    }
    default: /* only the widest has its bytes where they belong in either byte order */
        memcpy(&value, bytes, size);
        break;
    }

    bool negative = is_signed && size > 0 && (value >> (size * 8 - 1) & 1u) != 0;
    if (negative) {
        value = 0 - value;
        if (size < sizeof value)
            value &= ((Widest)1 << size * 8) - 1;
    }
    text[0] = '-';
    size_t length = negative + put_wide(text + negative, value);
    text[length] = '\0';
    return length;
}

/* printf and strtod agree on the locale's decimal point; JSON wants a point. */
static size_t use_decimal_point(char *text)
{
    size_t to = 0;
    bool replaced = false;
    for (size_t from = 0; text[from] != '\0'; from++) {
        if (strchr("+-0123456789eE", text[from])) {
            text[to++] = text[from];
            replaced = false;
        } else if (!replaced) {
            text[to++] = '.';
            replaced = true;
        }
    }
    text[to] = '\0';
    return to;
}

/* Readers that take "-0" for an integer would lose the sign. */
static size_t write_zero(bool negative, char text[MOLT__NUMBER_TEXT])
{
    memcpy(text, negative ? "-0.0" : "0", negative ? 5 : 2);
    return negative ? 4 : 1;
}

static size_t write_infinity(bool negative, char text[MOLT__NUMBER_TEXT])
{
    return (size_t)snprintf(text, MOLT__NUMBER_TEXT, "%sInfinity", negative ? "-" : "");
}

static size_t write_nan(uint64_t bits, int digits, uint64_t plain, char text[MOLT__NUMBER_TEXT])
{
    if (bits == plain)
        return (size_t)snprintf(text, MOLT__NUMBER_TEXT, "NaN");
    return (size_t)snprintf(text, MOLT__NUMBER_TEXT, "NaN(0x%0*llx)", digits,
                            (unsigned long long)bits);
}

/* Trailing zeros are shifted into the exponent. */
static void trim(MoltDecimal *decimal)
{
    static const struct {
        uint32_t power, zeros;
    } steps[] = {{100000000, 8}, {10000, 4}, {100, 2}, {10, 1}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        while (decimal->digits % steps[i].power == 0) {
            decimal->digits /= steps[i].power;
            decimal->exponent += (int32_t)steps[i].zeros;
        }
    }
}

static size_t put_exponent(char *to, int32_t exponent)
{
    uint32_t size = (uint32_t)(exponent < 0 ? -exponent : exponent);
    to[0] = 'e';
    to[1] = exponent < 0 ? '-' : '+';
    put_digits(to + 2, size, size < 100 ? 2 : 3);
    return size < 100 ? 4 : 5;
}

/* As printf's %g writes it with as many digits as there are, or with `precision` where there are
 * fewer. */
static size_t put_decimal(char *to, MoltDecimal decimal, int32_t precision, uint64_t plain)
{
    if (decimal.exponent == 0 && decimal.digits < plain)
        return put_number(to, decimal.digits);
    trim(&decimal);
    int32_t count = (int32_t)count_digits(decimal.digits), exponent = decimal.exponent;
    int32_t point = count + exponent; /* digits before it */
    if (point < -3 || point > (count > precision ? count : precision)) {
        size_t length = put_number(to + 1, decimal.digits);
        to[0] = to[1];
        to[1] = '.';
        length = length > 1 ? length + 1 : 1;
        return length + put_exponent(to + length, point - 1);
    }
    if (exponent >= 0) {
        put_number(to, decimal.digits);
        memset(to + count, '0', (size_t)exponent);
        return (size_t)point;
    }
    if (point > 0) {
        put_number(to + 1, decimal.digits);
        memmove(to, to + 1, (size_t)point);
        to[point] = '.';
        return (size_t)count + 1;
    }
    size_t zeros = (size_t)-point + 2;
    memcpy(to, "0.0000", 6);
    return zeros + put_number(to + zeros, decimal.digits);
}

static MoltFloatText float_text(const void *bytes, char text[MOLT__NUMBER_TEXT], size_t *length)
{
    uint32_t bits;
    memcpy(&bits, bytes, sizeof bits);
    bool negative = bits >> 31 != 0;
    if ((bits & 0x7f800000u) == 0x7f800000u) {
        if ((bits & 0x7fffffu) != 0)
            *length = write_nan(bits, 8, 0x7fc00000u, text);
        else
            *length = write_infinity(negative, text);
        return MOLT__FLOAT_WORD;
    }
    if ((bits & 0x7fffffffu) == 0) {
        *length = write_zero(negative, text);
        return MOLT__FLOAT_NUMBER;
    }
    text[0] = '-';
    *length =
        negative + put_decimal(text + negative, molt__decimal_of_float(bits), FLT_DIG, 1000000u);
    return MOLT__FLOAT_NUMBER;
}

static MoltFloatText double_text(const void *bytes, char text[MOLT__NUMBER_TEXT], size_t *length)
{
    uint64_t bits;
    memcpy(&bits, bytes, sizeof bits);
    bool negative = bits >> 63 != 0;
    if ((bits & 0x7ff0000000000000u) == 0x7ff0000000000000u) {
        if ((bits & 0xfffffffffffffu) != 0)
            *length = write_nan(bits, 16, 0x7ff8000000000000u, text);
        else
            *length = write_infinity(negative, text);
        return MOLT__FLOAT_WORD;
    }
    if (bits << 1 == 0) {
        *length = write_zero(negative, text);
        return MOLT__FLOAT_NUMBER;
    }
    text[0] = '-';
    *length = negative + put_decimal(text + negative, molt__decimal_of_double(bits), DBL_DIG,
                                     1000000000000000u);
    return MOLT__FLOAT_NUMBER;
}

/* Bytes of a long double that carry its value: the x87 format leaves the others undefined. */
static size_t long_double_bytes(void)
{
    return LDBL_MANT_DIG == 64 ? 10 : sizeof(long double);
}

static size_t write_long_nan(const void *bytes, char text[MOLT__NUMBER_TEXT])
{
    size_t size = long_double_bytes();
    unsigned char raw[sizeof(long double)];
    memcpy(raw, bytes, sizeof raw);
    int at = snprintf(text, MOLT__NUMBER_TEXT, "NaN(0x");
    for (size_t i = size; i-- > 0;)
        at += snprintf(text + at, MOLT__NUMBER_TEXT - (size_t)at, "%02x", (unsigned)raw[i]);
    at += snprintf(text + at, MOLT__NUMBER_TEXT - (size_t)at, ")");
    if (size == 10 && strcmp(text, "NaN(0x7fffc000000000000000)") == 0)
        at = snprintf(text, MOLT__NUMBER_TEXT, "NaN");
    return (size_t)at;
}

static MoltFloatText long_double_text(const void *bytes, char text[MOLT__NUMBER_TEXT],
                                      size_t *length)
{
    size_t size = long_double_bytes();
    long double value = 0;
    memcpy(&value, bytes, sizeof value);
    if (isnan(value)) {
        *length = write_long_nan(bytes, text);
        return MOLT__FLOAT_WORD;
    }
    if (isinf(value)) {
        *length = write_infinity(value < 0, text);
        return MOLT__FLOAT_WORD;
    }
    if (value == 0) {
        *length = write_zero(signbit(value), text);
        return MOLT__FLOAT_NUMBER;
    }
    /* %g leaves zeros at the end away, so that fewer digits than a normal number keeps need no try. */
    for (int digits = fabsl(value) < LDBL_MIN ? 1 : LDBL_DIG; digits <= LDBL_DECIMAL_DIG; digits++) {
        snprintf(text, MOLT__NUMBER_TEXT, "%.*Lg", digits, value);
        long double read = strtold(text, NULL);
        if (memcmp(&read, &value, size) == 0)
            break;
    }
    *length = use_decimal_point(text);
    return MOLT__FLOAT_NUMBER;
}

MoltFloatText molt__float_text(const void *bytes, size_t size, char text[MOLT__NUMBER_TEXT],
                               size_t *length)
{
    MoltFloatText form = MOLT__FLOAT_UNKNOWN;
    *length = 0;
    if (size == sizeof(float))
        form = float_text(bytes, text, length);
    else if (size == sizeof(double))
        form = double_text(bytes, text, length);
    else if (size == sizeof(long double))
        form = long_double_text(bytes, text, length);
    text[*length] = '\0';
    return form;
}
