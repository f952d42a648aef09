/* The way of a place from an old layout into the new one: down the fields, indices and active arms that
 * lead to it. Only pointers ask. It must never know which pointer asks, nor blocks but by the object
 * that the way begins in. */
#ifndef MOLT_DESCENT_H
#define MOLT_DESCENT_H

#include "migration.h"

/* A pointer into an element of a block, and where the edit takes it. */
typedef struct MoltPointerWay {
    const MoltOp *op;
    MoltTypeId type;         /* old, of the elements */
    uint64_t count, element; /* of the block; element == count: past its end */
    uint64_t offset, inner;  /* in the old element, in the new one */
} MoltPointerWay;

/* A value of `type` begins with, or ends without padding in an array of, `pointee`. */
bool molt__type_begins_with(const MoltSchema *schema, MoltTypeId type, MoltTypeId pointee);
bool molt__type_ends_with(const MoltSchema *schema, MoltTypeId type, MoltTypeId pointee);

/* Where a way begins, and what is wanted there. */
typedef struct MoltDescentWay {
    MoltTypeId before, after;    /* what holds the place, in the old and in the new layout */
    uint64_t offset;             /* of the place in the old one */
    MoltTypeId pointee;          /* old: what the pointer says that it points at */
    bool to_void;                /* the pointer becomes a `void *`, which may point at anything */
    const unsigned char *object; /* the old bytes, for the tags of unions */
    bool exact; /* the pointer gets another type: a `to` must have become of the very value it means */
    MoltTypeId to; /* new: what it says that it points at from now on; heeded when `exact` */
} MoltDescentWay;

/* False when the place is gone, or no longer one that the pointer may point at. *out counts from the new
 * layout's begin, or from *block, when that is not 0: the block that the place is in by now. */
bool molt__descent_map(const MoltMigration *m, const MoltDescentWay *way, uintptr_t *block,
                       uint64_t *out);
/* The same for elements of blocks, which are asked for often; way->after is what the old type became.
 * *block must be 0 before. *ambiguous is the struct that may be meant as well as its first member, which
 * parts from it, or MOLT_NO_TYPE. */
bool molt__descent_map_element(MoltMigration *m, const MoltDescentWay *way, uintptr_t *block,
                               uint64_t *out, MoltTypeId *ambiguous);

/* The same by another plan and without an object: what depends on one VARIES. */
typedef enum MoltDescentEnd {
    MOLT__DESCENT_FOUND,
    MOLT__DESCENT_GONE,
    MOLT__DESCENT_VARIES
} MoltDescentEnd;
MoltDescentEnd molt__descent_end(const MoltMigration *m, const MoltPlan *plan,
                                 const MoltDescentWay *way, uint64_t *out);
/* The same where all unions on the way have their arm `number`, counted from 1; false when one has fewer,
 * or when the way depends on the object in another way. */
bool molt__descent_arm(const MoltMigration *m, const MoltPlan *plan, const MoltDescentWay *way,
                       uint32_t number, uint64_t *out);

/* way_back.c: the plan of undoing the edit; NULL, with m->failed set, when memory is out. */
const MoltPlan *molt__way_back_plan(MoltMigration *m);
/* Undoing the edit would take the pointer back to where it was. */
bool molt__way_leads_back(MoltMigration *m, const MoltPointerWay *way);
/* The same of a pointer into a heap block, which is `is` in the new state whatever the edit made of it. */
bool molt__way_takes_back(MoltMigration *m, const MoltOp *op, uintptr_t was, uintptr_t is);

/* A pointer to where an element begins means the end of the one before when only that fits it, or
 * when no element follows (`last`). */
bool molt__descent_means_end(const MoltSchema *schema, MoltTypeId element, MoltTypeId pointee,
                             bool last);
/* The field at or over `offset`; an array that ends there wins over a field that begins there with
 * another type, because only one of them fits the pointer. MOLT__NO_FIELD when there is none. */
uint32_t molt__descent_field(const MoltSchema *schema, const MoltType *type, uint64_t offset,
                             MoltTypeId pointee);

/* A value of `type` has at `offset` one of `wanted`, which begins there; not in a union. */
bool molt__descent_has(const MoltSchema *schema, MoltTypeId type, uint64_t offset, MoltTypeId wanted);

#endif
