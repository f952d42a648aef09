#include "row_stand.h"

#include <string.h>

#include "constant_row.h"
#include "made_text.h"

const MoltRowStand *molt__row_stand_find(const MoltHeap *heap, uint32_t span, uint32_t block)
{
    const MoltRowStands *stands = heap->attic.stands;
    if (!stands || !heap->spans[span].stands_in || !molt__made_is(&heap->spans[span], block))
        return NULL;
    for (uint64_t i = stands->count; i-- > 0;) { /* of one block the last entry counts */
        if (stands->items[i].span == span && stands->items[i].block == block)
            return &stands->items[i];
    }
    return NULL;
}

/* ---- the next list ---------------------------------------------------------------------------- */

static uint32_t add_text(MoltMigration *m, MoltRowStands *stands, const char *text)
{
    uint64_t at = stands->text_size, size = strlen(text) + 1;
    if (at + size > UINT32_MAX ||
        !molt__migration_grow(m, (void **)&stands->text, &stands->text_slots, at, size, 1)) {
        m->failed = true;
        return 0;
    }
    memcpy(stands->text + at, text, size);
    stands->text_size += size;
    return (uint32_t)at;
}

static void add(MoltMigration *m, MoltRowStands *stands, const MoltRowStand *stand,
                const char *constant, const char *key, const char *title)
{
    MoltRowStand made = *stand;
    if (!molt__migration_grow(m, (void **)&stands->items, &stands->slots, stands->count, 1,
                              sizeof *stands->items))
        return;
    made.constant = add_text(m, stands, constant);
    made.key = add_text(m, stands, key);
    made.title = add_text(m, stands, title);
    stands->items[stands->count++] = made;
}

/* Those of before whose blocks are still copies. */
static void take_over(MoltMigration *m, MoltRowStands *stands)
{
    const MoltHeap *heap = m->heap;
    const MoltRowStands *old = heap->attic.stands;
    for (uint64_t i = 0; old && i < old->count && !m->failed; i++) {
        const MoltRowStand *stand = &old->items[i];
        const MoltSpan *span = &heap->spans[stand->span];
        if (span->bytes > 0 && m->plan->types[span->type].after != MOLT_NO_TYPE &&
            molt__row_stand_find(heap, stand->span, stand->block) == stand)
            add(m, stands, stand, old->text + stand->constant, old->text + stand->key,
                old->text + stand->title);
    }
}

void molt__row_stands_make(MoltMigration *m)
{
    if (m->failed || (!m->heap->attic.stands && m->row_copies.count == 0))
        return;
    MoltRowStands *stands = m->stands = molt__migration_table(m, 1, sizeof *stands);
    if (!stands)
        return;
    stands->shares = 1;
    take_over(m, stands);
    for (uint64_t c = 0; c < m->row_copies.count && !m->failed; c++) {
        const MoltRowCopy *copy = &m->row_copies.items[c];
        MoltRowName name;
        if (!molt__constant_row_name(m, copy->before, copy->type, &name))
            continue;
        const MoltRowStand stand = {.made = copy->after, .row = name.row, .element = name.element};
        add(m, stands, &stand, name.constant, name.key, name.title);
    }
}

/* ---- the swap --------------------------------------------------------------------------------- */

void molt__row_stands_commit(MoltMigration *m)
{
    MoltHeap *heap = m->heap;
    MoltRowStands *stands = m->stands;
    for (uint64_t i = 0; stands && i < stands->count; i++) {
        MoltRowStand *stand = &stands->items[i];
        if (stand->made == 0)
            continue;
        stand->span = heap->granules[(stand->made - heap->base) >> MOLT__GRANULE_SHIFT] - 1;
        const MoltSpan *span = &heap->spans[stand->span];
        stand->block = (uint32_t)((stand->made - span->base) / span->stride);
        stand->made = 0;
    }
    molt__row_stands_drop(&heap->allocator, heap->attic.stands);
    heap->attic.stands = stands;
    m->stands = NULL;
}

void molt__row_stands_discard(MoltMigration *m)
{
    molt__row_stands_drop(&m->allocator, m->stands);
    m->stands = NULL;
}

void molt__row_stands_drop(const MoltAllocator *allocator, MoltRowStands *stands)
{
    if (!stands || --stands->shares > 0)
        return;
    if (stands->items)
        allocator->resize(allocator->context, stands->items, stands->slots * sizeof *stands->items,
                          0);
    if (stands->text)
        allocator->resize(allocator->context, stands->text, stands->text_slots, 0);
    allocator->resize(allocator->context, stands, sizeof *stands, 0);
}
