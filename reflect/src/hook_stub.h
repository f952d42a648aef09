/* Hooks to be pasted: C that reads the old fields which an edit leaves without a place, and assigns the
 * new ones that it leaves without a value. It must never know why a rule refused. */
#ifndef MOLT_HOOK_STUB_H
#define MOLT_HOOK_STUB_H

#include "plan_ops.h"

/* Says which fields of a pair a stub is about, beside those that came or went. */
typedef bool MoltStubWants(const void *context, uint32_t before, uint32_t after);

/* Adds a stub for the struct to the report, unless it has one for it. `wants` may be NULL. */
void molt__hook_stub(const MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                     MoltStubWants *wants, const void *context, MoltReport *report);

#endif
