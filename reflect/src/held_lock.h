/* Locks of the C library in a heap: in a migration, those that somebody has and that would move or go,
 * which refuses it; and after a load, all of them, which nobody has. It must never know how a lock works
 * (system_lock.h). */
#ifndef MOLT_HELD_LOCK_H
#define MOLT_HELD_LOCK_H

#include "heap_span.h"

struct MoltMigration;

/* Locks that one field of one type of blocks holds. */
typedef struct MoltLockFact {
    MoltTypeId type; /* of the blocks */
    uint32_t field;  /* that holds the lock, or the variable; UINT32_MAX: a block is the lock */
    uint64_t objects;
    const unsigned char *last;  /* object that was counted last */
    char path[240], value[200]; /* of the first one */
} MoltLockFact;

typedef struct MoltLockFacts {
    MoltLockFact *items;
    uint64_t count, slots;
} MoltLockFacts;

/* While the old state is as it was, and it is known what becomes a part of something else. */
void molt__held_locks(struct MoltMigration *m);
void molt__held_locks_report(struct MoltMigration *m);
void molt__held_locks_free(struct MoltMigration *m);

/* Nobody has any lock of the heap, whose objects come from a file. False when memory is out. */
bool molt__held_locks_release(MoltHeap *heap);

#endif
