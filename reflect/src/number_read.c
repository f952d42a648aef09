#include "number_read.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ISO C has no integer of 128 bits; both compilers do where the game can have one. */
#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 Widest;
#else
typedef uint64_t Widest;
#endif

/* ---- integers -------------------------------------------------------------------------------- */

/* The largest magnitude that `bits` bits hold on this side of 0. */
static Widest largest(uint32_t bits, bool is_signed, bool negative)
{
    uint32_t size = sizeof(Widest) * 8;
    if (bits > size)
        bits = size;
    Widest all = bits == size ? ~(Widest)0 : ((Widest)1 << bits) - 1;
    if (!is_signed)
        return negative ? 0 : all;
    return all / 2 + (negative ? 1 : 0);
}

MoltNumberRead molt__integer_read(const char *text, size_t length, uint32_t bits, bool is_signed,
                                  unsigned char value[16])
{
    bool negative = length > 0 && text[0] == '-';
    Widest magnitude = 0, limit = largest(bits, is_signed, negative);
    bool fits = true;
    for (size_t i = negative; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return MOLT__NUMBER_NOT_WHOLE;
        unsigned digit = (unsigned)(text[i] - '0');
        if (magnitude > limit / 10 || magnitude * 10 > limit - digit || digit > limit)
            fits = false; /* but a fraction further on is the better thing to say */
        else
            magnitude = magnitude * 10 + digit;
    }
    if (!fits)
        return MOLT__NUMBER_OUT_OF_RANGE;
    if (negative)
        magnitude = 0 - magnitude;
    memset(value, negative && magnitude != 0 ? 0xff : 0, 16);
    memcpy(value, &magnitude, sizeof magnitude);
    return MOLT__NUMBER_READ;
}

uint64_t molt__integer_word(const unsigned char value[16])
{
    Widest number;
    memcpy(&number, value, sizeof number);
    return (uint64_t)number;
}

void molt__integer_store(const unsigned char value[16], size_t size, void *out)
{
    uint64_t word = molt__integer_word(value);
    switch (size) {
    case 1: {
        uint8_t part = (uint8_t)word;
        memcpy(out, &part, sizeof part);
        break;
    }
    case 2: {
        uint16_t part = (uint16_t)word;
        memcpy(out, &part, sizeof part);
        break;
    }
    case 4: {
        uint32_t part = (uint32_t)word;
        memcpy(out, &part, sizeof part);
        break;
    }
    case 8: memcpy(out, &word, sizeof word); break;
    default: /* as molt__integer_text reads it */ memcpy(out, value, size < 16 ? size : 16); break;
    }
}

/* ---- floats ---------------------------------------------------------------------------------- */

/* The text with its NUL and with the locale's decimal point, which strtod wants; freed by the
 * caller when it is not `room`. */
static char *for_strtod(const char *text, size_t length, char *room, size_t size)
{
    const char *point = localeconv()->decimal_point;
    size_t point_length = strlen(point);
    const char *dot = memchr(text, '.', length);
    size_t total = length + point_length + 1;
    char *copy = total <= size ? room : malloc(total);
    if (!copy)
        return NULL;
    size_t before = dot ? (size_t)(dot - text) : length;
    memcpy(copy, text, before);
    size_t at = before;
    if (dot) {
        memcpy(copy + at, point, point_length);
        at += point_length;
        memcpy(copy + at, dot + 1, length - before - 1);
        at += length - before - 1;
    }
    copy[at] = '\0';
    return copy;
}

/* Bytes of a long double that carry its value: the x87 format leaves the others undefined. */
static size_t value_bytes(size_t size)
{
    return size == sizeof(long double) && LDBL_MANT_DIG == 64 ? 10 : size;
}

MoltNumberRead molt__float_read(const char *text, size_t length, size_t size, void *out)
{
    char room[512];
    bool finite = true;
    MoltNumberRead result = MOLT__NUMBER_READ;
    char *copy = for_strtod(text, length, room, sizeof room);
    if (!copy)
        return MOLT__NUMBER_NO_MEMORY;
    if (size == sizeof(float)) {
        float number = strtof(copy, NULL);
        finite = isfinite(number);
        memcpy(out, &number, sizeof number);
    } else if (size == sizeof(double)) {
        double number = strtod(copy, NULL);
        finite = isfinite(number);
        memcpy(out, &number, sizeof number);
    } else if (size == sizeof(long double)) {
        long double number = strtold(copy, NULL);
        finite = isfinite(number);
        memset(out, 0, size);
        memcpy(out, &number, value_bytes(size));
    } else {
        result = MOLT__NUMBER_UNKNOWN;
    }
    if (copy != room)
        free(copy);
    return finite ? result : MOLT__NUMBER_OUT_OF_RANGE;
}

static MoltNumberRead store_infinity(bool negative, size_t size, void *out)
{
    float single = negative ? -INFINITY : INFINITY;
    double twice = (double)single;
    long double wide = (long double)single;
    if (size != sizeof single && size != sizeof twice && size != sizeof wide)
        return MOLT__NUMBER_UNKNOWN;
    memset(out, 0, size);
    if (size == sizeof single)
        memcpy(out, &single, size);
    else if (size == sizeof twice)
        memcpy(out, &twice, size);
    else
        memcpy(out, &wide, value_bytes(size));
    return MOLT__NUMBER_READ;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether these bytes are a NaN: a word must not smuggle a number in. */
static bool is_nan(const unsigned char *bytes, size_t size)
{
    float single;
    double twice;
    long double wide = 0;
    if (size == sizeof single) {
        memcpy(&single, bytes, sizeof single);
        return isnan(single);
    }
    if (size == sizeof twice) {
        memcpy(&twice, bytes, sizeof twice);
        return isnan(twice);
    }
    memcpy(&wide, bytes, value_bytes(size));
    return isnan(wide);
}

/* The digits of "NaN(0x...)", the highest byte first. */
static MoltNumberRead store_nan(const char *digits, size_t count, size_t size, void *out)
{
    unsigned char bytes[16] = {0};
    size_t used = value_bytes(size);
    const uint16_t probe = 1;
    bool little = *(const unsigned char *)&probe == 1;
    if (size > sizeof bytes || count != 2 * used)
        return MOLT__NUMBER_UNKNOWN;
    for (size_t i = 0; i < used; i++) {
        int high = digit_of(digits[2 * i]), low = digit_of(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return MOLT__NUMBER_UNKNOWN;
        bytes[little ? used - 1 - i : i] = (unsigned char)(high << 4 | low);
    }
    if (!is_nan(bytes, size))
        return MOLT__NUMBER_UNKNOWN;
    memcpy(out, bytes, size);
    return MOLT__NUMBER_READ;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

MoltNumberRead molt__float_word_read(const char *text, size_t length, size_t size, void *out)
{
    static const char quiet_wide[] = "7fffc000000000000000";
    if (size != sizeof(float) && size != sizeof(double) && size != sizeof(long double))
        return MOLT__NUMBER_UNKNOWN;
    if (is_word(text, length, "Infinity") || is_word(text, length, "-Infinity"))
        return store_infinity(text[0] == '-', size, out);
    if (length > 7 && memcmp(text, "NaN(0x", 6) == 0 && text[length - 1] == ')')
        return store_nan(text + 6, length - 7, size, out);
    if (!is_word(text, length, "NaN"))
        return MOLT__NUMBER_UNKNOWN;
    if (size == sizeof(float))
        return store_nan("7fc00000", 8, size, out);
    if (size == sizeof(double))
        return store_nan("7ff8000000000000", 16, size, out);
    if (value_bytes(size) == 10)
        return store_nan(quiet_wide, sizeof quiet_wide - 1, size, out);
    return store_nan("7fff8000000000000000000000000000", 32, size, out);
}
