/* A checkpoint: the state of a heap at a moment that it can go back to, made again and again at little
 * cost. Unlike a snapshot it keeps its memory, belongs to one heap, and refers to the schema and the
 * variables of the code that runs. It must never know why somebody goes back.
 *
 * Two ways to be cheap, chosen by the size of the state:
 *   copying   all live bytes, into pages that are warm from the time before
 *   tracking  the kernel write-protects the heap's pages and says which ones were written since; only
 *             those are copied. A first write to each page costs a fault, so this pays for large states
 *             alone. Linux 6.7 or newer; elsewhere large states are copied, too. */
#ifndef MOLT_CHECKPOINT_H
#define MOLT_CHECKPOINT_H

#include "heap.h"

typedef struct MoltCheckpoint MoltCheckpoint;

/* States of more live bytes are tracked where the kernel can. */
#define MOLT_CHECKPOINT_TRACKED ((uint64_t)32 << 20)

typedef struct MoltCheckpointCost {
    uint64_t live_bytes;   /* of the state */
    uint64_t copied_bytes; /* by the last molt_checkpoint_take */
    bool tracked;          /* the kernel said what was written */
} MoltCheckpointCost;

/* `tracked_above`: live bytes above which pages are tracked; UINT64_MAX: never. A NULL allocator is
 * the default one; tables are copied with that of the heap. */
MoltStatus molt_checkpoint_create(uint64_t tracked_above, const MoltAllocator *allocator,
                                  MoltCheckpoint **out, MoltError *error);
void molt_checkpoint_free(MoltCheckpoint *checkpoint); /* NULL allowed */

/* This is the moment to go back to, from now on. Schema and variables of the heap must stay as long as
 * somebody may go back. When it fails, for want of memory, the moment before stays. */
MoltStatus molt_checkpoint_take(MoltCheckpoint *checkpoint, MoltHeap *heap, MoltError *error);

/* Puts the heap back to that moment, addresses, schema and variables included, as often as wanted.
 * MOLT_INVALID when there is no moment, or when it was of a heap at another address; the heap is
 * untouched after any failure. */
MoltStatus molt_checkpoint_restore(MoltCheckpoint *checkpoint, MoltHeap *heap, MoltError *error);

/* All of these bytes of the heap are about to be written: where pages are tracked, one call for many of them
 * spares each the fault of its first write. */
void molt_checkpoint_expect(MoltCheckpoint *checkpoint, uintptr_t begin, uintptr_t end);

/* Between the two a child that is forked has the checkpoint instead of the heap's memory: the fork has less
 * to do, and no page of the heap is shared, which would cost whoever writes it first a fault and a copy. In
 * the child molt_checkpoint_restore, once and before anything reads a block, moves the checkpoint to where
 * the heap was, without copying; MOLT_SYSTEM when that fails. No thread that may fork runs. */
void molt_checkpoint_before_fork(MoltCheckpoint *checkpoint, const MoltHeap *heap);
/* In the parent. */
void molt_checkpoint_after_fork(MoltCheckpoint *checkpoint, const MoltHeap *heap);

/* There is a moment to which this heap can go back. */
bool molt_checkpoint_fits(const MoltCheckpoint *checkpoint, const MoltHeap *heap);
/* There is no moment to go back to any more. */
void molt_checkpoint_forget(MoltCheckpoint *checkpoint);
/* Of the last take. */
MoltCheckpointCost molt_checkpoint_cost(const MoltCheckpoint *checkpoint);

#endif
