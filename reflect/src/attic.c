#include "molt/attic.h"

#include <string.h>

#include "attic_page.h"
#include "heap_span.h"
#include "row_stand.h"

static void *resize(const MoltAllocator *allocator, void *block, uint64_t old_size, uint64_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

static uint32_t *kept_slot(const MoltHeap *heap, uint32_t span, uint32_t index)
{
    uint32_t *kept = heap->spans[span].kept;
    return kept && kept[index] != 0 ? &kept[index] : NULL;
}

/* ---- what happens to blocks while the game runs --------------------------------------------- */

static void forget_number(MoltHeap *heap, uint32_t number)
{
    MoltAtticBlock *block = &heap->attic.blocks[number];
    block->span = MOLT__NO_SPAN;
    block->count = 0;
    heap->attic.records -= block->records;
    heap->attic.dead += block->records;
}

void molt__attic_forget(MoltHeap *heap, uint32_t span, uint32_t index)
{
    uint32_t *slot = kept_slot(heap, span, index);
    uint64_t records = heap->attic.records;
    if (heap->spans[span].in_columns)
        molt__attic_columns_forget(heap, span, index);
    if (slot) {
        forget_number(heap, *slot - 1);
        *slot = 0;
    }
    if (slot || heap->attic.records != records)
        molt__attic_tidy(heap);
}

void molt__attic_forget_span(MoltHeap *heap, uint32_t span)
{
    uint32_t *kept = heap->spans[span].kept;
    if (heap->spans[span].in_columns)
        molt__attic_columns_forget_span(heap, span);
    for (uint32_t index = 0; kept && index < heap->spans[span].blocks; index++) {
        if (kept[index] != 0)
            forget_number(heap, kept[index] - 1);
        kept[index] = 0;
    }
}

void molt__attic_cut(MoltHeap *heap, uint32_t span, uint32_t index, uint64_t count)
{
    uint32_t *slot = kept_slot(heap, span, index);
    if (!slot || heap->attic.blocks[*slot - 1].count <= count)
        return;
    heap->attic.blocks[*slot - 1].count = count;
    heap->attic.cut = true;
}

bool molt__attic_follow(MoltHeap *heap, uint32_t span, uint32_t index, const MoltBlock *now)
{
    if (heap->spans[span].in_columns && !molt__attic_columns_follow(heap, span, index))
        return false;
    uint32_t *slot = kept_slot(heap, span, index);
    if (!slot)
        return true;
    if (!molt__attic_number_span(heap, now->span))
        return false;
    MoltAtticBlock *block = &heap->attic.blocks[*slot - 1];
    heap->spans[now->span].kept[now->index] = *slot;
    *slot = 0;
    block->span = now->span;
    block->index = now->index;
    if (block->count > now->count) {
        block->count = now->count;
        heap->attic.cut = true;
    }
    return true;
}

void molt__attic_make_births(MoltHeap *heap, MoltSpan *span)
{
    uint64_t bytes = (uint64_t)span->blocks * sizeof *span->births;
    if (heap->attic.edit == span->birth || span->births)
        return;
    span->births = resize(&heap->allocator, NULL, 0, bytes);
    if (span->births)
        memset(span->births, 0, bytes);
    else
        span->birth =
            heap->attic.edit; /* without memory nothing is said of its neighbours either */
}

void molt__attic_born(MoltHeap *heap, MoltSpan *span, uint32_t index)
{
    molt__attic_make_births(heap, span);
    if (heap->attic.edit != span->birth)
        span->births[index] = heap->attic.edit;
}

uint32_t molt__attic_birth(const MoltSpan *span, uint32_t index)
{
    uint32_t birth = span->births ? span->births[index] : 0;
    return birth > span->birth ? birth : span->birth;
}

/* Pages that stay without a record: what they say is of objects that have none. */
static bool has_blank(const MoltAttic *attic)
{
    for (uint64_t p = 0; p < attic->page_count; p++) {
        if (attic->pages[p].page->edit != 0)
            return true;
    }
    return false;
}

void molt__attic_tidy(MoltHeap *heap)
{
    if (heap->attic.records == 0 && !has_blank(&heap->attic))
        molt_attic_clear(heap);
}

/* ---- numbers -------------------------------------------------------------------------------- */

bool molt__attic_number_span(MoltHeap *heap, uint32_t index)
{
    MoltSpan *span = &heap->spans[index];
    if (span->kept)
        return true;
    span->kept = resize(&heap->allocator, NULL, 0, (uint64_t)span->blocks * sizeof *span->kept);
    if (span->kept)
        memset(span->kept, 0, (uint64_t)span->blocks * sizeof *span->kept);
    return span->kept != NULL;
}

bool molt__attic_make_numbers(MoltHeap *heap, uint64_t more)
{
    MoltAttic *attic = &heap->attic;
    uint64_t wanted = attic->block_count + more;
    if (wanted <= attic->block_slots)
        return true;
    if (wanted >= MOLT__NO_SPAN)
        return false;
    MoltAtticBlock *blocks = resize(&heap->allocator, attic->blocks,
                                    attic->block_slots * sizeof *blocks, wanted * sizeof *blocks);
    if (!blocks)
        return false;
    attic->blocks = blocks;
    attic->block_slots = wanted;
    return true;
}

uint32_t molt__attic_number(MoltHeap *heap, uint32_t span, uint32_t index)
{
    MoltAttic *attic = &heap->attic;
    uint32_t *slot = &heap->spans[span].kept[index];
    if (*slot != 0) { /* elements that came since then can be kept as well */
        attic->blocks[*slot - 1].count = molt__span_count(&heap->spans[span], index);
        return *slot - 1;
    }
    uint32_t number = attic->free;
    if (number != MOLT__NO_SPAN)
        attic->free = attic->blocks[number].index;
    else
        number = (uint32_t)attic->block_count++;
    attic->blocks[number] = (MoltAtticBlock){
        .span = span, .index = index, .count = molt__span_count(&heap->spans[span], index)};
    *slot = number + 1;
    return number;
}

void molt__attic_use(MoltHeap *heap, uint32_t number, bool is_record)
{
    MoltAttic *attic = &heap->attic;
    MoltAtticBlock *block = &attic->blocks[number];
    block->uses++;
    if (!is_record)
        return;
    block->records++;
    *(block->span == MOLT__NO_SPAN ? &attic->dead : &attic->records) += 1;
}

void molt__attic_unuse(MoltHeap *heap, uint32_t number, bool is_record)
{
    MoltAttic *attic = &heap->attic;
    MoltAtticBlock *block = &attic->blocks[number];
    if (is_record) {
        block->records--;
        *(block->span == MOLT__NO_SPAN ? &attic->dead : &attic->records) -= 1;
    }
    if (--block->uses > 0)
        return;
    if (block->span != MOLT__NO_SPAN)
        heap->spans[block->span].kept[block->index] = 0;
    *block = (MoltAtticBlock){.span = MOLT__NO_SPAN, .index = attic->free};
    attic->free = number;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool copy_pages(const MoltAllocator *allocator, const MoltAttic *from, MoltAttic *to)
{
    to->pages = resize(allocator, NULL, 0, to->page_slots * sizeof *to->pages);
    if (!to->pages)
        return false;
    for (; to->page_count < to->page_slots; to->page_count++) {
        const MoltAtticSlot *slot = &from->pages[to->page_count];
        uint64_t bytes = slot->alive ? molt__attic_alive_bytes(slot->page->count) : 0;
        uint64_t *alive = bytes > 0 ? resize(allocator, NULL, 0, bytes) : NULL;
        if (bytes > 0 && !alive)
            return false;
        if (bytes > 0)
            memcpy(alive, slot->alive, bytes);
        to->pages[to->page_count] = *slot;
        to->pages[to->page_count].alive = alive;
        slot->page->shares++;
    }
    return true;
}

bool molt__attic_copy(const MoltAllocator *allocator, const MoltAttic *from, MoltAttic *to)
{
    *to = *from;
    to->blocks = NULL;
    to->pages = NULL;
    to->moved = NULL;
    to->moved_slots = to->moved_count = 0;
    to->lineage = (MoltLineage){0};
    to->stands = NULL;
    to->block_slots = from->block_count;
    to->page_slots = from->page_count;
    to->block_count = to->page_count = 0;
    if (!molt__lineage_copy(allocator, &from->lineage, &to->lineage))
        return false;
    if (to->block_slots > 0) {
        to->blocks = resize(allocator, NULL, 0, to->block_slots * sizeof *to->blocks);
        if (!to->blocks)
            return false;
        memcpy(to->blocks, from->blocks, to->block_slots * sizeof *to->blocks);
        to->block_count = to->block_slots;
    }
    if (from->moved_count > 0) {
        to->moved = resize(allocator, NULL, 0, from->moved_count * sizeof *to->moved);
        if (!to->moved)
            return false;
        memcpy(to->moved, from->moved, from->moved_count * sizeof *to->moved);
        to->moved_slots = to->moved_count = from->moved_count;
    }
    to->stands = from->stands;
    if (to->stands)
        to->stands->shares++;
    return to->page_slots == 0 || copy_pages(allocator, from, to);
}

void molt__attic_release(const MoltAllocator *allocator, MoltAttic *attic)
{
    for (uint64_t p = 0; p < attic->page_count; p++) {
        molt__attic_slot_free(allocator, &attic->pages[p]);
        molt__attic_page_drop(allocator, attic->pages[p].page);
    }
    if (attic->moved)
        resize(allocator, attic->moved, attic->moved_slots * sizeof *attic->moved, 0);
    if (attic->pages)
        resize(allocator, attic->pages, attic->page_slots * sizeof *attic->pages, 0);
    if (attic->blocks)
        resize(allocator, attic->blocks, attic->block_slots * sizeof *attic->blocks, 0);
    *attic = (MoltAttic){.limit = attic->limit,
                         .none = attic->none,
                         .free = MOLT__NO_SPAN,
                         .dropped = attic->dropped,
                         .edit = attic->edit,
                         .lineage = attic->lineage,
                         .stands = attic->stands};
}

uint64_t molt__attic_bytes(const MoltAttic *attic)
{
    return attic->block_slots * sizeof *attic->blocks + attic->page_slots * sizeof *attic->pages +
           attic->moved_slots * sizeof *attic->moved +
           molt__attic_pages_bytes(attic->pages, attic->page_count);
}

uint64_t molt__attic_span_bytes(const MoltHeap *heap)
{
    uint64_t bytes = 0;
    for (uint32_t s = 0; s < heap->span_count; s++) {
        const MoltSpan *span = &heap->spans[s];
        if (span->kept)
            bytes += (uint64_t)span->blocks * sizeof *span->kept;
        if (span->births)
            bytes += (uint64_t)span->blocks * sizeof *span->births;
    }
    return bytes;
}

void molt_attic_clear(MoltHeap *heap)
{
    molt__attic_release(&heap->allocator, &heap->attic);
    for (uint32_t s = 0; s < heap->span_count; s++) {
        MoltSpan *span = &heap->spans[s];
        span->in_columns = false;
        if (!span->kept)
            continue;
        resize(&heap->allocator, span->kept, (uint64_t)span->blocks * sizeof *span->kept, 0);
        span->kept = NULL;
    }
}

uint64_t molt_attic_limit(const MoltHeap *heap)
{
    return heap->attic.none ? 0 : heap->attic.limit;
}

void molt_attic_stats(const MoltHeap *heap, MoltAtticStats *out)
{
    const MoltAttic *attic = &heap->attic;
    *out = (MoltAtticStats){.objects = attic->records,
                            .edits = attic->page_count,
                            .bytes = molt__attic_bytes(attic) + molt__attic_span_bytes(heap),
                            .limit = attic->limit,
                            .dropped_for_space = attic->dropped};
}
