/* The state as JSON, for people, tests and diffs. It must never know libraries beyond the
 * MoltCodeMap that names addresses for it. docs/dump-format.md describes the text. */
#ifndef MOLT_DUMP_H
#define MOLT_DUMP_H

#include "code_map.h"
#include "heap.h"

typedef struct MoltDumpDesc {
    const MoltCodeMap *code; /* names functions, constants and literals; NULL: none are named */
    bool addresses;          /* adds the address of every block, for debuggers */
} MoltDumpDesc;

/* All live blocks and roots as one JSON text (UTF-8, ends in a newline); the caller frees it with
 * free(). `desc` may be NULL. Only reads, but for the mirror of the globals. Equal states give equal
 * text when `addresses` is off. */
MoltStatus molt_dump_json(const MoltHeap *heap, const MoltDumpDesc *desc, char **out, size_t *length,
                          MoltError *error);

/* The value at a path such as "state.ants[3].target->pos" or "Ant:17.pos" as one JSON text of its own;
 * `desc->addresses` is not looked at. MOLT_NOT_FOUND and MOLT_INVALID say where the path goes wrong. */
MoltStatus molt_dump_path_json(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                               char **out, size_t *length, MoltError *error);

#endif
