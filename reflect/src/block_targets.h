/* Whether an address leads to a live block, or to its end, for those who ask it of every pointer of a
 * state. It is asked of the tables as they were when the targets were made. It must never know what
 * blocks hold, nor what becomes of an address.
 *
 * Invariant: where it says yes, molt_heap_locate says MOLT_PLACE_BLOCK; where it says no, that is still to
 * be asked. */
#ifndef MOLT_BLOCK_TARGETS_H
#define MOLT_BLOCK_TARGETS_H

#include "heap_span.h"

typedef struct MoltTarget {
    uintptr_t base;
    uint64_t reciprocal; /* of the stride; 0: not to be asked here */
    uint64_t stride, blocks;
    uint64_t elem_size, header, least;
    const uint64_t *live_bits, *counts;
    uint64_t move; /* the owner's: what it adds to addresses in the span */
} MoltTarget;

typedef struct MoltTargets {
    MoltAllocator allocator;
    MoltTarget *items; /* per span of the heap */
    uint32_t count;
    uintptr_t base; /* of the heap */
    uint64_t bytes;
    const uint32_t *granules;
} MoltTargets;

/* False when memory is out; molt__targets_free is allowed then, too. */
bool molt__targets_make(MoltTargets *targets, const MoltHeap *heap, const MoltAllocator *allocator);
void molt__targets_free(MoltTargets *targets); /* zeroed: nothing */

/* The span of the live block that `address` lies in or ends; NULL when there is none, or it is not known
 * here. */
static inline const MoltTarget *molt__target(const MoltTargets *targets, uintptr_t address)
{
    __extension__ typedef unsigned __int128 Wide;
    uint64_t at = address - targets->base;
    uint32_t slot = at < targets->bytes ? targets->granules[at >> MOLT__GRANULE_SHIFT] : 0;
    if (slot == 0 || slot > targets->count)
        return NULL;
    const MoltTarget *target = &targets->items[slot - 1];
    uint64_t offset = address - target->base;
    uint64_t index = (uint64_t)((Wide)offset * target->reciprocal >> 64);
    if (target->reciprocal == 0 || index >= target->blocks ||
        (target->live_bits[index / 64] >> index % 64 & 1) == 0)
        return NULL;
    uint64_t count = target->counts ? target->counts[index] : 1;
    uint64_t bytes = target->header + count * target->elem_size;
    bytes = bytes > target->least ? bytes : target->least;
    return offset - index * target->stride <= bytes ? target : NULL;
}

#endif
