/* Kept pointers into blocks whose layouts changed more than once since. It must never know records. */
#ifndef MOLT_ATTIC_AIM_H
#define MOLT_ATTIC_AIM_H

#include "attic_carry.h"
#include "descent.h"

/* The place in the new state that a kept reference to a live block had in the layout of its step; 0 when
 * that has no place there, or cannot be said. */
uintptr_t molt__attic_aim(const MoltCarry *carry, const MoltLeaf *was, const MoltAtticRef *ref);

/* What a kept reference is in the new state is what the operation's pointer says that it leads to, which a
 * `void *` did not say. */
bool molt__attic_leads_to(const MoltCarry *carry, uint64_t kept, const MoltOp *op,
                          uintptr_t pointer);

/* Where a place is by a plan of its layout, whatever arms its unions have; false where these disagree. */
bool molt__attic_descend(const MoltCarry *carry, const MoltPlan *plan, const MoltDescentWay *way,
                         uint64_t *out);

#endif
