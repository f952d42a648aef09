#include <string.h>

#include "plan_emit.h"
#include "plan_trace.h"

/* Most elements of an array that follows an enum; longer ones are tables by number, not by name. */
enum { LENGTH_LIMIT = 65536 };

static bool is_named(const MoltSchema *schema, MoltTypeId type, uint64_t value)
{
    const MoltType *t = molt_type(schema, type);
    for (uint32_t e = t->first; e < t->first + t->count; e++) {
        if (schema->tables.enumerators[e].value == value)
            return true;
    }
    return false;
}

/* An element that no enumerator names on either side stays; the others go by name. */
static void fill_targets(MoltPlan *plan, MoltTypeId before, MoltTypeId after, uint64_t had,
                         uint64_t has, uint32_t first)
{
    uint32_t *targets = had > 0 ? plan->targets + first : NULL; /* there may be none at all */
    for (uint64_t i = 0; i < had; i++) {
        bool stays =
            i < has && !is_named(plan->before, before, i) && !is_named(plan->after, after, i);
        targets[i] = stays ? (uint32_t)i : UINT32_MAX;
    }
    uint32_t values = plan->value_count;
    MoltOp map;
    molt__plan_match_values(plan, before, after, &map);
    for (uint32_t v = 0; v < map.value_count && !plan->failed; v++) {
        const MoltValueMap *value = &plan->values[map.values + v];
        bool kept = value->fate == MOLT__VALUE_KEPT || value->fate == MOLT__VALUE_SPLIT;
        if (!kept || value->before >= had || value->after >= has)
            continue;
        bool free = true; /* of two old names for one new place the first is served */
        for (uint64_t i = 0; i < had; i++)
            free = free && targets[i] != value->after;
        if (free)
            targets[value->before] = (uint32_t)value->after;
    }
    plan->value_count = values;
}

static bool is_identity(const uint32_t *targets, uint64_t had, uint64_t has)
{
    for (uint64_t i = 0; i < had; i++) {
        if (targets[i] != (i < has ? i : UINT32_MAX))
            return false;
    }
    return true;
}

/* Another number of dimensions has a rule of its own. */
static bool same_depth(const MoltPlan *plan, const MoltType *from, const MoltType *to)
{
    while (from->kind == MOLT_KIND_ARRAY && to->kind == MOLT_KIND_ARRAY) {
        from = molt_type(plan->before, from->elem);
        to = molt_type(plan->after, to->elem);
    }
    return (from->kind == MOLT_KIND_ARRAY) == (to->kind == MOLT_KIND_ARRAY);
}

/* The targets of a field's elements, made on first use; NULL when they keep their indices. */
static const uint32_t *targets_of(MoltPlan *plan, uint32_t before, uint32_t after)
{
    const uint32_t *known = molt__plan_index(plan, before, after);
    const MoltField *was = &plan->before->tables.fields[before];
    const MoltField *is = &plan->after->tables.fields[after];
    const MoltType *from = molt_type(plan->before, was->type);
    const MoltType *to = molt_type(plan->after, is->type);
    MoltTypeId new_enum = molt__trace_index(plan, MOLT__NEW, after);
    MoltTypeId old_enum = molt__trace_index(plan, MOLT__OLD, before);
    /* a note that came, or that goes when the edit in which it came is undone */
    if (plan->undoes && old_enum != MOLT_NO_TYPE && new_enum == MOLT_NO_TYPE)
        new_enum = plan->types[old_enum].after;
    else if (!plan->undoes && old_enum == MOLT_NO_TYPE && new_enum != MOLT_NO_TYPE)
        old_enum = plan->origins[new_enum];
    if (known || new_enum == MOLT_NO_TYPE || from->kind != MOLT_KIND_ARRAY ||
        to->kind != MOLT_KIND_ARRAY || !same_depth(plan, from, to) || from->length == 0 ||
        from->length > LENGTH_LIMIT || to->length > LENGTH_LIMIT)
        return known;
    if (old_enum == MOLT_NO_TYPE || molt_type(plan->before, old_enum)->kind != MOLT_KIND_ENUM ||
        molt_type(plan->after, new_enum)->kind != MOLT_KIND_ENUM)
        return NULL;
    uint32_t first = plan->target_count;
    if (!molt__plan_grow(plan, (void **)&plan->targets, &plan->target_slots, first,
                         (uint32_t)from->length, sizeof *plan->targets) ||
        !molt__plan_grow(plan, (void **)&plan->indexes, &plan->index_slots, plan->index_count, 1,
                         sizeof *plan->indexes))
        return NULL;
    fill_targets(plan, old_enum, new_enum, from->length, to->length, first);
    if (plan->failed || is_identity(plan->targets + first, from->length, to->length))
        return NULL;
    plan->target_count += (uint32_t)from->length;
    plan->indexes[plan->index_count++] = (MoltIndexMap){before, after, first, false};
    return plan->targets + first;
}

bool molt__plan_leaves_index(MoltPlan *plan, uint32_t before, uint32_t after)
{
    const MoltField *was = &plan->before->tables.fields[before];
    const MoltField *is = &plan->after->tables.fields[after];
    const MoltType *from = molt_type(plan->before, was->type);
    const MoltType *to = molt_type(plan->after, is->type);
    MoltTypeId old_enum = molt__trace_index(plan, MOLT__OLD, before);
    MoltTypeId new_enum = old_enum != MOLT_NO_TYPE ? plan->types[old_enum].after : MOLT_NO_TYPE;
    if (plan->undoes && plan->trace &&
        molt__version_index(plan->from, molt__trace_field(plan, MOLT__OLD, before)) ==
            MOLT__INDEX_LOST)
        return molt__version_index(plan->to, molt__trace_field(plan, MOLT__NEW, after)) == 0;
    if (plan->undoes || molt__trace_index(plan, MOLT__NEW, after) != MOLT_NO_TYPE ||
        new_enum == MOLT_NO_TYPE || molt_type(plan->after, new_enum)->kind != MOLT_KIND_ENUM ||
        from->kind != MOLT_KIND_ARRAY || to->kind != MOLT_KIND_ARRAY || from->length > LENGTH_LIMIT)
        return false;
    uint32_t first = plan->target_count;
    if (!molt__plan_grow(plan, (void **)&plan->targets, &plan->target_slots, first,
                         (uint32_t)from->length, sizeof *plan->targets))
        return false;
    fill_targets(plan, old_enum, new_enum, from->length, to->length, first);
    for (uint64_t i = 0; i < from->length && i < to->length; i++) {
        if (plan->targets[first + i] != i && plan->targets[first + i] != UINT32_MAX)
            return true;
    }
    return false;
}

const uint32_t *molt__plan_index(const MoltPlan *plan, uint32_t before, uint32_t after)
{
    for (uint32_t i = 0; i < plan->index_count; i++) {
        const MoltIndexMap *map = &plan->indexes[i];
        if (map->before == before && map->after == after)
            return plan->targets + map->first;
    }
    return NULL;
}

static uint64_t source_of(const uint32_t *targets, uint64_t had, uint64_t element)
{
    uint64_t i = 0;
    while (i < had && targets[i] != element)
        i++;
    return i;
}

static void tell(MoltPlan *plan, const MoltEmitSite *site)
{
    for (uint32_t i = 0; i < plan->index_count && !plan->collecting; i++) {
        MoltIndexMap *map = &plan->indexes[i];
        if (map->before != site->before || map->after != site->after || map->told)
            continue;
        map->told = true;
        molt__plan_find(plan, MOLT_INFO, MOLT_RULE_ELEMENTS_MOVED, site->type_before, site->before,
                        site->type_after, site->after, NULL, NULL);
    }
}

bool molt__emit_indexed(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                        uint64_t destination)
{
    const MoltField *old = &plan->before->tables.fields[site->before];
    const MoltField *new = &plan->after->tables.fields[site->after];
    const MoltType *was = molt_type(plan->before, old->type);
    const MoltType *is = molt_type(plan->after, new->type);
    if (!targets_of(plan, site->before, site->after))
        return false;
    tell(plan, site);
    uint64_t from = molt_type(plan->before, was->elem)->size;
    uint64_t to = molt_type(plan->after, is->elem)->size;
    source += old->bit_offset / 8;
    destination += new->bit_offset / 8;
    for (uint64_t j = 0, count; j < is->length && !plan->failed; j += count) {
        const uint32_t *targets = molt__plan_index(plan, site->before, site->after);
        uint64_t i = source_of(targets, was->length, j);
        count = 1;
        if (i == was->length) {
            molt__emit_default(plan, is->elem, destination + j * to);
            continue;
        }
        while (i + count < was->length && targets[i + count] == j + count)
            count++;
        molt__emit_elements(plan, site, was->elem, is->elem, source + i * from,
                            destination + j * to, count);
    }
    for (uint64_t i = 0; i < was->length && !plan->failed; i++) {
        if (molt__plan_index(plan, site->before, site->after)[i] == UINT32_MAX)
            molt__emit_drop_elements(plan, site, MOLT_RULE_ELEMENTS_DROPPED, was->elem,
                                     source + i * from, 1, MOLT__NO_CONSTANT);
    }
    return true;
}

bool molt__plan_is_reindexed(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    for (uint32_t f = 0; f < is->count && !plan->failed; f++) {
        if (targets_of(plan, was->first + f, is->first + f))
            return true;
    }
    return false;
}
