/* What the note on a pointer says of the plain memory behind it, MOLT_POOL or MOLT_COUNT, in the terms of a
 * migration: types of the old state, because the bytes that lie there are old. It must never know
 * blocks or values. */
#ifndef MOLT_POOL_NOTE_H
#define MOLT_POOL_NOTE_H

#include "plan_ops.h"

struct MoltMigration;

/* A field of the new schema whose note says a type. */
typedef struct MoltPoolNote {
    MoltTypeId owner; /* new */
    uint32_t field;
    MoltTypeId type;   /* old; MOLT_NO_TYPE: the old schema does not know it */
    MoltTypeId to;     /* new, of numbers that change; MOLT_NO_TYPE otherwise */
    MoltTypeId header; /* old, of what lies before the objects */
    bool
        renumbered; /* it said other numbers before: those bytes would be read as what they are not */
    bool headed; /* something does; when the old schema does not know it, the type is not known */
    bool shown;  /* the sources or the pointer's type say so as well */
    const char *other; /* what else they say lies there; NULL: nothing */
} MoltPoolNote;

/* Whether a pointer field says what the memory behind it holds; `by` but for `owner` and `field`. */
bool molt__pool_note_read(const struct MoltMigration *m, const MoltField *was, const MoltField *is,
                          MoltPoolNote *by);
/* Adds what the sources of both versions say of that memory. */
void molt__pool_note_hear(const struct MoltMigration *m, MoltPoolNote *by, const MoltField *was,
                          const MoltField *is);

#endif
