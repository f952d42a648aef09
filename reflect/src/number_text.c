#include "number_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ISO C has no integer of 128 bits; both compilers do where the game can have one. */
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 Widest;
#else
typedef uint64_t Widest;
#endif

static void write_decimal(Widest magnitude, bool negative, char text[MOLT__NUMBER_TEXT])
{
    char digits[MOLT__NUMBER_TEXT];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + (int)(magnitude % 10u));
        magnitude /= 10u;
    } while (magnitude != 0);

    size_t at = 0;
    if (negative)
        text[at++] = '-';
    while (count > 0)
        text[at++] = digits[--count];
    text[at] = '\0';
}

void molt__word_text(uint64_t value, bool is_signed, char text[MOLT__NUMBER_TEXT])
{
    bool negative = is_signed && value >> 63 != 0;
    write_decimal(negative ? 0 - value : value, negative, text);
}

void molt__integer_text(const void *bytes, size_t size, bool is_signed,
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
    write_decimal(value, negative, text);
}

/* printf and strtod agree on the locale's decimal point; JSON wants a point. */
static void use_decimal_point(char *text)
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
}

/* Readers that take "-0" for an integer would lose the sign. */
static void keep_sign_of_zero(char *text)
{
    if (strcmp(text, "-0") == 0)
        memcpy(text, "-0.0", sizeof "-0.0");
}

static void write_infinity(bool negative, char text[MOLT__NUMBER_TEXT])
{
    snprintf(text, MOLT__NUMBER_TEXT, "%sInfinity", negative ? "-" : "");
}

static void write_nan(uint64_t bits, int digits, uint64_t plain, char text[MOLT__NUMBER_TEXT])
{
    if (bits == plain)
        snprintf(text, MOLT__NUMBER_TEXT, "NaN");
    else
        snprintf(text, MOLT__NUMBER_TEXT, "NaN(0x%0*llx)", digits, (unsigned long long)bits);
}

static MoltFloatText float_text(const void *bytes, char text[MOLT__NUMBER_TEXT])
{
    float value;
    uint32_t bits;
    memcpy(&value, bytes, sizeof value);
    memcpy(&bits, bytes, sizeof bits);
    if (isnan(value)) {
        write_nan(bits, 8, 0x7fc00000u, text);
        return MOLT__FLOAT_WORD;
    }
    if (isinf(value)) {
        write_infinity(value < 0, text);
        return MOLT__FLOAT_WORD;
    }
    for (int digits = FLT_DIG; digits <= FLT_DECIMAL_DIG; digits++) {
        snprintf(text, MOLT__NUMBER_TEXT, "%.*g", digits, (double)value);
        float read = strtof(text, NULL);
        if (memcmp(&read, &value, sizeof value) == 0)
            break;
    }
    return MOLT__FLOAT_NUMBER;
}

static MoltFloatText double_text(const void *bytes, char text[MOLT__NUMBER_TEXT])
{
    double value;
    uint64_t bits;
    memcpy(&value, bytes, sizeof value);
    memcpy(&bits, bytes, sizeof bits);
    if (isnan(value)) {
        write_nan(bits, 16, 0x7ff8000000000000u, text);
        return MOLT__FLOAT_WORD;
    }
    if (isinf(value)) {
        write_infinity(value < 0, text);
        return MOLT__FLOAT_WORD;
    }
    for (int digits = DBL_DIG; digits <= DBL_DECIMAL_DIG; digits++) {
        snprintf(text, MOLT__NUMBER_TEXT, "%.*g", digits, value);
        double read = strtod(text, NULL);
        if (memcmp(&read, &value, sizeof value) == 0)
            break;
    }
    return MOLT__FLOAT_NUMBER;
}

/* Bytes of a long double that carry its value: the x87 format leaves the others undefined. */
static size_t long_double_bytes(void)
{
    return LDBL_MANT_DIG == 64 ? 10 : sizeof(long double);
}

static MoltFloatText long_double_text(const void *bytes, char text[MOLT__NUMBER_TEXT])
{
    size_t size = long_double_bytes();
    long double value = 0;
    memcpy(&value, bytes, sizeof value);
    if (isnan(value)) {
        unsigned char raw[sizeof value];
        memcpy(raw, bytes, sizeof raw);
        int at = snprintf(text, MOLT__NUMBER_TEXT, "NaN(0x");
        for (size_t i = size; i-- > 0;)
            at += snprintf(text + at, MOLT__NUMBER_TEXT - (size_t)at, "%02x", (unsigned)raw[i]);
        snprintf(text + at, MOLT__NUMBER_TEXT - (size_t)at, ")");
        if (size == 10 && strcmp(text, "NaN(0x7fffc000000000000000)") == 0)
            snprintf(text, MOLT__NUMBER_TEXT, "NaN");
        return MOLT__FLOAT_WORD;
    }
    if (isinf(value)) {
        write_infinity(value < 0, text);
        return MOLT__FLOAT_WORD;
    }
    for (int digits = LDBL_DIG; digits <= LDBL_DECIMAL_DIG; digits++) {
        snprintf(text, MOLT__NUMBER_TEXT, "%.*Lg", digits, value);
        long double read = strtold(text, NULL);
        if (memcmp(&read, &value, size) == 0)
            break;
    }
    return MOLT__FLOAT_NUMBER;
}

MoltFloatText molt__float_text(const void *bytes, size_t size, char text[MOLT__NUMBER_TEXT])
{
    MoltFloatText form = MOLT__FLOAT_UNKNOWN;
    if (size == sizeof(float))
        form = float_text(bytes, text);
    else if (size == sizeof(double))
        form = double_text(bytes, text);
    else if (size == sizeof(long double))
        form = long_double_text(bytes, text);

    if (form == MOLT__FLOAT_NUMBER) {
        use_decimal_point(text);
        keep_sign_of_zero(text);
    }
    return form;
}
