#include "molt/heap.h"

#include <assert.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* a hash state on the stack: a digest cannot fail */
#include <xxhash.h>

#include "heap_gate.h"
#include "heap_span.h"
#include "molt/globals.h"
#include "row_stand.h"

#define DEFAULT_RESERVE ((uint64_t)64 << 30)
/* Far from where systems and sanitizers put things, the same in each run: addresses that a person
 * noted in one run mean the same in the next. */
#define DEFAULT_BASE ((uintptr_t)0x200000000000)

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
    heap->gate = allocator->resize(allocator->context, NULL, 0, sizeof *heap->gate);
    MoltStatus status = heap->gate
                            ? molt__range_reserve(heap, base, reserve, error)
                            : molt_error(error, MOLT_OUT_OF_MEMORY, "Out of memory for the heap.");
    if (status != MOLT_OK) {
        if (heap->gate)
            allocator->resize(allocator->context, heap->gate, sizeof *heap->gate, 0);
        allocator->resize(allocator->context, heap, sizeof *heap, 0);
        return status;
    }
    molt__gate_init(heap->gate);
    molt__heap_make_api(heap);
    heap->attic.limit = desc && desc->attic_limit ? desc->attic_limit : MOLT_ATTIC_LIMIT_DEFAULT;
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
    allocator.resize(allocator.context, heap->gate, sizeof *heap->gate, 0);
    allocator.resize(allocator.context, heap, sizeof *heap, 0);
}

void molt_heap_exchange(MoltHeap *a, MoltHeap *b)
{
    assert(a->allocator.resize == b->allocator.resize &&
           a->allocator.context == b->allocator.context);
    MoltHeap was = *a;
    *a = *b;
    *b = was;
    b->api = a->api; /* tables, handlers, gates and addresses of the heaps themselves stay */
    a->api = was.api;
    b->gate = a->gate;
    a->gate = was.gate;
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

/* ---- roots -------------------------------------------------------------------------------------- */

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
    uint64_t index = molt__divide(offset, span->stride, reciprocal->stride);
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
        element = molt__divide(offset, span->elem_size, reciprocal->elem_size);
        offset -= element * span->elem_size;
    }
    if (element > count || (element == count && offset > 0))
        return; /* slack */
    out->kind = MOLT_PLACE_BLOCK;
    out->element = element;
    out->offset = offset;
    describe(heap, span_index, (uint32_t)index, &out->block);
}

bool molt__heap_find_start(const MoltHeap *heap, const void *address, MoltPlace *out)
{
    molt_heap_locate(heap, address, out);
    return out->kind == MOLT_PLACE_BLOCK && out->block.start == address;
}

/* ---- all blocks ---------------------------------------------------------------------------- */

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
        index = molt__span_next_live(&heap->spans[span], index);
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
    for (uint32_t i = molt__span_next_live(span, 0); i < span->blocks;
         i = molt__span_next_live(span, i + 1))
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
        for (uint32_t i = molt__span_next_live(span, 0); span->header > 0 && i < span->blocks;
             i = molt__span_next_live(span, i + 1))
            bytes += molt__span_bytes(span, span->counts[i]) - span->counts[i] * span->elem_size;
        out->spans++;
        out->span_bytes += span->bytes;
        out->block_bytes += span->live * span->stride;
        out->table_bytes += molt__span_table_bytes(span);
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
    for (uint32_t i = molt__span_next_live(span, 0); i < span->blocks;
         i = molt__span_next_live(span, i + 1)) {
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
