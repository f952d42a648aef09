/* The pointers of blocks that stay which lead into the library, as a migration finds them: many, to the same
 * few places. For each object of a batch a byte says which place, so that a list of all of them is small. It
 * must never know what an address means.
 *
 * Invariant: until molt__code_patches_write, nothing is written to a block. */
#ifndef MOLT_CODE_PATCHES_H
#define MOLT_CODE_PATCHES_H

#include "molt/status.h"

/* In shorter batches single patches are as small. */
enum { MOLT__CODE_BATCH_LEAST = 8, MOLT__CODE_PLACES = 256 };

/* Bytes between two stretches that are told as one: about a page. */
#define MOLT__CODE_GAP ((uintptr_t)4096)

typedef struct MoltCodePatches {
    unsigned char
        *bytes; /* batches: a header, then a byte per object, 0 for a pointer that stays */
    uint64_t size, room;
    uint64_t pointers;                   /* that change */
    uintptr_t places[MOLT__CODE_PLACES]; /* by number; 0 is none */
    uint32_t place_count;                /* numbers in use, less 1 */
} MoltCodePatches;

/* The number of a place, 0 when there is none left. */
uint8_t molt__code_patches_place(MoltCodePatches *patches, uintptr_t place);
/* Begins a batch of `n` pointers that are `stride` apart, and gives its numbers, all 0, to be written
 * before the next one begins. NULL when memory is out. */
uint8_t *molt__code_patches_begin(MoltCodePatches *patches, const MoltAllocator *allocator,
                                  unsigned char *first, uint64_t stride, uint64_t n);
/* Writes all of them. Cannot fail. */
void molt__code_patches_write(const MoltCodePatches *patches);
/* Tells of the stretches that will be written, neighbours as one. */
void molt__code_patches_stretches(const MoltCodePatches *patches,
                                  void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                                  void *context);
void molt__code_patches_free(MoltCodePatches *patches, const MoltAllocator *allocator);

#endif
