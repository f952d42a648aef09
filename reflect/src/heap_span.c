/* Spans: their address ranges, their tables, and their place among the buckets and types. */
#include <assert.h>
#include <string.h>

#include "attic_spare.h"
#include "heap_block.h"
#include "made_text.h"
#include "row_stand.h"

static void *resize(const MoltAllocator *allocator, void *block, uint64_t old_size, uint64_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

static uint64_t live_bytes(uint32_t blocks)
{
    return ((uint64_t)blocks + 63) / 64 * sizeof(uint64_t);
}

static uint64_t count_bytes(const MoltSpan *span)
{
    return (uint64_t)span->blocks * sizeof *span->counts;
}

/* ---- one span ------------------------------------------------------------------------------ */

uint64_t molt__span_stride(uint64_t elem_size, uint32_t align, uint64_t capacity)
{
    uint64_t mask = align > 1 ? (uint64_t)align - 1 : 0;
    uint64_t bytes;
    if (__builtin_mul_overflow(elem_size, capacity, &bytes) ||
        __builtin_add_overflow(bytes, mask + 1, &bytes))
        return 0;
    return bytes & ~mask;
}

uint64_t molt__span_table_bytes(const MoltSpan *span)
{
    uint64_t per_block =
        (span->counts ? sizeof *span->counts : 0) + (span->kept ? sizeof *span->kept : 0) +
        (span->births ? sizeof *span->births : 0) + (span->origins ? sizeof *span->origins : 0);
    return sizeof *span + sizeof(MoltSpanLink) + sizeof(MoltReciprocal) + live_bytes(span->blocks) +
           (span->made ? molt__made_bytes(span) : 0) + span->blocks * per_block;
}

static void free_span_tables(const MoltAllocator *allocator, MoltSpan *span)
{
    if (span->live_bits)
        resize(allocator, span->live_bits, live_bytes(span->blocks), 0);
    if (span->counts)
        resize(allocator, span->counts, count_bytes(span), 0);
    if (span->kept)
        resize(allocator, span->kept, (uint64_t)span->blocks * sizeof *span->kept, 0);
    if (span->births)
        resize(allocator, span->births, (uint64_t)span->blocks * sizeof *span->births, 0);
    if (span->made)
        resize(allocator, span->made, molt__made_bytes(span), 0);
    if (span->origins)
        resize(allocator, span->origins, (uint64_t)span->blocks * sizeof *span->origins, 0);
    span->live_bits = NULL;
    span->counts = NULL;
    span->kept = NULL;
    span->births = NULL;
    span->made = NULL;
    span->origins = NULL;
}

/* Bytes from block to block for full blocks of `span`; 0 when it overflows. */
static uint64_t stride_of(const MoltSpan *span, uint32_t align)
{
    uint64_t bytes;
    if (span->header == 0)
        return molt__span_stride(span->elem_size, align, span->capacity);
    if (__builtin_mul_overflow(span->elem_size, span->capacity, &bytes) ||
        __builtin_add_overflow(bytes, span->header, &bytes))
        return 0;
    return molt__span_stride(bytes > span->least ? bytes : span->least, align, 1);
}

/* Sets stride and bytes of what `span` describes: elem_size, header, least, capacity and blocks. */
static bool shape(MoltSpan *span, uint32_t align)
{
    span->stride = stride_of(span, align);
    if (span->stride == 0 || span->blocks == 0 || align > MOLT__GRANULE ||
        __builtin_mul_overflow(span->stride, span->blocks, &span->bytes) ||
        __builtin_add_overflow(span->bytes, MOLT__GRANULE - 1, &span->bytes))
        return false;
    span->bytes &= ~(MOLT__GRANULE - 1);
    return true;
}

/* Makes what `span` describes: elem_size, header, least, capacity and blocks. */
static bool make(MoltHeap *heap, MoltSpan *span, uint32_t align)
{
    uint32_t blocks = span->blocks;
    uint64_t first;
    if (!shape(span, align)) {
        span->bytes = 0;
        return false;
    }
    span->type = MOLT_NO_TYPE;
    span->bucket = MOLT__NO_SPAN;
    span->next = MOLT__NO_SPAN;
    span->live_bits = resize(&heap->allocator, NULL, 0, live_bytes(blocks));
    if (!span->live_bits)
        goto failed;
    memset(span->live_bits, 0, live_bytes(blocks));
    span->open_groups = UINT64_MAX;
    while ((blocks - 1) / 64 >> span->group_shift >= 64)
        span->group_shift++;
    if (span->capacity > 1 || span->header > 0) {
        span->counts = resize(&heap->allocator, NULL, 0, count_bytes(span));
        if (!span->counts)
            goto failed;
        memset(span->counts, 0, count_bytes(span));
    }
    if (!molt__range_take(heap, span->bytes >> MOLT__GRANULE_SHIFT, &first))
        goto failed;
    span->base = heap->base + (first << MOLT__GRANULE_SHIFT);
    molt__range_huge_pages(span, true);
    return true;

failed:
    free_span_tables(&heap->allocator, span);
    span->bytes = 0;
    return false;
}

bool molt__span_make(MoltHeap *heap, MoltSpan *span, uint64_t elem_size, uint32_t align,
                     uint64_t capacity, uint32_t blocks)
{
    *span = (MoltSpan){.elem_size = elem_size, .capacity = capacity, .blocks = blocks};
    return make(heap, span, align);
}

static void describe(MoltSpan *span, const MoltSchema *schema, MoltTypeId type, uint64_t capacity,
                     uint32_t blocks, uint32_t align)
{
    const MoltType *layout = molt_type(schema, type);
    const MoltField *tail = molt_schema_tail(schema, type);
    *span = (MoltSpan){
        .elem_size = layout->size, .capacity = capacity, .blocks = blocks, .align = align};
    if (tail) {
        span->elem_size = molt_type(schema, molt_type(schema, tail->type)->elem)->size;
        span->header = tail->bit_offset / 8;
        span->least = layout->size;
    }
}

/* What blocks of the span are aligned to. */
static uint32_t align_of(const MoltSpan *span, const MoltSchema *schema, MoltTypeId type)
{
    uint32_t align = molt_type(schema, type)->align;
    return align > span->align ? align : span->align;
}

bool molt__span_shape(MoltSpan *span, const MoltSchema *schema, MoltTypeId type, uint64_t capacity,
                      uint32_t blocks, uint32_t align)
{
    describe(span, schema, type, capacity, blocks, align);
    return shape(span, align_of(span, schema, type));
}

bool molt__span_make_of(MoltHeap *heap, MoltSpan *span, const MoltSchema *schema, MoltTypeId type,
                        uint64_t capacity, uint32_t blocks, uint32_t align)
{
    describe(span, schema, type, capacity, blocks, align);
    return make(heap, span, align_of(span, schema, type));
}

uint32_t molt__span_find_open(MoltSpan *span)
{
    assert(span->live < span->blocks);
    for (;; span->open_groups &= span->open_groups - 1) {
        uint32_t first = (uint32_t)__builtin_ctzll(span->open_groups) << span->group_shift;
        for (uint32_t word = first; word >> span->group_shift == first >> span->group_shift; word++)
            if (span->live_bits[word] != UINT64_MAX)
                return word;
    }
}

void molt__span_release(MoltHeap *heap, MoltSpan *span)
{
    molt__range_huge_pages(span, false); /* small ones may come here next */
    molt__range_give(heap, (span->base - heap->base) >> MOLT__GRANULE_SHIFT,
                     span->bytes >> MOLT__GRANULE_SHIFT);
    free_span_tables(&heap->allocator, span);
    *span = (MoltSpan){0};
}

/* With magic = ceil(2^64 / d) the high word of n * magic is n / d as long as n * d < 2^64. */
static uint64_t reciprocal_of(uint64_t divisor, uint64_t span_bytes)
{
    uint64_t product;
    if (divisor < 2 || __builtin_mul_overflow(divisor, span_bytes, &product))
        return 0;
    return UINT64_MAX / divisor + 1;
}

void molt__span_map(MoltHeap *heap, const MoltSpan *span, uint32_t index)
{
    uint64_t first = (span->base - heap->base) >> MOLT__GRANULE_SHIFT;
    uint64_t count = span->bytes >> MOLT__GRANULE_SHIFT;
    uint32_t entry = index == MOLT__NO_SPAN ? 0 : index + 1;
    for (uint64_t granule = first; granule < first + count; granule++)
        heap->granules[granule] = entry;
    if (index != MOLT__NO_SPAN)
        heap->reciprocals[index] = (MoltReciprocal){reciprocal_of(span->stride, span->bytes),
                                                    reciprocal_of(span->elem_size, span->bytes)};
}

/* ---- tables -------------------------------------------------------------------------------- */

static uint64_t rows_bytes(uint32_t count)
{
    return (uint64_t)count * (sizeof(uint64_t) + 3 * sizeof(uint32_t));
}

bool molt__types_make(const MoltAllocator *allocator, uint32_t count, MoltTypeRows *out)
{
    MoltTypeRows rows = {.count = count};
    if (count > 0) {
        rows.serials = resize(allocator, NULL, 0, rows_bytes(count));
        if (!rows.serials)
            return false;
        rows.buckets = (uint32_t *)(rows.serials + count);
        rows.first = rows.buckets + count;
        rows.last = rows.first + count;
        memset(rows.serials, 0, count * sizeof *rows.serials);
        memset(rows.buckets, 0xff, 3 * (uint64_t)count * sizeof *rows.buckets); /* MOLT__NO_SPAN */
    }
    *out = rows;
    return true;
}

void molt__types_free(const MoltAllocator *allocator, MoltTypeRows *rows)
{
    if (rows->serials)
        resize(allocator, rows->serials, rows_bytes(rows->count), 0);
    *rows = (MoltTypeRows){0};
}

/* The three tables grow together or not at all. */
static bool grow_spans(MoltHeap *heap, uint32_t slots)
{
    const MoltAllocator *allocator = &heap->allocator;
    uint32_t used = heap->span_count;
    uint32_t old = heap->span_slots;
    MoltSpan *spans = resize(allocator, NULL, 0, slots * sizeof *spans);
    MoltSpanLink *links = resize(allocator, NULL, 0, slots * sizeof *links);
    MoltReciprocal *reciprocals = resize(allocator, NULL, 0, slots * sizeof *reciprocals);
    bool complete = spans && links && reciprocals;
    if (complete && used > 0) {
        memcpy(spans, heap->spans, used * sizeof *spans);
        memcpy(links, heap->links, used * sizeof *links);
        memcpy(reciprocals, heap->reciprocals, used * sizeof *reciprocals);
    }
    if (complete) {
        MoltSpan *old_spans = heap->spans;
        MoltSpanLink *old_links = heap->links;
        MoltReciprocal *old_reciprocals = heap->reciprocals;
        heap->spans = spans;
        heap->links = links;
        heap->reciprocals = reciprocals;
        heap->span_slots = slots;
        spans = old_spans;
        links = old_links;
        reciprocals = old_reciprocals;
    } else {
        old = slots;
    }
    if (spans)
        resize(allocator, spans, old * sizeof *spans, 0);
    if (links)
        resize(allocator, links, old * sizeof *links, 0);
    if (reciprocals)
        resize(allocator, reciprocals, old * sizeof *reciprocals, 0);
    return complete;
}

/* Room for `need` with some to spare, so that growing one by one stays cheap. */
static uint32_t grown(uint64_t need)
{
    uint64_t slots = need < 32 ? 32 : need + need / 2;
    return slots < MOLT__NO_SPAN ? (uint32_t)slots : MOLT__NO_SPAN - 1;
}

bool molt__heap_make_slots(MoltHeap *heap, uint64_t spans, uint64_t buckets)
{
    if (spans >= MOLT__NO_SPAN || buckets >= MOLT__NO_SPAN)
        return false;
    if (spans > heap->span_slots && !grow_spans(heap, grown(spans)))
        return false;
    if (buckets > heap->bucket_slots) {
        uint32_t slots = grown(buckets);
        MoltBucket *grown_buckets =
            resize(&heap->allocator, heap->buckets, heap->bucket_slots * sizeof *grown_buckets,
                   slots * sizeof *grown_buckets);
        if (!grown_buckets)
            return false;
        heap->buckets = grown_buckets;
        heap->bucket_slots = slots;
    }
    return true;
}

static void free_roots(const MoltAllocator *allocator, void **roots, uint32_t count)
{
    if (roots)
        resize(allocator, roots, count * sizeof *roots, 0);
}

static void free_next(MoltHeap *heap)
{
    molt__types_free(&heap->allocator, &heap->next_types);
    free_roots(&heap->allocator, heap->next_roots, heap->next_root_count);
    heap->next_roots = NULL;
    heap->next_root_count = 0;
}

void molt__heap_free_tables(MoltHeap *heap)
{
    const MoltAllocator *allocator = &heap->allocator;
    molt__attic_release(allocator, &heap->attic);
    molt__attic_spare_free(heap);
    molt__lineage_release(allocator, &heap->attic.lineage);
    molt__row_stands_drop(allocator, heap->attic.stands);
    for (uint32_t i = 0; i < heap->span_count; i++)
        if (heap->spans[i].bytes > 0)
            free_span_tables(allocator, &heap->spans[i]);
    if (heap->spans)
        resize(allocator, heap->spans, heap->span_slots * sizeof *heap->spans, 0);
    if (heap->links)
        resize(allocator, heap->links, heap->span_slots * sizeof *heap->links, 0);
    if (heap->reciprocals)
        resize(allocator, heap->reciprocals, heap->span_slots * sizeof *heap->reciprocals, 0);
    if (heap->buckets)
        resize(allocator, heap->buckets, heap->bucket_slots * sizeof *heap->buckets, 0);
    heap->spans = NULL;
    heap->links = NULL;
    heap->reciprocals = NULL;
    heap->buckets = NULL;
    heap->span_count = heap->span_slots = heap->span_hint = 0;
    heap->bucket_count = heap->bucket_slots = 0;
    molt__types_free(allocator, &heap->types);
    free_roots(allocator, heap->roots, heap->root_count);
    heap->roots = NULL;
    heap->root_count = 0;
    free_next(heap);
    molt__known_free(heap);
}

void molt__heap_use_schema(MoltHeap *heap, const MoltSchema *schema)
{
    molt__known_forget(heap);
    heap->schema = schema;
    heap->char_type = MOLT_NO_TYPE;
    heap->untyped = MOLT_NO_TYPE;
    for (MoltTypeId id = 0; schema && id < schema->tables.type_count; id++) {
        const MoltType *type = molt_type(schema, id);
        if (type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_CHAR) != 0 &&
            heap->char_type == MOLT_NO_TYPE)
            heap->char_type = id;
        if (type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_UNTYPED) != 0)
            heap->untyped = id;
    }
}

/* ---- buckets ------------------------------------------------------------------------------- */

uint32_t molt__heap_bucket(const MoltHeap *heap, uint32_t arena, MoltTypeId type, uint64_t capacity,
                           uint32_t align)
{
    uint32_t index = heap->types.buckets[type];
    while (index != MOLT__NO_SPAN &&
           (heap->buckets[index].capacity != capacity || heap->buckets[index].align != align ||
            heap->buckets[index].arena != arena))
        index = heap->buckets[index].next;
    return index;
}

static uint32_t add_bucket(MoltHeap *heap, MoltTypeId type, uint64_t capacity, uint32_t align)
{
    uint32_t index = 0;
    while (index < heap->bucket_count && heap->buckets[index].capacity != 0)
        index++;
    if (index == heap->bucket_count)
        heap->bucket_count++;
    heap->buckets[index] = (MoltBucket){.type = type,
                                        .align = align,
                                        .arena = heap->arena,
                                        .capacity = capacity,
                                        .first = MOLT__NO_SPAN,
                                        .last = MOLT__NO_SPAN,
                                        .rest_serial = UINT64_MAX,
                                        .next = heap->types.buckets[type]};
    heap->types.buckets[type] = index;
    return index;
}

static uint32_t add_slot(MoltHeap *heap)
{
    uint32_t index = heap->span_hint;
    while (index < heap->span_count && heap->spans[index].bytes > 0)
        index++;
    if (index == heap->span_count)
        heap->span_count++;
    heap->span_hint = index + 1;
    return index;
}

/* Appends span `index` to its bucket and to its type, which both come in order of first_serial. */
static void link_span(MoltHeap *heap, uint32_t index)
{
    MoltSpan *span = &heap->spans[index];
    MoltBucket *bucket = &heap->buckets[span->bucket];
    MoltTypeRows *types = &heap->types;
    heap->links[index] = (MoltSpanLink){.type_prev = types->last[span->type],
                                        .type_next = MOLT__NO_SPAN,
                                        .bucket_prev = bucket->last};
    span->next = MOLT__NO_SPAN;
    span->rank = 0;
    if (bucket->last != MOLT__NO_SPAN) {
        uint32_t rank = heap->spans[bucket->last].rank;
        span->rank = rank < MOLT__RANKS ? rank + 1 : MOLT__RANKS;
        heap->spans[bucket->last].next = index;
    } else {
        bucket->first = index;
    }
    bucket->last = index;
    if (span->rank < MOLT__RANKS)
        bucket->ranked[span->rank] = index;
    if (span->live < span->blocks)
        molt__bucket_open(heap, bucket, index);

    if (types->last[span->type] != MOLT__NO_SPAN)
        heap->links[types->last[span->type]].type_next = index;
    else
        types->first[span->type] = index;
    types->last[span->type] = index;
}

static bool has_free(const MoltSpan *span)
{
    return span->live < span->blocks;
}

/* No free block in the spans beyond the ranks up to `index`, exclusively. */
static void begin_rest(const MoltHeap *heap, MoltBucket *bucket, uint32_t index)
{
    while (index != MOLT__NO_SPAN && !has_free(&heap->spans[index]))
        index = heap->spans[index].next;
    bool open = index != MOLT__NO_SPAN;
    bucket->ranked[MOLT__RANKS] = index;
    bucket->rest_serial = open ? heap->spans[index].first_serial : UINT64_MAX;
    bucket->open_ranks = (bucket->open_ranks & ~((uint32_t)1 << MOLT__RANKS)) | (uint32_t)open
                                                                                    << MOLT__RANKS;
}

uint32_t molt__bucket_find_open(const MoltHeap *heap, MoltBucket *bucket)
{
    while (bucket->open_ranks != 0) {
        uint32_t rank = (uint32_t)__builtin_ctz(bucket->open_ranks);
        if (has_free(&heap->spans[bucket->ranked[rank]]))
            return bucket->ranked[rank];
        if (rank == MOLT__RANKS)
            begin_rest(heap, bucket, bucket->ranked[rank]);
        else
            bucket->open_ranks &= ~((uint32_t)1 << rank);
    }
    return MOLT__NO_SPAN;
}

/* The span that has the rank goes: those behind it move up. */
static void close_rank(MoltHeap *heap, MoltBucket *bucket, uint32_t rank)
{
    uint32_t index = heap->spans[bucket->ranked[rank]].next;
    bucket->open_ranks &= (((uint32_t)1 << rank) - 1) | (uint32_t)1 << MOLT__RANKS;
    for (; rank < MOLT__RANKS && index != MOLT__NO_SPAN; rank++, index = heap->spans[index].next) {
        MoltSpan *span = &heap->spans[index];
        if (span->rank == MOLT__RANKS && bucket->ranked[MOLT__RANKS] == index)
            begin_rest(heap, bucket, span->next);
        span->rank = rank;
        bucket->ranked[rank] = index;
        bucket->open_ranks |= (uint32_t)has_free(span) << rank;
    }
}

static void unlink_span(MoltHeap *heap, uint32_t index)
{
    const MoltSpan *span = &heap->spans[index];
    const MoltSpanLink link = heap->links[index];
    MoltBucket *bucket = &heap->buckets[span->bucket];
    if (span->rank < MOLT__RANKS)
        close_rank(heap, bucket, span->rank);
    else if (bucket->rest_serial == span->first_serial)
        begin_rest(heap, bucket, span->next);
    if (link.bucket_prev != MOLT__NO_SPAN)
        heap->spans[link.bucket_prev].next = span->next;
    else
        bucket->first = span->next;
    if (span->next != MOLT__NO_SPAN)
        heap->links[span->next].bucket_prev = link.bucket_prev;
    else
        bucket->last = link.bucket_prev;

    if (link.type_prev != MOLT__NO_SPAN)
        heap->links[link.type_prev].type_next = link.type_next;
    else
        heap->types.first[span->type] = link.type_next;
    if (link.type_next != MOLT__NO_SPAN)
        heap->links[link.type_next].type_prev = link.type_prev;
    else
        heap->types.last[span->type] = link.type_prev;
}

uint32_t molt__heap_adopt(MoltHeap *heap, const MoltSpan *span, MoltTypeId type)
{
    if (!molt__heap_make_slots(heap, (uint64_t)heap->span_count + 1,
                               (uint64_t)heap->bucket_count + 1))
        return MOLT__NO_SPAN;
    uint32_t bucket = molt__heap_bucket(heap, heap->arena, type, span->capacity, span->align);
    if (bucket == MOLT__NO_SPAN)
        bucket = add_bucket(heap, type, span->capacity, span->align);
    uint32_t index = add_slot(heap);
    heap->spans[index] = *span;
    heap->spans[index].type = type;
    heap->spans[index].bucket = bucket;
    heap->spans[index].first_serial = heap->types.serials[type];
    heap->spans[index].birth = heap->attic.edit;
    heap->types.serials[type] += span->blocks;
    link_span(heap, index);
    molt__span_map(heap, &heap->spans[index], index);
    return index;
}

void molt__heap_drop(MoltHeap *heap, uint32_t index)
{
    molt__attic_forget_span(heap, index);
    unlink_span(heap, index);
    molt__span_map(heap, &heap->spans[index], MOLT__NO_SPAN);
    molt__span_release(heap, &heap->spans[index]);
    if (index < heap->span_hint)
        heap->span_hint = index;
    while (heap->span_count > 0 && heap->spans[heap->span_count - 1].bytes == 0)
        heap->span_count--;
}

void molt__heap_replace(MoltHeap *heap, uint32_t index, const MoltSpan *span)
{
    MoltSpan old = heap->spans[index];
    assert(old.capacity == span->capacity && old.blocks == span->blocks);
    heap->spans[index] = *span;
    heap->spans[index].type = old.type;
    heap->spans[index].bucket = old.bucket;
    heap->spans[index].first_serial = old.first_serial;
    heap->spans[index].next = old.next;
    heap->spans[index].rank = old.rank;
    heap->spans[index].kept = old.kept;
    heap->spans[index].in_columns = old.in_columns;
    heap->spans[index].birth = old.birth;
    heap->spans[index].births = old.births;
    heap->spans[index].origin = old.origin;
    heap->spans[index].origins = old.origins;
    heap->spans[index].align = old.align;
    old.kept = NULL;
    old.births = NULL;
    old.origins = NULL;
    if (has_free(&heap->spans[index]))
        molt__bucket_open(heap, &heap->buckets[old.bucket], index);
    molt__span_map(heap, &old, MOLT__NO_SPAN);
    molt__span_map(heap, &heap->spans[index], index);
    molt__span_release(heap, &old);
}

/* ---- another schema ------------------------------------------------------------------------ */

bool molt__heap_reserve(MoltHeap *heap, uint32_t spans, const MoltSchema *after)
{
    uint32_t roots = after->tables.root_count;
    free_next(heap);
    if (!molt__heap_make_slots(heap, (uint64_t)heap->span_count + spans,
                               (uint64_t)heap->bucket_count + spans))
        return false;
    if (!molt__types_make(&heap->allocator, after->tables.type_count, &heap->next_types))
        return false;
    if (roots > 0) {
        heap->next_roots = resize(&heap->allocator, NULL, 0, roots * sizeof *heap->next_roots);
        if (!heap->next_roots)
            return false;
        heap->next_root_count = roots;
    }
    return true;
}

void molt__heap_drop_type(MoltHeap *heap, MoltTypeId type)
{
    molt__known_forget(heap);
    while (heap->types.first[type] != MOLT__NO_SPAN)
        molt__heap_drop(heap, heap->types.first[type]);
    uint32_t index = heap->types.buckets[type];
    while (index != MOLT__NO_SPAN) {
        uint32_t next = heap->buckets[index].next;
        heap->buckets[index] = (MoltBucket){.type = MOLT_NO_TYPE};
        index = next;
    }
    while (heap->bucket_count > 0 && heap->buckets[heap->bucket_count - 1].capacity == 0)
        heap->bucket_count--;
}

static void move_type(MoltHeap *heap, MoltTypeId old_id, MoltTypeId new_id)
{
    MoltTypeRows *old_rows = &heap->types;
    MoltTypeRows *rows = &heap->next_types;
    if (old_rows->buckets[old_id] == MOLT__NO_SPAN && old_rows->serials[old_id] == 0)
        return;
    assert(rows->buckets[new_id] == MOLT__NO_SPAN);
    rows->serials[new_id] = old_rows->serials[old_id];
    rows->buckets[new_id] = old_rows->buckets[old_id];
    rows->first[new_id] = old_rows->first[old_id];
    rows->last[new_id] = old_rows->last[old_id];
    for (uint32_t i = rows->buckets[new_id]; i != MOLT__NO_SPAN; i = heap->buckets[i].next)
        heap->buckets[i].type = new_id;
    for (uint32_t i = rows->first[new_id]; i != MOLT__NO_SPAN; i = heap->links[i].type_next)
        heap->spans[i].type = new_id;
}

void molt__heap_switch(MoltHeap *heap, const MoltSchema *after, const MoltTypeId *new_ids,
                       void *const *roots)
{
    assert(heap->next_types.count == after->tables.type_count);
    for (MoltTypeId type = 0; type < heap->types.count; type++)
        if (new_ids[type] == MOLT_NO_TYPE)
            molt__heap_drop_type(heap, type);
    for (MoltTypeId type = 0; type < heap->types.count; type++)
        if (new_ids[type] != MOLT_NO_TYPE)
            move_type(heap, type, new_ids[type]);
    molt__types_free(&heap->allocator, &heap->types);
    heap->types = heap->next_types;
    heap->next_types = (MoltTypeRows){0};

    for (uint32_t i = 0; i < heap->next_root_count; i++)
        heap->next_roots[i] = roots ? roots[i] : NULL;
    free_roots(&heap->allocator, heap->roots, heap->root_count);
    heap->roots = heap->next_roots;
    heap->root_count = heap->next_root_count;
    heap->next_roots = NULL;
    heap->next_root_count = 0;
    molt__heap_use_schema(heap, after);
}
