/* Which rows of constants the copies on the heap stand for, so that they give way where a library has the
 * rows again: names and numbers only, for the library that had them is closed. It must never know pointers.
 *
 * Invariant: a list does not change once a migration that made it has committed; states that are copied
 * share it. An entry whose block is no copy any more, because the game freed it, means nothing. */
#ifndef MOLT_ROW_STAND_H
#define MOLT_ROW_STAND_H

#include "heap_span.h"

struct MoltMigration;

typedef struct MoltRowStand {
    uint32_t span, block;
    uintptr_t made;      /* until commit: the address of a new copy, else 0 */
    uint32_t constant;   /* in the list's text: "ground.c:castes" */
    uint32_t key, title; /* the same: the enumerator and the text that the row is known by, or "" */
    uint64_t row, element; /* the element counts in its row */
} MoltRowStand;

typedef struct MoltRowStands {
    uint32_t shares;
    MoltRowStand *items;
    uint64_t count, slots;
    char *text;
    uint64_t text_size, text_slots;
} MoltRowStands;

/* The entry of a block of the running state; NULL when it stands for no row. */
const MoltRowStand *molt__row_stand_find(const MoltHeap *heap, uint32_t span, uint32_t block);

/* Makes the list as it is after commit, with the copies of this migration; m->failed when memory is out. */
void molt__row_stands_make(struct MoltMigration *m);
/* The heap has its new spans. Cannot fail. */
void molt__row_stands_commit(struct MoltMigration *m);
void molt__row_stands_discard(struct MoltMigration *m);
/* One share less; NULL allowed. */
void molt__row_stands_drop(const MoltAllocator *allocator, MoltRowStands *stands);

#endif
