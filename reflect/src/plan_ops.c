#include <string.h>

#include "plan_emit.h"

MoltOp *molt__emit_op(MoltPlan *plan, MoltOp op)
{
    if (!molt__plan_grow(plan, (void **)&plan->ops, &plan->op_slots, plan->op_count, 1,
                         sizeof *plan->ops))
        return NULL;
    plan->ops[plan->op_count] = op;
    return &plan->ops[plan->op_count++];
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
    if (!plan->failed)
        plan->ops[body - 1].body = plan->op_count - body;
    plan->merge_floor = plan->op_count;
}

uint32_t molt__emit_loop(MoltPlan *plan, uint64_t length, uint64_t source, uint64_t source_stride,
                         uint64_t destination, uint64_t destination_stride)
{
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
    molt__emit_body_end(plan, body);
    if (!plan->failed && plan->op_count == body)
        plan->op_count--; /* an empty loop does nothing */
    plan->merge_floor = plan->op_count;
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

uint32_t molt__emit_check(MoltPlan *plan, const MoltEmitSite *site)
{
    uint32_t *slot = check_slot(plan, site);
    if (slot && *slot != MOLT__NO_CHECK)
        return *slot;
    if (!molt__plan_grow(plan, (void **)&plan->checks, &plan->check_slots, plan->check_count, 1,
                         sizeof *plan->checks))
        return MOLT__NO_CHECK;
    MoltCheck check = {.type_before = site->type_before,
                       .type_after = site->type_after,
                       .before = site->before,
                       .after = site->after};
    if (site->after != MOLT__NO_FIELD)
        check.allow = allowed_losses(plan->after, &plan->after->tables.fields[site->after]);
    uint32_t index = plan->check_count++;
    plan->checks[index] = check;
    if (slot)
        *slot = index;
    return index;
}
