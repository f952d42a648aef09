/* Where a kept pointer into a block leads when the layouts between do not say it any more: from the layout
 * that the block had when the pointer was taken away straight to the new one. */
#include "attic_aim.h"

#include "attic_retype.h"

/* A place in a block, as an element of an array in it. */
typedef struct Aim {
    MoltTypeId before, after; /* of the elements */
    uint64_t start, unit;     /* where the array begins in the old layout, and bytes per element */
    uint64_t to, pace;        /* the same in the new one */
    uint64_t count;           /* of elements in the new state */
} Aim;

/* False when the block has no such array by now. */
static bool find_array(const MoltCarry *carry, const MoltAtticRef *ref, const MoltSpan *next,
                       uint64_t count, Aim *aim)
{
    const MoltSchema *then = carry->direct->before, *now = carry->direct->after;
    const MoltField *was = molt_schema_tail(then, ref->type);
    MoltTypeId after = carry->direct->types[ref->type].after;
    const MoltField *is = molt_schema_tail(now, after);
    *aim = (Aim){.before = ref->type,
                 .after = after,
                 .unit = molt_type(then, ref->type)->size,
                 .pace = next->elem_size,
                 .count = next->header > 0 ? 1 : count};
    if (next->header == 0)
        return aim->unit > 0;
    if (!was || !is || ref->origin < was->bit_offset / 8)
        return was && is;
    aim->before = molt_type(then, was->type)->elem;
    aim->after = molt_type(now, is->type)->elem;
    aim->start = was->bit_offset / 8;
    aim->unit = molt_type(then, aim->before)->size;
    aim->to = next->header;
    aim->count = count;
    return aim->unit > 0 && molt__plan_same_tail(carry->direct, ref->type, after);
}

static uint32_t most_arms(const MoltSchema *schema)
{
    uint32_t most = 0;
    for (MoltTypeId t = 0; t < schema->tables.type_count; t++) {
        const MoltType *type = molt_type(schema, t);
        if (type->kind == MOLT_KIND_UNION && type->count > most)
            most = type->count;
    }
    return most;
}

/* Nobody knows which arm a union had: what all arms agree about that have such a place is the answer. */
bool molt__attic_descend(const MoltCarry *carry, const MoltPlan *plan, const MoltDescentWay *way,
                         uint64_t *out)
{
    MoltDescentEnd end = molt__descent_end(carry->m, plan, way, out);
    if (end != MOLT__DESCENT_VARIES)
        return end == MOLT__DESCENT_FOUND;
    bool found = false;
    for (uint32_t arm = most_arms(plan->before); arm > 0; arm--) {
        uint64_t place;
        if (!molt__descent_arm(carry->m, plan, way, arm, &place))
            continue;
        if (found && place != *out)
            return false;
        found = true;
        *out = place;
    }
    return found;
}

uintptr_t molt__attic_aim(const MoltCarry *carry, const MoltLeaf *was, const MoltAtticRef *ref)
{
    const MoltMigration *m = carry->m;
    const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
    const MoltSpan *span = &m->heap->spans[block->span];
    const MoltSpan *next = m->spans[block->span].bytes > 0 ? &m->spans[block->span] : span;
    uintptr_t start = (uintptr_t)molt__span_block(next, block->index);
    Aim aim;
    if (!carry->direct || was->type == MOLT_NO_TYPE ||
        carry->direct->types[ref->type].after == MOLT_NO_TYPE ||
        carry->direct->types[ref->type].after != m->plan->types[span->type].after ||
        molt__ownership_is_claimed(m, span->type,
                                   (uintptr_t)molt__span_block(span, block->index)) ||
        !find_array(carry, ref, next, block->count, &aim))
        return 0;
    const MoltSchema *then = carry->direct->before;
    MoltTypeId pointee = molt_type(then, was->type)->elem;
    uint64_t element = (ref->origin - aim.start) / aim.unit, out = 0;
    uint64_t offset = (ref->origin - aim.start) % aim.unit;
    bool as_long = block->count == molt__span_count(span, block->index);
    if (offset == 0 && element > 0 &&
        molt__descent_means_end(then, aim.before, pointee, element == aim.count)) {
        element--;
        offset = aim.unit;
    }
    if (element > aim.count || (element == aim.count && (offset > 0 || !as_long)))
        return 0;
    MoltDescentWay way = {.before = aim.before,
                          .after = aim.after,
                          .offset = offset,
                          .pointee = pointee,
                          .to_void = molt_type(then, pointee)->kind == MOLT_KIND_VOID};
    bool whole = element == aim.count || (offset == 0 && pointee == aim.before);
    if (!whole && !molt__attic_descend(carry, carry->direct, &way, &out))
        return 0;
    return start + aim.to + element * aim.pace + out;
}

/* Of the elements of a block that becomes another one; MOLT_NO_TYPE where nobody knows it. */
static MoltTypeId retyped_element(const MoltMigration *m, const MoltRetyped *item)
{
    if (item->to != MOLT_NO_TYPE || item->type == MOLT_NO_TYPE)
        return item->to;
    return m->plan->types[item->type].after;
}

bool molt__attic_leads_to(const MoltCarry *carry, uint64_t kept, const MoltOp *op,
                          uintptr_t pointer)
{
    const MoltMigration *m = carry->m;
    const MoltAtticRef *ref = &carry->from->refs[kept - 1];
    if (op->code != MOLT__OP_POINTER || op->pointee_ok || op->external)
        return true;
    if (ref->kind != MOLT__REF_BLOCK)
        return false;
    const MoltAtticBlock *block = &m->heap->attic.blocks[ref->index];
    const MoltRetyped *item = molt__attic_retyped(m, block->span, block->index);
    if (item) {
        MoltTypeId element = retyped_element(m, item);
        uint64_t size = element != MOLT_NO_TYPE ? molt_type(m->plan->after, element)->size : 0;
        uint64_t inside = pointer - item->after - item->head_after;
        return size > 0 && molt__descent_has(m->plan->after, element, inside % size, op->after);
    }
    const MoltSpan *span = &m->heap->spans[block->span];
    const MoltSpan *next = m->spans[block->span].bytes > 0 ? &m->spans[block->span] : span;
    MoltTypeId type = m->plan->types[span->type].after;
    uint64_t at = pointer - (uintptr_t)molt__span_block(next, block->index);
    const MoltField *tail = next->header > 0 ? molt_schema_tail(m->plan->after, type) : NULL;
    if (molt__migrate_globals_is(m, span) || next->elem_size == 0)
        return false;
    if (tail && at >= next->header) {
        type = molt_type(m->plan->after, tail->type)->elem;
        at = (at - next->header) % next->elem_size;
    } else if (next->header == 0) {
        at %= next->elem_size;
    }
    return molt__descent_has(m->plan->after, type, at, op->after);
}
