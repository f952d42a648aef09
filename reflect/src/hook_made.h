/* Blocks that hooks made, when the edit that they belong to is undone: what nothing leads to any more goes as
 * it came. It must never know why a hook made them.
 *
 * Invariant: of a span with `hooked_in`, `made` has the blocks that hooks made in that reload, until they are
 * freed or the game resizes them. */
#ifndef MOLT_HOOK_MADE_H
#define MOLT_HOOK_MADE_H

#include "heap_span.h"

struct MoltMigration;

typedef struct MoltHookBlock {
    uintptr_t before,
        after; /* where it is in the old and in the new state; after 0: its type is gone */
    uint64_t size_before, size_after;
    uint32_t span, block;
    bool held; /* something leads to it */
} MoltHookBlock;

typedef struct MoltHookAfter {
    uintptr_t after;
    uint64_t index;
} MoltHookAfter;

/* Marks what the hooks of this migration made; m->failed when memory is out. */
void molt__hook_made_mark(struct MoltMigration *m);
/* Finds the blocks that go, and tells of those that stay; m->failed when memory is out. */
void molt__hook_made_find(struct MoltMigration *m);
/* How many objects of an old type go that way. */
uint64_t molt__hook_made_gone(const struct MoltMigration *m, MoltTypeId type);
/* Frees them; the new state is in use. Cannot fail. */
void molt__hook_made_commit(struct MoltMigration *m);
void molt__hook_made_discard(struct MoltMigration *m);

#endif
