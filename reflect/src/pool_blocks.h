/* Blocks of bytes of which MOLT_POOL notes say what lies in them, as one schema has them: objects of a type
 * one after the other, perhaps behind a header, and what such objects lead to by notes of their own. So that
 * their pointers can be written and read where no edit is at hand. It must never know plans, nor files but
 * by `distance`.
 *
 * Invariants: once found, items are sorted by address, one per block, and the pointer that a note stands on
 * is one that everybody sees: those of fields that are left out of files count for nothing. */
#ifndef MOLT_POOL_BLOCKS_H
#define MOLT_POOL_BLOCKS_H

#include "heap_span.h"

typedef struct MoltPoolBlock {
    uintptr_t block;
    uint64_t bytes, head;    /* of the block, and of the header at its begin */
    uint64_t count;          /* whole objects behind the header; what is left over is zero */
    MoltTypeId type, header; /* header: MOLT_NO_TYPE when there is none */
    uint32_t span, index;
    uint64_t
        within; /* while blocks are looked for: 1 + the item whose objects lead to it; 0: none */
    bool wrong; /* then, too: something contradicts it, and it stays bytes */
} MoltPoolBlock;

typedef struct MoltPoolBlocks {
    const MoltHeap *heap;
    MoltAllocator allocator;
    uintptr_t distance; /* from a pointer in such a block to what it means */
    MoltPoolBlock *items;
    uint64_t count, slots;
    uint64_t *places; /* by address of the block: 1 + its item, open addressing */
    uint64_t place_count;
    uint64_t within; /* what is walked through, as in an item */
    bool failed;     /* memory is out */
} MoltPoolBlocks;

/* Looks for them by the heap's own schema. False when memory is out; molt__pool_blocks_free is allowed then,
 * too. `distance` is 0 but while a file's pointers in untyped memory wait to be moved. */
bool molt__pool_blocks_find(MoltPoolBlocks *pools, const MoltHeap *heap, uintptr_t distance,
                            const MoltAllocator *allocator);
void molt__pool_blocks_free(MoltPoolBlocks *pools);

/* What is known of the block that begins there, or NULL. */
const MoltPoolBlock *molt__pool_block(const MoltPoolBlocks *pools, uintptr_t block);

#endif
