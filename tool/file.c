#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_all(FILE *in, size_t *length)
{
    size_t size = 0, room = 1u << 16;
    char *bytes = malloc(room + 1);
    while (bytes != NULL) {
        size += fread(bytes + size, 1, room - size, in);
        if (size < room) {
            break;
        }
        char *more = realloc(bytes, 2 * room + 1);
        if (more == NULL) {
            free(bytes);
        }
        bytes = more;
        room *= 2;
    }
    if (bytes != NULL && ferror(in)) {
        free(bytes);
        return NULL;
    }
    if (bytes != NULL) {
        bytes[size] = '\0';
        *length = size;
    }
    return bytes;
}

char *molt__tool_read(const char *path, size_t *length, MoltError *error)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "rb");
    char *bytes = in != NULL ? read_all(in, length) : NULL;
    if (bytes == NULL) {
        molt_error(error, errno == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM, "%s: %s",
                   standard ? "standard input" : path, strerror(errno));
    }
    if (in != NULL && !standard) {
        fclose(in);
    }
    return bytes;
}

MoltStatus molt__tool_write(const char *path, const char *bytes, size_t length, MoltError *error)
{
    if (strcmp(path, "-") == 0) {
        return fwrite(bytes, 1, length, stdout) == length
                   ? MOLT_OK
                   : molt_error(error, MOLT_SYSTEM, "standard output: %s", strerror(errno));
    }
    size_t room = strlen(path) + sizeof ".XXXXXX";
    char *beside = malloc(room);
    if (beside == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "%s: no memory", path);
    }
    snprintf(beside, room, "%s.XXXXXX", path);
    int file = mkstemp(beside);
    FILE *out = file >= 0 ? fdopen(file, "wb") : NULL;
    bool good = out != NULL && fwrite(bytes, 1, length, out) == length && fflush(out) == 0 &&
                fchmod(file, 0644) == 0 && fsync(file) == 0;
    good = (out == NULL || fclose(out) == 0) && good && rename(beside, path) == 0;
    MoltStatus status = MOLT_OK;
    if (!good) {
        status = molt_error(error, MOLT_SYSTEM, "%s: %s", path, strerror(errno));
        if (file >= 0) {
            unlink(beside);
        }
    }
    free(beside);
    return status;
}

MoltStatus molt__tool_read_schema(const char *path, MoltSchema **out, MoltError *error)
{
    size_t length = 0;
    char *text = molt__tool_read(path, &length, error);
    if (text == NULL) {
        return MOLT_SYSTEM;
    }
    MoltError reason;
    MoltStatus status = molt_schema_from_json(text, length, NULL, out, &reason);
    free(text);
    return status == MOLT_OK ? MOLT_OK : molt_error(error, status, "%s: %s", path, reason.text);
}
