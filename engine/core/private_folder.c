#include "private_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MoltStatus molt__private_folder_make(char **out, MoltError *error)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == 0) {
        base = "/tmp";
    }
    size_t size = strlen(base) + sizeof "/molt-XXXXXX";
    char *path = malloc(size);
    if (path == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to set up reloading.");
    }
    snprintf(path, size, "%s/molt-XXXXXX", base);
    if (mkdtemp(path) == NULL) {
        MoltStatus status =
            molt_error(error, MOLT_SYSTEM,
                       "Cannot make a directory for library copies in %s: %s. Set TMPDIR "
                       "to a directory that can be written to and executed from.",
                       base, strerror(errno));
        free(path);
        return status;
    }
    *out = path;
    return MOLT_OK;
}
