#include "attic_pool.h"

#include <string.h>

static uintptr_t start_of(const MoltMigration *m, uint32_t span, uint32_t block)
{
    return (uintptr_t)molt__span_block(&m->heap->spans[span], block);
}

MoltTypeId molt__attic_loss_type(const MoltMigration *m, const MoltLoss *loss)
{
    const MoltRetyped *item = loss->pool != MOLT__POOL_NONE
                                  ? molt__retyped(m, start_of(m, loss->span, loss->block))
                                  : NULL;
    if (item)
        return loss->pool == MOLT__POOL_HEADER ? item->header : item->type;
    return m->heap->spans[loss->span].type;
}

bool molt__attic_pool_stand(const MoltMigration *m, const MoltLoss *place, MoltTypeId type,
                            MoltCarryObject *object)
{
    const MoltRetyped *item = molt__retyped(m, start_of(m, place->span, place->block));
    bool header = place->pool == MOLT__POOL_HEADER;
    if (!item || (header ? item->header : item->type) != type)
        return false;
    uint64_t unit = molt_type(m->plan->before, type)->size;
    uint64_t size = molt_type(m->plan->after, m->plan->types[type].after)->size;
    uint64_t at = header ? 0 : item->head + place->element * unit;
    uint64_t to = header ? 0 : item->head_after + place->element * size;
    if (at + unit > item->bytes)
        return false;
    object->place = *place;
    object->stays = item->after == item->block;
    object->live = (const unsigned char *)item->block + at; /* NOLINT: blocks of the heap, */
    object->next = (unsigned char *)item->after + to;       /* NOLINT: as the next one */
    return true;
}

bool molt__attic_pool_make_number(MoltMigration *m, const MoltLoss *place)
{
    const MoltRetyped *item = molt__retyped(m, start_of(m, place->span, place->block));
    if (!item || item->after == item->block)
        return molt__attic_number_span(m->heap, place->span);
    MoltSpan *span = &m->retypes.spans[item->room];
    if (!span->kept)
        span->kept = molt__migration_table(m, span->blocks, sizeof *span->kept);
    return span->kept != NULL;
}

uint32_t molt__attic_pool_number(MoltMigration *m, uint32_t span, uint32_t block)
{
    MoltHeap *heap = m->heap;
    const MoltRetyped *item = molt__retyped(m, start_of(m, span, block));
    uintptr_t start = item ? item->after : start_of(m, span, block);
    uint32_t now = heap->granules[(start - heap->base) >> MOLT__GRANULE_SHIFT] - 1;
    return molt__attic_number(
        heap, now, (uint32_t)((start - heap->spans[now].base) / heap->spans[now].stride));
}

const unsigned char *molt__attic_pool_element(const MoltMigration *m, const MoltAtticPage *page,
                                              const unsigned char *record, uint64_t *hint)
{
    const MoltAtticBlock *block = &m->heap->attic.blocks[molt__record_word(record, 0)];
    const MoltRetypes *all = &m->retypes;
    if (block->span == MOLT__NO_SPAN)
        return NULL;
    const unsigned char *start = molt__span_block(&m->heap->spans[block->span], block->index);
    for (uint64_t i = 0; i < all->count; i++, *hint = *hint + 1 < all->count ? *hint + 1 : 0) {
        const MoltRetyped *item = &all->items[*hint];
        if (item->after != (uintptr_t)start || item->problem)
            continue;
        uint64_t size = molt_type(m->plan->after, m->plan->types[item->type].after)->size;
        return page->pool == MOLT__POOL_HEADER
                   ? start
                   : start + item->head_after + molt__record_word(record, 1) * size;
    }
    return NULL;
}
