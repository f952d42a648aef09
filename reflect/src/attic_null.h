/* What the attic keeps of pointers that were NULL when what they may lead to became a part of their owner.
 * Nobody could tell afterwards a struct that was there from one that began with that edit: undoing it makes
 * a block of each. So the page of the owner says that the pointer was NULL, and while the struct holds what
 * the edit left, and nothing leads into it, the pointer is NULL again and no block stays. It must never know
 * how a block becomes a part. */
#ifndef MOLT_ATTIC_NULL_H
#define MOLT_ATTIC_NULL_H

#include "attic_carry.h"

/* Adds runs for the first value of a leaf if it is a pointer that an EMBED takes in, and for those in its
 * block that are taken in with it, if some object has NULL there. */
bool molt__attic_null_collect(MoltMigration *m, MoltAtticPage *page, const MoltLeaf *leaf);
/* Where the first value of such a run goes; `back` is its place by the direct plan, or NULL. */
void molt__attic_null_decide(const MoltCarry *carry, const MoltAtticRun *run, const MoltLeaf *is,
                             const MoltRoute *back, MoltAtticRun *next, MoltCarryPart *part);
/* The block that the struct at `live` has become is nobody's but the pointer's. */
bool molt__attic_null_is_alone(const MoltCarry *carry, const MoltLeaf *is,
                               const unsigned char *live);
/* The pointer is NULL: the block goes. */
void molt__attic_null_drop(const MoltCarry *carry, const MoltCarryPart *part,
                           const unsigned char *live);

#endif
