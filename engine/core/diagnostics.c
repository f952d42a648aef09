#include "diagnostics.h"

#include <stdbool.h>
#include <string.h>

/* ---- cleaning ------------------------------------------------------------------------------ */

/* Length of the escape sequence at `text` (CSI, or two bytes). */
static size_t escape_length(const char *text, size_t length)
{
    if (length < 2 || text[1] != '[') {
        return length < 2 ? length : 2;
    }
    size_t at = 2;
    while (at < length && !(text[at] >= 0x40 && text[at] <= 0x7e)) {
        at++;
    }
    return at < length ? at + 1 : length;
}

/* U+2018, U+2019 to ', U+201C, U+201D to "; 0 when none of them stands at `text`. */
static char plain_quote(const char *text, size_t length)
{
    if (length < 3 || memcmp(text, "\xe2\x80", 2) != 0) {
        return 0;
    }
    switch ((unsigned char)text[2]) {
    case 0x98:
    case 0x99: return '\'';
    case 0x9c:
    case 0x9d: return '"';
    default: return 0;
    }
}

size_t molt__diagnostics_clean(char *text, size_t length)
{
    size_t to = 0;
    for (size_t from = 0; from < length;) {
        char quote = plain_quote(text + from, length - from);
        unsigned char byte = (unsigned char)text[from];
        if (byte == 0x1b) {
            from += escape_length(text + from, length - from);
        } else if (quote != 0) {
            text[to++] = quote;
            from += 3;
        } else if (byte < 0x20 && byte != '\n' && byte != '\t') {
            from++;
        } else {
            text[to++] = text[from++];
        }
    }
    text[to] = 0;
    return to;
}

/* ---- errors -------------------------------------------------------------------------------- */

static bool line_has(const char *line, size_t length, const char *word)
{
    return memmem(line, length, word, strlen(word)) != NULL;
}

/* What only repeats that a step failed says nothing beside the step's own words. */
static bool is_error(const char *line, size_t length)
{
    if (line_has(line, length, "ld returned") || line_has(line, length, "linker command failed")) {
        return false;
    }
    return line_has(line, length, ": error:") || line_has(line, length, ": fatal error:") ||
           line_has(line, length, "undefined reference to") ||
           line_has(line, length, "multiple definition of") ||
           line_has(line, length, "undefined symbol:") || line_has(line, length, "CMake Error") ||
           (length > 6 && memcmp(line, "error:", 6) == 0);
}

/* Appends a line with its newline, cut to what fits. */
static size_t append(char *buffer, size_t used, size_t size, const char *line, size_t length)
{
    if (used + 2 > size) {
        return used;
    }
    size_t room = size - used - 2;
    size_t copied = length < room ? length : room;
    memcpy(buffer + used, line, copied);
    used += copied;
    buffer[used++] = '\n';
    buffer[used] = 0;
    return used;
}

/* Start of the last `lines` lines that are not empty. */
static const char *tail_of(const char *text, size_t lines)
{
    const char *at = text + strlen(text);
    while (at > text && at[-1] == '\n') {
        at--;
    }
    for (; at > text; at--) {
        if (at[-1] == '\n' && --lines == 0) {
            break;
        }
    }
    return at;
}

static size_t copy_lines(const char *text, size_t lines, bool only_errors, char *buffer,
                         size_t size)
{
    size_t used = 0, count = 0;
    while (*text != 0 && count < lines) {
        size_t length = strcspn(text, "\n");
        if (length > 0 && (!only_errors || is_error(text, length))) {
            used = append(buffer, used, size, text, length);
            count++;
        }
        text += length + (text[length] == '\n');
    }
    return count;
}

size_t molt__diagnostics_first(const char *text, size_t lines, char *buffer, size_t size)
{
    if (size == 0) {
        return 0;
    }
    buffer[0] = 0;
    size_t count = copy_lines(text, lines, true, buffer, size);
    return count > 0 ? count : copy_lines(tail_of(text, lines), lines, false, buffer, size);
}
