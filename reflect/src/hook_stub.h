/* Hooks to be pasted: C that reads the old values which the rules refuse, and assigns the new ones that
 * they have nothing for. The other fields without a counterpart stand in it as comments: pasted as it is,
 * it writes nothing that rules fill, and what an edit loses is told as without it, unless a policy refuses
 * that. It must never know why a rule refused. */
#ifndef MOLT_HOOK_STUB_H
#define MOLT_HOOK_STUB_H

#include "plan_ops.h"

/* What a stub has to do about a field. */
typedef enum MoltStubNeed {
    MOLT__STUB_NOTHING,
    MOLT__STUB_LOSS, /* the rules lose a value; the stub reads it where the policy refuses that */
    MOLT__STUB_SOME, /* the rules make a value of it in some objects, which the stub must leave alone */
    MOLT__STUB_ALL /* in none, and refuse */
} MoltStubNeed;

/* Says so of fields of a pair, one of which is MOLT__NO_FIELD. */
typedef MoltStubNeed MoltStubWants(const void *context, uint32_t before, uint32_t after);

/* Adds a stub for the struct to the report, unless it has one for it. `wants` may be NULL. */
void molt__hook_stub(const MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                     MoltStubWants *wants, const void *context, MoltReport *report);

#endif
