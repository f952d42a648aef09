/* What the attic does for structs that hooks carry: it keeps all of their values when an edit that a hook
 * carried is undone, knows whether an object was written since, and gives them back when the edit is done
 * again, so that no hook runs a second time on the same data. It must never call hooks.
 *
 * An object whose struct was not written since the undo gets all of its values, and its hook is not called.
 * Where it was written, or something that its values pointed at is gone, the hook runs on what is there now;
 * afterwards the values return of fields that neither the hook nor the game has touched (late values). */
#ifndef MOLT_ATTIC_HOOK_H
#define MOLT_ATTIC_HOOK_H

#include "attic_carry.h"

/* The old struct whose values are all kept that holds offset `at` in `type`, the outermost one; `owner`
 * is the type itself or, for the array at its end, the flexible struct. MOLT_NO_TYPE: none. */
MoltTypeId molt__attic_whole_at(const MoltMigration *m, MoltTypeId owner, MoltTypeId type,
                                uint64_t at);
/* Elements of a span's type lose all values of such a struct: marks the first `n` of the batch. */
void molt__attic_mark_leaving(MoltMigration *m, MoltTypeId type, uint64_t n);

/* Lists what is watched in the new layout of a page's objects. */
void molt__attic_watch_hooked(MoltMigration *m, MoltAtticPage *page, MoltTypeId after);
/* What the watched values of an element are now; never 0. */
uint64_t molt__attic_digest(const MoltHeap *heap, const MoltAtticPage *page,
                            const unsigned char *element);

/* A hook is to be called for what these values were, and the layout is theirs. */
bool molt__attic_is_called(const MoltCarry *carry, const MoltAtticRun *run);
/* The hook of a struct of the page, or of one in it, is another one than led to the layout before. */
bool molt__attic_is_altered(const MoltCarry *carry);
/* Nothing was written to the record's object since, and all that its values point at is there. */
bool molt__attic_may_restore(const MoltCarry *carry, const MoltCarryObject *object);
/* Its values returned: tells the hooks. */
void molt__attic_note_restored(MoltCarry *carry, const MoltCarryObject *object);

/* Stores a value when all hooks have run, if its place is then as it was before. */
void molt__attic_add_late(MoltMigration *m, const MoltCarryPart *part, const MoltLeaf *leaf,
                          const unsigned char *value, unsigned char *destination);
/* Before and after the hooks. */
void molt__attic_begin_late(MoltMigration *m);
void molt__attic_store_late(MoltMigration *m);
void molt__attic_free_late(MoltMigration *m);

#endif
