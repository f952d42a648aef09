#include "path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *current_directory(MoltArena *arena)
{
    char *name = realpath(".", NULL);
    const char *copy = name == NULL ? "/" : molt__arena_copy(arena, name, strlen(name));
    free(name);
    return copy;
}

const char *molt__path_real(MoltArena *arena, const char *directory, const char *name)
{
    const char *joined = name;
    if (name[0] != '/') {
        const char *from = directory == NULL ? current_directory(arena) : directory;
        joined = molt__arena_format(arena, "%s/%s", from, name);
    }
    char *real = realpath(joined, NULL);
    if (real == NULL) {
        return joined;
    }
    const char *copy = molt__arena_copy(arena, real, strlen(real));
    free(real);
    return copy;
}

const char *molt__path_recorded(MoltArena *arena, const char *base, const char *file)
{
    if (file == NULL) {
        return "";
    }
    size_t length = strlen(base);
    while (length > 0 && base[length - 1] == '/') {
        length--;
    }
    if (strncmp(file, base, length) == 0 && file[length] == '/') {
        return molt__arena_copy(arena, file + length + 1, strlen(file + length + 1));
    }
    const char *slash = strrchr(file, '/');
    return slash == NULL ? file : slash + 1;
}

bool molt__path_ends(const char *name, const char *suffix)
{
    size_t length = strlen(name), wanted = strlen(suffix);
    return length >= wanted && strcmp(name + length - wanted, suffix) == 0;
}
