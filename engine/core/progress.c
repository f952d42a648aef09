#include "progress.h"

#include <string.h>

#define MOST 1000000u

/* A number of a few digits; `*text` moves behind it. False when there is none. */
static bool read_number(const char **text, uint32_t *out)
{
    const char *at = *text;
    uint32_t value = 0;
    while (*at >= '0' && *at <= '9' && value < MOST) {
        value = value * 10 + (uint32_t)(*at++ - '0');
    }
    bool found = at != *text && value < MOST;
    *text = at;
    *out = value;
    return found;
}

/* `line` ends at the next NUL at the latest. */
static bool read_line(const char *line, uint32_t *done, uint32_t *total)
{
    uint32_t first = 0, second = 100;
    if (*line++ != '[') {
        return false;
    }
    line += strspn(line, " ");
    if (!read_number(&line, &first)) {
        return false;
    }
    if (*line == '/') {
        line++;
        if (!read_number(&line, &second) || second == 0) {
            return false;
        }
    } else if (line[0] != '%' || line[1] != ']') {
        return false;
    }
    *done = first < second ? first : second;
    *total = second;
    return true;
}

bool molt__progress_read(const char *text, size_t length, uint32_t *done, uint32_t *total)
{
    while (length > 0) {
        const char *newline = memrchr(text, '\n', length);
        const char *line = newline != NULL ? newline + 1 : text;
        if (read_line(line, done, total)) {
            return true;
        }
        length = newline != NULL ? (size_t)(newline - text) : 0;
    }
    return false;
}
