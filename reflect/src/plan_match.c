#include <string.h>

#include "kept_types.h"
#include "plan_emit.h"
#include "plan_past.h"
#include "plan_trace.h"

/* A pointer chain that deep is not C; a schema from elsewhere may hold one. */
enum { DEPTH_LIMIT = 64 };

/* ---- types ---------------------------------------------------------------------------------- */

static bool is_named(uint16_t kind)
{
    return kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION || kind == MOLT_KIND_ENUM ||
           kind == MOLT_KIND_OPAQUE;
}

/* Kept types take nothing from elsewhere, such as files, which are read under the strict policy. */
static bool is_closed(const MoltPlan *plan, MoltSide side, MoltTypeId type)
{
    return side == MOLT__NEW && plan->policy == MOLT_POLICY_STRICT &&
           molt_type_is_kept(plan->after, type);
}

/* Collects the types that a MOLT_WAS can name; ids[] gets their ids. */
static uint32_t named_types(const MoltPlan *plan, MoltSide side, MoltNamed *items, MoltTypeId *ids)
{
    const MoltSchema *schema = molt__trace_schema(plan, side);
    uint32_t count = 0;
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *type = molt_type(schema, t);
        if (!is_named(type->kind) || is_closed(plan, side, t))
            continue;
        ids[count] = t;
        items[count++] = (MoltNamed){.name = type->name,
                                     .note_first = type->note_first,
                                     .note_count = type->note_count,
                                     .line = molt__trace_type(plan, side, t),
                                     .kept = molt_type_is_kept(schema, t),
                                     .file = molt_string(schema, type->file)};
    }
    return count;
}

static MoltTypeId held_type(const MoltSchema *schema, MoltTypeId type)
{
    while (molt_kind_is_sequence(molt_type(schema, type)->kind) ||
           molt_type(schema, type)->kind == MOLT_KIND_ATOMIC ||
           molt_type(schema, type)->kind == MOLT_KIND_POINTER)
        type = molt_type(schema, type)->elem;
    return type;
}

static bool match_named_types(MoltPlan *plan)
{
    uint32_t old_all = plan->before->tables.type_count, new_all = plan->after->tables.type_count;
    MoltNamed *olds = molt__named_table(plan, old_all), *news = molt__named_table(plan, new_all);
    MoltTypeId *ids = NULL;
    uint32_t slots = 0;
    if (olds && news &&
        molt__plan_grow(plan, (void **)&ids, &slots, 0, old_all + new_all * 2 + 1, sizeof *ids)) {
        MoltTypeId *old_ids = ids, *new_ids = ids + old_all;
        uint32_t *match = new_ids + new_all;
        uint32_t old_count = named_types(plan, MOLT__OLD, olds, old_ids);
        uint32_t new_count = named_types(plan, MOLT__NEW, news, new_ids);
        uint32_t bad =
            molt__names_match(plan, plan->trace != NULL, olds, old_count, news, new_count, match);
        const MoltPastItems past = {MOLT__PAST_TYPES, MOLT_NO_TYPE, old_ids, olds, old_count};
        molt__past_match(plan, &past, news, new_count, match);
        if (bad != UINT32_MAX)
            molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_RENAME_AMBIGUOUS, MOLT_NO_TYPE,
                            MOLT__NO_FIELD, new_ids[bad], MOLT__NO_FIELD, NULL,
                            "two old types claim this one: remove one MOLT_WAS");
        for (uint32_t n = 0; n < new_count; n++) {
            if (match[n] == UINT32_MAX)
                continue;
            plan->types[old_ids[match[n]]].after = new_ids[n];
            plan->origins[new_ids[n]] = old_ids[match[n]];
        }
    }
    if (ids)
        plan->allocator.resize(plan->allocator.context, ids, (size_t)slots * sizeof *ids, 0);
    molt__named_free(plan, olds, old_all);
    molt__named_free(plan, news, new_all);
    return !plan->failed;
}

/* Types without a name are called after the field that holds them ("P::f"), so what became of P and
 * f says what became of them. True when that said anything new. */
static bool match_unnamed_in(MoltPlan *plan, MoltTypeId before)
{
    uint32_t pair = molt__plan_pair(plan, before, plan->types[before].after);
    bool any = false;
    if (plan->failed)
        return false;
    const MoltType *is = molt_type(plan->after, plan->types[before].after);
    for (uint32_t f = 0; f < is->count; f++) {
        uint32_t from = plan->matches[plan->pairs[pair].match + f];
        if (from == MOLT__NO_FIELD)
            continue;
        MoltTypeId old = held_type(plan->before, plan->before->tables.fields[from].type);
        MoltTypeId new = held_type(plan->after, plan->after->tables.fields[is->first + f].type);
        if (plan->types[old].after != MOLT_NO_TYPE || plan->origins[new] != MOLT_NO_TYPE ||
            molt_type(plan->before, old)->kind != molt_type(plan->after, new)->kind ||
            !strstr(molt_type_name(plan->before, old), "::") ||
            !strstr(molt_type_name(plan->after, new), "::"))
            continue;
        plan->types[old].after = new;
        plan->origins[new] = old;
        any = true;
    }
    return any;
}

static bool match_unnamed_types(MoltPlan *plan)
{
    bool open = false;
    for (MoltTypeId t = 0; t < plan->before->tables.type_count; t++)
        open = open || (plan->types[t].after == MOLT_NO_TYPE &&
                        strstr(molt_type_name(plan->before, t), "::"));
    while (open && !plan->failed) { /* each round goes one level down */
        open = false;
        for (MoltTypeId t = 0; t < plan->before->tables.type_count && !plan->failed; t++) {
            uint16_t kind = molt_type(plan->before, t)->kind;
            if ((kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION) &&
                plan->types[t].after != MOLT_NO_TYPE &&
                molt_type(plan->after, plan->types[t].after)->kind == kind)
                open = match_unnamed_in(plan, t) || open;
        }
    }
    return !plan->failed;
}

static bool same_params(const MoltPlan *plan, const MoltType *was, const MoltType *is)
{
    if (was->count != is->count)
        return false;
    for (uint32_t p = 0; p < was->count; p++) {
        MoltTypeId from = plan->before->tables.refs[was->first + p];
        MoltTypeId to = plan->after->tables.refs[is->first + p];
        if (plan->types[from].after != to)
            return false;
    }
    return true;
}

static MoltTypeId map_type(MoltPlan *plan, MoltTypeId before, unsigned depth);

/* The new type made of what the parts of `before` became. Where a schema has it under two names, as none
 * from the generator does, each stands for one: no two old types may become one. */
static MoltTypeId map_derived(MoltPlan *plan, MoltTypeId before, unsigned depth)
{
    const MoltType *was = molt_type(plan->before, before);
    MoltTypeId elem = map_type(plan, was->elem, depth + 1);
    if (elem == MOLT_NO_TYPE)
        return MOLT_NO_TYPE;
    if (was->kind == MOLT_KIND_FUNCTION) {
        for (uint32_t p = 0; p < was->count; p++)
            map_type(plan, plan->before->tables.refs[was->first + p], depth + 1);
    }
    for (MoltTypeId t = 0; t < plan->after->tables.type_count; t++) {
        const MoltType *is = molt_type(plan->after, t);
        if (is->kind != was->kind || is->elem != elem || is->flags != was->flags ||
            is_closed(plan, MOLT__NEW, t) ||
            (plan->origins[t] != MOLT_NO_TYPE && plan->forced_count == 0))
            continue;
        if (molt_kind_is_sequence(was->kind) && is->length != was->length)
            continue;
        if (was->kind == MOLT_KIND_FUNCTION && !same_params(plan, was, is))
            continue;
        return t;
    }
    return MOLT_NO_TYPE;
}

static MoltTypeId map_type(MoltPlan *plan, MoltTypeId before, unsigned depth)
{
    const MoltType *was = molt_type(plan->before, before);
    MoltTypePlan *entry = &plan->types[before];
    if (entry->after != MOLT_NO_TYPE || is_named(was->kind) || depth > DEPTH_LIMIT)
        return entry->after;
    if (was->kind == MOLT_KIND_POINTER || molt_kind_is_sequence(was->kind) ||
        was->kind == MOLT_KIND_FUNCTION) {
        entry->after = map_derived(plan, before, depth);
    } else {
        MoltTypeId found = molt_schema_find(plan->after, molt_string(plan->before, was->name));
        if (found != MOLT_NO_TYPE && molt_type(plan->after, found)->kind == was->kind &&
            !is_closed(plan, MOLT__NEW, found))
            entry->after = found;
    }
    if (entry->after != MOLT_NO_TYPE)
        plan->origins[entry->after] = before;
    return entry->after;
}

static bool has_renames(const MoltSchema *schema, const MoltType *type)
{
    for (uint32_t m = 0; m < type->count; m++) {
        uint32_t first, count;
        if (type->kind == MOLT_KIND_STRUCT) {
            first = schema->tables.fields[type->first + m].note_first;
            count = schema->tables.fields[type->first + m].note_count;
        } else {
            first = schema->tables.enumerators[type->first + m].note_first;
            count = schema->tables.enumerators[type->first + m].note_count;
        }
        if (molt_schema_note(schema, first, count, MOLT_NOTE_WAS))
            return true;
    }
    return false;
}

/* Two names that change places leave the layout as it was; the values move nevertheless. */
static bool moves_within(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    if (is->kind == MOLT_KIND_STRUCT &&
        (molt__plan_is_retagged(plan, before, after) ||
         (!plan->trace && molt__plan_moves_within(plan, before, after))))
        return true;
    if ((is->kind == MOLT_KIND_STRUCT || is->kind == MOLT_KIND_UNION) &&
        molt__plan_is_reindexed(plan, before, after))
        return true;
    if ((is->kind != MOLT_KIND_STRUCT && is->kind != MOLT_KIND_ENUM) ||
        (!plan->trace && !has_renames(plan->after, is)))
        return false;
    if (is->kind == MOLT_KIND_ENUM) {
        MoltOp op;
        uint32_t values = plan->value_count;
        bool unchanged = molt__plan_match_values(plan, before, after, &op);
        plan->value_count = values;
        return !unchanged;
    }
    uint32_t pair = molt__plan_pair(plan, before, after);
    for (uint32_t f = 0; pair != UINT32_MAX && f < is->count; f++) {
        if (plan->matches[plan->pairs[pair].match + f] != was->first + f)
            return true;
    }
    return false;
}

/* Bytes of the type could stay what they are; in a union also where its hash is another one. */
static bool has_equal_layout(const MoltPlan *plan, MoltTypeId before)
{
    const MoltTypePlan *type = &plan->types[before];
    return type->fate == MOLT_FATE_SAME ||
           (type->fate == MOLT_FATE_CHANGED && molt__emit_is_same_union(plan, before, type->after));
}

bool molt__plan_is_shuffled(const MoltPlan *plan, MoltTypeId before)
{
    const MoltType *type = molt_type(plan->before, before);
    if (plan->types[before].shuffled)
        return true;
    if (molt_kind_is_sequence(type->kind))
        return molt__plan_is_shuffled(plan, type->elem);
    bool holds = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    for (uint32_t f = 0; holds && f < type->count; f++) {
        if (molt__plan_is_shuffled(plan, plan->before->tables.fields[type->first + f].type))
            return true;
    }
    return false;
}

bool molt__plan_match_types(MoltPlan *plan)
{
    for (MoltTypeId t = 0; t < plan->before->tables.type_count; t++)
        plan->types[t].after = MOLT_NO_TYPE;
    for (MoltTypeId t = 0; t < plan->after->tables.type_count; t++)
        plan->origins[t] = MOLT_NO_TYPE;
    if (!match_named_types(plan) || !match_unnamed_types(plan))
        return false;
    for (uint32_t f = 0; f < plan->forced_count; f++) {
        plan->types[plan->forced[f].before].after = plan->forced[f].after;
        plan->origins[plan->forced[f].after] = plan->forced[f].before;
    }
    for (MoltTypeId t = 0; t < plan->before->tables.type_count; t++) {
        MoltTypeId after = map_type(plan, t, 0);
        MoltTypeFate fate = MOLT_FATE_CHANGED;
        if (after == MOLT_NO_TYPE)
            fate = MOLT_FATE_GONE;
        else if (molt_type(plan->before, t)->hash == molt_type(plan->after, after)->hash)
            fate = MOLT_FATE_SAME;
        plan->types[t].fate = (uint8_t)fate;
    }
    for (MoltTypeId t = 0; t < plan->before->tables.type_count && !plan->failed; t++)
        plan->types[t].shuffled =
            has_equal_layout(plan, t) && moves_within(plan, t, plan->types[t].after);
    for (MoltTypeId t = 0; t < plan->before->tables.type_count && !plan->failed; t++) {
        if (plan->types[t].fate == MOLT_FATE_SAME && molt__plan_is_shuffled(plan, t))
            plan->types[t].fate = MOLT_FATE_CHANGED;
    }
    return !plan->failed;
}

bool molt__plan_same_type(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    return plan->types[before].after == after;
}

/* ---- fields --------------------------------------------------------------------------------- */

const MoltPair *molt__plan_find_pair(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    for (uint32_t p = 0; p < plan->pair_count; p++) {
        if (plan->pairs[p].before == before && plan->pairs[p].after == after)
            return &plan->pairs[p];
    }
    return NULL;
}

bool molt__plan_same_tail(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltField *was = molt_schema_tail(plan->before, before);
    const MoltField *is = molt_schema_tail(plan->after, after);
    const MoltPair *pair = molt__plan_find_pair(plan, before, after);
    if (!was || !is || !pair)
        return false;
    uint32_t place = molt_type(plan->after, after)->count - 1;
    return plan->matches[pair->match + place] == (uint32_t)(was - plan->before->tables.fields);
}

static MoltNamed named_field(const MoltField *field)
{
    return (MoltNamed){
        .name = field->name, .note_first = field->note_first, .note_count = field->note_count};
}

static void named_fields(const MoltPlan *plan, MoltSide side, const MoltType *type,
                         MoltNamed *items)
{
    const MoltSchema *schema = molt__trace_schema(plan, side);
    for (uint32_t f = 0; f < type->count; f++) {
        items[f] = named_field(&schema->tables.fields[type->first + f]);
        items[f].line = molt__trace_field(plan, side, type->first + f);
    }
}

/* Two members have one name, now or by what one of them was called earlier. An annotated rename that is
 * undone is known from the old side's note. */
static bool same_member(const MoltPlan *plan, const MoltField *old, const MoltField *new)
{
    const char *was = molt_string(plan->before, old->name);
    const char *is = molt_string(plan->after, new->name);
    const MoltNamed before = named_field(old), after = named_field(new);
    return strcmp(was, is) == 0 || molt__name_was(plan->after, &after, was) ||
           (plan->policy == MOLT_POLICY_LIVE && molt__name_was(plan->before, &before, is));
}

/* Members that two anonymous unions or structs share; those of anonymous ones within them count as theirs,
 * as they do in C. */
static uint32_t shared_members(const MoltPlan *plan, const MoltType *was, const MoltType *is)
{
    uint32_t count = 0;
    for (uint32_t b = was->first; b < was->first + was->count; b++) {
        const MoltField *old = &plan->before->tables.fields[b];
        const MoltType *from = molt_type(plan->before, old->type);
        bool nameless = molt_string(plan->before, old->name)[0] == '<';
        for (uint32_t a = is->first; a < is->first + is->count; a++) {
            const MoltField *new = &plan->after->tables.fields[a];
            const MoltType *to = molt_type(plan->after, new->type);
            if (nameless && molt_string(plan->after, new->name)[0] == '<' && from->kind == to->kind)
                count += shared_members(plan, from, to);
            else
                count += same_member(plan, old, new);
        }
    }
    return count;
}

/* An anonymous union is called after its members, so a member more or less gives it another name:
 * what shares most members with it is what it was. */
static void match_groups(const MoltPlan *plan, const MoltType *was, const MoltType *is,
                         uint32_t *match)
{
    for (uint32_t f = 0; f < is->count; f++) {
        const MoltField *new = &plan->after->tables.fields[is->first + f];
        if (match[f] != UINT32_MAX || molt_string(plan->after, new->name)[0] != '<')
            continue;
        uint32_t best = 0;
        for (uint32_t b = 0; b < was->count; b++) {
            const MoltField *old = &plan->before->tables.fields[was->first + b];
            const MoltType *from = molt_type(plan->before, old->type);
            const MoltType *to = molt_type(plan->after, new->type);
            bool taken = false;
            for (uint32_t other = 0; other < is->count; other++)
                taken = taken || match[other] == b;
            if (taken || molt_string(plan->before, old->name)[0] != '<' || from->kind != to->kind)
                continue;
            uint32_t shared = shared_members(plan, from, to);
            if (shared > best) {
                best = shared;
                match[f] = b;
            }
        }
    }
}

/* Types that are one by their lines have members that are. A version may not know a kept type. */
static bool is_traced(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    bool known =
        (!molt_type_is_kept(plan->before, before) || molt__trace_type(plan, MOLT__OLD, before)) &&
        (!molt_type_is_kept(plan->after, after) || molt__trace_type(plan, MOLT__NEW, after));
    return plan->trace && plan->origins[after] == before && known;
}

uint32_t molt__plan_match_fields(MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                                 uint32_t *match)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    MoltNamed *olds = molt__named_table(plan, was->count);
    MoltNamed *news = molt__named_table(plan, is->count);
    uint32_t bad = UINT32_MAX;
    if (olds && news) {
        named_fields(plan, MOLT__OLD, was, olds);
        named_fields(plan, MOLT__NEW, is, news);
        bad = molt__names_match(plan, is_traced(plan, before, after), olds, was->count, news,
                                is->count, match);
        const MoltPastItems past = {MOLT__PAST_FIELDS, before, NULL, olds, was->count};
        molt__past_match(plan, &past, news, is->count, match);
        match_groups(plan, was, is, match);
    }
    molt__named_free(plan, olds, was->count);
    molt__named_free(plan, news, is->count);
    return bad;
}

uint32_t molt__plan_pair(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltPair *known = molt__plan_find_pair(plan, before, after);
    if (known)
        return (uint32_t)(known - plan->pairs);
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    uint32_t room = is->count * 2 + was->count + 1; /* so that there is a table in any case */
    if (!molt__plan_grow(plan, (void **)&plan->pairs, &plan->pair_slots, plan->pair_count, 1,
                         sizeof *plan->pairs) ||
        !molt__plan_grow(plan, (void **)&plan->matches, &plan->match_slots, plan->match_count, room,
                         sizeof *plan->matches))
        return UINT32_MAX;
    uint32_t *match = plan->matches + plan->match_count;
    uint32_t bad = molt__plan_match_fields(plan, before, after, match);
    if (plan->failed)
        return UINT32_MAX;
    if (bad != UINT32_MAX)
        molt__plan_find(
            plan, MOLT_REFUSE, MOLT_RULE_RENAME_AMBIGUOUS, before, MOLT__NO_FIELD, after,
            is->first + bad, NULL,
            "more than one old field claims this place: take this MOLT_WAS away, or give the "
            "other old field a place of its own with MOLT_WAS");
    for (uint32_t f = 0; f < is->count; f++)
        match[f] = match[f] == UINT32_MAX ? MOLT__NO_FIELD : was->first + match[f];
    for (uint32_t f = is->count; f < room; f++)
        match[f] = MOLT__NO_CHECK;
    plan->pairs[plan->pair_count] = (MoltPair){before, after, plan->match_count, false};
    plan->match_count += room;
    return plan->pair_count++;
}

/* ---- enumerators ---------------------------------------------------------------------------- */

static void named_enumerators(const MoltPlan *plan, MoltSide side, const MoltType *type,
                              MoltNamed *items)
{
    const MoltSchema *schema = molt__trace_schema(plan, side);
    for (uint32_t e = 0; e < type->count; e++) {
        const MoltEnumerator *item = &schema->tables.enumerators[type->first + e];
        items[e] = (MoltNamed){.name = item->name,
                               .note_first = item->note_first,
                               .note_count = item->note_count,
                               .line = molt__trace_enumerator(plan, side, type->first + e)};
    }
}

uint32_t molt__plan_match_enumerators(MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                                      uint32_t *match)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    MoltNamed *olds = molt__named_table(plan, was->count);
    MoltNamed *news = molt__named_table(plan, is->count);
    uint32_t bad = UINT32_MAX;
    if (olds && news) {
        named_enumerators(plan, MOLT__OLD, was, olds);
        named_enumerators(plan, MOLT__NEW, is, news);
        bad = molt__names_match(plan, is_traced(plan, before, after), olds, was->count, news,
                                is->count, match);
        const MoltPastItems past = {MOLT__PAST_ENUMERATORS, before, NULL, olds, was->count};
        molt__past_match(plan, &past, news, is->count, match);
    }
    molt__named_free(plan, olds, was->count);
    molt__named_free(plan, news, is->count);
    return bad;
}

static const MoltEnumerator *fallback_of(const MoltSchema *schema, const MoltType *type)
{
    for (uint32_t e = 0; e < type->count; e++) {
        const MoltEnumerator *item = &schema->tables.enumerators[type->first + e];
        if (item->flags & MOLT_ENUMERATOR_FALLBACK)
            return item;
    }
    return NULL;
}

/* Inserts an old value in order; an alias that survives wins over one that does not. */
static void add_value(MoltPlan *plan, uint32_t first, MoltValueMap value)
{
    uint32_t at = first;
    while (at < plan->value_count && plan->values[at].before < value.before)
        at++;
    if (at < plan->value_count && plan->values[at].before == value.before) {
        MoltValueMap *known = &plan->values[at];
        if (known->fate > MOLT__VALUE_SPLIT)
            *known = value;
        else if (value.fate == MOLT__VALUE_KEPT && value.after != known->after)
            known->fate = MOLT__VALUE_SPLIT;
        return;
    }
    memmove(&plan->values[at + 1], &plan->values[at],
            (plan->value_count - at) * sizeof *plan->values);
    plan->values[at] = value;
    plan->value_count++;
}

static void map_values(MoltPlan *plan, MoltTypeId before, MoltTypeId after, const uint32_t *match,
                       uint32_t first)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    const MoltEnumerator *fallback = fallback_of(plan->after, is);
    for (uint32_t e = 0; e < was->count; e++) {
        const MoltEnumerator *item = &plan->before->tables.enumerators[was->first + e];
        MoltValueMap value = {
            item->value, fallback ? fallback->value : 0,
            fallback ? MOLT__VALUE_FALLBACK : MOLT__VALUE_GONE,
            molt__removal_of_name(plan->after, after, molt_string(plan->before, item->name)),
            item->name};
        for (uint32_t n = 0; n < is->count; n++) {
            if (match[n] != e)
                continue;
            value.after = plan->after->tables.enumerators[is->first + n].value;
            value.fate = MOLT__VALUE_KEPT;
        }
        add_value(plan, first, value);
    }
}

bool molt__plan_match_values(MoltPlan *plan, MoltTypeId before, MoltTypeId after, MoltOp *op)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    op->values = plan->value_count;
    op->value_count = 0;
    uint32_t *match = NULL, slots = 0, bad = UINT32_MAX;
    bool unchanged = true;
    if (molt__plan_grow(plan, (void **)&plan->values, &plan->value_slots, plan->value_count,
                        was->count, sizeof *plan->values) &&
        molt__plan_grow(plan, (void **)&match, &slots, 0, is->count + 1, sizeof *match))
        bad = molt__plan_match_enumerators(plan, before, after, match);
    if (bad != UINT32_MAX)
        molt__plan_find(
            plan, MOLT_REFUSE, MOLT_RULE_RENAME_AMBIGUOUS, before, MOLT__NO_FIELD, after,
            MOLT__NO_FIELD,
            molt_string(plan->after, plan->after->tables.enumerators[is->first + bad].name),
            "more than one old enumerator claims this one: keep one MOLT_WAS");
    if (!plan->failed) {
        map_values(plan, before, after, match, op->values);
        op->value_count = plan->value_count - op->values;
        for (uint32_t v = op->values; v < plan->value_count; v++)
            unchanged = unchanged && plan->values[v].fate == MOLT__VALUE_KEPT &&
                        plan->values[v].before == plan->values[v].after;
    }
    if (match)
        plan->allocator.resize(plan->allocator.context, match, (size_t)slots * sizeof *match, 0);
    return unchanged;
}
