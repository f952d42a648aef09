/* molt-codegen --suggest: which members of the structs of a newer schema look like renamed ones of an
 * older, as declarations with MOLT_WAS to paste. It must never know how the evidence is weighed. */
#ifndef MOLT_CODEGEN_SUGGEST_H
#define MOLT_CODEGEN_SUGGEST_H

#include "diagnostics.h"
#include "output.h"

/* Files that molt-codegen wrote; the usages may be NULL, then declarations are all the evidence. */
typedef struct MoltSuggestDesc {
    const char *old_schema, *new_schema;
    const char *old_usage, *new_usage;
} MoltSuggestDesc;

/* The text for people, one paragraph for each member that vanished; "" when nothing looks renamed. NULL
 * when a file was refused. */
const char *molt__suggest(MoltDiagnostics *diagnostics, const MoltSuggestDesc *desc);

#endif
