#include "attic_retype.h"

const MoltRetyped *molt__attic_retyped(const MoltMigration *m, uint32_t span, uint32_t block)
{
    const MoltRetyped *item =
        molt__retyped(m, (uintptr_t)molt__span_block(&m->heap->spans[span], block));
    return item && item->after != item->block ? item : NULL;
}

uint64_t molt__attic_retyped_place(const MoltMigration *m, const MoltRetyped *item, uint64_t at,
                                   uintptr_t moved)
{
    const MoltSchema *after = m->plan->after;
    if (item->to != MOLT_NO_TYPE) {
        uint64_t unit = molt_type(m->plan->before, item->type)->size;
        return at % unit == 0 ? at / unit * molt_type(after, item->to)->size : MOLT__NO_PLACE;
    }
    uint64_t size = molt_type(after, m->plan->types[item->type].after)->size;
    bool inside = moved - item->after <= item->head_after + item->count * size;
    return moved != 0 && inside ? moved - item->after : MOLT__NO_PLACE;
}

uintptr_t molt__attic_retyped_then(const MoltMigration *m, const MoltRetyped *item,
                                   const MoltAtticRef *ref, MoltTypeId type)
{
    if (item->to == MOLT_NO_TYPE || item->to != type)
        return 0;
    uint64_t known = m->heap->attic.blocks[ref->index].count;
    uint64_t end = known * molt_type(m->plan->after, type)->size;
    bool inside = ref->origin < end || (ref->origin == end && known == item->count);
    return inside ? item->after + ref->origin : 0;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

void molt__attic_retype_reserve(MoltMigration *m)
{
    for (uint64_t s = 0; s < m->retypes.span_count && !m->failed; s++) {
        MoltSpan *span = &m->retypes.spans[s];
        if (!span->kept)
            span->kept = molt__migration_table(m, span->blocks, sizeof *span->kept);
    }
}

void molt__attic_retype_leave(MoltMigration *m)
{
    for (uint64_t i = 0; i < m->retypes.count; i++) {
        MoltRetyped *item = &m->retypes.items[i];
        uint32_t *kept = m->heap->spans[item->span].kept;
        if (item->problem || item->after == item->block || !kept)
            continue;
        item->number = kept[item->index];
        kept[item->index] = 0;
        if (item->number == 0)
            continue;
        MoltAtticBlock *block = &m->heap->attic.blocks[item->number - 1];
        bool whole = block->count == molt__span_count(&m->heap->spans[item->span], item->index);
        if (whole)
            block->count = UINT64_MAX;
        else if (item->to == MOLT_NO_TYPE) /* it was cut, and bytes are no elements of the new block */
            block->count = 0;
    }
}

void molt__attic_retype_arrive(MoltMigration *m)
{
    for (uint64_t i = 0; i < m->retypes.count; i++) {
        const MoltRetyped *item = &m->retypes.items[i];
        MoltPlace place;
        if (item->number == 0)
            continue;
        molt_heap_locate(m->heap, (const void *)item->after, &place); /* NOLINT: a block */
        MoltAtticBlock *block = &m->heap->attic.blocks[item->number - 1];
        m->heap->spans[place.block.span].kept[place.block.index] = item->number;
        block->span = place.block.span;
        block->index = place.block.index;
        if (block->count > place.block.count)
            block->count = place.block.count;
    }
}

uint32_t molt__attic_retype_number(MoltMigration *m, const MoltAtticRef *ref)
{
    const MoltRetyped *item = &m->retypes.items[ref->becomes - 1];
    MoltPlace place;
    molt_heap_locate(m->heap, (const void *)item->after, &place); /* NOLINT: a block */
    return molt__attic_number(m->heap, place.block.span, place.block.index);
}
