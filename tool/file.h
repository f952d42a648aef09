/* Files that the tool reads whole and writes whole. It must never know what is in them. */
#ifndef MOLT_TOOL_FILE_H
#define MOLT_TOOL_FILE_H

#include "molt/schema.h"

/* The content, NUL-terminated, freed with free(); "-" is standard input. NULL with *error filled when
 * it cannot be read. */
char *molt__tool_read(const char *path, size_t *length, MoltError *error);

/* Replaces the file as a whole: written beside and renamed in; "-" is standard output. */
MoltStatus molt__tool_write(const char *path, const char *bytes, size_t length, MoltError *error);

/* Reads a schema's JSON; *error names the file. The caller frees it with molt_schema_free. */
MoltStatus molt__tool_read_schema(const char *path, MoltSchema **out, MoltError *error);

#endif
