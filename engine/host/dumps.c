#include "dumps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "dump_text.h"
#include "whole_file.h"

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static MoltStatus write_file(const char *path, const char *text, size_t length, MoltError *error)
{
    MoltWholeFile file;
    MoltStatus status = molt__whole_file_open(&file, path, error);
    if (!status) {
        fwrite(text, 1, length, file.stream); /* closing tells whether it could */
        status = molt__whole_file_close(&file, true, error);
    }
    return status;
}

typedef struct Output {
    FILE *stream;
    const char *path;
} Output;

static MoltStatus write_piece(void *context, const char *text, size_t length, MoltError *error)
{
    const Output *output = context;
    if (fwrite(text, 1, length, output->stream) == length)
        return MOLT_OK;
    return molt_error(error, MOLT_SYSTEM, "Cannot write %s: %s. What was there before is unchanged.",
                      output->path, strerror(errno));
}

MoltStatus molt__dumps_write_state(const MoltReload *reload, bool addresses, const char *path,
                                   MoltError *error)
{
    MoltWholeFile file;
    MoltStatus status = molt__whole_file_open(&file, path, error);
    if (status)
        return status;
    Output output = {file.stream, path};
    const MoltTextSink sink = {write_piece, &output};
    status = molt_reload_dump_write(reload, addresses, &sink, error);
    MoltStatus closed = molt__whole_file_close(&file, !status, status ? NULL : error);
    return status ? status : closed;
}

MoltStatus molt__dumps_read_state(MoltReload *reload, const MoltDumpsRead *how, MoltReport *report,
                                  MoltError *error)
{
    char *text = NULL;
    size_t length = 0;
    bool limited = false;
    MoltImportDesc desc = {.policy = how->policy,
                           .name = how->path,
                           .limit = how->most,
                           .limited = &limited,
                           .report = report};
    MoltError reason;
    MoltStatus status = molt__dump_text_read(how->path, how->most, &text, &length, error);
    if (!status) {
        status = molt_reload_load_json(reload, text, length, &desc, &reason);
        if (status)
            molt_error(error, status, "%s%s", reason.text,
                       limited ? "; --max-memory allows more" : "");
    }
    free(text);
    return status;
}

static MoltStatus write_schema(const MoltReload *reload, const char *path, MoltError *error)
{
    char *text = NULL;
    MoltStatus status = molt_schema_to_json(molt_reload_schema(reload), &text, error);
    if (!status)
        status = write_file(path, text, strlen(text), error);
    free(text);
    return status;
}

MoltStatus molt__dumps_init(MoltDumps *dumps, const char *folder, bool addresses, MoltError *error)
{
    *dumps = (MoltDumps){.folder = folder, .addresses = addresses};
    if (folder && mkdir(folder, 0777) != 0 && errno != EEXIST)
        return molt_error(error, MOLT_SYSTEM, "Cannot create the folder %s for the dumps: %s.",
                          folder, strerror(errno));
    return MOLT_OK;
}

/* Writes one half of the pair and sets `path` to the state's file, or to "" on failure. */
static MoltStatus write_half(MoltDumps *dumps, const MoltReload *reload, const char *half,
                             char path[MOLT__DUMP_PATH], MoltError *error)
{
    char schema[MOLT__DUMP_PATH];
    path[0] = '\0';
    if (!dumps->folder)
        return MOLT_OK;
    int length = snprintf(schema, sizeof schema, "%s/%03" PRIu32 "-%s.schema.json", dumps->folder,
                          dumps->sequence, half);
    if (length < 0 || (size_t)length >= sizeof schema)
        return molt_error(error, MOLT_INVALID, "The path of the dump folder is too long.");
    snprintf(path, MOLT__DUMP_PATH, "%s/%03" PRIu32 "-%s.json", dumps->folder, dumps->sequence,
             half);
    uint64_t start = now_ns();
    MoltStatus status = molt__dumps_write_state(reload, dumps->addresses, path, error);
    if (!status)
        status = write_schema(reload, schema, error);
    if (status)
        path[0] = '\0';
    dumps->nanoseconds += now_ns() - start;
    return status;
}

MoltStatus molt__dumps_before(MoltDumps *dumps, const MoltReload *reload, MoltError *error)
{
    dumps->sequence++;
    dumps->nanoseconds = 0;
    dumps->after[0] = '\0';
    return write_half(dumps, reload, "before", dumps->before, error);
}

MoltStatus molt__dumps_after(MoltDumps *dumps, const MoltReload *reload, MoltError *error)
{
    return write_half(dumps, reload, "after", dumps->after, error);
}
