/* Runs a plan over a heap: builds the new state beside the old one, checks every value, and swaps at
 * the end. It must never know libraries beyond the MoltCodeMap that answers for them.
 *
 *   prepare: reads the old blocks, writes only new spans and a list of patches   -> may refuse
 *            runs the plan's hooks at the end; what they write is taken back by a refusal
 *   commit:  applies the patches, swaps the spans in, sets schema and roots      -> cannot fail
 *   discard: drops the new side; the heap is bit-identical to before prepare */
#ifndef MOLT_MIGRATE_H
#define MOLT_MIGRATE_H

#include "code_map.h"
#include "heap.h"
#include "plan.h"

typedef struct MoltMigration MoltMigration;

/* `code` may be NULL when no library goes away. The heap must not be touched by anyone until commit
 * or discard. MOLT_INVALID: the plan starts from another schema than the heap has, or was built before
 * the heap came to it while values are kept beside the state; build it anew. MOLT_REFUSED: the report has
 * the reasons, and nothing is left behind; the same for any other failure. Findings and totals are added
 * to `report` (not NULL). */
MoltStatus molt_migrate_prepare(MoltHeap *heap, const MoltPlan *plan, const MoltCodeMap *code,
                                MoltMigration **out, MoltReport *report, MoltError *error);

/* Between prepare and commit: where the object, or part of one, at an address of the old state is in the
 * new one. For pointers that somebody outside of the state holds; what they point at begins there.
 * Addresses that belong neither to the heap nor to the library, and NULL, are themselves. False when it
 * has no place: freed, gone with its type, or cut off. *out is then NULL. */
bool molt_migrate_follow(MoltMigration *migration, const void *address, void **out);

/* Between the two: calls `visit` with stretches of the heap that commit will write, in which most pages will
 * be written; new blocks are not among them. */
void molt_migrate_stretches(const MoltMigration *migration,
                            void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                            void *context);

/* The new state is the heap's state from here on; the heap refers to the plan's new schema. */
void molt_migrate_commit(MoltMigration *migration);
/* Instead of commit, where the plan leads from a schema to itself: writes the pointers that change, and
 * nothing else; ends the migration as molt_migrate_discard does. False, with nothing written, where more
 * would have to be done, as for a literal that is to become a block. */
bool molt_migrate_repoint(MoltMigration *migration);
void molt_migrate_discard(MoltMigration *migration); /* NULL allowed */

#endif
