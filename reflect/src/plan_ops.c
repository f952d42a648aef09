#include <string.h>

#include "plan_emit.h"
#include "plan_trace.h"

MoltOp *molt__emit_op(MoltPlan *plan, MoltOp op)
{
    if (plan->collecting || !molt__plan_grow(plan, (void **)&plan->ops, &plan->op_slots,
                                             plan->op_count, 1, sizeof *plan->ops))
        return NULL;
    op.waited = op.waited || plan->waited;
    if (op.code == MOLT__OP_DROP_BYTES || op.code == MOLT__OP_DROP_NUMBER)
        op.keeps_default = op.keeps_default || plan->waited;
    plan->ops[plan->op_count] = op;
    return &plan->ops[plan->op_count++];
}

bool molt__emit_waited(MoltPlan *plan, uint32_t before, uint32_t after)
{
    bool around = plan->waited;
    molt__emit_waited_end(plan, around || molt__trace_waited(plan, before, after));
    return around;
}

void molt__emit_waited_end(MoltPlan *plan, bool around)
{
    if (plan->waited != around)
        plan->merge_floor = plan->op_count;
    plan->waited = around;
}

void molt__emit_copy(MoltPlan *plan, uint64_t source, uint64_t destination, uint64_t size)
{
    if (plan->op_count > plan->merge_floor) {
        MoltOp *last = &plan->ops[plan->op_count - 1];
        if (last->code == MOLT__OP_COPY && last->source + last->size == source &&
            last->destination + last->size == destination) {
            last->size += size;
            return;
        }
    }
    molt__emit_op(plan, (MoltOp){.code = MOLT__OP_COPY,
                                 .check = MOLT__NO_CHECK,
                                 .source = source,
                                 .destination = destination,
                                 .size = size});
}

uint32_t molt__emit_body(MoltPlan *plan, MoltOp op)
{
    molt__emit_op(plan, op);
    plan->merge_floor = plan->op_count;
    return plan->op_count;
}

void molt__emit_body_end(MoltPlan *plan, uint32_t body)
{
    if (!plan->failed && !plan->collecting)
        plan->ops[body - 1].body = plan->op_count - body;
    plan->merge_floor = plan->op_count;
}

/* Elements that lie elsewhere in the old object have a base of their own; it follows from the way
 * to them alone, so that it is the same when the type is emitted again. */
void molt__emit_base(MoltPlan *plan, uint64_t source, uint64_t stride)
{
    if (plan->base_depth == sizeof plan->bases / sizeof *plan->bases) {
        plan->failed = true; /* deeper than a schema can nest */
        return;
    }
    plan->bases[plan->base_depth++] = plan->base;
    if (source != 0 || stride != 0)
        plan->base = (plan->base + source * 2 + stride) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

void molt__emit_arm_base(MoltPlan *plan, uint32_t arm)
{
    molt__emit_base(plan, arm, UINT64_MAX - 1); /* no array has such a stride */
}

void molt__emit_base_end(MoltPlan *plan)
{
    if (plan->base_depth > 0)
        plan->base = plan->bases[--plan->base_depth];
}

uint32_t molt__emit_loop(MoltPlan *plan, uint64_t length, uint64_t source, uint64_t source_stride,
                         uint64_t destination, uint64_t destination_stride)
{
    molt__emit_base(plan, source, source_stride);
    return molt__emit_body(plan, (MoltOp){.code = MOLT__OP_LOOP,
                                          .check = MOLT__NO_CHECK,
                                          .source = source,
                                          .destination = destination,
                                          .length = length,
                                          .source_stride = source_stride,
                                          .destination_stride = destination_stride});
}

void molt__emit_loop_end(MoltPlan *plan, uint32_t body)
{
    molt__emit_base_end(plan);
    molt__emit_body_end(plan, body);
    if (!plan->failed && !plan->collecting && plan->op_count == body)
        plan->op_count--; /* an empty loop does nothing */
    plan->merge_floor = plan->op_count;
}

void molt__emit_enter(MoltPlan *plan, MoltEmitFrame *frame, MoltTypeId before, MoltTypeId after,
                      uint64_t source, uint64_t destination)
{
    *frame = (MoltEmitFrame){.before = before,
                             .after = after,
                             .source = source,
                             .destination = destination,
                             .base = plan->base,
                             .base_depth = plan->base_depth,
                             .late = plan->late_count,
                             .outer = plan->frame};
    plan->frame = frame;
}

void molt__emit_late(MoltPlan *plan, MoltOp op)
{
    if (!plan->collecting && molt__plan_grow(plan, (void **)&plan->late, &plan->late_slots,
                                             plan->late_count, 1, sizeof *plan->late))
        plan->late[plan->late_count++] = op;
}

void molt__emit_leave(MoltPlan *plan)
{
    for (uint32_t l = plan->frame->late; l < plan->late_count; l++)
        molt__emit_op(plan, plan->late[l]);
    plan->late_count = plan->frame->late;
    plan->frame = plan->frame->outer;
}

static uint32_t allowed_losses(const MoltSchema *schema, const MoltField *field)
{
    static const struct {
        const char *word;
        uint32_t allow;
    } words[] = {{"trunc", MOLT__ALLOW_FRACTION},
                 {"round", MOLT__ALLOW_FRACTION | MOLT__ALLOW_ROUND},
                 {"saturate", MOLT__ALLOW_SATURATE},
                 {"truncate", MOLT__ALLOW_TRUNCATE}};
    uint32_t allow = 0;
    for (uint32_t n = 0; n < field->note_count; n++) {
        const MoltNote *note = &schema->tables.notes[field->note_first + n];
        if (note->kind != MOLT_NOTE_CONVERT)
            continue;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            if (strcmp(molt_string(schema, note->text), words[w].word) == 0)
                allow |= words[w].allow;
        }
    }
    return allow;
}

/* Where the pair keeps the check of the site's field; NULL for values outside of fields. */
static uint32_t *check_slot(MoltPlan *plan, const MoltEmitSite *site)
{
    if (site->pair == UINT32_MAX)
        return NULL;
    const MoltPair *pair = &plan->pairs[site->pair];
    const MoltType *was = molt_type(plan->before, pair->before);
    const MoltType *is = molt_type(plan->after, pair->after);
    uint32_t *checks = plan->matches + pair->match + is->count;
    return site->after != MOLT__NO_FIELD ? &checks[site->after - is->first]
                                         : &checks[is->count + site->before - was->first];
}

/* A new struct with a field of the name and type of a removed one: where that may have moved. */
static void find_possible_move(const MoltPlan *plan, const MoltEmitSite *site, MoltCheck *check)
{
    const MoltPair *pair = &plan->pairs[site->pair];
    const MoltType *is = molt_type(plan->after, pair->after);
    const MoltField *was = &plan->before->tables.fields[site->before];
    for (uint32_t f = 0; f < is->count; f++) {
        MoltTypeId type = plan->after->tables.fields[is->first + f].type;
        uint32_t inner =
            molt_schema_find_field(plan->after, type, molt_string(plan->before, was->name));
        if (plan->matches[pair->match + f] == MOLT__NO_FIELD && inner != MOLT__NO_FIELD &&
            molt__plan_same_type(plan, was->type, plan->after->tables.fields[inner].type)) {
            check->move_into = is->first + f;
            check->move_to = inner;
        }
    }
}

/* A field that has no pair is met once for every place that takes it or leaves it. */
static uint32_t known_check(const MoltPlan *plan, const MoltEmitSite *site)
{
    for (uint32_t c = 0; site->before != MOLT__NO_FIELD && c < plan->check_count; c++) {
        const MoltCheck *check = &plan->checks[c];
        if (check->type_before == site->type_before && check->type_after == site->type_after &&
            check->before == site->before && check->after == site->after)
            return c;
    }
    return MOLT__NO_CHECK;
}

uint32_t molt__emit_check(MoltPlan *plan, const MoltEmitSite *site)
{
    if (plan->collecting)
        return MOLT__NO_CHECK;
    uint32_t *slot = check_slot(plan, site);
    uint32_t known = slot ? *slot : known_check(plan, site);
    if (known != MOLT__NO_CHECK)
        return known;
    if (!molt__plan_grow(plan, (void **)&plan->checks, &plan->check_slots, plan->check_count, 1,
                         sizeof *plan->checks))
        return MOLT__NO_CHECK;
    MoltCheck check = {.type_before = site->type_before,
                       .type_after = site->type_after,
                       .before = site->before,
                       .after = site->after,
                       .move_into = MOLT__NO_FIELD,
                       .move_to = MOLT__NO_FIELD};
    if (site->after != MOLT__NO_FIELD)
        check.allow = allowed_losses(plan->after, &plan->after->tables.fields[site->after]);
    else if (slot)
        find_possible_move(plan, site, &check);
    if (site->before != MOLT__NO_FIELD && site->after == MOLT__NO_FIELD &&
        molt__removal_of_field(plan, site->before, site->type_after))
        check.allow = MOLT__ALLOW_REMOVAL;
    uint32_t index = plan->check_count++;
    plan->checks[index] = check;
    if (slot)
        *slot = index;
    return index;
}
