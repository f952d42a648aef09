/* A snapshot holds the heap's tables as they were, in a heap of its own without address range, and
 * the elements of all live blocks packed one after the other in order of spans and blocks. */
#include "molt/snapshot.h"

#include <string.h>

#include "heap_span.h"
#include "kept_types.h"
#include "made_text.h"
#include "molt/globals.h"
#include "snapshot_tables.h"

struct MoltSnapshot {
    MoltAllocator allocator;
    MoltSchema *schema;
    MoltHeap tables; /* copies; granules, ranges and what else belongs to the range are unused */
    unsigned char *bytes;
    uint64_t size;
    uint64_t table_bytes;
};

static void *resize(const MoltAllocator *allocator, void *block, uint64_t old_size, uint64_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

/* ---- tables -------------------------------------------------------------------------------- */

static bool copy_span_tables(const MoltAllocator *allocator, const MoltSpan *from, MoltSpan *to)
{
    uint64_t bits = ((uint64_t)from->blocks + 63) / 64 * sizeof *to->live_bits;
    uint64_t counts = (uint64_t)from->blocks * sizeof *to->counts;
    *to = *from;
    to->live_bits = NULL;
    to->counts = NULL;
    to->kept = NULL;
    to->births = NULL;
    to->made = NULL;
    to->origins = NULL;
    if (from->bytes == 0)
        return true;
    if (from->made) {
        to->made = resize(allocator, NULL, 0, molt__made_bytes(from));
        if (!to->made)
            return false;
        memcpy(to->made, from->made, molt__made_bytes(from));
    }
    if (from->origins) {
        uint64_t origins = (uint64_t)from->blocks * sizeof *to->origins;
        to->origins = resize(allocator, NULL, 0, origins);
        if (!to->origins)
            return false;
        memcpy(to->origins, from->origins, origins);
    }
    if (from->births) {
        uint64_t births = (uint64_t)from->blocks * sizeof *to->births;
        to->births = resize(allocator, NULL, 0, births);
        if (!to->births)
            return false;
        memcpy(to->births, from->births, births);
    }
    if (from->kept) {
        uint64_t kept = (uint64_t)from->blocks * sizeof *to->kept;
        to->kept = resize(allocator, NULL, 0, kept);
        if (!to->kept)
            return false;
        memcpy(to->kept, from->kept, kept);
    }
    to->live_bits = resize(allocator, NULL, 0, bits);
    if (!to->live_bits)
        return false;
    memcpy(to->live_bits, from->live_bits, bits);
    if (!from->counts)
        return true;
    to->counts = resize(allocator, NULL, 0, counts);
    if (!to->counts)
        return false;
    memcpy(to->counts, from->counts, counts);
    return true;
}

static bool copy_types(const MoltAllocator *allocator, const MoltTypeRows *from, MoltTypeRows *to)
{
    if (!molt__types_make(allocator, from->count, to))
        return false;
    if (from->count == 0)
        return true;
    memcpy(to->serials, from->serials, from->count * sizeof *to->serials);
    memcpy(to->buckets, from->buckets, from->count * sizeof *to->buckets);
    memcpy(to->first, from->first, from->count * sizeof *to->first);
    memcpy(to->last, from->last, from->count * sizeof *to->last);
    return true;
}

bool molt__tables_copy(const MoltHeap *from, MoltHeap *to)
{
    if (!molt__attic_copy(&to->allocator, &from->attic, &to->attic) ||
        !molt__heap_make_slots(to, from->span_count, from->bucket_count) ||
        !copy_types(&to->allocator, &from->types, &to->types))
        return false;
    for (uint32_t i = 0; i < from->span_count; i++) {
        to->span_count = i + 1;
        if (!copy_span_tables(&to->allocator, &from->spans[i], &to->spans[i]))
            return false;
        to->links[i] = from->links[i];
        to->reciprocals[i] = from->reciprocals[i];
    }
    if (from->bucket_count > 0)
        memcpy(to->buckets, from->buckets, from->bucket_count * sizeof *to->buckets);
    to->bucket_count = from->bucket_count;
    to->span_hint = from->span_hint;
    if (from->root_count > 0) {
        to->roots = resize(&to->allocator, NULL, 0, from->root_count * sizeof *to->roots);
        if (!to->roots)
            return false;
        memcpy(to->roots, from->roots, from->root_count * sizeof *to->roots);
        to->root_count = from->root_count;
    }
    return true;
}

static uint64_t bytes_of_tables(const MoltHeap *tables)
{
    uint64_t bytes = tables->span_slots * (sizeof *tables->spans + sizeof *tables->links +
                                           sizeof *tables->reciprocals) +
                     tables->bucket_slots * sizeof *tables->buckets +
                     tables->types.count * (sizeof(uint64_t) + 3 * sizeof(uint32_t)) +
                     tables->root_count * sizeof *tables->roots +
                     molt__attic_bytes(&tables->attic);
    for (uint32_t i = 0; i < tables->span_count; i++) {
        const MoltSpan *span = &tables->spans[i];
        if (span->live_bits)
            bytes += ((uint64_t)span->blocks + 63) / 64 * sizeof *span->live_bits;
        if (span->counts)
            bytes += (uint64_t)span->blocks * sizeof *span->counts;
        if (span->kept)
            bytes += (uint64_t)span->blocks * sizeof *span->kept;
        if (span->births)
            bytes += (uint64_t)span->blocks * sizeof *span->births;
        if (span->made)
            bytes += molt__made_bytes(span);
        if (span->origins)
            bytes += (uint64_t)span->blocks * sizeof *span->origins;
    }
    return bytes;
}

/* ---- contents ------------------------------------------------------------------------------ */

typedef enum Direction { TO_PACKED, FROM_PACKED } Direction;

/* Copies the live blocks of a span to or from where they lie packed; returns the end of that. */
static unsigned char *copy_blocks(const MoltSpan *span, unsigned char *packed, Direction direction)
{
    for (uint32_t word = 0; word < (span->blocks + 63) / 64; word++) {
        for (uint64_t bits = span->live_bits[word]; bits != 0; bits &= bits - 1) {
            uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(bits);
            uint64_t size = molt__span_bytes(span, molt__span_count(span, index));
            unsigned char *block = molt__span_block(span, index);
            memcpy(direction == TO_PACKED ? packed : block, direction == TO_PACKED ? block : packed,
                   size);
            packed += size;
        }
    }
    return packed;
}

static void copy_contents(const MoltHeap *tables, unsigned char *packed, Direction direction)
{
    for (uint32_t i = 0; i < tables->span_count; i++)
        if (tables->spans[i].bytes > 0)
            packed = copy_blocks(&tables->spans[i], packed, direction);
}

/* ---- public -------------------------------------------------------------------------------- */

MoltStatus molt_snapshot_capture(const MoltHeap *heap, MoltSnapshot **out, MoltError *error)
{
    const MoltAllocator allocator = heap->allocator;
    MoltSnapshot *snapshot = NULL;
    MoltHeapStats stats;
    MoltStatus status;
    if (!heap->schema)
        return molt_error(error, MOLT_INVALID, "A heap without a schema has no state to capture.");

    snapshot = resize(&allocator, NULL, 0, sizeof *snapshot);
    if (!snapshot)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "Out of memory for a snapshot.");
    *snapshot = (MoltSnapshot){.allocator = allocator};
    snapshot->tables.allocator = allocator;
    snapshot->tables.base = heap->base;
    snapshot->tables.granule_count = heap->granule_count;
    snapshot->tables.opened = heap->opened;

    status = molt__schema_clone(heap->schema, &allocator, &snapshot->schema, error);
    if (status != MOLT_OK)
        goto failed;
    molt_heap_gather_globals(heap);
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    status = MOLT_OUT_OF_MEMORY;
    if (!molt__tables_copy(heap, &snapshot->tables))
        goto out_of_memory;
    if (stats.live_bytes > 0) {
        snapshot->bytes = resize(&allocator, NULL, 0, stats.live_bytes);
        if (!snapshot->bytes)
            goto out_of_memory;
        snapshot->size = stats.live_bytes;
        copy_contents(&snapshot->tables, snapshot->bytes, TO_PACKED);
    }
    snapshot->table_bytes = bytes_of_tables(&snapshot->tables);
    *out = snapshot;
    return MOLT_OK;

out_of_memory:
    molt_error(error, status, "Out of memory for a snapshot of %llu bytes.",
               (unsigned long long)stats.live_bytes);
failed:
    molt_snapshot_free(snapshot);
    return status;
}

/* Gives the ranges of all spans back. Their pages keep what they hold until they are taken again or
 * there are too many of them. */
static void empty_range(MoltHeap *heap)
{
    for (uint32_t i = 0; i < heap->span_count; i++) {
        const MoltSpan *span = &heap->spans[i];
        if (span->bytes == 0)
            continue;
        molt__span_map(heap, span, MOLT__NO_SPAN);
        molt__range_give(heap, (span->base - heap->base) >> MOLT__GRANULE_SHIFT,
                         span->bytes >> MOLT__GRANULE_SHIFT);
    }
}

void molt__tables_take(MoltHeap *heap, const MoltHeap *fresh)
{
    molt__gate_reset(heap->gate); /* no thread goes on with what it was about */
    heap->spans = fresh->spans;
    heap->links = fresh->links;
    heap->reciprocals = fresh->reciprocals;
    heap->span_count = fresh->span_count;
    heap->span_slots = fresh->span_slots;
    heap->span_hint = fresh->span_hint;
    heap->buckets = fresh->buckets;
    heap->bucket_count = fresh->bucket_count;
    heap->bucket_slots = fresh->bucket_slots;
    heap->types = fresh->types;
    heap->roots = fresh->roots;
    heap->root_count = fresh->root_count;
    heap->attic = fresh->attic;
    for (uint32_t i = 0; i < heap->span_count; i++)
        if (heap->spans[i].bytes > 0)
            molt__span_map(heap, &heap->spans[i], i);
}

/* The running library is the one of that moment, or one with the same variables. */
static bool same_layouts(const MoltSchema *a, const MoltSchema *b)
{
    return a->tables.hash.low == b->tables.hash.low && a->tables.hash.high == b->tables.hash.high;
}

MoltStatus molt_snapshot_restore(const MoltSnapshot *snapshot, MoltHeap *heap, MoltError *error)
{
    const MoltHeap *tables = &snapshot->tables;
    if (heap->base != tables->base || heap->granule_count != tables->granule_count)
        return molt_error(error, MOLT_INVALID,
                          "The snapshot is of a heap at another address; only the heap it was "
                          "captured from can go back to it.");
    MoltHeap fresh = {.allocator = heap->allocator};
    if (!molt__tables_copy(tables, &fresh) || !molt__range_make_slots(heap, fresh.span_count) ||
        !molt__range_open(heap, tables->opened)) {
        molt__heap_free_tables(&fresh);
        return molt_error(error, MOLT_OUT_OF_MEMORY,
                          "Out of memory for going back to a snapshot of %llu bytes.",
                          (unsigned long long)snapshot->size);
    }

    empty_range(heap);
    molt__heap_free_tables(heap);
    molt__tables_take(heap, &fresh);
    molt__range_rebuild(heap);
    copy_contents(tables, snapshot->bytes, FROM_PACKED);
    molt__heap_use_schema(heap, snapshot->schema);
    if (heap->globals && same_layouts(heap->globals->schema, snapshot->schema))
        molt_heap_scatter_globals(heap);
    return MOLT_OK;
}

const MoltSchema *molt_snapshot_schema(const MoltSnapshot *snapshot)
{
    return snapshot->schema;
}

uint64_t molt_snapshot_bytes(const MoltSnapshot *snapshot)
{
    return sizeof *snapshot + snapshot->size + snapshot->table_bytes + sizeof *snapshot->schema +
           snapshot->schema->storage_size;
}

void molt_snapshot_free(MoltSnapshot *snapshot)
{
    if (!snapshot)
        return;
    const MoltAllocator allocator = snapshot->allocator;
    molt_schema_free(snapshot->schema);
    molt__heap_free_tables(&snapshot->tables);
    if (snapshot->bytes)
        resize(&allocator, snapshot->bytes, snapshot->size, 0);
    resize(&allocator, snapshot, sizeof *snapshot, 0);
}
