#include "molt/heap.h"

#include <assert.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* a hash state on the stack: a digest cannot fail */
#include <xxhash.h>

#include "heap_span.h"
#include "made_text.h"
#include "molt/globals.h"
#include "row_stand.h"

#define DEFAULT_RESERVE ((uint64_t)64 << 30)
/* Far from where systems and sanitizers put things, the same in each run: addresses that a person
 * noted in one run mean the same in the next. */
#define DEFAULT_BASE ((uintptr_t)0x200000000000)

/* An extension: C11 has no other way to the high word of a product. */
__extension__ typedef unsigned __int128 Wide;

/* ---- life ---------------------------------------------------------------------------------- */

MoltStatus molt_heap_create(const MoltHeapDesc *desc, MoltHeap **out, MoltError *error)
{
    uint64_t reserve = desc && desc->reserve ? desc->reserve : DEFAULT_RESERVE;
    uintptr_t base = desc && desc->base ? desc->base : DEFAULT_BASE;
    const MoltAllocator *allocator =
        desc && desc->allocator ? desc->allocator : molt_allocator_default();
    if (reserve > (uint64_t)1 << 46)
        return molt_error(error, MOLT_INVALID, "A heap cannot reserve more than 64 TiB.");
    if (base % MOLT__GRANULE != 0)
        return molt_error(error, MOLT_INVALID, "The heap's base must be a multiple of 64 KiB.");
    reserve = (reserve + MOLT__GRANULE - 1) & ~(MOLT__GRANULE - 1);

    MoltHeap *heap = allocator->resize(allocator->context, NULL, 0, sizeof *heap);
    if (!heap)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "Out of memory for the heap.");
    *heap = (MoltHeap){.allocator = *allocator, .char_type = MOLT_NO_TYPE, .untyped = MOLT_NO_TYPE};
    MoltStatus status = molt__range_reserve(heap, base, reserve, error);
    if (status != MOLT_OK) {
        allocator->resize(allocator->context, heap, sizeof *heap, 0);
        return status;
    }
    molt__heap_make_api(heap);
    heap->attic.limit =
        desc && desc->attic_limit ? desc->attic_limit : MOLT_ATTIC_LIMIT_DEFAULT;
    heap->attic.none = desc && desc->no_attic;
    heap->attic.free = MOLT__NO_SPAN;
    *out = heap;
    return MOLT_OK;
}

void molt_heap_destroy(MoltHeap *heap)
{
    if (!heap)
        return;
    const MoltAllocator allocator = heap->allocator;
    molt__heap_free_tables(heap);
    molt__origins_free(&allocator, &heap->origins);
    molt__range_unreserve(heap);
    allocator.resize(allocator.context, heap, sizeof *heap, 0);
}

void molt_heap_exchange(MoltHeap *a, MoltHeap *b)
{
    assert(a->allocator.resize == b->allocator.resize &&
           a->allocator.context == b->allocator.context);
    MoltHeap was = *a;
    *a = *b;
    *b = was;
    b->api = a->api; /* tables, handlers and addresses of the heaps themselves stay */
    a->api = was.api;
    b->fault = a->fault;
    a->fault = was.fault;
    b->fault_context = a->fault_context;
    a->fault_context = was.fault_context;
}

MoltStatus molt_heap_set_schema(MoltHeap *heap, const MoltSchema *schema)
{
    for (uint32_t i = 0; i < heap->span_count; i++)
        if (heap->spans[i].bytes > 0 && heap->spans[i].live > 0)
            return MOLT_INVALID;
    if (!molt__heap_reserve(heap, 0, schema))
        return MOLT_OUT_OF_MEMORY;

    molt_attic_clear(heap);
    molt__lineage_release(&heap->allocator, &heap->attic.lineage);
    molt__row_stands_drop(&heap->allocator, heap->attic.stands);
    heap->attic.stands = NULL;
    for (MoltTypeId type = 0; type < heap->types.count; type++)
        molt__heap_drop_type(heap, type);
    molt__types_free(&heap->allocator, &heap->types);
    heap->types = (MoltTypeRows){0};
    molt__heap_switch(heap, schema, NULL, NULL);
    return MOLT_OK;
}

const MoltSchema *molt_heap_schema(const MoltHeap *heap)
{
    return heap->schema;
}

/* ---- allocation ---------------------------------------------------------------------------- */

static uint32_t add_span(MoltHeap *heap, MoltTypeId type, uint64_t capacity, uint32_t align)
{
    uint32_t bucket = molt__heap_bucket(heap, type, capacity, align);
    uint64_t blocks = 0;
    if (capacity > MOLT__LONE_CAPACITY)
        blocks = 1;
    else if (bucket != MOLT__NO_SPAN)
        for (uint32_t i = heap->buckets[bucket].first; i != MOLT__NO_SPAN; i = heap->spans[i].next)
            blocks += heap->spans[i].blocks;
    if (capacity <= MOLT__LONE_CAPACITY && blocks < MOLT__SPAN_BLOCKS_MIN)
        blocks = MOLT__SPAN_BLOCKS_MIN;
    if (blocks > MOLT__SPAN_BLOCKS_MAX)
        blocks = MOLT__SPAN_BLOCKS_MAX;

    MoltSpan span;
    if (!molt__span_make_of(heap, &span, heap->schema, type, capacity, (uint32_t)blocks, align))
        return MOLT__NO_SPAN;
    uint32_t index = molt__heap_adopt(heap, &span, type);
    if (index == MOLT__NO_SPAN)
        molt__span_release(heap, &span);
    return index;
}

/* The first span of a bucket with a free block, MOLT__NO_SPAN when there is none. */
static uint32_t open_span(MoltHeap *heap, MoltBucket *bucket)
{
    uint32_t index = bucket->open;
    while (index != MOLT__NO_SPAN && heap->spans[index].live == heap->spans[index].blocks)
        index = heap->spans[index].next;
    bucket->open = index;
    return index;
}

/* Takes the lowest free block of a span that has one. */
static uint32_t take_block(MoltSpan *span, uint64_t count)
{
    uint32_t word = span->free_hint;
    while (span->live_bits[word] == UINT64_MAX)
        word++;
    uint32_t bit = (uint32_t)__builtin_ctzll(~span->live_bits[word]);
    uint32_t index = word * 64 + bit;
    span->live_bits[word] |= (uint64_t)1 << bit;
    span->free_hint = word;
    span->live++;
    if (span->counts)
        span->counts[index] = count;
    return index;
}

/* A block of any content; *where is its span. */
static unsigned char *allocate(MoltHeap *heap, MoltTypeId type, uint64_t count, uint32_t align,
                               const MoltSpan **where)
{
    if (type >= heap->types.count || molt_type(heap->schema, type)->size == 0 ||
        (count == 0 && !molt_schema_tail(heap->schema, type)))
        return NULL;
    uint64_t capacity = molt__capacity_for(count);
    if (capacity == 0)
        return NULL;
    uint32_t bucket = molt__heap_bucket(heap, type, capacity, align);
    uint32_t index = MOLT__NO_SPAN;
    if (bucket != MOLT__NO_SPAN)
        index = open_span(heap, &heap->buckets[bucket]);
    if (index == MOLT__NO_SPAN)
        index = add_span(heap, type, capacity, align);
    if (index == MOLT__NO_SPAN)
        return NULL;
    MoltSpan *span = &heap->spans[index];
    *where = span;
    uint32_t block = take_block(span, count);
    molt__attic_born(heap, span, block);
    return molt__span_block(span, block);
}

static void release(MoltHeap *heap, uint32_t span_index, uint32_t block)
{
    MoltSpan *span = &heap->spans[span_index];
    if (span->kept)
        molt__attic_forget(heap, span_index, block);
    molt__made_unmark(span, block);
    span->live_bits[block / 64] &= ~((uint64_t)1 << (block % 64));
    span->live--;
    if (span->counts)
        span->counts[block] = 0;
    if (span->origins)
        span->origins[block] = 0;
    if (block / 64 < span->free_hint)
        span->free_hint = block / 64;
    if (span->capacity > MOLT__LONE_CAPACITY && span->live == 0) {
        molt__heap_drop(heap, span_index);
        return;
    }
    MoltBucket *bucket = &heap->buckets[span->bucket];
    if (bucket->open == MOLT__NO_SPAN ||
        heap->spans[bucket->open].first_serial > span->first_serial)
        bucket->open = span_index;
}

bool molt__heap_find_start(const MoltHeap *heap, const void *address, MoltPlace *out)
{
    molt_heap_locate(heap, address, out);
    return out->kind == MOLT_PLACE_BLOCK && out->block.start == address;
}

void *molt__heap_new_aligned(MoltHeap *heap, MoltTypeId type, uint64_t count, uint32_t align)
{
    const MoltSpan *span;
    unsigned char *block = allocate(heap, type, count, align, &span);
    if (block)
        memset(block, 0, molt__span_bytes(span, count));
    return block;
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
    release(heap, place.block.span, place.block.index);
    return false;
}

void *molt_heap_resize(MoltHeap *heap, void *block, uint64_t count)
{
    MoltPlace place;
    if (!molt__heap_find_start(heap, block, &place) || (count == 0 && place.block.header == 0))
        return NULL;
    const MoltBlock *old = &place.block;
    const MoltSpan *span = &heap->spans[old->span];
    uint64_t kept = span->header + (old->count < count ? old->count : count) * span->elem_size;
    uint64_t bytes = molt__span_bytes(span, count); /* where that overflows, no block is made */

    unsigned char *result = NULL;
    if (!fits_in_place(old->capacity, count))
        result = allocate(heap, old->type, count, span->align, &span);
    if (result && heap->spans[old->span].kept && !keep_values(heap, old, result))
        result = NULL;
    if (result) {
        memcpy(result, block, kept);
        release(heap, old->span, old->index);
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
    release(heap, place.block.span, place.block.index);
    return true;
}

void molt_heap_set_root(MoltHeap *heap, uint32_t root, void *object)
{
    assert(root < heap->root_count);
    heap->roots[root] = object;
}

void *molt_heap_root(const MoltHeap *heap, uint32_t root)
{
    return root < heap->root_count ? heap->roots[root] : NULL;
}

/* ---- places -------------------------------------------------------------------------------- */

static uint64_t divide(uint64_t number, uint64_t divisor, uint64_t reciprocal)
{
    if (reciprocal != 0)
        return (uint64_t)((Wide)number * reciprocal >> 64);
    return divisor == 1 ? number : number / divisor;
}

static void describe(const MoltHeap *heap, uint32_t span_index, uint32_t index, MoltBlock *out)
{
    const MoltSpan *span = &heap->spans[span_index];
    *out = (MoltBlock){.start = molt__span_block(span, index),
                       .count = molt__span_count(span, index),
                       .capacity = span->capacity,
                       .header = span->header,
                       .serial = span->first_serial + index,
                       .type = span->type,
                       .span = span_index,
                       .index = index};
}

void molt_heap_locate(const MoltHeap *heap, const void *address, MoltPlace *out)
{
    *out = (MoltPlace){.kind = MOLT_PLACE_OUTSIDE};
    uint64_t granule = ((uintptr_t)address - heap->base) >> MOLT__GRANULE_SHIFT;
    if (granule >= heap->granule_count)
        return;
    out->kind = MOLT_PLACE_FREE;
    if (heap->granules[granule] == 0)
        return;

    uint32_t span_index = heap->granules[granule] - 1;
    const MoltSpan *span = &heap->spans[span_index];
    const MoltReciprocal *reciprocal = &heap->reciprocals[span_index];
    uint64_t offset = (uintptr_t)address - span->base;
    uint64_t index = divide(offset, span->stride, reciprocal->stride);
    if (index >= span->blocks || !molt__span_is_live(span, (uint32_t)index))
        return; /* index >= blocks: the rest of the last granule */
    offset -= index * span->stride;
    uint64_t count = molt__span_count(span, (uint32_t)index);
    uint64_t element = 0;
    if (span->header > 0) {
        uint64_t bytes = molt__span_bytes(span, count);
        element = offset >= bytes;
        offset -= element * bytes;
        count = 1;
    } else {
        element = divide(offset, span->elem_size, reciprocal->elem_size);
        offset -= element * span->elem_size;
    }
    if (element > count || (element == count && offset > 0))
        return; /* slack */
    out->kind = MOLT_PLACE_BLOCK;
    out->element = element;
    out->offset = offset;
    describe(heap, span_index, (uint32_t)index, &out->block);
}

/* ---- all blocks ---------------------------------------------------------------------------- */

/* Index of the first live block from `index` on; span->blocks when there is none. */
static uint32_t next_live(const MoltSpan *span, uint32_t index)
{
    if (index >= span->blocks)
        return span->blocks;
    uint32_t words = (span->blocks + 63) / 64;
    uint32_t word = index / 64;
    uint64_t bits = span->live_bits[word] & UINT64_MAX << (index % 64);
    while (bits == 0 && ++word < words)
        bits = span->live_bits[word];
    return bits == 0 ? span->blocks : word * 64 + (uint32_t)__builtin_ctzll(bits);
}

/* First span of a type, or, where all are wanted, of the first type from it on that has one. */
static uint32_t first_span(const MoltHeap *heap, MoltTypeId type, bool all)
{
    while (type < heap->types.count) {
        if (heap->types.first[type] != MOLT__NO_SPAN)
            return heap->types.first[type];
        if (!all)
            break;
        type++;
    }
    return MOLT__NO_SPAN;
}

static uint32_t next_span(const MoltHeap *heap, uint32_t span, bool all)
{
    uint32_t next = heap->links[span].type_next;
    if (next == MOLT__NO_SPAN && all)
        next = first_span(heap, heap->spans[span].type + 1, true);
    return next;
}

/* The cursor is the span and the block to look at next, the span plus one in the high half. */
bool molt_heap_next(const MoltHeap *heap, MoltTypeId type, uint64_t *cursor, MoltBlock *out)
{
    bool all = type == MOLT_NO_TYPE;
    uint32_t span = (uint32_t)(*cursor >> 32) - 1;
    uint32_t index = (uint32_t)*cursor;
    if (*cursor == 0)
        span = first_span(heap, all ? 0 : type, all);
    else if (*cursor == UINT64_MAX)
        span = MOLT__NO_SPAN;

    while (span != MOLT__NO_SPAN) {
        index = next_live(&heap->spans[span], index);
        if (index < heap->spans[span].blocks) {
            describe(heap, span, index, out);
            *cursor = ((uint64_t)span + 1) << 32 | (index + 1);
            return true;
        }
        span = next_span(heap, span, all);
        index = 0;
    }
    *cursor = UINT64_MAX;
    return false;
}

static uint64_t span_elements(const MoltSpan *span)
{
    if (!span->counts)
        return span->live;
    uint64_t elements = 0;
    for (uint32_t i = next_live(span, 0); i < span->blocks; i = next_live(span, i + 1))
        elements += span->counts[i];
    return elements;
}

void molt_heap_stats(const MoltHeap *heap, MoltTypeId type, MoltHeapStats *out)
{
    *out = (MoltHeapStats){0};
    bool all = type == MOLT_NO_TYPE;
    uint32_t index = first_span(heap, all ? 0 : type, all);
    for (; index != MOLT__NO_SPAN; index = next_span(heap, index, all)) {
        const MoltSpan *span = &heap->spans[index];
        uint64_t elements = span_elements(span), bytes = elements * span->elem_size;
        for (uint32_t i = next_live(span, 0); span->header > 0 && i < span->blocks;
             i = next_live(span, i + 1))
            bytes += molt__span_bytes(span, span->counts[i]) - span->counts[i] * span->elem_size;
        out->spans++;
        out->span_bytes += span->bytes;
        out->blocks += span->live;
        out->elements += elements;
        out->live_bytes += bytes;
    }
}

void molt_heap_weigh(MoltHeap *heap, uint64_t *bytes)
{
    memset(bytes, 0, heap->types.count * sizeof *bytes);
    molt__heap_lock(heap);
    for (uint32_t s = 0; s < heap->span_count; s++) {
        const MoltSpan *span = &heap->spans[s];
        if (span->bytes > 0)
            bytes[span->type] += span->live * span->stride;
    }
    molt__heap_unlock(heap);
}

/* ---- digest -------------------------------------------------------------------------------- */

static void digest_number(XXH3_state_t *state, uint64_t number)
{
    XXH3_128bits_update(state, &number, sizeof number);
}

static void digest_span(XXH3_state_t *state, const MoltHeap *heap, const MoltSpan *span)
{
    const char *name = molt_type_name(heap->schema, span->type);
    XXH3_128bits_update(state, name, strlen(name) + 1);
    digest_number(state, span->elem_size);
    for (uint32_t i = next_live(span, 0); i < span->blocks; i = next_live(span, i + 1)) {
        uint64_t count = molt__span_count(span, i);
        const uint64_t head[] = {span->base + span->stride * i, span->first_serial + i, count};
        XXH3_128bits_update(state, head, sizeof head);
        XXH3_128bits_update(state, molt__span_block(span, i), molt__span_bytes(span, count));
    }
}

/* In order of addresses, so that it does not depend on how a schema numbers its types. */
MoltHash molt_heap_digest(const MoltHeap *heap)
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    molt_heap_gather_globals(heap);
    uint64_t granule = 0;
    while (granule < heap->opened) {
        if (heap->granules[granule] == 0) {
            granule++;
            continue;
        }
        const MoltSpan *span = &heap->spans[heap->granules[granule] - 1];
        if (span->live > 0)
            digest_span(&state, heap, span);
        granule += span->bytes >> MOLT__GRANULE_SHIFT;
    }
    digest_number(&state, heap->root_count);
    for (uint32_t i = 0; i < heap->root_count; i++)
        digest_number(&state, (uintptr_t)heap->roots[i]);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return (MoltHash){hash.low64, hash.high64};
}
