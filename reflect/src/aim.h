/* Where the blocks of each span go, as the arithmetic that a pointer to the beginning of an element
 * needs: most pointers of a state are of that kind, and for them relocate.c would find out again and again
 * what holds for the whole span. It must never decide: what it does not know is left to relocate.c.
 *
 * Invariant: an aim with a type is exact for every live block of its span; that of any other span has
 * MOLT_NO_TYPE. */
#ifndef MOLT_AIM_H
#define MOLT_AIM_H

#include "heap_span.h"

struct MoltMigration;

__extension__ typedef unsigned __int128 MoltProduct; /* C11 has no name for it */

typedef struct MoltAim {
    uintptr_t base; /* of the span, and of what it becomes */
    uintptr_t to;
    MoltReciprocal reciprocal;
    uint64_t stride, to_stride;
    uint64_t elem_size, to_elem_size;
    const uint64_t *live_bits; /* NULL: all blocks are live */
    const uint64_t *counts;    /* NULL: one element in each block */
    MoltTypeId type;           /* of the elements; MOLT_NO_TYPE: relocate.c decides */
    uint32_t blocks;
} MoltAim;

/* m->aims, one for each span of the heap, once it is known what becomes of all of them. */
void molt__aims_make(struct MoltMigration *m);
void molt__aims_free(struct MoltMigration *m);

/* The new address for one that lies in the span; false when it does not begin an element of a live
 * block. */
static inline bool molt__aim(const MoltAim *aim, uintptr_t value, uintptr_t *out)
{
    uint64_t at = value - aim->base;
    uint64_t index = (uint64_t)((MoltProduct)at * aim->reciprocal.stride >> 64);
    uint64_t rest = at - index * aim->stride;
    const uint64_t *live = aim->live_bits;
    if (index >= aim->blocks || (live && (live[index / 64] >> (index % 64) & 1u) == 0))
        return false;
    uintptr_t block = aim->to + index * aim->to_stride;
    if (rest == 0) {
        *out = block;
        return true;
    }
    uint64_t element = (uint64_t)((MoltProduct)rest * aim->reciprocal.elem_size >> 64);
    if (!aim->counts || rest != element * aim->elem_size || element > aim->counts[index])
        return false;
    *out = block + element * aim->to_elem_size;
    return true;
}

#endif
