/* Kept types inside of reflect: copies of schemas that have some, and the schema without them. It must never
 * know objects. */
#ifndef MOLT__KEPT_TYPES_H
#define MOLT__KEPT_TYPES_H

#include "molt/kept_types.h"
#include "plan_ops.h"

/* A schema's copy with its kept types, of which molt_schema_copy knows nothing. */
MoltStatus molt__schema_clone(const MoltSchema *schema, const MoltAllocator *allocator,
                              MoltSchema **out, MoltError *error);

/* Objects of the old type are kept from now on, or still. */
static inline bool molt__plan_keeps(const MoltPlan *plan, MoltTypeId before)
{
    MoltTypeId after = plan->types[before].after;
    return after != MOLT_NO_TYPE && molt_type_is_kept(plan->after, after);
}

/* Nothing in the new code knows objects of the old type, which goes or is kept from now on. */
static inline bool molt__plan_loses(const MoltPlan *plan, MoltTypeId before)
{
    return plan->types[before].after == MOLT_NO_TYPE ||
           (molt__plan_keeps(plan, before) && !molt_type_is_kept(plan->before, before));
}

#endif
