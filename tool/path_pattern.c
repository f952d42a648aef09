#include "path_pattern.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "Ant:17.pos" as "Ant.pos". */
static void without_number(const char *path, char *buffer, size_t size)
{
    size_t stem = strcspn(path, ".[");
    size_t colon = stem;
    while (colon > 0 && path[colon - 1] != ':') {
        colon--;
    }
    snprintf(buffer, size, "%.*s%s", (int)(colon > 0 ? colon - 1 : stem), path, path + stem);
}

/* For fnmatch, to which a bracket begins a set of characters; `buffer` has room for twice the length. */
static void escape(const char *pattern, size_t length, char *buffer)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr("[]\\", pattern[i]) != NULL) {
            *buffer++ = '\\';
        }
        *buffer++ = pattern[i];
    }
    *buffer = '\0';
}

static bool matches(const char *pattern, size_t length, const char *path, const char *plain)
{
    while (length > 0 && *pattern == ' ') {
        pattern++;
        length--;
    }
    while (length > 0 && pattern[length - 1] == ' ') {
        length--;
    }
    char *escaped = malloc(2 * length + 1);
    if (escaped == NULL) {
        return false;
    }
    escape(pattern, length, escaped);
    bool found = fnmatch(escaped, path, 0) == 0 || fnmatch(escaped, plain, 0) == 0;
    free(escaped);
    return found;
}

bool molt__path_matches(const char *patterns, const char *path)
{
    char plain[1024];
    without_number(path, plain, sizeof plain);
    for (const char *at = patterns; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ",");
        if (matches(at, length, path, plain)) {
            return true;
        }
        at += length + (at[length] == ',');
    }
    return false;
}
