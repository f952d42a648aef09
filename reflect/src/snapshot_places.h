/* Where everything of a heap goes in a file, from the heap's tables alone: the schema as a reader will see
 * it, and the spans in the file's order. It must never know what blocks hold. */
#ifndef MOLT_SNAPSHOT_PLACES_H
#define MOLT_SNAPSHOT_PLACES_H

#include "snapshot_format.h"

typedef struct MoltFilePlace {
    uint32_t span;
    MoltTypeId type;   /* in the file's schema */
    uint64_t position; /* from the base on */
    uint64_t content;  /* bytes */
} MoltFilePlace;

/* Invariant: spans stand in the order of `placed`, one after the other; positions[s] is where span s
 * begins when it is among them, and every span with a live block is. */
typedef struct MoltFilePlaces {
    const MoltHeap *heap;
    MoltAllocator allocator;
    MoltSchema *schema; /* made of schema_text */
    char *schema_text;
    MoltTypeId *types; /* per type of `schema`: the heap's */
    uint64_t *serials; /* per type of `schema`: of its next block */
    MoltFilePlace *placed;
    uint32_t placed_count;
    uint64_t *positions; /* per slot of the heap's spans */
    uint64_t sizes[2];   /* of the sections PAGES and PACKED */
    uint64_t most;       /* bytes of the largest object */
} MoltFilePlaces;

/* On failure molt__file_places_free is still to be called. */
MoltStatus molt__file_places_make(const MoltHeap *heap, MoltFilePlaces *places, MoltError *error);
void molt__file_places_free(MoltFilePlaces *places); /* zeroed: nothing */

#endif
