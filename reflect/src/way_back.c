/* Whether a pointer that an edit takes along would come back where it was if the edit were undone. Where
 * it would not, because two places of the old layout are one in the new, the attic keeps it. */
#include "descent.h"

const MoltPlan *molt__way_back_plan(MoltMigration *m)
{
    if (!m->back && molt__plan_build_back(m->plan, &m->back) != MOLT_OK)
        m->failed = true;
    return m->back;
}

static bool leads_back(MoltMigration *m, const MoltPointerWay *way)
{
    const MoltPlan *plan = m->plan, *back = molt__way_back_plan(m);
    MoltTypeId after = plan->types[way->type].after;
    uint64_t had = molt_type(plan->before, way->type)->size;
    uint64_t has = molt_type(plan->after, after)->size, out = 0;
    if (!back || has == 0 || back->types[after].after != way->type)
        return false;
    uint64_t element = way->element + way->inner / has, offset = way->inner % has;
    if (offset == 0 && element > 0 &&
        molt__descent_means_end(plan->after, after, way->op->after, element == way->count)) {
        element--;
        offset = has;
    }
    bool whole = element == way->count || (offset == 0 && way->op->after == after);
    bool was_void = molt_type(plan->before, way->op->before)->kind == MOLT_KIND_VOID;
    bool to_void = molt_type(plan->after, way->op->after)->kind == MOLT_KIND_VOID;
    MoltDescentWay descent = {.before = after,
                              .after = way->type,
                              .offset = offset,
                              .pointee = way->op->after,
                              .to_void = was_void,
                              .exact = !was_void && (to_void || !way->op->pointee_ok),
                              .to = way->op->before};
    if (!whole) {
        MoltDescentEnd end = molt__descent_end(m, back, &descent, &out);
        if (end != MOLT__DESCENT_FOUND)
            return end == MOLT__DESCENT_VARIES;
    }
    return element * had + out == way->element * had + way->offset;
}

bool molt__way_leads_back(MoltMigration *m, const MoltPointerWay *way)
{
    bool first = way->element == 0, last = way->element + 1 == way->count;
    uint64_t mix = ((way->offset * 31 + way->type) * 31 + way->op->before) * 4 + first * 2u + last;
    MoltBackEntry *entry = &m->back_cache[mix % MOLT__OFFSET_CACHE];
    if (!entry->valid || entry->type != way->type || entry->offset != way->offset ||
        entry->inner != way->inner || entry->before != way->op->before ||
        entry->after != way->op->after || entry->first != first || entry->last != last)
        *entry = (MoltBackEntry){.type = way->type,
                                 .before = way->op->before,
                                 .after = way->op->after,
                                 .offset = way->offset,
                                 .inner = way->inner,
                                 .first = first,
                                 .last = last,
                                 .valid = true,
                                 .returns = leads_back(m, way)};
    return entry->returns;
}

bool molt__way_takes_back(MoltMigration *m, const MoltOp *op, uintptr_t was, uintptr_t is)
{
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)was, &place); /* NOLINT: an address from the state */
    if (place.kind != MOLT_PLACE_BLOCK || place.block.header > 0)
        return true;
    const MoltSpan *span = &m->heap->spans[place.block.span];
    const MoltSpan *next =
        m->spans[place.block.span].bytes > 0 ? &m->spans[place.block.span] : span;
    uintptr_t element =
        (uintptr_t)molt__span_block(next, place.block.index) + place.element * next->elem_size;
    if (molt__retyped(m, (uintptr_t)place.block.start) ||
        m->plan->types[place.block.type].after == MOLT_NO_TYPE)
        return true;
    return is - element <= next->elem_size &&
           molt__way_leads_back(m, &(MoltPointerWay){.op = op,
                                                     .type = place.block.type,
                                                     .count = place.block.count,
                                                     .element = place.element,
                                                     .offset = place.offset,
                                                     .inner = is - element});
}
