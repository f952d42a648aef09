#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static MoltStatus fail(const MoltToolOutput *output, MoltError *error)
{
    return molt_error(error, MOLT_SYSTEM, "%s: %s",
                      output->file == stdout ? "standard output" : output->path, strerror(errno));
}

MoltStatus molt__tool_output_open(MoltToolOutput *output, const char *path, MoltError *error)
{
    *output = (MoltToolOutput){.path = path, .file = stdout};
    if (strcmp(path, "-") == 0) {
        return MOLT_OK;
    }
    MoltStatus status = molt_replaced_file_open(&output->replaced, path, error);
    if (status != MOLT_OK) {
        return status;
    }
    output->file = fdopen(output->replaced.fd, "wb");
    if (output->file == NULL) {
        MoltError ignored;
        status = fail(output, error);
        molt_replaced_file_close(&output->replaced, false, &ignored);
        return status;
    }
    output->replaced.fd = -1;
    return MOLT_OK;
}

static MoltStatus write_piece(void *context, const char *bytes, size_t length, MoltError *error)
{
    const MoltToolOutput *output = context;
    return fwrite(bytes, 1, length, output->file) == length ? MOLT_OK : fail(output, error);
}

MoltTextSink molt__tool_output_sink(MoltToolOutput *output)
{
    return (MoltTextSink){write_piece, output};
}

MoltStatus molt__tool_output_close(MoltToolOutput *output, bool keep, MoltError *error)
{
    MoltError ignored;
    bool good = fflush(output->file) == 0;
    if (output->file == stdout) {
        return keep && !good ? fail(output, error) : MOLT_OK;
    }
    bool flush = output->replaced.beside != NULL && keep && good;
    good = good && (!flush || fsync(fileno(output->file)) == 0);
    MoltStatus status = keep && !good ? fail(output, error) : MOLT_OK;
    if (fclose(output->file) != 0 && keep && good) {
        good = false;
        status = fail(output, error);
    }
    MoltStatus closed =
        molt_replaced_file_close(&output->replaced, keep && good, good ? error : &ignored);
    return status != MOLT_OK ? status : closed;
}

MoltStatus molt__tool_write(const char *path, const char *bytes, size_t length, MoltError *error)
{
    MoltToolOutput output;
    MoltStatus status = molt__tool_output_open(&output, path, error);
    if (status != MOLT_OK) {
        return status;
    }
    MoltError ignored;
    status = write_piece(&output, bytes, length, error);
    bool good = status == MOLT_OK;
    MoltStatus closed = molt__tool_output_close(&output, good, good ? error : &ignored);
    return good ? closed : status;
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
