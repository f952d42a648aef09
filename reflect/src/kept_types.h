/* Kept types inside of reflect: copies of schemas that have some, and the schema without them. It must never
 * know objects. */
#ifndef MOLT__KEPT_TYPES_H
#define MOLT__KEPT_TYPES_H

#include "molt/kept_types.h"
#include "plan_ops.h"

/* A schema's copy with its kept types, of which molt_schema_copy knows nothing. */
MoltStatus molt__schema_clone(const MoltSchema *schema, const MoltAllocator *allocator,
                              MoltSchema **out, MoltError *error);

static inline bool molt__is_number(const MoltType *type)
{
    return (type->kind == MOLT_KIND_INT && !(type->flags & MOLT_TYPE_UNTYPED)) ||
           type->kind == MOLT_KIND_FLOAT || type->kind == MOLT_KIND_BOOL;
}

/* Kept numbers are types like all others from now on: a pointer of the state leads to some. Only for the
 * schema of a state that comes about. */
void molt__schema_show_numbers(const MoltSchema *schema);

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
           (molt__plan_keeps(plan, before) && before < plan->before->source_types);
}

#endif
