#include "path_pattern.h"

#include <fnmatch.h>
#include <stdio.h>
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

/* For fnmatch, to which a bracket begins a set of characters. */
static void escape(const char *pattern, size_t length, char *buffer, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 3 < size; i++) {
        if (strchr("[]\\", pattern[i]) != NULL) {
            buffer[used++] = '\\';
        }
        buffer[used++] = pattern[i];
    }
    buffer[used] = '\0';
}

bool molt__path_matches(const char *patterns, const char *path)
{
    char pattern[1024], plain[1024];
    without_number(path, plain, sizeof plain);
    for (const char *at = patterns; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ",");
        escape(at, length, pattern, sizeof pattern);
        if (fnmatch(pattern, path, 0) == 0 || fnmatch(pattern, plain, 0) == 0) {
            return true;
        }
        at += length + (at[length] == ',');
    }
    return false;
}
