#include <string.h>

#include "plan_ops.h"

/* Something with a name and MOLT_WAS notes: a type, a field or an enumerator. */
typedef struct Named {
    uint32_t name, note_first, note_count;
    bool taken;       /* old side: claimed by a MOLT_WAS of the new side */
    const char *file; /* of a type's definition; NULL for what needs none to be told apart */
} Named;

/* A pointer chain that deep is not C; a schema from elsewhere may hold one. */
enum { DEPTH_LIMIT = 64 };

static uint32_t find_name(const MoltSchema *schema, const Named *items, uint32_t count,
                          const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(molt_string(schema, items[i].name), name) == 0)
            return i;
    }
    return UINT32_MAX;
}

/* A type that a source has for itself is called after its file only while another source has one of
 * that name: "ground.c:Cell". This is the part that never changes. */
static const char *base_name(const MoltSchema *schema, const Named *item)
{
    const char *name = molt_string(schema, item->name);
    size_t length = item->file ? strlen(item->file) : 0;
    bool qualified = length > 0 && strncmp(name, item->file, length) == 0 && name[length] == ':';
    return qualified ? name + length + 1 : name;
}

/* The old item of that base name from the file of `item`, or UINT32_MAX. */
static uint32_t find_in_file(const MoltPlan *plan, const Named *olds, uint32_t old_count,
                             const Named *item, const char *base)
{
    for (uint32_t i = 0; item->file && item->file[0] && i < old_count; i++) {
        if (olds[i].file && strcmp(olds[i].file, item->file) == 0 &&
            strcmp(base_name(plan->before, &olds[i]), base) == 0)
            return i;
    }
    return UINT32_MAX;
}

/* The old item that new item `item` is when no MOLT_WAS says otherwise. */
static uint32_t find_same(const MoltPlan *plan, const Named *olds, uint32_t old_count,
                          const Named *news, uint32_t new_count, const Named *item)
{
    uint32_t found = find_in_file(plan, olds, old_count, item, base_name(plan->after, item));
    if (found != UINT32_MAX)
        return found;
    found = find_name(plan->before, olds, old_count, molt_string(plan->after, item->name));
    if (found == UINT32_MAX || !olds[found].file || !olds[found].file[0])
        return found;
    /* Types that moved to another file keep their name, unless the old file has one as well. */
    const char *base = base_name(plan->before, &olds[found]);
    for (uint32_t n = 0; n < new_count; n++) {
        if (&news[n] != item && news[n].file && strcmp(news[n].file, olds[found].file) == 0 &&
            strcmp(base_name(plan->after, &news[n]), base) == 0)
            return UINT32_MAX;
    }
    return found;
}

static bool has_was(const MoltSchema *schema, const Named *item, const char *name)
{
    for (uint32_t n = 0; n < item->note_count; n++) {
        const MoltNote *note = &schema->tables.notes[item->note_first + n];
        if (note->kind == MOLT_NOTE_WAS && strcmp(molt_string(schema, note->text), name) == 0)
            return true;
    }
    return false;
}

/* The old item that MOLT_WAS on new item `item` names, newest name first. A name that the old item of
 * the same name carries too was applied in an earlier reload: the note stays in the source for ever. */
static uint32_t find_was(const MoltPlan *plan, const Named *olds, uint32_t old_count,
                         const Named *item, uint32_t same)
{
    for (uint32_t n = item->note_count; n-- > 0;) {
        const MoltNote *note = &plan->after->tables.notes[item->note_first + n];
        if (note->kind != MOLT_NOTE_WAS)
            continue;
        const char *name = molt_string(plan->after, note->text);
        if (same != UINT32_MAX && has_was(plan->before, &olds[same], name))
            continue;
        uint32_t found = find_in_file(plan, olds, old_count, item, name);
        if (found == UINT32_MAX)
            found = find_name(plan->before, olds, old_count, name);
        if (found != UINT32_MAX && found != same)
            return found;
    }
    return UINT32_MAX;
}

/* The unmatched new item that has the last name which old item `item` was known by, when no other old
 * item was known by it too. */
static uint32_t find_undone(const MoltPlan *plan, const Named *olds, uint32_t old_count,
                            uint32_t item, const Named *news, uint32_t new_count,
                            const uint32_t *match)
{
    for (uint32_t n = olds[item].note_count; n-- > 0;) {
        const MoltNote *note = &plan->before->tables.notes[olds[item].note_first + n];
        if (note->kind != MOLT_NOTE_WAS)
            continue;
        const char *name = molt_string(plan->before, note->text);
        uint32_t found = find_name(plan->after, news, new_count, name);
        for (uint32_t o = 0; found != UINT32_MAX && o < old_count; o++) {
            if (o != item && has_was(plan->before, &olds[o], name))
                found = UINT32_MAX;
        }
        if (found != UINT32_MAX && match[found] == UINT32_MAX)
            return found;
    }
    return UINT32_MAX;
}

/* Undoing an annotated rename takes the annotation away with the new name, so only the old side knows
 * that the two names mean the same. Within a session that is enough: what vanishes under its new name
 * goes on under the old one. */
static void match_undone(const MoltPlan *plan, Named *olds, uint32_t old_count, const Named *news,
                         uint32_t new_count, uint32_t *match)
{
    for (uint32_t o = 0; o < old_count; o++) {
        if (olds[o].taken || olds[o].note_count == 0 ||
            find_name(plan->after, news, new_count, molt_string(plan->before, olds[o].name)) !=
                UINT32_MAX)
            continue;
        uint32_t found = find_undone(plan, olds, old_count, o, news, new_count, match);
        if (found == UINT32_MAX)
            continue;
        match[found] = o;
        olds[o].taken = true;
    }
}

static Named *named_table(MoltPlan *plan, uint32_t count);
static void free_named(MoltPlan *plan, Named *items, uint32_t count);
static uint32_t match_forwards(MoltPlan *plan, Named *olds, uint32_t old_count, const Named *news,
                               uint32_t new_count, uint32_t *match);

/* An edit is undone: each new item goes on with what came from it on the way that led away. */
static void match_backwards(MoltPlan *plan, Named *olds, uint32_t old_count, const Named *news,
                            uint32_t new_count, uint32_t *match)
{
    MoltPlan away = {.allocator = plan->allocator,
                     .before = plan->after,
                     .after = plan->before,
                     .policy = MOLT_POLICY_STRICT};
    uint32_t *came = NULL, slots = 0;
    Named *firsts = named_table(plan, new_count);
    for (uint32_t n = 0; n < new_count; n++)
        match[n] = UINT32_MAX;
    if (firsts && molt__plan_grow(plan, (void **)&came, &slots, 0, old_count + 1, sizeof *came)) {
        for (uint32_t n = 0; n < new_count; n++)
            firsts[n] = news[n];
        match_forwards(&away, firsts, new_count, olds, old_count, came);
        for (uint32_t o = 0; o < old_count; o++) {
            if (came[o] == UINT32_MAX || match[came[o]] != UINT32_MAX)
                continue;
            match[came[o]] = o;
            olds[o].taken = true;
        }
    }
    if (came)
        plan->allocator.resize(plan->allocator.context, came, (size_t)slots * sizeof *came, 0);
    free_named(plan, firsts, new_count);
}

/* Fills match[] (per new item the old one or UINT32_MAX). Returns the first new item whose source is
 * ambiguous, UINT32_MAX when none is. */
static uint32_t match_names(MoltPlan *plan, Named *olds, uint32_t old_count, const Named *news,
                            uint32_t new_count, uint32_t *match)
{
    if (!plan->undoes)
        return match_forwards(plan, olds, old_count, news, new_count, match);
    match_backwards(plan, olds, old_count, news, new_count, match);
    return UINT32_MAX;
}

static uint32_t match_forwards(MoltPlan *plan, Named *olds, uint32_t old_count, const Named *news,
                               uint32_t new_count, uint32_t *match)
{
    uint32_t ambiguous = UINT32_MAX;
    for (uint32_t i = 0; i < new_count; i++) {
        uint32_t same = find_same(plan, olds, old_count, news, new_count, &news[i]);
        match[i] = find_was(plan, olds, old_count, &news[i], same);
        if (match[i] == UINT32_MAX)
            continue;
        if (olds[match[i]].taken)
            ambiguous = i;
        olds[match[i]].taken = true;
    }
    for (uint32_t i = 0; i < new_count; i++) {
        uint32_t same = find_same(plan, olds, old_count, news, new_count, &news[i]);
        if (same == UINT32_MAX)
            continue;
        if (match[i] == UINT32_MAX) {
            if (!olds[same].taken)
                match[i] = same;
        } else if (!olds[same].taken) {
            ambiguous = i; /* both its own old value and the one it claims want the place */
        }
    }
    if (plan->policy == MOLT_POLICY_LIVE)
        match_undone(plan, olds, old_count, news, new_count, match);
    return ambiguous;
}

static Named *named_table(MoltPlan *plan, uint32_t count)
{
    Named *items = plan->allocator.resize(plan->allocator.context, NULL, 0,
                                          ((size_t)count + 1) * sizeof *items);
    if (!items)
        plan->failed = true;
    return items;
}

static void free_named(MoltPlan *plan, Named *items, uint32_t count)
{
    if (items)
        plan->allocator.resize(plan->allocator.context, items, ((size_t)count + 1) * sizeof *items,
                               0);
}

/* ---- types ---------------------------------------------------------------------------------- */

static bool is_named(uint16_t kind)
{
    return kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION || kind == MOLT_KIND_ENUM ||
           kind == MOLT_KIND_OPAQUE;
}

/* Collects the types that a MOLT_WAS can name; ids[] gets their ids. */
static uint32_t named_types(const MoltSchema *schema, Named *items, MoltTypeId *ids)
{
    uint32_t count = 0;
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *type = molt_type(schema, t);
        if (!is_named(type->kind))
            continue;
        ids[count] = t;
        items[count++] = (Named){type->name, type->note_first, type->note_count, false,
                                 molt_string(schema, type->file)};
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
    Named *olds = named_table(plan, old_all), *news = named_table(plan, new_all);
    MoltTypeId *ids = NULL;
    uint32_t slots = 0;
    if (olds && news &&
        molt__plan_grow(plan, (void **)&ids, &slots, 0, old_all + new_all * 2 + 1, sizeof *ids)) {
        MoltTypeId *old_ids = ids, *new_ids = ids + old_all;
        uint32_t *match = new_ids + new_all;
        uint32_t old_count = named_types(plan->before, olds, old_ids);
        uint32_t new_count = named_types(plan->after, news, new_ids);
        uint32_t bad = match_names(plan, olds, old_count, news, new_count, match);
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
    free_named(plan, olds, old_all);
    free_named(plan, news, new_all);
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
        if (found != MOLT_NO_TYPE && molt_type(plan->after, found)->kind == was->kind)
            entry->after = found;
    }
    if (entry->after != MOLT_NO_TYPE)
        plan->origins[entry->after] = before;
    return entry->after;
}

static bool has_any(const MoltSchema *schema, const MoltType *type, MoltNoteKind kind)
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
        if (molt_schema_note(schema, first, count, kind))
            return true;
    }
    return false;
}

/* The values of a type may have other places or names although its layout stays. */
static bool has_renames(const MoltPlan *plan, const MoltType *was, const MoltType *is)
{
    return has_any(plan->after, is, MOLT_NOTE_WAS) ||
           (plan->undoes && (has_any(plan->before, was, MOLT_NOTE_WAS) ||
                             has_any(plan->before, was, MOLT_NOTE_MOVED)));
}

/* Two names that change places leave the layout as it was; the values move nevertheless. */
static bool moves_within(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    if (is->kind == MOLT_KIND_STRUCT &&
        (molt__plan_is_retagged(plan, before, after) ||
         (!plan->undoes && molt__plan_moves_within(plan, before, after)) ||
         molt__plan_is_reindexed(plan, before, after)))
        return true;
    if ((is->kind != MOLT_KIND_STRUCT && is->kind != MOLT_KIND_ENUM) || !has_renames(plan, was, is))
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

bool molt__plan_is_shuffled(const MoltPlan *plan, MoltTypeId before)
{
    const MoltType *type = molt_type(plan->before, before);
    if (plan->types[before].shuffled)
        return true;
    if (molt_kind_is_sequence(type->kind))
        return molt__plan_is_shuffled(plan, type->elem);
    for (uint32_t f = 0; type->kind == MOLT_KIND_STRUCT && f < type->count; f++) {
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
        plan->types[t].shuffled = fate == MOLT_FATE_SAME && moves_within(plan, t, after);
    }
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

static void named_fields(const MoltSchema *schema, const MoltType *type, Named *items)
{
    for (uint32_t f = 0; f < type->count; f++) {
        const MoltField *field = &schema->tables.fields[type->first + f];
        items[f] = (Named){field->name, field->note_first, field->note_count, false, NULL};
    }
}

/* Two members have one name, now or by what one of them was called earlier. An annotated rename that is
 * undone is known from the old side's note. */
static bool same_member(const MoltPlan *plan, const MoltField *old, const MoltField *new)
{
    const char *was = molt_string(plan->before, old->name);
    const char *is = molt_string(plan->after, new->name);
    Named before = {old->name, old->note_first, old->note_count, false, NULL};
    Named after = {new->name, new->note_first, new->note_count, false, NULL};
    return strcmp(was, is) == 0 || has_was(plan->after, &after, was) ||
           (plan->policy == MOLT_POLICY_LIVE && has_was(plan->before, &before, is));
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

/* An edit is undone: what MOLT_MOVED gave an old field is not what the field of its name had. */
static void unmatch_moved(const MoltPlan *plan, MoltTypeId before, MoltTypeId after,
                          uint32_t *match)
{
    const MoltPlan away = {.before = plan->after, .after = plan->before};
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    for (uint32_t f = 0; f < is->count; f++) {
        if (match[f] != UINT32_MAX &&
            molt__plan_moves_over(&away, after, is->first + f, was->first + match[f]))
            match[f] = UINT32_MAX;
    }
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
    Named *olds = named_table(plan, was->count), *news = named_table(plan, is->count);
    uint32_t index = UINT32_MAX;
    if (olds && news) {
        uint32_t *match = plan->matches + plan->match_count;
        named_fields(plan->before, was, olds);
        named_fields(plan->after, is, news);
        uint32_t bad = match_names(plan, olds, was->count, news, is->count, match);
        if (bad != UINT32_MAX)
            molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_RENAME_AMBIGUOUS, before, MOLT__NO_FIELD,
                            after, is->first + bad, NULL,
                            "more than one old field claims this place: keep one MOLT_WAS, and "
                            "give the other old field a place or remove it in an edit of its own");
        match_groups(plan, was, is, match);
        if (plan->undoes && is->kind == MOLT_KIND_STRUCT)
            unmatch_moved(plan, before, after, match);
        for (uint32_t f = 0; f < is->count; f++)
            match[f] = match[f] == UINT32_MAX ? MOLT__NO_FIELD : was->first + match[f];
        for (uint32_t f = is->count; f < room; f++)
            match[f] = MOLT__NO_CHECK;
        index = plan->pair_count++;
        plan->pairs[index] = (MoltPair){before, after, plan->match_count, false};
        plan->match_count += room;
    }
    free_named(plan, olds, was->count);
    free_named(plan, news, is->count);
    return index;
}

/* ---- enumerators ---------------------------------------------------------------------------- */

static void named_enumerators(const MoltSchema *schema, const MoltType *type, Named *items)
{
    for (uint32_t e = 0; e < type->count; e++) {
        const MoltEnumerator *item = &schema->tables.enumerators[type->first + e];
        items[e] = (Named){item->name, item->note_first, item->note_count, false, NULL};
    }
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

bool molt__plan_match_values(MoltPlan *plan, MoltTypeId before, MoltTypeId after, MoltOp *op)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    op->values = plan->value_count;
    op->value_count = 0;
    Named *olds = named_table(plan, was->count), *news = named_table(plan, is->count);
    uint32_t *match = NULL, slots = 0;
    bool unchanged = true;
    if (olds && news &&
        molt__plan_grow(plan, (void **)&plan->values, &plan->value_slots, plan->value_count,
                        was->count, sizeof *plan->values) &&
        molt__plan_grow(plan, (void **)&match, &slots, 0, is->count + 1, sizeof *match)) {
        named_enumerators(plan->before, was, olds);
        named_enumerators(plan->after, is, news);
        uint32_t bad = match_names(plan, olds, was->count, news, is->count, match);
        if (bad != UINT32_MAX)
            molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_RENAME_AMBIGUOUS, before, MOLT__NO_FIELD,
                            after, MOLT__NO_FIELD, molt_string(plan->after, news[bad].name),
                            "more than one old enumerator claims this one: keep one MOLT_WAS");
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
            add_value(plan, op->values, value);
        }
        op->value_count = plan->value_count - op->values;
        for (uint32_t v = op->values; v < plan->value_count; v++)
            unchanged = unchanged && plan->values[v].fate == MOLT__VALUE_KEPT &&
                        plan->values[v].before == plan->values[v].after;
    }
    if (match)
        plan->allocator.resize(plan->allocator.context, match, (size_t)slots * sizeof *match, 0);
    free_named(plan, olds, was->count);
    free_named(plan, news, is->count);
    return unchanged;
}
