/* An address of the state as another process can find it that has the same library and the same state: in
 * the library, in a variable of the main thread, or in a block of the heap, which goes by its type and
 * number. It must never know who keeps such places, or why. */
#ifndef MOLT_CORE_STATE_PLACE_H
#define MOLT_CORE_STATE_PLACE_H

#include <molt/heap.h>

#include "library.h"

typedef enum MoltStatePlaceKind {
    MOLT__STATE_NONE, /* NULL */
    MOLT__STATE_LIBRARY,
    MOLT__STATE_VARIABLE, /* of the main thread alone */
    MOLT__STATE_BLOCK,
    MOLT__STATE_ELSEWHERE /* what another process does not have */
} MoltStatePlaceKind;

/* Byte for byte in files, which the same program reads. */
typedef struct MoltStatePlace {
    uint32_t kind;
    uint32_t type;   /* BLOCK: of the schema; VARIABLE: which field of its globals */
    uint64_t serial; /* BLOCK */
    uint64_t offset; /* from the base of the library, the begin of the variable, or that of the block;
                        ELSEWHERE: the address */
} MoltStatePlace;

MoltStatePlace molt__state_place(const MoltLibrary *library, const MoltHeap *heap, uintptr_t address);

/* Where a search for blocks was last, so that one in their order costs no more than a walk. Zeroed at
 * first; the heap must not change while it is used. */
typedef struct MoltStateSearch {
    uint32_t type;
    uint64_t cursor;
    MoltBlock block; /* the last one found */
    bool any;
} MoltStateSearch;

/* False when it is nowhere in this process. `search` may be NULL. */
bool molt__state_place_find(const MoltLibrary *library, const MoltHeap *heap,
                            const MoltStatePlace *place, MoltStateSearch *search, uintptr_t *out);

#endif
