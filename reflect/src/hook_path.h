/* Inside of hooks: paths such as "slots[2].kind" or "target->pos.x" through the old state, and what they
 * lead to. It must never know what a hook asks for. */
#ifndef MOLT_HOOK_PATH_H
#define MOLT_HOOK_PATH_H

#include "hook_run.h"

/* What an accessor was asked: for messages. */
typedef struct MoltHookQuestion {
    MoltMigration *m;
    const char *function; /* "molt_old_int" */
    const char *path;
    bool quiet; /* molt_old_has: nothing is a mistake, and nothing counts as read */
} MoltHookQuestion;

/* A value of the old state. */
typedef struct MoltHookPlace {
    MoltTypeId type;
    uintptr_t address;
    MoltTypeId owner; /* struct and field that were named last; NO_TYPE, NO_FIELD when none was */
    uint32_t field;
} MoltHookPlace;

/* Goes along the path from *place, which it moves. False after a mistake. */
bool molt__hook_path(const MoltHookQuestion *question, MoltHookPlace *place);

/* Refuses the reload for a question that the old state cannot answer: what it really is, and what to do
 * instead. Always false. */
bool molt__hook_mistake(const MoltHookQuestion *question, const MoltHookPlace *place,
                        const char *remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The pointer at a place of pointer type. */
uintptr_t molt__hook_pointer(const MoltMigration *m, const MoltHookPlace *place);

typedef enum MoltHookTarget {
    MOLT__HOOK_NULL,
    MOLT__HOOK_FREED,
    MOLT__HOOK_OUTSIDE, /* neither the heap */
    MOLT__HOOK_OTHER,   /* not what its type says */
    MOLT__HOOK_OBJECT
} MoltHookTarget;

/* What the pointer at `place` points at, `index` elements on. *out is set for an object; *count is then
 * the number of elements from there to the end of the block. */
MoltHookTarget molt__hook_target(const MoltMigration *m, const MoltHookPlace *place, uint64_t index,
                                 MoltHookPlace *out, uint64_t *count);

/* Elements of an array at a place, of a flexible one too. */
uint64_t molt__hook_length(const MoltMigration *m, const MoltHookPlace *place);

#endif
