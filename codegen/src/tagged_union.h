/* MOLT_TAG and MOLT_ARM: checks that each tagged union says which arm belongs to which enumerator,
 * and that no union hides pointers. It must never know how arms are converted. */
#ifndef MOLT_CODEGEN_TAGGED_UNION_H
#define MOLT_CODEGEN_TAGGED_UNION_H

#include "model.h"

/* Refuses tags that are no enum beside the union, arms without an enumerator or with one that
 * another arm has, and unions that hold pointers where nothing says which arm is active. */
void molt__unions_check(MoltDiagnostics *diagnostics, const MoltModel *model);

#endif
