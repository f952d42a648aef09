/* Files that the tool reads whole, and writes whole or not at all. It must never know what is in them. */
#ifndef MOLT_TOOL_FILE_H
#define MOLT_TOOL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "molt/replaced_file.h"
#include "molt/schema.h"
#include "molt/text_sink.h"

/* Bytes that are taken from a pipe or a device unless more are asked for. */
#define MOLT__TOOL_STREAM_MAX ((uint64_t)1 << 30)

/* The content, NUL-terminated, freed with free(); "-" is standard input. NULL with *error filled when
 * it cannot be read. An input that is neither JSON nor a snapshot is read up to where that shows, and a
 * snapshot to the end that its header names and a byte beyond: the first bytes are all that a reader needs to
 * refuse it, and there may be no end. What nothing but its end tells the length of, a pipe or a device, may
 * have `most` bytes; 0: MOLT__TOOL_STREAM_MAX. */
char *molt__tool_read(const char *path, uint64_t most, size_t *length, MoltError *error);
/* The same of a file that the tool has made, whatever is in it. */
char *molt__tool_read_own(const char *path, size_t *length, MoltError *error);

/* A file that is replaced as a whole: written beside and renamed in when it is closed, with the access rights
 * that it had. What is no file, as a device or a pipe, is written to as it is. */
typedef struct MoltToolOutput {
    const char *path;
    MoltReplacedFile replaced; /* without standard output */
    FILE *file;
    uint64_t written;
} MoltToolOutput;

/* "-" is standard output. After a failure there is nothing to close. */
MoltStatus molt__tool_output_open(MoltToolOutput *output, const char *path, MoltError *error);
/* Writes to the output, which must stay. */
MoltTextSink molt__tool_output_sink(MoltToolOutput *output);
/* Without `keep` the old file stays; that cannot fail. */
MoltStatus molt__tool_output_close(MoltToolOutput *output, bool keep, MoltError *error);

/* Replaces the file as a whole: written beside and renamed in; "-" is standard output. */
MoltStatus molt__tool_write(const char *path, const char *bytes, size_t length, MoltError *error);

/* Reads a schema's JSON; *error names the file. The caller frees it with molt_schema_free. */
MoltStatus molt__tool_read_schema(const char *path, MoltSchema **out, MoltError *error);

#endif
