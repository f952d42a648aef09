#include "kept_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <molt/keepsakes.h>

/* ---- writing --------------------------------------------------------------------------------- */

static MoltStatus put(void *context, const char *text, size_t length, MoltError *error)
{
    return fwrite(text, 1, length, context) == length
               ? MOLT_OK
               : molt_error(error, MOLT_SYSTEM, "What a session keeps cannot be written: %s.",
                            strerror(errno));
}

bool molt__kept_file_write(const char *path, const MoltHeap *heap)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return false;
    }
    const MoltTextSink sink = {.write = put, .context = file};
    bool good = molt_keepsakes_write(heap, &sink, NULL) == MOLT_OK;
    good = fclose(file) == 0 && good;
    if (!good) {
        unlink(path);
    }
    return good;
}

/* ---- reading --------------------------------------------------------------------------------- */

static MoltStatus read_whole(const char *path, unsigned char **bytes, size_t *size,
                             MoltError *error)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    MoltStatus status = MOLT_OK;
    *bytes = NULL;
    if (file == NULL) {
        return molt_error(error, MOLT_NOT_FOUND, "%s cannot be read: %s.", path, strerror(errno));
    }
    if (fstat(fileno(file), &info) != 0) {
        status = molt_error(error, MOLT_SYSTEM, "%s cannot be read: %s.", path, strerror(errno));
    }
    *size = status == MOLT_OK ? (size_t)info.st_size : 0;
    if (status == MOLT_OK && (*bytes = malloc(*size + 1)) == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read %s.", path);
    }
    if (status == MOLT_OK && fread(*bytes, 1, *size, file) != *size) {
        status = molt_error(error, MOLT_SYSTEM, "%s ends while it is read.", path);
    }
    fclose(file);
    return status;
}

MoltStatus molt__kept_file_types(const char *path, MoltLibrary *library, MoltError *error)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    MoltSchema *schema = NULL;
    MoltStatus status = read_whole(path, &bytes, &size, error);
    if (status == MOLT_OK) {
        status = molt_keepsakes_schema(bytes, size, library->schema, &schema, error);
    }
    if (schema != NULL && !molt__library_keep(library, schema)) {
        molt_schema_free(schema);
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the types of %s.",
                            library->source);
    }
    free(bytes);
    return status;
}

MoltStatus molt__kept_file_read(const char *path, MoltHeap *heap, MoltError *error)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    MoltStatus status = read_whole(path, &bytes, &size, error);
    if (status == MOLT_OK) {
        status = molt_keepsakes_read(heap, bytes, size, error);
    }
    free(bytes);
    return status;
}
