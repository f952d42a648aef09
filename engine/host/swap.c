#include "swap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COPY_CHUNK ((size_t)64 << 10)

static bool copy_bytes(FILE *from, FILE *to)
{
    bool ok = false;
    unsigned char *bytes = malloc(COPY_CHUNK);
    if (!bytes)
        return false;
    for (;;) {
        size_t got = fread(bytes, 1, COPY_CHUNK, from);
        if (got == 0) {
            ok = !ferror(from);
            break;
        }
        if (fwrite(bytes, 1, got, to) != got)
            break;
    }
    free(bytes);
    return ok;
}

/* "<path>.swap": beside the target, since only there a rename replaces it in one step. */
static char *scratch_path(const char *path)
{
    size_t size = strlen(path) + sizeof ".swap";
    char *result = malloc(size);
    if (result)
        snprintf(result, size, "%s.swap", path);
    return result;
}

MoltStatus molt__swap_library(const char *from, const char *to, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    FILE *source = NULL, *target = NULL;
    char *scratch = scratch_path(to);
    bool copied = false;
    if (!scratch)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to replace %s.", to);
    source = fopen(from, "rbe");
    if (!source) {
        status = molt_error(error, MOLT_SYSTEM, "Cannot read %s: %s.", from, strerror(errno));
        goto cleanup;
    }
    target = fopen(scratch, "wbe");
    copied = target && copy_bytes(source, target);
    if (target && fclose(target) != 0)
        copied = false;
    if (!copied || chmod(scratch, 0755) != 0 || rename(scratch, to) != 0) {
        status = molt_error(error, MOLT_SYSTEM, "Cannot replace %s by %s: %s.", to, from,
                            strerror(errno));
        remove(scratch);
    }
cleanup:
    if (source)
        fclose(source);
    free(scratch);
    return status;
}
