#include <stdio.h>
#include <stdlib.h>

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

/* An element for each enumerator and no more; whether the last one is an index or the length nobody says. */
static bool is_exact(const MoltSchema *schema, MoltTypeId index, uint64_t length)
{
    const MoltType *t = molt_type(schema, index);
    uint64_t most = 0;
    for (uint32_t e = t->first; e < t->first + t->count; e++) {
        uint64_t value = schema->tables.enumerators[e].value;
        most = value > most ? value : most;
    }
    return has_room(schema, index, length) && (length == most || length == most + 1);
}

static bool is_single(uint32_t dimensions)
{
    return dimensions != 0 && (dimensions & (dimensions - 1)) == 0;
}

/* Those that the source says, as the generator read it; 0 where it found nothing to say. */
static uint32_t noted_dimensions(const MoltSchema *schema, const MoltField *field)
{
    uint32_t dimensions = 0;
    for (uint32_t n = field->note_first; n < field->note_first + field->note_count; n++) {
        const MoltNote *note = &schema->tables.notes[n];
        unsigned long d = note->kind == MOLT_NOTE_ALONG
                              ? strtoul(molt_string(schema, note->text), NULL, 10)
                              : DIMENSIONS;
        if (d < DIMENSIONS)
            dimensions |= 1u << d;
    }
    return dimensions;
}

/* Those that sizes alone tell: the only one, else the only one with just an element for each enumerator, or
 * with room for them. 0 where they do not, since a dimension that goes by number may be as long. */
static uint32_t sized_dimensions(const MoltSchema *schema, MoltTypeId index, const MoltType *array)
{
    uint32_t all = 0, exact = 0, roomy = 0;
    for (uint32_t d = 0; array->kind == MOLT_KIND_ARRAY && d < DIMENSIONS; d++) {
        bool counts = !is_text(schema, array, d);
        all |= (uint32_t)counts << d;
        exact |= (uint32_t)(counts && is_exact(schema, index, array->length)) << d;
        roomy |= (uint32_t)(counts && has_room(schema, index, array->length)) << d;
        array = molt_type(schema, array->elem);
    }
    uint32_t found = is_single(all) ? all : exact ? exact : roomy;
    return is_single(found) ? found : 0;
}

/* The length of an array's dimensions; 0 where they have different ones, or it does not have them. */
static uint64_t length_of(const MoltSchema *schema, const MoltType *array, uint32_t dimensions)
{
    uint64_t length = 0;
    for (; array->kind == MOLT_KIND_ARRAY && dimensions != 0; dimensions >>= 1) {
        if ((dimensions & 1u) != 0 && length != 0 && array->length != length)
            return 0;
        length = (dimensions & 1u) != 0 ? array->length : length;
        array = molt_type(schema, array->elem);
    }
    return dimensions == 0 ? length : 0;
}

static uint64_t longest(const MoltSchema *schema, const MoltType *array)
{
    uint64_t length = 0;
    for (; array->kind == MOLT_KIND_ARRAY; array = molt_type(schema, array->elem))
        length = array->length > length ? array->length : length;
    return length;
}

/* An old field and a new one, which are arrays of as many dimensions, with what indexes them. */
typedef struct Arrays {
    const MoltField *was, *is;
    MoltTypeId old_enum, new_enum;
    uint32_t dimensions; /* 0: it is not clear which */
    uint64_t had, has;   /* their lengths; of the longest one where it is not clear */
} Arrays;

/* What the new source says, or the old one where that says nothing, and both where they say it; else what
 * the sizes of both tell. */
static void find_dimensions(const MoltPlan *plan, Arrays *arrays)
{
    const MoltType *from = molt_type(plan->before, arrays->was->type);
    const MoltType *to = molt_type(plan->after, arrays->is->type);
    uint32_t was = noted_dimensions(plan->before, arrays->was);
    uint32_t is = noted_dimensions(plan->after, arrays->is);
    if (!was && !is) {
        was = sized_dimensions(plan->before, arrays->old_enum, from);
        is = sized_dimensions(plan->after, arrays->new_enum, to);
    }
    uint32_t both = was && is && was != is ? 0 : was | is;
    arrays->had = length_of(plan->before, from, both);
    arrays->has = length_of(plan->after, to, both);
    arrays->dimensions = arrays->had && arrays->has ? both : 0;
    if (!arrays->dimensions) {
        arrays->had = longest(plan->before, from);
        arrays->has = longest(plan->after, to);
    }
}

/* The targets of the old elements, at the end of those there are; false where none has one. */
static bool make_targets(MoltPlan *plan, const Arrays *arrays, uint32_t *first)
{
    *first = plan->target_count;
    if (arrays->had == 0 || arrays->had > LENGTH_LIMIT || arrays->has > LENGTH_LIMIT ||
        !molt__plan_grow(plan, (void **)&plan->targets, &plan->target_slots, *first,
                         (uint32_t)arrays->had, sizeof *plan->targets))
        return false;
    fill_targets(plan, arrays->old_enum, arrays->new_enum, arrays->had, arrays->has, *first);
    return !plan->failed;
}

static const MoltIndexMap *find_map(const MoltPlan *plan, uint32_t before, uint32_t after)
{
    for (uint32_t i = 0; i < plan->index_count; i++) {
        const MoltIndexMap *map = &plan->indexes[i];
        if (map->before == before && map->after == after)
            return map;
    }
    return NULL;
}

/* Where a field's elements go, made on first use; NULL when all keep their indices. */
static const MoltIndexMap *map_of(MoltPlan *plan, uint32_t before, uint32_t after)
{
    const MoltIndexMap *known = find_map(plan, before, after);
    Arrays arrays = {.was = &plan->before->tables.fields[before],
                     .is = &plan->after->tables.fields[after],
                     .old_enum = molt__trace_index(plan, MOLT__OLD, before),
                     .new_enum = molt__trace_index(plan, MOLT__NEW, after)};
    const MoltType *from = molt_type(plan->before, arrays.was->type);
    const MoltType *to = molt_type(plan->after, arrays.is->type);
    /* a note that came, or that goes when the edit in which it came is undone */
    if (plan->undoes && arrays.old_enum != MOLT_NO_TYPE && arrays.new_enum == MOLT_NO_TYPE)
        arrays.new_enum = plan->types[arrays.old_enum].after;
    else if (!plan->undoes && arrays.old_enum == MOLT_NO_TYPE && arrays.new_enum != MOLT_NO_TYPE)
        arrays.old_enum = plan->origins[arrays.new_enum];
    if (known || arrays.new_enum == MOLT_NO_TYPE || arrays.old_enum == MOLT_NO_TYPE ||
        from->kind != MOLT_KIND_ARRAY || to->kind != MOLT_KIND_ARRAY || !same_depth(plan, from, to))
        return known;
    if (molt_type(plan->before, arrays.old_enum)->kind != MOLT_KIND_ENUM ||
        molt_type(plan->after, arrays.new_enum)->kind != MOLT_KIND_ENUM)
        return NULL;
    uint32_t first;
    find_dimensions(plan, &arrays);
    if (!make_targets(plan, &arrays, &first) ||
        is_identity(plan->targets + first, arrays.had, arrays.has) ||
        !molt__plan_grow(plan, (void **)&plan->indexes, &plan->index_slots, plan->index_count, 1,
                         sizeof *plan->indexes))
        return NULL;
    plan->target_count += (uint32_t)arrays.had;
    plan->indexes[plan->index_count++] =
        (MoltIndexMap){.before = before,
                       .after = after,
                       .old_enum = arrays.old_enum,
                       .new_enum = arrays.new_enum,
                       .first = first,
                       .length = (uint32_t)arrays.had,
                       .dimensions = arrays.dimensions};
    return find_map(plan, before, after);
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
    Arrays arrays = {.was = was, .is = is, .old_enum = old_enum, .new_enum = new_enum};
    uint32_t first;
    find_dimensions(plan, &arrays);
    if (!make_targets(plan, &arrays, &first))
        return false;
    for (uint64_t i = 0; i < arrays.had && i < arrays.has; i++) {
        if (plan->targets[first + i] != i && plan->targets[first + i] != UINT32_MAX)
            return true;
    }
    return false;
}

MoltIndexPlaces molt__plan_index(const MoltPlan *plan, uint32_t before, uint32_t after)
{
    const MoltIndexMap *map = find_map(plan, before, after);
    return map && map->dimensions ? (MoltIndexPlaces){plan->targets + map->first, map->dimensions}
                                  : (MoltIndexPlaces){0};
}

bool molt__plan_index_unclear(const MoltPlan *plan, uint32_t before, uint32_t after)
{
    const MoltIndexMap *map = find_map(plan, before, after);
    return map && !map->dimensions;
}

bool molt__plan_index_keeps(const MoltPlan *plan, uint32_t before, uint32_t after, char *buffer,
                            size_t size)
{
    const MoltIndexMap *map = find_map(plan, before, after);
    const char *gone = NULL;
    uint32_t others = 0;
    const MoltType *was = map ? molt_type(plan->before, map->old_enum) : NULL;
    for (uint32_t e = was ? was->first : 0; was && e < was->first + was->count; e++) {
        const MoltEnumerator *item = &plan->before->tables.enumerators[e];
        if (item->value >= map->length || plan->targets[map->first + item->value] != UINT32_MAX)
            continue;
        others += gone != NULL;
        gone = gone ? gone : molt_string(plan->before, item->name);
    }
    if (!gone)
        return false;
    char more[32] = "";
    if (others > 0)
        snprintf(more, sizeof more, " and %u more", others);
    const char *old = molt_type_name(plan->before, map->old_enum);
    const char *new = molt_type_name(plan->after, map->new_enum);
    if (plan->types[map->old_enum].after == map->new_enum)
        snprintf(buffer, size,
                 "the elements follow the names of %s, which has no %s%s any more: keep it, or name "
                 "its successor with MOLT_WAS(\"%s\")",
                 new, gone, more, gone);
    else
        snprintf(buffer, size,
                 "the elements follow the names of %s, and %s has no %s%s: keep MOLT_INDEX of the one "
                 "enum, or name the successor with MOLT_WAS(\"%s\")",
                 old, new, gone, more, gone);
    return true;
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
                              (plan->moves_elements || molt__emit_climbs(plan, after) ||
                               molt__emit_rows_differ(plan, before, after)))) {
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

static void drop(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId elem, uint64_t source,
                 uint64_t count)
{
    uint64_t size = count * molt_type(plan->before, elem)->size;
    molt__emit_drop_elements(plan, site, MOLT_RULE_ELEMENTS_DROPPED, elem, source, count,
                             molt__emit_old_default(plan, source, size));
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
        drop(plan, site, was->elem, source + both * from, was->length - both);
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
            molt__emit_new_elements(plan, is->elem, destination + j * to, 1);
            continue;
        }
        while (i + count < was->length && targets[i + count] == j + count)
            count++;
        emit_rows(plan, site, was->elem, is->elem, source + i * from, destination + j * to, count,
                  dimensions >> 1);
    }
    for (uint64_t i = 0; i < was->length && !plan->failed; i++) {
        if (molt__plan_index(plan, site->before, site->after).targets[i] == UINT32_MAX)
            drop(plan, site, was->elem, source + i * from, 1);
    }
}

bool molt__emit_indexed(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                        uint64_t destination)
{
    const MoltField *was = &plan->before->tables.fields[site->before];
    const MoltField *is = &plan->after->tables.fields[site->after];
    const MoltIndexMap *map = map_of(plan, site->before, site->after);
    if (!map)
        return false;
    uint32_t dimensions = map->dimensions;
    if (!dimensions) {
        molt__emit_drop(plan, site, MOLT_RULE_SHAPE_CHANGED, was->type,
                        source + was->bit_offset / 8, MOLT__NO_CONSTANT);
        return true;
    }
    tell(plan, site);
    emit_dimension(plan, site, was->type, is->type, source + was->bit_offset / 8,
                   destination + is->bit_offset / 8, dimensions);
    return true;
}

bool molt__plan_is_reindexed(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    for (uint32_t f = 0; f < is->count && !plan->failed; f++) {
        if (map_of(plan, was->first + f, is->first + f))
            return true;
    }
    return false;
}
