/* Structs that end in a flexible array, and MOLT_COUNT: where they may stand, and how such structs
 * are allocated. It must never know how fields were read. */
#ifndef MOLT_CODEGEN_FLEXIBLE_H
#define MOLT_CODEGEN_FLEXIBLE_H

#include "model.h"

/* molt_new, molt_new_array, or molt_new_flexible with its `member`. */
typedef struct MoltFlexibleSite {
    const MoltModelType *type;
    const char *member; /* NULL: not molt_new_flexible */
    MoltPlace place;
} MoltFlexibleSite;

/* The flexible array of a struct, or NULL. */
const MoltModelField *molt__flexible_tail(const MoltModelType *type);

/* Refuses flexible arrays that are not last, structs that hold one by value, and counts that name no
 * integer. For types whose fields are read; does nothing for other kinds than struct and union. */
void molt__flexible_check_record(MoltDiagnostics *diagnostics, const MoltModelType *type);

/* Refuses an allocation by the wrong macro. */
void molt__flexible_check_site(MoltDiagnostics *diagnostics, const MoltFlexibleSite *site);

#endif
