#include <string.h>

#include "plan_emit.h"
#include "plan_trace.h"

/* Most elements of an array that follows an enum; longer ones are tables by number, not by name. */
enum { LENGTH_LIMIT = 65536 };

/* Dimensions beyond these keep their indices. */
enum { DIMENSIONS = 32 };

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

/* ---- dimensions ----------------------------------------------------------------------------- */

/* The last enumerator may be the length. */
static bool has_room(const MoltSchema *schema, MoltTypeId index, uint64_t length)
{
    const MoltType *t = molt_type(schema, index);
    for (uint32_t e = t->first; e < t->first + t->count; e++) {
        uint64_t value = schema->tables.enumerators[e].value;
        bool counts = e == t->first + t->count - 1 && value == length;
        if (value >= length && !counts)
            return false;
    }
    return true;
}

/* Text is one value, however long; an array of nothing but characters is as good as numbers. */
static bool is_text(const MoltSchema *schema, const MoltType *array, uint32_t dimension)
{
    return dimension > 0 && (molt_type(schema, array->elem)->flags & MOLT_TYPE_CHAR) != 0;
}

/* The dimensions of an array that follow the enum: the first one with an element for each enumerator,
 * and all others of its length, which is stored in *length. */
static uint32_t dimensions_of(const MoltSchema *schema, MoltTypeId index, const MoltType *array,
                              uint64_t *length)
{
    uint32_t dimensions = 0;
    const MoltType *at = array;
    *length = array->length;
    for (uint32_t d = 0; at->kind == MOLT_KIND_ARRAY && d < DIMENSIONS; d++) {
        if (!is_text(schema, at, d) && has_room(schema, index, at->length)) {
            *length = at->length;
            break;
        }
        at = molt_type(schema, at->elem);
    }
    at = array;
    for (uint32_t d = 0; at->kind == MOLT_KIND_ARRAY && d < DIMENSIONS; d++) {
        if (at->length == *length && !is_text(schema, at, d))
            dimensions |= 1u << d;
        at = molt_type(schema, at->elem);
    }
    return dimensions;
}

/* What an old array and a new one have in common; 0 where one of them has no elements to follow by. */
static uint32_t common_dimensions(const MoltPlan *plan, MoltTypeId old_enum, MoltTypeId new_enum,
                                  const MoltType *from, const MoltType *to, uint64_t *had,
                                  uint64_t *has)
{
    uint32_t both = dimensions_of(plan->before, old_enum, from, had) &
                    dimensions_of(plan->after, new_enum, to, has);
    return *had == 0 || *had > LENGTH_LIMIT || *has > LENGTH_LIMIT ? 0 : both;
}

/* Where a field's elements go, made on first use. */
static MoltIndexPlaces targets_of(MoltPlan *plan, uint32_t before, uint32_t after)
{
    const MoltIndexPlaces known = molt__plan_index(plan, before, after), stays = {0};
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
    if (known.targets || new_enum == MOLT_NO_TYPE || from->kind != MOLT_KIND_ARRAY ||
        to->kind != MOLT_KIND_ARRAY || !same_depth(plan, from, to))
        return known;
    if (old_enum == MOLT_NO_TYPE || molt_type(plan->before, old_enum)->kind != MOLT_KIND_ENUM ||
        molt_type(plan->after, new_enum)->kind != MOLT_KIND_ENUM)
        return stays;
    uint64_t had, has;
    uint32_t dimensions = common_dimensions(plan, old_enum, new_enum, from, to, &had, &has);
    uint32_t first = plan->target_count;
    if (!dimensions ||
        !molt__plan_grow(plan, (void **)&plan->targets, &plan->target_slots, first, (uint32_t)had,
                         sizeof *plan->targets) ||
        !molt__plan_grow(plan, (void **)&plan->indexes, &plan->index_slots, plan->index_count, 1,
                         sizeof *plan->indexes))
        return stays;
    fill_targets(plan, old_enum, new_enum, had, has, first);
    if (plan->failed || is_identity(plan->targets + first, had, has))
        return stays;
    plan->target_count += (uint32_t)had;
    plan->indexes[plan->index_count++] = (MoltIndexMap){before, after, first, dimensions, false};
    return molt__plan_index(plan, before, after);
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
        from->kind != MOLT_KIND_ARRAY || to->kind != MOLT_KIND_ARRAY)
        return false;
    uint32_t first = plan->target_count;
    uint64_t had, has;
    if (!common_dimensions(plan, old_enum, new_enum, from, to, &had, &has) ||
        !molt__plan_grow(plan, (void **)&plan->targets, &plan->target_slots, first, (uint32_t)had,
                         sizeof *plan->targets))
        return false;
    fill_targets(plan, old_enum, new_enum, had, has, first);
    for (uint64_t i = 0; i < had && i < has; i++) {
        if (plan->targets[first + i] != i && plan->targets[first + i] != UINT32_MAX)
            return true;
    }
    return false;
}

MoltIndexPlaces molt__plan_index(const MoltPlan *plan, uint32_t before, uint32_t after)
{
    for (uint32_t i = 0; i < plan->index_count; i++) {
        const MoltIndexMap *map = &plan->indexes[i];
        if (map->before == before && map->after == after)
            return (MoltIndexPlaces){plan->targets + map->first, map->dimensions};
    }
    return (MoltIndexPlaces){0};
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

static void emit_dimension(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                           MoltTypeId after, uint64_t source, uint64_t destination,
                           uint32_t dimensions);

/* `count` elements that stay together, of which `dimensions` says what follows in them. */
static void emit_rows(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before, MoltTypeId after,
                      uint64_t source, uint64_t destination, uint64_t count, uint32_t dimensions)
{
    uint64_t from = molt_type(plan->before, before)->size;
    uint64_t to = molt_type(plan->after, after)->size;
    uint64_t unrolled = plan->unrolled, outer = unrolled > 0 ? unrolled : 1;
    if (!dimensions) {
        molt__emit_elements(plan, site, before, after, source, destination, count);
    } else if (count == 1 || (count <= MOLT__UNROLLED / outer &&
                              (plan->moves_elements || molt__emit_climbs(plan, after)))) {
        plan->unrolled = outer * count;
        for (uint64_t i = 0; i < count && !plan->failed; i++)
            emit_dimension(plan, site, before, after, source + i * from, destination + i * to,
                           dimensions);
        plan->unrolled = unrolled;
    } else if (count > 0) {
        uint32_t body = molt__emit_loop(plan, count, source, from, destination, to);
        emit_dimension(plan, site, before, after, 0, 0, dimensions);
        molt__emit_loop_end(plan, body);
    }
}

/* Elements that keep their indices. */
static void emit_in_order(MoltPlan *plan, const MoltEmitSite *site, const MoltType *was,
                          const MoltType *is, uint64_t source, uint64_t destination,
                          uint32_t dimensions)
{
    uint64_t from = molt_type(plan->before, was->elem)->size;
    uint64_t to = molt_type(plan->after, is->elem)->size;
    uint64_t both = was->length < is->length ? was->length : is->length;
    emit_rows(plan, site, was->elem, is->elem, source, destination, both, dimensions);
    if (was->length > both)
        molt__emit_drop_elements(plan, site, MOLT_RULE_ELEMENTS_DROPPED, was->elem,
                                 source + both * from, was->length - both, MOLT__NO_CONSTANT);
    if (is->length > both)
        molt__emit_default_elements(plan, is->elem, destination + both * to, is->length - both);
}

/* An array of which bit 0 of `dimensions` says whether its elements follow the site's enum. */
static void emit_dimension(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                           MoltTypeId after, uint64_t source, uint64_t destination,
                           uint32_t dimensions)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    uint64_t from = molt_type(plan->before, was->elem)->size;
    uint64_t to = molt_type(plan->after, is->elem)->size;
    if (!(dimensions & 1u)) {
        emit_in_order(plan, site, was, is, source, destination, dimensions >> 1);
        return;
    }
    for (uint64_t j = 0, count; j < is->length && !plan->failed; j += count) {
        const uint32_t *targets = molt__plan_index(plan, site->before, site->after).targets;
        uint64_t i = source_of(targets, was->length, j);
        count = 1;
        if (i == was->length) {
            molt__emit_default(plan, is->elem, destination + j * to);
            continue;
        }
        while (i + count < was->length && targets[i + count] == j + count)
            count++;
        emit_rows(plan, site, was->elem, is->elem, source + i * from, destination + j * to, count,
                  dimensions >> 1);
    }
    for (uint64_t i = 0; i < was->length && !plan->failed; i++) {
        if (molt__plan_index(plan, site->before, site->after).targets[i] == UINT32_MAX)
            molt__emit_drop_elements(plan, site, MOLT_RULE_ELEMENTS_DROPPED, was->elem,
                                     source + i * from, 1, MOLT__NO_CONSTANT);
    }
}

bool molt__emit_indexed(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                        uint64_t destination)
{
    const MoltField *was = &plan->before->tables.fields[site->before];
    const MoltField *is = &plan->after->tables.fields[site->after];
    MoltIndexPlaces indexed = targets_of(plan, site->before, site->after);
    if (!indexed.targets)
        return false;
    tell(plan, site);
    emit_dimension(plan, site, was->type, is->type, source + was->bit_offset / 8,
                   destination + is->bit_offset / 8, indexed.dimensions);
    return true;
}

bool molt__plan_is_reindexed(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    for (uint32_t f = 0; f < is->count && !plan->failed; f++) {
        if (targets_of(plan, was->first + f, is->first + f).targets)
            return true;
    }
    return false;
}
