/* Where the objects of a dump stand in its text, in the order of dumps whatever order they stand in. It must
 * never know types or what the values mean. */
#ifndef MOLT__DUMP_INDEX_H
#define MOLT__DUMP_INDEX_H

#include <stdbool.h>

#include "molt/status.h"

typedef struct MoltIndexedObject {
    const char *id; /* in the text: of the type's name */
    uint32_t name_length;
    uint64_t number;
    size_t begin, end; /* from brace to brace */
} MoltIndexedObject;

typedef struct MoltDumpIndex {
    MoltAllocator allocator;
    MoltIndexedObject *objects; /* by name, then by number */
    size_t count, room;
    size_t roots_begin, roots_end; /* begin == end: it has none */
} MoltDumpIndex;

/* Reads all of the text, which must be JSON from end to end. Free the index in any case. MOLT_INVALID with
 * line, column and path of what is no dump. */
MoltStatus molt__dump_index(MoltDumpIndex *index, const char *text, size_t length, const char *name,
                            const MoltAllocator *allocator, MoltError *error);
void molt__dump_index_free(MoltDumpIndex *index);

/* By name as strcmp does, then by number. */
int molt__dump_order(const char *a, size_t a_length, uint64_t a_number, const char *b,
                     size_t b_length, uint64_t b_number);

#endif
