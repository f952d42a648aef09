/* The steps of a migration before it commits, for tests that have each of them fail. It must never know
 * what makes one fail. */
#ifndef MOLT_MIGRATE_STEP_H
#define MOLT_MIGRATE_STEP_H

#include "plan.h"

/* What prepare does, in order; those that say so are begun more than once.
 * X(name, identifier, what it does) */
#define MOLT_MIGRATE_STEP_LIST(X)                                                                  \
    X(CAPTURE, "capture", "takes the variables into the state")                                    \
    X(BLOCKS, "blocks", "makes room for blocks of changed types")                                  \
    X(SURVEY, "survey", "lists structs that become blocks and blocks that become structs")         \
    X(CONVERT, "convert", "converts values and pointers; for each span of blocks")                 \
    X(REPOINT, "re-point", "finds what a pointer into the library means; for each new address")    \
    X(ROOTS, "roots", "follows the roots, and blocks that get a type")                             \
    X(BYTES, "bytes", "looks for addresses in bytes and in memory that nobody described")          \
    X(ATTIC, "attic", "returns values that earlier edits took, and keeps those of this one")       \
    X(HOOK, "hook", "calls MOLT_MIGRATE functions; for each object")                               \
    X(VERIFY, "verify", "looks for addresses of the old state that hooks left")                    \
    X(RESERVE, "reserve", "makes room for what commit needs")                                      \
    X(REPORT, "report", "says what happened")

typedef enum MoltMigrateStep {
#define X(name, id, does) MOLT_MIGRATE_##name,
    MOLT_MIGRATE_STEP_LIST(X)
#undef X
    MOLT_MIGRATE_STEP_COUNT
} MoltMigrateStep;

/* A test: asked before each step of the plan's migrations. False makes it fail as if the system had refused
 * something (MOLT_SYSTEM). `begin` NULL: nobody is asked. */
void molt_plan_set_steps(MoltPlan *plan, bool (*begin)(void *context, MoltMigrateStep step),
                         void *context);

#endif
