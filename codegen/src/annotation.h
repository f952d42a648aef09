/* Molt's annotations on one declaration: finds the annotate attributes that molt.h left there,
 * checks that they belong there and turns them into notes. It must never know what a note does
 * later. */
#ifndef MOLT_CODEGEN_ANNOTATION_H
#define MOLT_CODEGEN_ANNOTATION_H

#include "model.h"

/* What a declaration is; annotations say where they may stand. */
typedef enum MoltWhere {
    MOLT_WHERE_FIELD = 1 << 0,
    MOLT_WHERE_ENUMERATOR = 1 << 1,
    MOLT_WHERE_RECORD = 1 << 2,
    MOLT_WHERE_ENUM = 1 << 3,
    MOLT_WHERE_VARIABLE = 1 << 4,
    MOLT_WHERE_GROUP = 1 << 5,    /* an anonymous struct or union in a record */
    MOLT_WHERE_CONSTANT = 1 << 6, /* a variable that is const */
    MOLT_WHERE_LOCAL = 1 << 7,    /* a variable of a call, a parameter */
    MOLT_WHERE_NOWHERE = 1 << 8   /* functions, typedefs of what has no body */
} MoltWhere;

/* Appends the notes on `cursor` to `out`, refusing those that are unknown, malformed or
 * misplaced. */
void molt__annotations_read(MoltDiagnostics *diagnostics, CXCursor cursor, MoltPlace place,
                            MoltWhere where, MoltModelNotes *out);

/* True when the declaration carries any "molt:" annotation. */
bool molt__annotations_present(CXCursor cursor);

/* What MOLT_POOL(Type) on the declaration names, or NULL. */
const char *molt__annotation_pool(MoltArena *arena, CXCursor cursor);

#endif
