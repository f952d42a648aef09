#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "molt/json_intake.h"
#include "molt/snapshot_file.h"
#include "progress.h"

/* An input on its way in. */
typedef struct Input {
    const char *name;
    FILE *in;
    uint64_t most; /* bytes that are taken of it */
    uint64_t told; /* bytes that it is said to have; 0: nobody says */
    bool endless;  /* it may be: nothing says how long it is */
    MoltJsonIntake intake;
    char *bytes;
    size_t size, room;
} Input;

/* Of a snapshot the bytes that it says it has, 0 when the input is none, UINT64_MAX before that shows. */
static uint64_t told_size(const Input *input, size_t got)
{
    return molt_snapshot_file_size(input->bytes, input->size + got);
}

static uint64_t machine_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : MOLT__TOOL_STREAM_MAX;
}

static MoltStatus check_length(const Input *input, MoltError *error)
{
    uint64_t told = told_size(input, 0);
    if (!input->endless || told == UINT64_MAX) {
        return MOLT_OK;
    }
    if (told > 0 && told > machine_memory()) {
        return molt_error(
            error, MOLT_INVALID,
            "%s: a snapshot of %llu bytes, more than this machine's memory, would have "
            "to be held in memory; give it as a file",
            input->name, (unsigned long long)told);
    }
    if (told == 0 && input->size > input->most) {
        return molt_error(
            error, MOLT_INVALID,
            "%s: more than %llu bytes came, and nothing says how many there are; give "
            "what is so large as a file",
            input->name, (unsigned long long)input->most);
    }
    return MOLT_OK;
}

/* What of the `got` bytes at the end is wanted: of a snapshot one byte more than it says it has, which tells
 * that it is longer. */
static size_t look(Input *input, size_t got)
{
    uint64_t told = told_size(input, got);
    if (told == 0) {
        return molt_json_intake_take(&input->intake, input->bytes + input->size, got);
    }
    return told >= input->size + got ? got
           : told < input->size      ? 0
                                     : (size_t)(told - input->size) + 1;
}

static MoltStatus read_input(Input *input, bool looked_at, MoltError *error)
{
    size_t got = 1, wanted = 1;
    const MoltProgress progress = molt__progress("reading");
    while (got == wanted && got > 0) {
        if (input->size == input->room) {
            size_t room = input->room > 0 ? 2 * input->room : 1u << 16;
            char *more = realloc(input->bytes, room + 1);
            if (more == NULL) {
                return molt_error(error, MOLT_OUT_OF_MEMORY,
                                  "%s: no memory for more than %zu bytes", input->name,
                                  input->size);
            }
            input->bytes = more;
            input->room = room;
        }
        got = fread(input->bytes + input->size, 1, input->room - input->size, input->in);
        if (got == 0 && ferror(input->in)) {
            return molt_error(error, MOLT_SYSTEM, "%s: %s", input->name, strerror(errno));
        }
        wanted = looked_at && got > 0 ? look(input, got) : got;
        input->size += wanted;
        molt_progress_tell(&progress, input->size, input->size > input->told ? 0 : input->told);
        MoltStatus status = looked_at && got > 0 ? check_length(input, error) : MOLT_OK;
        if (status != MOLT_OK) {
            return status;
        }
    }
    input->bytes[input->size] = '\0';
    return MOLT_OK;
}

static char *read_file(const char *path, uint64_t most, bool looked_at, size_t *length,
                       MoltError *error)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat info = {0};
    Input input = {.name = standard ? "standard input" : path,
                   .in = standard ? stdin : fopen(path, "rb"),
                   .most = most > 0 ? most : MOLT__TOOL_STREAM_MAX};
    if (input.in == NULL || fstat(fileno(input.in), &info) != 0) {
        molt_error(error, errno == ENOENT ? MOLT_NOT_FOUND : MOLT_SYSTEM, "%s: %s", input.name,
                   strerror(errno));
    } else {
        input.endless = !S_ISREG(info.st_mode);
        input.told = input.endless ? 0 : (uint64_t)info.st_size;
        if (read_input(&input, looked_at, error) != MOLT_OK) {
            free(input.bytes);
            input.bytes = NULL;
        }
        *length = input.size;
    }
    if (input.in != NULL && !standard) {
        fclose(input.in);
    }
    return input.bytes;
}

char *molt__tool_read(const char *path, uint64_t most, size_t *length, MoltError *error)
{
    return read_file(path, most, true, length, error);
}

char *molt__tool_read_own(const char *path, size_t *length, MoltError *error)
{
    return read_file(path, 0, false, length, error);
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
    MoltToolOutput *output = context;
    const MoltProgress progress = molt__progress("writing");
    output->written += length;
    molt_progress_tell(&progress, output->written, 0);
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
    char *text = molt__tool_read(path, 0, &length, error);
    if (text == NULL) {
        return MOLT_SYSTEM;
    }
    MoltError reason;
    MoltStatus status = molt_schema_from_json(text, length, NULL, out, &reason);
    free(text);
    return status == MOLT_OK ? MOLT_OK : molt_error(error, status, "%s: %s", path, reason.text);
}
