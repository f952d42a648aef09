/* The path from a block to the subobject that a pointer into it means, for dumps. It must never
 * know JSON or the bytes of a block: types alone decide. */
#ifndef MOLT__DUMP_PATH_H
#define MOLT__DUMP_PATH_H

#include "molt/heap.h"

/* C syntax relative to the block: "[5].pos.x", ".pos.x" in a block of one element, "[4096]" one
 * past the end. Where no subobject of the pointee's type lies, or its path does not fit: the bytes
 * from the element's start, "[5]+12" or "+12". */
typedef struct MoltDumpPath {
    char text[480];
    size_t length;
    bool cut;
} MoltDumpPath;

/* `place` is in a block and `pointee` what the pointer's type points at; void takes the outermost
 * subobject that starts there. Empty: the block's first element, which needs no path. */
void molt__dump_path(const MoltSchema *schema, const MoltPlace *place, MoltTypeId pointee,
                     MoltDumpPath *path);

/* Whether a block is written as one value rather than as a list. */
static inline bool molt__dump_is_single(const MoltBlock *block)
{
    return block->capacity == 1 || block->header > 0;
}

#endif
