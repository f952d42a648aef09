#include "plan_emit.h"

static void emit_box(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before, MoltTypeId after,
                     uint64_t source, uint64_t destination)
{
    uint32_t body = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_BOX,
                                                   .check = molt__emit_check(plan, site),
                                                   .tag = source,
                                                   .destination = destination,
                                                   .before = before,
                                                   .after = after});
    molt__emit_base(plan, 0, 0);
    molt__emit_value(plan, site, before, after, source, 0);
    molt__emit_base_end(plan);
    molt__emit_body_end(plan, body);
}

static uint32_t emit_arm(MoltPlan *plan, uint64_t value)
{
    return molt__emit_body(plan,
                           (MoltOp){.code = MOLT__OP_ARM, .check = MOLT__NO_CHECK, .tag = value});
}

static void emit_embedding(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                           MoltTypeId after, uint64_t source, uint64_t destination)
{
    uint32_t body = molt__emit_body(plan, (MoltOp){.code = MOLT__OP_EMBED,
                                                   .check = molt__emit_check(plan, site),
                                                   .tag = source,
                                                   .length = destination,
                                                   .before = before,
                                                   .after = after});
    uint32_t null = emit_arm(plan, 0);
    molt__emit_default(plan, after, destination);
    molt__emit_body_end(plan, null);
    uint32_t block = emit_arm(plan, 1);
    molt__emit_base(plan, source, UINT64_MAX); /* no array has such a stride */
    molt__emit_value(plan, site, before, after, 0, destination);
    molt__emit_base_end(plan);
    molt__emit_body_end(plan, block);
    molt__emit_body_end(plan, body);
}

/* Two types that hold each other, one by value and one by pointer, and change places in that: each
 * would have to be emitted within the other for ever. */
static bool is_within_itself(const MoltPlan *plan, MoltTypeId before, MoltTypeId after)
{
    for (const MoltEmitFrame *frame = plan->frame; frame; frame = frame->outer) {
        if (frame->before == before && frame->after == after)
            return true;
    }
    return false;
}

bool molt__emit_ownership(MoltPlan *plan, const MoltEmitSite *site, MoltTypeId before,
                          MoltTypeId after, uint64_t source, uint64_t destination)
{
    const MoltType *was = molt_type(plan->before, before), *is = molt_type(plan->after, after);
    if (plan->waited)
        return false; /* neither came from the other */
    if (was->kind == MOLT_KIND_POINTER && molt_schema_tail(plan->before, was->elem))
        return false; /* an inline struct has no room for as many elements as the block has */
    if (was->kind == MOLT_KIND_STRUCT && is->kind == MOLT_KIND_POINTER &&
        molt__plan_same_type(plan, before, is->elem) &&
        !is_within_itself(plan, before, is->elem)) {
        emit_box(plan, site, before, is->elem, source, destination);
        return true;
    }
    if (was->kind == MOLT_KIND_POINTER && is->kind == MOLT_KIND_STRUCT &&
        molt__plan_same_type(plan, was->elem, after) &&
        !is_within_itself(plan, was->elem, after)) {
        emit_embedding(plan, site, was->elem, after, source, destination);
        return true;
    }
    return false;
}
