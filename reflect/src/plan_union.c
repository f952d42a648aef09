#include <string.h>

#include "plan_emit.h"

/* A tagged union on both sides. */
typedef struct Union {
    uint32_t pair; /* of the two unions: which arm comes from which */
    MoltTypeId before, after;
    MoltUnionTag old_tag, new_tag;
    uint64_t source, destination; /* of the unions */
} Union;

/* The arms around one value of the old tag; MOLT__NO_ARM where there is none. */
typedef struct Arms {
    uint32_t was;      /* the old arm */
    uint32_t became;   /* the new arm that has its name */
    uint32_t selected; /* the new arm that the new tag will select */
} Arms;

static uint32_t new_arm_of(const MoltPlan *plan, const Union *u, uint32_t arm)
{
    const MoltType *is = molt_type(plan->after, u->after);
    for (uint32_t f = 0; f < is->count; f++) {
        if (plan->matches[plan->pairs[u->pair].match + f] == arm)
            return is->first + f;
    }
    return MOLT__NO_ARM;
}

static Arms arms_of(const MoltPlan *plan, const Union *u, const MoltValueMap *value)
{
    Arms arms = {MOLT__NO_ARM, MOLT__NO_ARM, MOLT__NO_ARM};
    arms.was = molt__union_arm_of_value(plan->before, molt_type(plan->before, u->before),
                                        molt_type(plan->before, u->old_tag.type), value->before);
    if (arms.was != MOLT__NO_ARM)
        arms.became = new_arm_of(plan, u, arms.was);
    if (value->fate != MOLT__VALUE_GONE)
        arms.selected =
            molt__union_arm_of_value(plan->after, molt_type(plan->after, u->after),
                                     molt_type(plan->after, u->new_tag.type), value->after);
    return arms;
}

/* The enumerator goes on, be it under one of two names that part. */
static bool is_kept(const MoltValueMap *value)
{
    return value->fate == MOLT__VALUE_KEPT || value->fate == MOLT__VALUE_SPLIT;
}

static bool has_version(const MoltSchema *schema, const MoltType *type)
{
    return molt_schema_note(schema, type->note_first, type->note_count, MOLT_NOTE_VERSION) != NULL;
}

static bool same_members(const MoltPlan *plan, const MoltType *was, const MoltType *is)
{
    const uint32_t layout = MOLT_FIELD_BITS | MOLT_FIELD_TRANSIENT | MOLT_FIELD_EXTERNAL;
    bool same = was->count == is->count;
    for (uint32_t f = 0; f < was->count && same; f++) {
        const MoltField *old = &plan->before->tables.fields[was->first + f];
        const MoltField *new = &plan->after->tables.fields[is->first + f];
        same = strcmp(molt_string(plan->before, old->name), molt_string(plan->after, new->name)) ==
                   0 &&
               old->bit_offset == new->bit_offset && old->bit_width == new->bit_width &&
               (old->flags & layout) == (new->flags &layout) &&
               molt__emit_is_same_union(plan, old->type, new->type);
    }
    return same;
}

/* A field without a source has the name of a member of the struct or union `id`, or of one without a name in
 * it. */
static bool is_new_field(const MoltPlan *plan, const MoltPair *pair, MoltTypeId id)
{
    const MoltType *type = molt_type(plan->before, id), *is = molt_type(plan->after, pair->after);
    bool found = false;
    for (uint32_t f = type->first; f < type->first + type->count && !found; f++) {
        const MoltField *field = &plan->before->tables.fields[f];
        const char *name = molt_string(plan->before, field->name);
        if (name[0] == '<')
            found = is_new_field(plan, pair, field->type);
        for (uint32_t n = 0; n < is->count && !found; n++)
            found = plan->matches[pair->match + n] == MOLT__NO_FIELD &&
                    strcmp(name, molt_string(plan->after,
                                             plan->after->tables.fields[is->first + n].name)) == 0;
    }
    return found;
}

bool molt__emit_is_scattered(const MoltPlan *plan, uint32_t pair, uint32_t field)
{
    const MoltPair *of = &plan->pairs[pair];
    const MoltField *was = &plan->before->tables.fields[field];
    MoltUnionTag tag;
    return molt_type(plan->before, was->type)->kind == MOLT_KIND_UNION &&
           molt_string(plan->before, was->name)[0] == '<' &&
           !molt__union_tag(plan->before, molt_type(plan->before, of->before), was, &tag) &&
           is_new_field(plan, of, was->type);
}

bool molt__emit_is_same_union(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    if (was->hash == is->hash)
        return true;
    if (was->kind != is->kind || was->flags != is->flags || was->size != is->size)
        return false;
    if (molt_kind_is_sequence(was->kind))
        return was->length == is->length && molt__emit_is_same_union(plan, was->elem, is->elem);
    return (was->kind == MOLT_KIND_STRUCT || was->kind == MOLT_KIND_UNION) &&
           molt__plan_same_type(plan, before, after) && !has_version(plan->before, was) &&
           !has_version(plan->after, is) && same_members(plan, was, is);
}

static bool same_bytes(const MoltPlan *plan, const Union *u)
{
    return molt__emit_is_same_union(plan, u->before, u->after);
}

/* Whatever the tag says, the bytes stay what they are. */
static bool is_copy(const MoltPlan *plan, const Union *u, const MoltOp *values)
{
    if (molt__plan_arms_have_pointers(plan->before, u->before) ||
        !molt__emit_is_copy(plan, u->before, u->after))
        return false;
    for (uint32_t v = 0; v < values->value_count; v++) {
        const MoltValueMap *value = &plan->values[values->values + v];
        Arms arms = arms_of(plan, u, value);
        if (!is_kept(value) || arms.became != arms.selected)
            return false;
    }
    return true;
}

static MoltEmitSite arm_site(const Union *u, uint32_t before, uint32_t after)
{
    return (MoltEmitSite){u->pair, u->before, u->after, before, after};
}

static void emit_refusal(MoltPlan *plan, const Union *u, const MoltEmitSite *site, MoltRule rule,
                         uint32_t name)
{
    molt__emit_op(plan, (MoltOp){.code = MOLT__OP_REFUSE,
                                 .check = molt__emit_check(plan, site),
                                 .rule = (uint8_t)rule,
                                 .source = u->source,
                                 .constant = name});
}

/* Bytes that the tag gives no meaning: kept where nothing else can be meant by them. */
static void emit_bytes(MoltPlan *plan, const Union *u, const MoltEmitSite *site, uint32_t selected)
{
    uint64_t size = molt_type(plan->before, u->before)->size;
    if (selected == MOLT__NO_ARM && same_bytes(plan, u)) {
        molt__emit_copy(plan, u->source, u->destination, size);
        return;
    }
    molt__emit_op(plan, (MoltOp){.code = MOLT__OP_DROP_BYTES,
                                 .check = molt__emit_check(plan, site),
                                 .rule = MOLT_RULE_UNION_UNSELECTED,
                                 .before = MOLT_NO_TYPE,
                                 .source = u->source,
                                 .size = size,
                                 .constant = MOLT__NO_CONSTANT});
    if (selected != MOLT__NO_ARM)
        molt__emit_field_default(plan, &plan->after->tables.fields[selected], u->destination);
}

static void emit_gone(MoltPlan *plan, const Union *u, uint32_t arm)
{
    MoltEmitSite gone = arm_site(u, arm, MOLT__NO_FIELD);
    uint32_t first = plan->op_count;
    molt__emit_drop_field(plan, &gone, MOLT_RULE_UNION_ARM_REMOVED,
                          &plan->before->tables.fields[arm], u->source);
    molt__emit_keep_defaults(plan, first); /* else an arm would return in part */
}

static void emit_arm(MoltPlan *plan, const Union *u, const MoltEmitSite *site, MoltValueMap value)
{
    Arms arms = arms_of(plan, u, &value);
    if (arms.was == MOLT__NO_ARM) {
        emit_bytes(plan, u, site, arms.selected);
    } else if (value.fate == MOLT__VALUE_FALLBACK) {
        emit_gone(plan, u, arms.was);
        if (arms.selected != MOLT__NO_ARM)
            molt__emit_field_default(plan, &plan->after->tables.fields[arms.selected],
                                     u->destination);
    } else if (is_kept(&value)) {
        MoltEmitSite stays = arm_site(u, arms.was, arms.became);
        if (arms.became == MOLT__NO_ARM && arms.selected == MOLT__NO_ARM && plan->undoes)
            emit_gone(plan, u, arms.was); /* the enumerator had no arm before the edit */
        else if (arms.became == MOLT__NO_ARM)
            emit_refusal(plan, u, &stays, MOLT_RULE_UNION_ARM_REMOVED, value.name);
        else if (arms.became != arms.selected)
            emit_refusal(plan, u, &stays, MOLT_RULE_UNION_ARM_CHANGED, value.name);
        else
            molt__emit_field(plan, &stays, u->source, u->destination);
    } else if (arms.became == MOLT__NO_ARM) {
        /* the tag's own conversion refuses where this value is live; elsewhere the arm just goes */
        MoltEmitSite gone = arm_site(u, arms.was, MOLT__NO_FIELD);
        molt__emit_check(plan, &gone);
    }
}

/* Of a union whose bytes may be pointers, whatever the tag says. */
static uint64_t bytes_with_pointers(const MoltPlan *plan, MoltTypeId id)
{
    bool has = molt__plan_arms_have_pointers(plan->before, id);
    return has ? molt_type(plan->before, id)->size : 0;
}

static void emit_arms(MoltPlan *plan, const Union *u, const MoltEmitSite *site, uint64_t holder,
                      const MoltOp *values)
{
    uint32_t arms = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_UNION,
                                                   .check = MOLT__NO_CHECK,
                                                   .size = bytes_with_pointers(plan, u->before),
                                                   .length = u->source,
                                                   .tag = holder + u->old_tag.offset,
                                                   .forms = {u->old_tag.form}});
    for (uint32_t v = 0; v < values->value_count && !plan->failed; v++) {
        MoltValueMap value = plan->values[values->values + v]; /* emitting moves the table */
        uint32_t body = molt__emit_body(
            plan, (MoltOp){.code = MOLT__OP_ARM, .check = MOLT__NO_CHECK, .tag = value.before});
        emit_arm(plan, u, site, value);
        molt__emit_body_end(plan, body);
    }
    uint32_t body = molt__emit_body(
        plan, (MoltOp){.code = MOLT__OP_ARM, .check = MOLT__NO_CHECK, .otherwise = true});
    emit_bytes(plan, u, site, MOLT__NO_ARM);
    molt__emit_unkept(plan, body);
    molt__emit_body_end(plan, body);
    molt__emit_body_end(plan, arms);
}

/* The new tag takes its value from the old one; another tag could not know the old arm. */
static bool tag_follows(const MoltPlan *plan, const MoltEmitSite *site, const Union *u,
                        uint64_t holder)
{
    const MoltField *was = &plan->before->tables.fields[u->old_tag.field];
    MoltEmitSource moved;
    if (molt__emit_find_moved(plan, &plan->after->tables.fields[u->new_tag.field], &moved))
        return moved.field == u->old_tag.field && moved.first == holder * 8 + was->bit_offset;
    if (site->pair == UINT32_MAX)
        return false;
    const MoltType *is = molt_type(plan->after, site->type_after);
    return plan->matches[plan->pairs[site->pair].match + (u->new_tag.field - is->first)] ==
           u->old_tag.field;
}

/* What the arms take from elsewhere, whichever is active. */
static void collect_arms(MoltPlan *plan, const Union *u)
{
    const MoltType *was = molt_type(plan->before, u->before);
    for (uint32_t f = was->first; f < was->first + was->count && !plan->failed; f++) {
        MoltEmitSite site = arm_site(u, f, new_arm_of(plan, u, f));
        if (site.after != MOLT__NO_ARM)
            molt__emit_field(plan, &site, u->source, u->destination);
    }
}

bool molt__emit_union(MoltPlan *plan, const MoltEmitSite *site, uint64_t source,
                      uint64_t destination)
{
    const MoltField *was = &plan->before->tables.fields[site->before];
    const MoltField *is = &plan->after->tables.fields[site->after];
    Union u = {.before = was->type,
               .after = is->type,
               .source = source + was->bit_offset / 8,
               .destination = destination + is->bit_offset / 8};
    if (!molt__union_tag(plan->before, molt_type(plan->before, site->type_before), was, &u.old_tag))
        return false;
    bool tagged =
        molt__union_tag(plan->after, molt_type(plan->after, site->type_after), is, &u.new_tag);
    if (!tagged || !tag_follows(plan, site, &u, source)) {
        if (!tagged && !molt__plan_arms_have_pointers(plan->before, u.before))
            return false; /* without a tag bytes are bytes; under another one they mean another arm */
        molt__emit_drop(plan, site, MOLT_RULE_UNION_CHANGED, u.before, u.source, MOLT__NO_CONSTANT);
        molt__emit_default(plan, u.after, u.destination);
        return true;
    }
    u.pair = molt__plan_pair(plan, u.before, u.after);
    if (plan->failed)
        return true;
    molt__plan_report_pair(plan, u.pair);
    if (plan->collecting) {
        collect_arms(plan, &u);
        return true;
    }
    MoltOp values;
    molt__plan_match_values(plan, u.old_tag.type, u.new_tag.type, &values);
    if (plan->failed)
        return true;
    if (is_copy(plan, &u, &values))
        molt__emit_copy(plan, u.source, u.destination, molt_type(plan->before, u.before)->size);
    else
        emit_arms(plan, &u, site, source, &values);
    return true;
}

void molt__emit_scan_union(MoltPlan *plan, const MoltEmitSite *site, uint64_t at)
{
    const MoltField *field = &plan->before->tables.fields[site->before];
    const MoltField *is = &plan->after->tables.fields[site->after];
    const MoltType *type = molt_type(plan->before, field->type);
    MoltUnionTag tag;
    if (!molt__union_tag(plan->before, molt_type(plan->before, site->type_before), field, &tag) ||
        !molt__plan_arms_have_pointers(plan->before, field->type))
        return;
    uint32_t pair = molt__plan_pair(plan, field->type, is->type);
    const MoltType *tags = molt_type(plan->before, tag.type);
    uint32_t arms = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_UNION,
                                                   .check = MOLT__NO_CHECK,
                                                   .size = type->size,
                                                   .length = at,
                                                   .tag = at + tag.offset,
                                                   .forms = {tag.form}});
    for (uint32_t e = tags->first; e < tags->first + tags->count && !plan->failed; e++) {
        uint32_t arm = molt__union_arm(plan->before, type, tags, e);
        if (arm == MOLT__NO_ARM)
            continue;
        MoltOp op = {.code = MOLT__OP_ARM,
                     .check = MOLT__NO_CHECK,
                     .tag = plan->before->tables.enumerators[e].value};
        uint32_t body = molt__emit_body(plan, op);
        MoltEmitSite inner = {pair, field->type, is->type, arm,
                              molt_type(plan->after, is->type)->first + (arm - type->first)};
        molt__emit_scan_field(plan, &inner, at + field->bit_offset / 8);
        molt__emit_body_end(plan, body);
    }
    molt__emit_body_end(plan, arms);
}

static bool is_retagged(MoltPlan *plan, const MoltType *was, const MoltType *is, uint32_t f)
{
    const MoltField *old = &plan->before->tables.fields[was->first + f];
    const MoltField *new = &plan->after->tables.fields[is->first + f];
    Union u = {.before = old->type, .after = new->type};
    if (!molt__union_tag(plan->before, was, old, &u.old_tag) ||
        !molt__union_tag(plan->after, is, new, &u.new_tag))
        return false;
    if (u.old_tag.field - was->first != u.new_tag.field - is->first)
        return true;
    u.pair = molt__plan_pair(plan, u.before, u.after);
    const MoltType *tags = molt_type(plan->before, u.old_tag.type);
    for (uint32_t e = tags->first; e < tags->first + tags->count && !plan->failed; e++) {
        uint64_t number = plan->before->tables.enumerators[e].value;
        Arms arms = arms_of(plan, &u, &(MoltValueMap){number, number, MOLT__VALUE_KEPT, false, 0});
        bool in_place =
            arms.was == MOLT__NO_ARM || arms.became - molt_type(plan->after, u.after)->first ==
                                            arms.was - molt_type(plan->before, u.before)->first;
        if (arms.became != arms.selected || !in_place)
            return true;
    }
    return false;
}

bool molt__plan_is_retagged(MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    for (uint32_t f = 0; f < is->count && !plan->failed; f++) {
        if (is_retagged(plan, was, is, f))
            return true;
    }
    return false;
}
