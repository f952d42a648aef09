#include "literal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_space(const char *at)
{
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return at;
}

/* ---- strings and characters ------------------------------------------------------------------ */

/* Up to four bytes of UTF-8. */
static size_t encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; code >>= 6) {
        out[i] = (char)(0x80 | (code & 0x3f));
    }
    out[0] = (char)((0xf00u >> length & 0xf0u) | code);
    return length;
}

static bool read_digits(const char **at, unsigned base, unsigned limit, uint32_t *code)
{
    unsigned count = 0;
    for (*code = 0; count < limit; count++) {
        char c = **at;
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 99u;
        if (digit >= base) {
            break;
        }
        *code = *code * base + digit;
        (*at)++;
    }
    return count > 0;
}

/* One escape sequence after its backslash. */
static bool read_escape(const char **at, char *out, size_t *length)
{
    static const char names[] = "abfnrtve\\'\"?";
    static const char values[] = "\a\b\f\n\r\t\v\033\\'\"?";
    uint32_t code = 0;
    char c = **at;
    *length = 1;
    if (c >= '0' && c <= '7') {
        bool good = read_digits(at, 8, 3, &code);
        out[0] = (char)code;
        return good && code < 256;
    }
    (*at)++;
    if (c == 'x') {
        bool good = read_digits(at, 16, 8, &code);
        out[0] = (char)code;
        return good && code < 256;
    }
    if (c == 'u' || c == 'U') {
        bool good = read_digits(at, 16, c == 'u' ? 4 : 8, &code) && code <= 0x10ffff;
        *length = good ? encode(code, out) : 0;
        return good;
    }
    const char *found = c == '\0' ? NULL : strchr(names, c);
    if (found == NULL) {
        return false;
    }
    out[0] = values[found - names];
    return true;
}

/* What stands between `quote` characters, from after the first to after the second. */
static bool read_quoted(const char **at, char quote, char *out, size_t *length)
{
    while (**at != quote) {
        if (**at == '\0' || **at == '\n') {
            return false;
        }
        if (**at == '\\') {
            size_t added = 0;
            (*at)++;
            if (!read_escape(at, out + *length, &added)) {
                return false;
            }
            *length += added;
        } else {
            out[(*length)++] = *(*at)++;
        }
    }
    (*at)++;
    return true;
}

bool molt__literal_string(MoltArena *arena, const char **at, MoltValue *out)
{
    char *bytes = molt__arena_alloc(arena, strlen(*at) + 1); /* escapes only shrink */
    size_t length = 0;
    const char *next = skip_space(*at);
    bool found = false;
    for (;;) {
        if (strncmp(next, "u8\"", 3) == 0) {
            next += 2;
        }
        if (*next != '"') {
            break;
        }
        next++;
        if (!read_quoted(&next, '"', bytes, &length)) {
            return false;
        }
        found = true;
        next = skip_space(next);
    }
    if (found) {
        bytes[length] = '\0';
        *out = (MoltValue){.kind = MOLT_VALUE_STRING, .bytes = bytes, .length = length};
        *at = next;
    }
    return found;
}

static bool read_character(const char *text, MoltValue *out)
{
    char bytes[8];
    size_t length = 0;
    const char *at = text + 1;
    /* Multi-character constants are left to the compiler; the buffer holds what can be one. */
    if (strlen(text) > sizeof bytes || !read_quoted(&at, '\'', bytes, &length) || *at != '\0' ||
        length != 1) {
        return false;
    }
    /* Beyond ASCII the sign depends on the target's char: the compiler knows it. */
    if ((unsigned char)bytes[0] >= 0x80) {
        return false;
    }
    *out = (MoltValue){.kind = MOLT_VALUE_INT, .bits = (uint64_t)bytes[0]};
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool read_integer(const char *text, bool negative, MoltValue *out)
{
    const char *digits = text;
    int base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
    } else if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B')) {
        base = 2;
        digits += 2;
    } else if (text[0] == '0') {
        base = 8;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, base);
    if (end == digits || errno != 0) {
        return false;
    }
    bool is_unsigned = strpbrk(end, "uU") != NULL;
    if (end[strspn(end, "uUlL")] != '\0' || strlen(end) > 3) {
        return false;
    }
    /* Negated unsigned constants wrap at the width of their type: the compiler knows it. */
    if (negative && value != 0 && (is_unsigned || base != 10 || value > (uint64_t)INT64_MAX)) {
        return false;
    }
    *out = (MoltValue){.kind = MOLT_VALUE_INT,
                       .negative = negative && value != 0,
                       .bits = negative ? 0 - (uint64_t)value : (uint64_t)value};
    return true;
}

static bool read_real(const char *text, bool negative, MoltValue *out)
{
    char *end = NULL;
    size_t length = strlen(text);
    char suffix = text[length - 1];
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (hexadecimal && strpbrk(text, "pP") == NULL) {
        return false;
    }
    long double value;
    if (suffix == 'f' || suffix == 'F') {
        value = strtof(text, &end);
    } else if (suffix == 'l' || suffix == 'L') {
        value = strtold(text, &end);
    } else {
        value = strtod(text, &end);
        suffix = '\0';
    }
    if (*end != suffix || (suffix != '\0' && end[1] != '\0')) {
        return false;
    }
    *out = (MoltValue){.kind = MOLT_VALUE_FLOAT, .real = negative ? -value : value};
    return true;
}

static bool read_word(const char *text, MoltValue *out)
{
    static const char *const nulls[] = {"NULL", "nullptr", "((void *)0)", "((void*)0)",
                                        "(void *)0", "(void*)0"};
    bool is_true = strcmp(text, "true") == 0;
    if (is_true || strcmp(text, "false") == 0) {
        *out = (MoltValue){.kind = MOLT_VALUE_INT, .bits = is_true};
        return true;
    }
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(text, nulls[i]) == 0) {
            *out = (MoltValue){.kind = MOLT_VALUE_NULL};
            return true;
        }
    }
    return false;
}

bool molt__literal_read(MoltArena *arena, const char *text, MoltValue *out)
{
    const char *at = text;
    if (*at == '"' || strncmp(at, "u8\"", 3) == 0) {
        return molt__literal_string(arena, &at, out) && *at == '\0';
    }
    if (*at == '\'') {
        return read_character(text, out);
    }
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at = skip_space(at + 1);
    }
    if (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1]))) {
        return read_integer(at, negative, out) || read_real(at, negative, out);
    }
    return read_word(text, out);
}
