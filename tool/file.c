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
    struct stat there;
    bool exists = stat(path, &there) == 0;
    output->mode = exists ? there.st_mode & 0777 : 0644;
    if (exists && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)) {
        output->file = fopen(path, "wb");
        return output->file != NULL ? MOLT_OK
                                    : molt_error(error, MOLT_SYSTEM, "%s: %s", path, strerror(errno));
    }
    output->resolved = exists ? realpath(path, NULL) : NULL;
    path = output->path = output->resolved != NULL ? output->resolved : path;
    size_t room = strlen(path) + sizeof ".XXXXXX";
    output->beside = malloc(room);
    if (output->beside == NULL) {
        MoltStatus status = molt_error(error, MOLT_OUT_OF_MEMORY, "%s: no memory", path);
        free(output->resolved);
        return status;
    }
    snprintf(output->beside, room, "%s.XXXXXX", path);
    int file = mkstemp(output->beside);
    output->file = file >= 0 ? fdopen(file, "wb") : NULL;
    if (output->file != NULL) {
        return MOLT_OK;
    }
    MoltStatus status = fail(output, error);
    if (file >= 0) {
        unlink(output->beside);
        close(file);
    }
    free(output->beside);
    free(output->resolved);
    return status;
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
    bool good = fflush(output->file) == 0;
    if (output->beside == NULL) {
        MoltStatus written = keep && !good ? fail(output, error) : MOLT_OK;
        if (output->file != stdout) {
            fclose(output->file);
        }
        return written;
    }
    int file = fileno(output->file);
    good = good && keep && fchmod(file, (mode_t)output->mode) == 0 && fsync(file) == 0;
    good = fclose(output->file) == 0 && good && rename(output->beside, output->path) == 0;
    MoltStatus status = keep && !good ? fail(output, error) : MOLT_OK;
    if (!good) {
        unlink(output->beside);
    }
    free(output->beside);
    free(output->resolved);
    return status;
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
