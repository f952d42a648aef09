/* Kept pointers to blocks that an edit makes another block of (retype.h). The numbers by which pages know
 * such blocks go over to the new ones. And blocks of numbers that only kept pointers lead to become what
 * these say where they return. It must never know what is in them. */
#ifndef MOLT_ATTIC_RETYPE_H
#define MOLT_ATTIC_RETYPE_H

#include "attic_carry.h"

/* The block of the old state when it becomes another one, or NULL. */
const MoltRetyped *molt__attic_retyped(const MoltMigration *m, uint32_t span, uint32_t block);
/* How far into the new block the place `at` bytes into the old one is, when a pointer to it is `moved` by the
 * rules for pointers; MOLT__NO_PLACE where it has no such place. */
uint64_t molt__attic_retyped_place(const MoltMigration *m, const MoltRetyped *item, uint64_t at,
                                   uintptr_t moved);
/* Where a reference to the old block leads in the new one, which holds numbers of `type` again, as it did in
 * the layout of the reference's step; 0 when that is no place of it. */
uintptr_t molt__attic_retyped_then(const MoltMigration *m, const MoltRetyped *item,
                                   const MoltAtticRef *ref, MoltTypeId type);

/* Offers the blocks of numbers that kept pointers which may return say to be of another type. */
void molt__attic_retype_offer(MoltMigration *m);
/* The numbers that a kept reference leads to are in the new state what the pointer that returns says. */
bool molt__attic_retype_suits(const MoltCarry *carry, const MoltCarryPart *part,
                              const MoltLeaf *was, uint64_t kept);

/* Makes what the commit needs memory for. */
void molt__attic_retype_reserve(MoltMigration *m);
/* The commit, before old blocks can go, and when the new ones are there. Cannot fail. */
void molt__attic_retype_leave(MoltMigration *m);
void molt__attic_retype_arrive(MoltMigration *m);
/* The number of what became of a new page's reference to such a block; a new one when it has none. */
uint32_t molt__attic_retype_number(MoltMigration *m, const MoltAtticRef *ref);

#endif
