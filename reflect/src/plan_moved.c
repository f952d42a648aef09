#include <string.h>

#include "plan_emit.h"
#include "plan_trace.h"

bool molt__emit_climbs(const MoltPlan *plan, MoltTypeId id)
{
    const MoltSchema *schema = plan->after;
    const MoltType *type = molt_type(schema, id);
    if (molt_kind_is_sequence(type->kind) || type->kind == MOLT_KIND_ATOMIC)
        return molt__emit_climbs(plan, type->elem);
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)
        return false;
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const char *path = molt__trace_moved(plan, MOLT__NEW, f);
        if ((path && *path == '^') || molt__emit_climbs(plan, schema->tables.fields[f].type))
            return true;
    }
    return false;
}

/* ---- where a value comes from ----------------------------------------------------------------- */

/* The struct that a path starts in, which gets the rest of it; NULL when that is not part of the
 * object, or an element of another loop. A struct that is new has no old values: what was around it
 * before is the struct that embeds it. */
static const MoltEmitFrame *start_of(const MoltPlan *plan, const char **path)
{
    const MoltEmitFrame *frame = plan->frame;
    while (frame && **path == '^') {
        frame = frame->outer;
        *path += (*path)[1] == '.' ? 2 : 1;
    }
    while (frame && frame->before == MOLT_NO_TYPE)
        frame = frame->outer;
    return frame && frame->base == plan->base ? frame : NULL;
}

static bool find_path(const MoltPlan *plan, const MoltEmitFrame *frame, const char *path,
                      MoltEmitSource *out)
{
    MoltFieldPlace place;
    if (!molt_schema_find_path(plan->before, frame->before, path, &place))
        return false;
    const MoltField *field = &plan->before->tables.fields[place.field];
    bool whole = path[strlen(path) - 1] != ']';
    uint64_t first = frame->source * 8 + place.bit_offset;
    uint64_t bits = whole && field->flags & MOLT_FIELD_BITS
                        ? field->bit_width
                        : molt_type(plan->before, place.type)->size * 8;
    *out = (MoltEmitSource){.frame = frame,
                            .type = place.type,
                            .holder = place.holder,
                            .field = place.field,
                            .whole = whole,
                            .first = first,
                            .end = first + bits};
    return true;
}

bool molt__emit_find_moved(const MoltPlan *plan, const MoltField *field, MoltEmitSource *out)
{
    const char *path =
        molt__trace_moved(plan, MOLT__NEW, (uint32_t)(field - plan->after->tables.fields));
    const MoltEmitFrame *frame = path ? start_of(plan, &path) : NULL;
    if (!frame || !find_path(plan, frame, path, out))
        return false;
    /* What no bit-field can be made of is not taken, so that it counts as lost where it was. */
    const MoltField *was = &plan->before->tables.fields[out->field];
    bool bits = (field->flags & MOLT_FIELD_BITS) || (out->whole && was->flags & MOLT_FIELD_BITS);
    return !bits || molt__emit_bits_fit(plan, out->type, field->type);
}

MoltTakenPart molt__emit_taken(const MoltPlan *plan, uint64_t first, uint64_t end)
{
    MoltTakenPart part = MOLT__TAKEN_NONE;
    for (uint32_t t = 0; t < plan->taken_count; t++) {
        const MoltTaken *taken = &plan->taken[t];
        if (taken->base != plan->base || taken->first >= end || taken->end <= first)
            continue;
        if (taken->first <= first && taken->end >= end)
            return MOLT__TAKEN_ALL;
        part = MOLT__TAKEN_PART;
    }
    return part;
}

void molt__emit_take(MoltPlan *plan, const MoltEmitSource *source)
{
    if (molt__plan_grow(plan, (void **)&plan->taken, &plan->taken_slots, plan->taken_count, 1,
                        sizeof *plan->taken))
        plan->taken[plan->taken_count++] = (MoltTaken){plan->base, source->first, source->end};
}

/* Pointers to the value follow it, unless it goes to more than one place of the struct. They do not follow it
 * out of an arm, nor into a block of its own, and none points at a bit-field. */
static void record_move(MoltPlan *plan, const MoltEmitSource *source, MoltTypeId type,
                        uint32_t field, uint64_t destination, bool bits)
{
    const MoltEmitFrame *frame = source->frame;
    bool apart = plan->frame && plan->frame->base_depth != frame->base_depth;
    if (!molt__plan_grow(plan, (void **)&plan->moves, &plan->move_slots, plan->move_count, 1,
                         sizeof *plan->moves))
        return;
    plan->moves[plan->move_count++] =
        (MoltMove){.before = frame->before,
                   .after = frame->after,
                   .source = source->first / 8 - frame->source,
                   .destination = apart ? destination : destination - frame->destination,
                   .type_before = source->type,
                   .type_after = type,
                   .field_before = source->whole ? source->field : MOLT__NO_FIELD,
                   .field_after = field,
                   .followed = !bits && frame->base_depth == plan->base_depth,
                   .apart = apart};
}

void molt__emit_from(MoltPlan *plan, const MoltEmitSource *source, MoltTypeId holder,
                     uint32_t field, uint64_t destination)
{
    const MoltField *was = &plan->before->tables.fields[source->field];
    const MoltField *is = &plan->after->tables.fields[field];
    MoltEmitSite site = {UINT32_MAX, source->holder, holder, source->field, field};
    MoltField element = {.type = source->type};
    uint64_t at = source->first / 8;
    if (source->whole)
        at = (source->first - was->bit_offset) / 8;
    else
        was = &element;
    if (plan->collecting)
        molt__emit_take(plan, source);
    bool around = molt__emit_waited(plan, source->field, field);
    bool bits = ((was->flags | is->flags) & MOLT_FIELD_BITS) != 0;
    MoltEmitArray outer = molt__emit_array_begin(
        plan, source->whole ? was : NULL, is, source->first / 8, destination + is->bit_offset / 8);
    if (bits)
        molt__emit_bits(plan, &site, was, is, at, destination);
    else if (!source->whole || (!molt__emit_union(plan, &site, at, destination) &&
                                !molt__emit_indexed(plan, &site, at, destination)))
        molt__emit_value(plan, &site, source->type, is->type, source->first / 8,
                         destination + is->bit_offset / 8);
    molt__emit_array_end(plan, outer);
    molt__emit_waited_end(plan, around);
    if (!plan->collecting)
        record_move(plan, source, is->type, field, destination + is->bit_offset / 8, bits);
}

void molt__emit_element_from(MoltPlan *plan, const MoltEmitSource *source, MoltTypeId elem,
                             uint64_t destination)
{
    const MoltField *was = &plan->before->tables.fields[source->field];
    MoltEmitSite site = {UINT32_MAX, source->holder, source->frame->after, source->field,
                         MOLT__NO_FIELD};
    if (plan->collecting)
        molt__emit_take(plan, source);
    else
        record_move(plan, source, elem, MOLT__NO_FIELD, destination, was->flags & MOLT_FIELD_BITS);
    if (was->flags & MOLT_FIELD_BITS) {
        MoltField is = {.type = elem};
        molt__emit_bits(plan, &site, was, &is, (source->first - was->bit_offset) / 8, destination);
    } else {
        molt__emit_value(plan, &site, source->type, elem, source->first / 8, destination);
    }
}

/* ---- fields ----------------------------------------------------------------------------------- */

static bool tell_once(MoltPlan *plan, uint32_t field)
{
    bool first = !plan->collecting && !plan->moved_told[field];
    if (first)
        plan->moved_told[field] = true;
    return first;
}

void molt__emit_tell_moved(MoltPlan *plan, const MoltEmitSource *source, MoltTypeId holder,
                           uint32_t field)
{
    if (tell_once(plan, field))
        molt__plan_find(plan, MOLT_INFO, MOLT_RULE_FIELD_MOVED, source->holder, source->field,
                        holder, field, NULL, NULL);
}

void molt__emit_tell_added(MoltPlan *plan, const MoltEmitSite *site)
{
    if (plan->moves_back && !molt__trace_moved(plan, MOLT__NEW, site->after) &&
        tell_once(plan, site->after))
        molt__plan_report_added(plan, site->type_before, site->type_after, site->after);
}

/* The old type has no such place. For a field that it has by its own name the note was applied in an
 * earlier edit and stays in the source for ever. */
static void tell_missing(MoltPlan *plan, uint32_t field, uint32_t own)
{
    const MoltField *is = &plan->after->tables.fields[field];
    const char *text = molt__trace_moved(plan, MOLT__NEW, field), *path = text;
    const MoltEmitFrame *start = start_of(plan, &path), *frame = plan->frame;
    if (!start || !tell_once(plan, field))
        return;
    MoltSeverity severity = MOLT_LOSS;
    MoltRule rule = MOLT_RULE_MOVED_MISSING;
    if (own != MOLT__NO_FIELD) {
        severity = MOLT_INFO;
    } else if (is->flags & MOLT_FIELD_REQUIRED) {
        severity = MOLT_REFUSE;
        rule = MOLT_RULE_FIELD_WITHOUT_SOURCE;
    } else if (plan->policy == MOLT_POLICY_STRICT) {
        severity = MOLT_REFUSE;
    }
    molt__plan_find(plan, severity, rule, start->before, own, frame->after, field, text,
                    own != MOLT__NO_FIELD
                        ? NULL
                        : "check the path: it starts at the struct that holds the field, each ^ "
                          "climbs to the one around it, and it must not lead through a union");
}

/* What the field of that name was is elsewhere now, or nowhere: pointers to it do not stay. */
static void replace_own(MoltPlan *plan, uint32_t field)
{
    const MoltPair *pair = molt__plan_find_pair(plan, plan->frame->before, plan->frame->after);
    if (pair && molt__plan_grow(plan, (void **)&plan->replaced, &plan->replaced_slots,
                                plan->replaced_count, 1, sizeof *plan->replaced))
        plan->replaced[plan->replaced_count++] =
            pair->match + field - molt_type(plan->after, pair->after)->first;
}

bool molt__emit_moved(MoltPlan *plan, uint32_t field, uint32_t own, uint64_t destination)
{
    const MoltField *is = &plan->after->tables.fields[field];
    const char *path = molt__trace_moved(plan, MOLT__NEW, field);
    if (!plan->frame)
        return false;
    if (!path)
        return own == MOLT__NO_FIELD && molt__emit_moved_back(plan, field, destination);
    MoltTypeId holder = plan->frame->after;
    MoltEmitSource source;
    if (own != MOLT__NO_FIELD) {
        const char *before = molt__trace_moved(plan, MOLT__OLD, own);
        if (before && strcmp(before, path) == 0)
            return false; /* applied in an earlier edit */
    }
    if (!molt__emit_find_moved(plan, is, &source)) {
        tell_missing(plan, field, own);
        return false;
    }
    if (own != MOLT__NO_FIELD) {
        const MoltField *was = &plan->before->tables.fields[own];
        uint64_t first = plan->frame->source * 8 + was->bit_offset;
        uint64_t bits = was->flags & MOLT_FIELD_BITS ? was->bit_width
                                                     : molt_type(plan->before, was->type)->size * 8;
        if (source.first == first && source.end == first + bits)
            return false;
        if (!plan->collecting && molt__emit_taken(plan, first, first + bits) != MOLT__TAKEN_ALL &&
            tell_once(plan, field))
            molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_RENAME_AMBIGUOUS, source.holder, own,
                            holder, field, path,
                            "both the old value of this name and the one that MOLT_MOVED names "
                            "claim the place: give the new field another name");
    }
    if (own != MOLT__NO_FIELD && !plan->collecting)
        replace_own(plan, field);
    molt__emit_from(plan, &source, holder, field, destination);
    molt__emit_tell_moved(plan, &source, holder, field);
    return true;
}

/* ---- fields that have a value of their own -------------------------------------------------- */

static MoltTypeId in_arrays(const MoltSchema *schema, MoltTypeId id)
{
    while (molt_kind_is_sequence(molt_type(schema, id)->kind))
        id = molt_type(schema, id)->elem;
    return id;
}

/* A path from struct `id`, or from what embeds it for each ^, names a place; `place` gets it. */
static bool leads_somewhere(const MoltSchema *schema, MoltTypeId id, const char *path,
                            MoltFieldPlace *place)
{
    if (*path != '^')
        return molt_schema_find_path(schema, id, path, place);
    path += path[1] == '.' ? 2 : 1;
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *type = molt_type(schema, t);
        for (uint32_t f = type->first;
             type->kind == MOLT_KIND_STRUCT && f < type->first + type->count; f++) {
            if (in_arrays(schema, schema->tables.fields[f].type) == id &&
                leads_somewhere(schema, t, path, place))
                return true;
        }
    }
    return false;
}

bool molt__plan_moves_over(const MoltPlan *plan, MoltTypeId before, uint32_t own, uint32_t field)
{
    const MoltField *was = &plan->before->tables.fields[own];
    const MoltField *is = &plan->after->tables.fields[field];
    const char *path = molt__trace_moved(plan, MOLT__NEW, field);
    const char *known = molt__trace_moved(plan, MOLT__OLD, own);
    if (!path || is->flags & MOLT_FIELD_TRANSIENT)
        return false;
    MoltFieldPlace place;
    if ((known && strcmp(known, path) == 0) ||
        !leads_somewhere(plan->before, before, path, &place) ||
        (*path != '^' && place.bit_offset == was->bit_offset))
        return false;
    const MoltField *from = &plan->before->tables.fields[place.field];
    bool whole = path[strlen(path) - 1] != ']';
    bool bits = (is->flags & MOLT_FIELD_BITS) || (whole && from->flags & MOLT_FIELD_BITS);
    return !bits || molt__emit_bits_fit(plan, place.type, is->type);
}

bool molt__plan_moves_within(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *is = molt_type(plan->after, after);
    for (uint32_t f = is->first; f < is->first + is->count; f++) {
        const char *name = molt_string(plan->after, plan->after->tables.fields[f].name);
        uint32_t same = molt_schema_find_field(plan->before, before, name);
        if (same != MOLT__NO_FIELD && molt__plan_moves_over(plan, before, same, f))
            return true;
    }
    return false;
}

/* ---- notes that nothing heeds --------------------------------------------------------------- */

void molt__plan_tell_unreached(MoltPlan *plan)
{
    for (MoltTypeId t = 0; plan->moved_told && t < plan->after->tables.type_count; t++) {
        const MoltType *type = molt_type(plan->after, t);
        bool added = type->kind == MOLT_KIND_STRUCT && plan->origins[t] == MOLT_NO_TYPE;
        for (uint32_t f = type->first; added && f < type->first + type->count; f++) {
            const MoltField *field = &plan->after->tables.fields[f];
            const char *path = molt__trace_moved(plan, MOLT__NEW, f);
            if (path && *path == '^' && !(field->flags & MOLT_FIELD_TRANSIENT) &&
                tell_once(plan, f))
                molt__plan_find(
                    plan, MOLT_INFO, MOLT_RULE_MOVED_MISSING, MOLT_NO_TYPE, MOLT__NO_FIELD, t, f,
                    path,
                    "no old struct is around the new one, as where only a pointer leads "
                    "to it: hold it by value in this edit and make it a pointer in the "
                    "next, or fill it in a hook");
        }
    }
}
