/* The state as JSON, for people, tests and diffs. It must never know libraries beyond the
 * MoltCodeMap that names addresses for it. docs/dump-format.md describes the text. */
#ifndef MOLT_DUMP_H
#define MOLT_DUMP_H

#include "code_map.h"
#include "heap.h"
#include "text_sink.h"

typedef struct MoltDumpDesc {
    const MoltCodeMap *code; /* names functions, constants and literals; NULL: none are named */
    bool addresses; /* adds the address of every block and of what is external, for debuggers */
} MoltDumpDesc;

/* All live blocks and roots as one JSON text (UTF-8, ends in a newline), to `sink` in pieces of up to 64
 * KiB: the text may be larger than memory, and what the dump needs beside it grows with the schema, not
 * with the state. `desc` may be NULL. Only reads, but for the mirror of the globals. Equal states give
 * equal text when `addresses` is off. MOLT_OUT_OF_MEMORY, MOLT_INVALID without a schema, or what the sink
 * answered; the text is then cut. */
MoltStatus molt_dump_write(const MoltHeap *heap, const MoltDumpDesc *desc, const MoltTextSink *sink,
                           MoltError *error);

/* The value at a path such as "state.ants[3].target->pos" or "Ant:17.pos" as one JSON text of its own;
 * `desc->addresses` is not looked at. MOLT_NOT_FOUND and MOLT_INVALID say where the path goes wrong. */
MoltStatus molt_dump_path_write(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                                const MoltTextSink *sink, MoltError *error);

/* The same in memory; the caller frees *out with free(). *out is untouched on failure. */
MoltStatus molt_dump_json(const MoltHeap *heap, const MoltDumpDesc *desc, char **out,
                          size_t *length, MoltError *error);
MoltStatus molt_dump_path_json(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                               char **out, size_t *length, MoltError *error);

#endif
