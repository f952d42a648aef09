/* MOLT_WAS, MOLT_MOVED and MOLT_REMOVED: checks that earlier names say one thing only, that what they
 * name was there, and that what is said to be removed is. It must never know how values move. */
#ifndef MOLT_CODEGEN_RENAME_H
#define MOLT_CODEGEN_RENAME_H

#include "model.h"

/* Refuses an earlier name that is the present one, one that two members claim, and, when recorded
 * schemas are given, one that neither they nor the model know, and a path that none of them has. Refuses
 * a removed name that is there, or that no recorded schema knows. A
 * new member may take over the old name: whether that is ambiguous only the plan can say, which
 * knows both versions. */
void molt__renames_check(MoltDiagnostics *diagnostics, const MoltModel *model,
                         const MoltSchema *const *known, uint32_t known_count);

#endif
