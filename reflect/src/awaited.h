/* Findings that wait for the attic: what a rule refuses, or loses, at a place where an undone edit's own
 * value may return. Whether it does is known once the pages have been carried over; then the finding is
 * dropped, or counts. It must never know what is kept.
 *
 * Invariant: until molt__awaited_settle, no awaited finding has refused anything. */
#ifndef MOLT_AWAITED_H
#define MOLT_AWAITED_H

#include <stdbool.h>
#include <stdint.h>

struct MoltMigration;

/* A value of the new state that a rule could not make. */
typedef struct MoltAwaited {
    uintptr_t place;
    uint64_t tally; /* its index */
    bool settled;   /* a value returned there */
} MoltAwaited;

typedef struct MoltAwaitedList {
    MoltAwaited *items; /* by place, from molt__awaited_begin on */
    uint64_t count, slots;
    const unsigned char *place; /* what the running operation is about to write, or NULL */
} MoltAwaitedList;

/* Findings about places in the state may turn out to be none. */
bool molt__awaited_any(const struct MoltMigration *m);
/* A finding about the place that is being written may turn out to be none. */
bool molt__awaited_may_settle(const struct MoltMigration *m);
void molt__awaited_add(struct MoltMigration *m, uint64_t tally);
/* Around the attic's way over the migration, which says what returned. */
void molt__awaited_begin(struct MoltMigration *m);
void molt__awaited_return(struct MoltMigration *m, const unsigned char *place);
void molt__awaited_settle(struct MoltMigration *m);

#endif
