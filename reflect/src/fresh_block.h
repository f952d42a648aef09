/* Blocks that a migration makes beside what it carries over: texts, and copies of what the library that
 * goes away has and the next one lacks. It must never know why one is made.
 *
 * Invariants of m->fresh[], until commit: `type` is the blocks' type in the new schema, MOLT_NO_TYPE for
 * plain char, which is looked up when the heap has that schema; `filled` counts the blocks that were
 * handed out. */
#ifndef MOLT_FRESH_BLOCK_H
#define MOLT_FRESH_BLOCK_H

#include "migration.h"
#include "molt/code_map.h"

/* A zeroed block of `count` elements of a type of the new schema, marked as made by a migration
 * (made_text.h). With `stands_in` it stands in for a literal, and goes when a library has that again.
 * NULL when memory is out. */
unsigned char *molt__fresh_block(MoltMigration *m, MoltTypeId type, uint64_t count,
                                 bool stands_in);

/* A copy of a literal that the new library lacks, for a pointer to `pointee` of the new schema; 0 when
 * memory is out. */
uintptr_t molt__fresh_literal(MoltMigration *m, const MoltCodeTarget *literal, MoltTypeId pointee);

/* The heap takes the blocks over; cannot fail. */
void molt__fresh_commit(MoltMigration *m);
void molt__fresh_discard(MoltMigration *m);

#endif
