#include "plan_emit.h"

/* A union without a source of its own, whose arms name places of the old object. */
typedef struct Merge {
    const MoltType *type;
    MoltTypeId type_id;
    MoltUnionTag tag;
    uint64_t destination; /* of the union */
} Merge;

static bool find_arm(const MoltPlan *plan, uint32_t arm, MoltEmitSource *out)
{
    return molt__emit_find_moved(plan, &plan->after->tables.fields[arm], out);
}

static void emit_arm(MoltPlan *plan, const Merge *merge, uint32_t arm)
{
    MoltEmitSource source;
    if (!find_arm(plan, arm, &source))
        return;
    molt__emit_from(plan, &source, merge->type_id, arm, merge->destination);
    molt__emit_tell_moved(plan, &source, merge->type_id, arm);
}

/* An old field that the new struct has by its name too keeps its value there. */
static bool is_kept(MoltPlan *plan, const MoltEmitSource *source)
{
    const MoltEmitFrame *frame = source->frame;
    if (source->holder != frame->before)
        return false;
    uint32_t pair = molt__plan_pair(plan, frame->before, frame->after);
    const MoltType *is = molt_type(plan->after, frame->after);
    for (uint32_t f = 0; f < is->count && !plan->failed; f++) {
        if (plan->matches[plan->pairs[pair].match + f] == source->field)
            return true;
    }
    return false;
}

/* The values of the arms that are not selected go. */
static void emit_losers(MoltPlan *plan, const Merge *merge, uint32_t selected)
{
    uint32_t taken = plan->taken_count;
    plan->taken_count = 0; /* they count as taken, but here nothing takes them */
    for (uint32_t f = merge->type->first; f < merge->type->first + merge->type->count; f++) {
        MoltEmitSource source;
        if (f == selected || !find_arm(plan, f, &source) || is_kept(plan, &source))
            continue;
        const MoltField *field = &plan->before->tables.fields[source.field];
        MoltEmitSite site = {UINT32_MAX, source.holder, source.frame->after, source.field,
                             MOLT__NO_FIELD};
        if (source.whole)
            molt__emit_drop_field(plan, &site, MOLT_RULE_FIELD_REMOVED, field,
                                  (source.first - field->bit_offset) / 8);
        else
            molt__emit_drop(plan, &site, MOLT_RULE_FIELD_REMOVED, source.type, source.first / 8,
                            MOLT__NO_CONSTANT);
    }
    plan->taken_count = taken;
}

static void emit_selected(MoltPlan *plan, const Merge *merge, uint64_t value, uint32_t arm)
{
    uint32_t body = molt__emit_body(
        plan, (MoltOp){.code = MOLT__OP_ARM, .check = MOLT__NO_CHECK, .tag = value});
    MoltEmitSource source;
    if (arm != MOLT__NO_ARM && find_arm(plan, arm, &source))
        emit_arm(plan, merge, arm);
    else if (arm != MOLT__NO_ARM)
        molt__emit_field_default(plan, &plan->after->tables.fields[arm], merge->destination);
    emit_losers(plan, merge, arm);
    molt__emit_body_end(plan, body);
}

/* Arms for all values that the old tag can have, and one for those that nobody named. */
static void emit_by_tag(MoltPlan *plan, const Merge *merge, const MoltEmitSource *tag)
{
    const MoltType *was = molt_type(plan->before, tag->type);
    const MoltType *is = molt_type(plan->after, merge->tag.type);
    const MoltField *field = &plan->before->tables.fields[tag->field];
    MoltOp op = {.code = MOLT__OP_UNION,
                 .check = MOLT__NO_CHECK,
                 .tag = tag->first / 8,
                 .forms = {tag->whole ? molt__plan_field_form(plan->before, field)
                                      : molt__plan_form(plan->before, tag->type)}};
    MoltOp values = {0};
    uint32_t arms = molt__emit_body(plan, op);
    if (was->kind == MOLT_KIND_ENUM)
        molt__plan_match_values(plan, tag->type, merge->tag.type, &values);
    for (uint32_t v = 0; v < values.value_count && !plan->failed; v++) {
        MoltValueMap value = plan->values[values.values + v];
        if (value.fate != MOLT__VALUE_GONE) /* the tag's own conversion refuses those */
            emit_selected(plan, merge, value.before,
                          molt__union_arm_of_value(plan->after, merge->type, is, value.after));
    }
    for (uint32_t e = 0; was->kind != MOLT_KIND_ENUM && e < is->count && !plan->failed; e++) {
        uint64_t number = plan->after->tables.enumerators[is->first + e].value;
        emit_selected(plan, merge, number,
                      molt__union_arm_of_value(plan->after, merge->type, is, number));
    }
    uint32_t body = molt__emit_body(
        plan, (MoltOp){.code = MOLT__OP_ARM, .check = MOLT__NO_CHECK, .otherwise = true});
    emit_losers(plan, merge, MOLT__NO_ARM);
    molt__emit_unkept(plan, body);
    molt__emit_body_end(plan, body);
    molt__emit_body_end(plan, arms);
}

/* Where the new tag gets its value from; false when it is new too. */
static bool find_tag(MoltPlan *plan, const Merge *merge, MoltEmitSource *out)
{
    const MoltEmitFrame *frame = plan->frame;
    const MoltType *is = molt_type(plan->after, frame->after);
    if (molt__emit_find_moved(plan, &plan->after->tables.fields[merge->tag.field], out))
        return true;
    uint32_t pair = UINT32_MAX;
    if (frame->before != MOLT_NO_TYPE)
        pair = molt__plan_pair(plan, frame->before, frame->after);
    if (pair == UINT32_MAX)
        return false;
    uint32_t from = plan->matches[plan->pairs[pair].match + (merge->tag.field - is->first)];
    if (from == MOLT__NO_FIELD)
        return false;
    const MoltField *field = &plan->before->tables.fields[from];
    *out = (MoltEmitSource){.frame = frame,
                            .type = molt_value_type(plan->before, field->type),
                            .holder = frame->before,
                            .field = from,
                            .whole = true,
                            .first = frame->source * 8 + field->bit_offset};
    return true;
}

static uint64_t value_of(const MoltPlan *plan, const Merge *merge, uint32_t arm)
{
    const MoltType *tag = molt_type(plan->after, merge->tag.type);
    uint32_t e = tag->first;
    while (e + 1 < tag->first + tag->count &&
           molt__union_arm(plan->after, merge->type, tag, e) != arm)
        e++;
    return plan->after->tables.enumerators[e].value;
}

bool molt__emit_moved_union(MoltPlan *plan, const MoltField *field, uint64_t destination)
{
    Merge merge = {.type = molt_type(plan->after, field->type), .type_id = field->type};
    if (!plan->frame || merge.type->kind != MOLT_KIND_UNION ||
        !molt__union_tag(plan->after, molt_type(plan->after, plan->frame->after), field,
                         &merge.tag))
        return false;
    merge.destination = destination + field->bit_offset / 8;
    uint32_t count = 0, arm = MOLT__NO_ARM;
    MoltEmitSource source;
    for (uint32_t f = merge.type->first; f < merge.type->first + merge.type->count; f++) {
        if (!find_arm(plan, f, &source))
            continue;
        count++;
        arm = f;
        if (plan->collecting)
            emit_arm(plan, &merge, f);
    }
    if (count == 0 || plan->collecting)
        return count > 0;
    uint16_t kind = MOLT_KIND_VOID;
    if (find_tag(plan, &merge, &source))
        kind = molt_type(plan->before, source.type)->kind;
    if (kind == MOLT_KIND_ENUM || kind == MOLT_KIND_INT) {
        emit_by_tag(plan, &merge, &source);
    } else if (count > 1) {
        molt__plan_find(plan, MOLT_REFUSE, MOLT_RULE_RENAME_AMBIGUOUS, MOLT_NO_TYPE, MOLT__NO_FIELD,
                        plan->frame->after, (uint32_t)(field - plan->after->tables.fields), NULL,
                        "more than one arm has a source and no old tag says which: keep one "
                        "MOLT_MOVED");
    } else {
        const MoltField *tag = &plan->after->tables.fields[merge.tag.field];
        emit_arm(plan, &merge, arm);
        molt__emit_late(plan, (MoltOp){.code = MOLT__OP_TAG,
                                       .check = MOLT__NO_CHECK,
                                       .destination = destination + tag->bit_offset / 8,
                                       .tag = value_of(plan, &merge, arm),
                                       .forms = {{0}, merge.tag.form}});
    }
    return true;
}
