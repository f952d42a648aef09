/* Shared by erased.c, which finds out which types lie in memory without a type, and pool_claim.c, which
 * holds that against what notes on pointers say. It must never know how sources are read. */
#ifndef MOLT_CODEGEN_ERASED_SOLVER_H
#define MOLT_CODEGEN_ERASED_SOLVER_H

#include "place_graph.h"

/* A conversion, or an allocation of a known type. */
typedef struct MoltErasedUse {
    bool takes;
    uint32_t place, number; /* in the order of the sources */
    const char *type;
    MoltPlace at;
} MoltErasedUse;

typedef struct MoltErasedCopy {
    uint32_t to, from;    /* places */
    uint32_t puts, takes; /* the numbers of the types, + 1, for which it was followed */
} MoltErasedCopy;

typedef struct MoltErasedObject {
    uint32_t place, next;      /* next: another one of this place + 1 */
    MoltUnitAllocation *block; /* that may hold structs, or NULL */
    const MoltFlow *area;      /* an array of numbers, or NULL */
    const MoltErasedUse *use;  /* shows that the type in question is in it; NULL: nothing does */
    bool taken;                /* out of it: so it was in what is copied to it */
} MoltErasedObject;

/* What was found for one object and type. */
typedef struct MoltErasedHeld {
    const MoltErasedObject *object;
    const char *type;
    MoltPlace at;
} MoltErasedHeld;

typedef struct MoltErasedSolver {
    MoltArena *arena;
    const MoltLibraryNames *names;
    MoltUnit *library;
    MoltPlaceGraph graph;
    MoltErasedUse *uses; /* sorted by type */
    uint32_t use_count, use_capacity;
    MoltErasedCopy *copies;
    uint32_t copy_count, copy_capacity;
    MoltFlow *views; /* under the library's names, as are areas */
    uint32_t view_count, view_capacity;
    MoltFlow *fields;   /* pointers of the state */
    uint32_t *field_at; /* their places */
    uint32_t field_count, field_capacity, field_at_capacity;
    MoltErasedObject *objects;
    uint32_t object_count, object_capacity;
    uint32_t *object_at; /* by place: object + 1 */
    MoltFlow *hashes;
    uint32_t hash_count, hash_capacity;
    MoltErasedHeld *held;
    uint32_t held_count, held_capacity;

    /* Of the type in question; by place, the number of a use + 1. */
    uint32_t *given;         /* may point to a value that lies in no object */
    uint32_t *has;           /* may point to any value */
    uint32_t *wants;         /* may point to what is taken for one */
    uint32_t *queue, *found; /* scratch */
    unsigned char *seen;
} MoltErasedSolver;

/* The type may lie in the object; each pair once. */
void molt__erased_hold(MoltErasedSolver *solver, const MoltErasedObject *object, const char *type,
                       MoltPlace at);

/* pool_claim.c. For the type of the uses from `first` to before `end`, while solver->given is that type's:
 * which pointers of the state lead to it, and which numbers are made of its address. */
void molt__pool_claims_follow(MoltErasedSolver *solver, uint32_t first, uint32_t end);
/* After all types: takes the type from allocations whose MOLT_POOL is contradicted, and fills
 * library->held. */
void molt__pool_claims_judge(MoltErasedSolver *solver);

#endif
