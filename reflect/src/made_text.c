#include "made_text.h"

#include <string.h>

#include "migration.h"

static uint64_t bit_of(uint32_t index)
{
    return (uint64_t)1 << (index % 64);
}

bool molt__made_is(const MoltSpan *span, uint32_t index)
{
    return span->made && (span->made[index / 64] & bit_of(index)) != 0;
}

/* How often values of the attic lead to the block. */
static uint32_t uses_of(const MoltHeap *heap, const MoltSpan *span, uint32_t index)
{
    uint32_t number = span->kept ? span->kept[index] : 0;
    return number != 0 ? heap->attic.blocks[number - 1].uses : 0;
}

/* ---- marks ---------------------------------------------------------------------------------- */

bool molt__made_mark(const MoltAllocator *allocator, MoltSpan *span, uint32_t index)
{
    if (!span->made) {
        span->made = allocator->resize(allocator->context, NULL, 0, molt__made_bytes(span));
        if (!span->made)
            return false;
        memset(span->made, 0, molt__made_bytes(span));
    }
    span->made[index / 64] |= bit_of(index);
    return true;
}

void molt__made_unmark(MoltSpan *span, uint32_t index)
{
    if (span->made)
        span->made[index / 64] &= ~bit_of(index);
}

/* ---- while a migration runs ------------------------------------------------------------------ */

void molt__made_begin(MoltMigration *m)
{
    MoltMadeTexts *texts = &m->texts;
    for (uint32_t i = 0; i < m->busy_count && !m->failed; i++) {
        uint32_t s = m->busy[i];
        const MoltSpan *span = &m->heap->spans[s];
        texts->stand_ins = texts->stand_ins || (span->stands_in && span->live > 0);
        if (span->bytes == 0 || !span->made || span->hooked_in != 0 ||
            (m->spans[s].bytes > 0 && !span->stands_in))
            continue;
        if (!texts->held)
            texts->held = molt__migration_table(m, m->span_count, sizeof *texts->held);
        if (texts->held)
            texts->held[s] = molt__migration_table(m, molt__made_bytes(span), 1);
    }
}

void molt__made_hold(MoltMigration *m, uint32_t span, uint32_t index)
{
    if (m->texts.held && m->texts.held[span] && m->mode == MOLT__RUN_STATE)
        m->texts.held[span][index / 64] |= bit_of(index);
}

static void take_text(MoltMigration *m, uintptr_t value, const char *text, uint64_t length,
                      uint32_t uses_allowed)
{
    MoltMadeTexts *texts = &m->texts;
    MoltPlace place;
    if (!texts->held || m->mode != MOLT__RUN_STATE)
        return;
    molt_heap_locate(m->heap, (const void *)value, &place); /* NOLINT: an address from the state */
    if (place.kind != MOLT_PLACE_BLOCK || (uintptr_t)place.block.start != value)
        return;
    MoltTextTake take = {place.block.span, place.block.index};
    const MoltSpan *span = &m->heap->spans[take.span];
    if (!texts->held[take.span] || !molt__made_is(span, take.block) ||
        uses_of(m->heap, span, take.block) > uses_allowed) /* earlier edits' values lead there */
        return;
    if (text && (place.block.count != length + 1 || memcmp(place.block.start, text, length) != 0))
        return;
    if (molt__migration_grow(m, (void **)&texts->takes, &texts->take_slots, texts->take_count, 1,
                             sizeof *texts->takes))
        texts->takes[texts->take_count++] = take;
}

void molt__made_take(MoltMigration *m, uintptr_t value, const char *text, uint64_t length)
{
    take_text(m, value, text, length, 0);
}

void molt__made_replace(MoltMigration *m, uintptr_t value, const char *text, uint64_t length)
{
    take_text(m, value, text, length, 1);
}

void molt__made_give_way(MoltMigration *m, uint32_t span, uint32_t index)
{
    MoltMadeTexts *texts = &m->texts;
    for (uint64_t t = texts->take_count; t-- > 0;) {
        if (texts->takes[t].span == span && texts->takes[t].block == index)
            return;
    }
    if (texts->held && texts->held[span] && uses_of(m->heap, &m->heap->spans[span], index) == 0 &&
        molt__migration_grow(m, (void **)&texts->takes, &texts->take_slots, texts->take_count, 1,
                             sizeof *texts->takes))
        texts->takes[texts->take_count++] = (MoltTextTake){span, index};
}

/* ---- commit --------------------------------------------------------------------------------- */

static bool is_empty(const MoltSpan *span)
{
    return span->made && span->hooked_in == 0 && span->live == 0;
}

/* Spans that hold nothing any more go, the last ones with their serials: the next migration that makes these
 * texts then names them as this state did. */
static void drop_empty_spans(MoltHeap *heap, MoltTypeId type)
{
    uint32_t last, next;
    for (last = heap->types.last[type]; last != MOLT__NO_SPAN && is_empty(&heap->spans[last]);
         last = heap->types.last[type]) {
        heap->types.serials[type] = heap->spans[last].first_serial;
        molt__heap_drop(heap, last);
    }
    for (uint32_t s = heap->types.first[type]; s != MOLT__NO_SPAN; s = next) {
        next = heap->links[s].type_next;
        if (is_empty(&heap->spans[s]))
            molt__heap_drop(heap, s);
    }
}

void molt__made_commit(MoltMigration *m)
{
    const MoltMadeTexts *texts = &m->texts;
    MoltHeap *heap = m->heap;
    uint64_t freed = 0;
    for (uint64_t t = 0; t < texts->take_count; t++) {
        const MoltTextTake *take = &texts->takes[t];
        const MoltSpan *span = &heap->spans[take->span];
        bool held = texts->partial ||
                    (texts->held[take->span][take->block / 64] & bit_of(take->block)) != 0;
        if (!held && molt__made_is(span, take->block) &&
            uses_of(heap, span, take->block) <= 1) /* that of the value that the edit took back */
            freed += molt_heap_delete(heap, molt__span_block(span, take->block));
    }
    molt__made_discard(m);
    for (MoltTypeId t = 0; freed > 0 && t < heap->types.count; t++)
        drop_empty_spans(heap, t);
}

void molt__made_discard(MoltMigration *m)
{
    MoltMadeTexts *texts = &m->texts;
    for (uint32_t s = 0; texts->held && s < m->span_count; s++) {
        if (texts->held[s])
            molt__migration_free(m, texts->held[s], molt__made_bytes(&m->heap->spans[s]), 1);
    }
    molt__migration_free(m, texts->held, m->span_count, sizeof *texts->held);
    molt__migration_free(m, texts->takes, texts->take_slots, sizeof *texts->takes);
    *texts = (MoltMadeTexts){0};
}
