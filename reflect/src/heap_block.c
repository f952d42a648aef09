#include "heap_block.h"

/* ---- calls that were seen before --------------------------------------------------------------- */

enum { KNOWN = 1 << MOLT__KNOWN_BITS };

void molt__known_make(MoltHeap *heap, uint32_t arena)
{
    const MoltAllocator *allocator = &heap->allocator;
    MoltKnownSite *sites = heap->known[arena];
    if (sites)
        return;
    sites = allocator->resize(allocator->context, NULL, 0, KNOWN * sizeof *sites);
    if (sites)
        memset(sites, 0, KNOWN * sizeof *sites);
    heap->known[arena] = sites;
}

void molt__known_add(MoltHeap *heap, uint32_t arena, const MoltKnownSite *site)
{
    if (heap->known[arena])
        *molt__known_slot(heap->known[arena], site->address, site->size) = *site;
}

bool molt__known_aim(const MoltHeap *heap, uint32_t arena, MoltTypeId type, uint32_t align,
                     MoltKnownSite *site)
{
    if (type >= heap->types.count)
        return false;
    uint64_t capacity = molt__capacity_for(site->count);
    site->bucket = molt__heap_bucket(heap, arena, type, capacity, align);
    uint32_t first =
        site->bucket != MOLT__NO_SPAN ? heap->buckets[site->bucket].first : MOLT__NO_SPAN;
    if (first == MOLT__NO_SPAN)
        return false;
    site->bytes = molt__span_bytes(&heap->spans[first], site->count);
    return true;
}

void molt__known_forget(MoltHeap *heap)
{
    for (int arena = 0; arena < MOLT__DOORS; arena++)
        if (heap->known[arena])
            memset(heap->known[arena], 0, KNOWN * sizeof *heap->known[arena]);
}

void molt__known_free(MoltHeap *heap)
{
    const MoltAllocator *allocator = &heap->allocator;
    for (int arena = 0; arena < MOLT__DOORS; arena++) {
        if (heap->known[arena])
            allocator->resize(allocator->context, heap->known[arena],
                              KNOWN * sizeof *heap->known[arena], 0);
        heap->known[arena] = NULL;
    }
}

/* ---- allocation ---------------------------------------------------------------------------- */

static uint32_t add_span(MoltHeap *heap, MoltTypeId type, uint64_t capacity, uint32_t align)
{
    uint32_t bucket = molt__heap_bucket(heap, heap->arena, type, capacity, align);
    bool lone = capacity > MOLT__LONE_CAPACITY;
    uint64_t there = 0, blocks;
    if (!lone && bucket != MOLT__NO_SPAN)
        for (uint32_t i = heap->buckets[bucket].first; i != MOLT__NO_SPAN; i = heap->spans[i].next)
            there += heap->spans[i].blocks;
    if (lone)
        blocks = 1;
    else if (there < MOLT__SPAN_BLOCKS_MIN)
        blocks = MOLT__SPAN_BLOCKS_MIN;
    else
        blocks = there < MOLT__SPAN_BLOCKS_MAX ? there : MOLT__SPAN_BLOCKS_MAX;

    MoltSpan span;
    if (!molt__span_make_of(heap, &span, heap->schema, type, capacity, (uint32_t)blocks, align))
        return MOLT__NO_SPAN;
    if (!lone && there * span.stride < MOLT__HUGE_BUCKET)
        molt__range_huge_pages(&span, false);
    if (lone)
        molt__range_share_huge_pages(heap, &span);
    uint32_t index = molt__heap_adopt(heap, &span, type);
    if (index == MOLT__NO_SPAN)
        molt__span_release(heap, &span);
    return index;
}

/* A block of heap->arena, of any content; *where is its span. */
static unsigned char *allocate(MoltHeap *heap, MoltTypeId type, uint64_t count, uint32_t align,
                               MoltSpan **where, uint32_t *index)
{
    if (type >= heap->types.count || molt_type(heap->schema, type)->size == 0 ||
        (count == 0 && !molt_schema_tail(heap->schema, type)))
        return NULL;
    uint64_t capacity = molt__capacity_for(count);
    if (capacity == 0)
        return NULL;
    uint32_t bucket = molt__heap_bucket(heap, heap->arena, type, capacity, align);
    uint32_t open = MOLT__NO_SPAN;
    if (bucket != MOLT__NO_SPAN)
        open = molt__bucket_find_open(heap, &heap->buckets[bucket]);
    if (open == MOLT__NO_SPAN)
        open = add_span(heap, type, capacity, align);
    if (open == MOLT__NO_SPAN)
        return NULL;
    molt__attic_make_births(heap, &heap->spans[open]);
    return molt__block_take(heap, heap->spans[open].bucket, count, where, index);
}

void molt__block_give_all(MoltHeap *heap, uint32_t span_index, uint32_t block)
{
    const MoltSpan *span = &heap->spans[span_index];
    if (molt__span_is_kept(span))
        molt__attic_forget(heap, span_index, block);
    molt__block_mark_free(heap, span_index, block);
    if (span->capacity > MOLT__LONE_CAPACITY && span->live == 0)
        molt__heap_drop(heap, span_index);
}

void *molt__heap_new_aligned(MoltHeap *heap, MoltTypeId type, uint64_t count, uint32_t align)
{
    MoltSpan *span;
    uint32_t index;
    unsigned char *block = allocate(heap, type, count, align, &span, &index);
    return block ? memset(block, 0, molt__span_bytes(span, count)) : NULL;
}

void *molt_heap_new(MoltHeap *heap, MoltTypeId type, uint64_t count)
{
    return molt__heap_new_aligned(heap, type, count, 0);
}

/* A block that would fit in a quarter moves to a smaller one, so that what once was long does not
 * hold its memory forever. */
static bool fits_in_place(uint64_t capacity, uint64_t count)
{
    return count <= capacity && molt__capacity_for(count) > capacity / 4;
}

/* What the attic keeps for a block goes with it; without memory for that the new block goes again. */
static bool keep_values(MoltHeap *heap, const MoltBlock *old, const void *moved)
{
    MoltPlace place;
    molt_heap_locate(heap, moved, &place);
    if (molt__attic_follow(heap, old->span, old->index, &place.block))
        return true;
    molt__block_give_all(heap, place.block.span, place.block.index);
    return false;
}

void *molt_heap_resize(MoltHeap *heap, void *block, uint64_t count)
{
    MoltPlace place;
    if (!molt__heap_find_start(heap, block, &place) || (count == 0 && place.block.header == 0))
        return NULL;
    const MoltBlock *old = &place.block;
    MoltSpan *span = &heap->spans[old->span];
    uint32_t index;
    uint64_t kept = span->header + (old->count < count ? old->count : count) * span->elem_size;
    uint64_t bytes = molt__span_bytes(span, count); /* where that overflows, no block is made */

    unsigned char *result = NULL;
    if (!fits_in_place(old->capacity, count))
        result = allocate(heap, old->type, count, span->align, &span, &index);
    if (result && molt__span_is_kept(&heap->spans[old->span]) && !keep_values(heap, old, result))
        result = NULL;
    if (result) {
        memcpy(result, block, kept);
        molt__block_give_all(heap, old->span, old->index);
    } else if (count <= old->capacity) {
        result = block;
        if (count != old->count) /* elements that come are not those that an edit saw */
            molt__attic_born(heap, &heap->spans[old->span], old->index);
        if (heap->spans[old->span].counts)
            heap->spans[old->span].counts[old->index] = count;
        if (heap->spans[old->span].kept)
            molt__attic_cut(heap, old->span, old->index, count);
        molt__made_unmark(&heap->spans[old->span], old->index);
    } else {
        return NULL;
    }
    memset(result + kept, 0, bytes - kept);
    return result;
}

bool molt_heap_delete(MoltHeap *heap, void *block)
{
    MoltPlace place;
    if (!molt__heap_find_start(heap, block, &place))
        return false;
    molt__block_give_all(heap, place.block.span, place.block.index);
    return true;
}

/* ---- threads --------------------------------------------------------------------------------- */

void molt__heap_lock(MoltHeap *heap)
{
    uint32_t arena = molt__gate_enter_all(heap->gate);
    heap->arena = arena;
}

void molt__heap_unlock(MoltHeap *heap)
{
    uint32_t arena = heap->arena;
    heap->arena = 0;
    molt__gate_leave_all(heap->gate, arena);
}

bool molt__heap_give_all(MoltHeap *heap, void *block)
{
    molt__heap_lock(heap);
    bool deleted = molt_heap_delete(heap, block);
    molt__heap_unlock(heap);
    return deleted;
}

static bool find(const MoltHeap *heap, const void *address, MoltPlace *out, uint64_t *bytes)
{
    if (!molt__heap_find_start(heap, address, out))
        return false;
    *bytes = molt__span_bytes(&heap->spans[out->block.span], out->block.count);
    return true;
}

/* Whether a block is live is known behind the door of its arena. */
bool molt__heap_find_safely(MoltHeap *heap, const void *address, MoltPlace *out, uint64_t *bytes)
{
    uint32_t arena = molt__gate_enter(heap->gate);
    bool own = molt__block_is_own(heap, arena, address);
    bool found = own && find(heap, address, out, bytes);
    molt__gate_leave(heap->gate, arena);
    if (own)
        return found;
    molt__heap_lock(heap);
    found = find(heap, address, out, bytes);
    molt__heap_unlock(heap);
    return found;
}
