/* Taking and giving back blocks, in the few instructions that it takes where a span has room; and, per arena,
 * what calls that were seen before lead to. It must never know how spans are made, nor what a call site says
 * about its blocks.
 *
 * The heap's allocator is only called by who has all doors: it need not know of threads.
 *
 * Invariant: known[arena] has for a call that it knows a bucket of that arena, which has the type that the
 * call means in the heap's schema; all are forgotten when buckets go, the schema changes, or the sites do. */
#ifndef MOLT_HEAP_BLOCK_H
#define MOLT_HEAP_BLOCK_H

#include <string.h>

#include "heap_span.h"
#include "made_text.h"

enum { MOLT__KNOWN_BITS = 8 };

/* A call with its arguments, at the place that its hash says. */
struct MoltKnownSite {
    uintptr_t address; /* of the code that calls, or of the site; 0: none */
    uint64_t size;     /* that it asks for */
    uint64_t count;    /* elements of the block */
    uint64_t bytes;    /* of them, as molt__span_bytes counts */
    uint32_t align;    /* that it asks for; 0: a site of molt_new */
    uint32_t bucket;
    uint32_t origin; /* of plain memory */
};

typedef enum MoltGiven {
    MOLT__GIVEN,
    MOLT__NOT_GIVEN, /* it is not the start of a live block */
    MOLT__GIVE_ALL   /* it takes all doors */
} MoltGiven;

/* Makes the table of an arena; without memory for it calls take longer. With all doors. */
void molt__known_make(MoltHeap *heap, uint32_t arena);
/* Remembers a call of an arena. Through its door. */
void molt__known_add(MoltHeap *heap, uint32_t arena, const MoltKnownSite *site);
void molt__known_forget(MoltHeap *heap);
/* Fills in bucket and bytes of an arena's blocks; false when it has no span for them. Through its door. */
bool molt__known_aim(const MoltHeap *heap, uint32_t arena, MoltTypeId type, uint32_t align,
                     MoltKnownSite *site);
void molt__known_free(MoltHeap *heap);

/* Gives a block back, whatever its span needs. With all doors. */
void molt__block_give_all(MoltHeap *heap, uint32_t span_index, uint32_t block);

/* As molt_heap_delete, with all doors, which it takes. */
bool molt__heap_give_all(MoltHeap *heap, void *block);
/* As molt__heap_find_start, for threads; with the bytes of the block's elements. */
bool molt__heap_find_safely(MoltHeap *heap, const void *address, MoltPlace *out, uint64_t *bytes);

static inline MoltKnownSite *molt__known_slot(MoltKnownSite *sites, uintptr_t address,
                                              uint64_t size)
{
    uint64_t hash = ((uint64_t)address ^ size << 32) * UINT64_C(0x9E3779B97F4A7C15);
    return &sites[hash >> (64 - MOLT__KNOWN_BITS)];
}

/* NULL when the call is not known. */
static inline const MoltKnownSite *molt__known_find(const MoltHeap *heap, uint32_t arena,
                                                    uintptr_t address, uint64_t size,
                                                    uint32_t align)
{
    MoltKnownSite *sites = heap->known[arena];
    if (!sites)
        return NULL;
    const MoltKnownSite *site = molt__known_slot(sites, address, size);
    bool known = site->address == address && site->size == size && site->align == align;
    return known && address != 0 ? site : NULL;
}

/* The lowest free block of the bucket, of any content; NULL when no span has one, or the one that
 * has needs memory for its tables (molt__attic_make_births). */
__attribute__((always_inline)) static inline unsigned char *molt__block_take(
    MoltHeap *heap, uint32_t bucket_index, uint64_t count, MoltSpan **where, uint32_t *index)
{
    MoltBucket *bucket = &heap->buckets[bucket_index];
    if (__builtin_expect(bucket->open_ranks == 0, 0))
        return NULL;
    uint32_t open = bucket->ranked[__builtin_ctz(bucket->open_ranks)];
    if (__builtin_expect(heap->spans[open].live == heap->spans[open].blocks, 0)) {
        open = molt__bucket_find_open(heap, bucket);
        if (open == MOLT__NO_SPAN)
            return NULL;
    }
    MoltSpan *span = &heap->spans[open];
    if (heap->attic.edit != span->birth && !span->births)
        return NULL;
    uint32_t block = molt__span_take(span);
    uint32_t closes = (span->live == span->blocks) & (span->rank < MOLT__RANKS);
    bucket->open_ranks &= ~(closes << span->rank);
    if (span->counts)
        span->counts[block] = count;
    if (heap->attic.edit != span->birth)
        span->births[block] = heap->attic.edit;
    *where = span;
    *index = block;
    return molt__span_block(span, block);
}

/* The block is free; what its span, bucket and the attic have beyond it does not change. */
static inline void molt__block_mark_free(MoltHeap *heap, uint32_t span_index, uint32_t block)
{
    MoltSpan *span = &heap->spans[span_index];
    if (span->made)
        molt__made_unmark(span, block);
    molt__span_let_go(span, block);
    if (span->counts)
        span->counts[block] = 0;
    molt__bucket_open(heap, &heap->buckets[span->bucket], span_index);
}

enum { ZEROED_AT_ONCE = 128 };

/* Zeroes a block. Sizes up to ZEROED_AT_ONCE come in no order that a processor could foresee; they take
 * stores that overlap instead of branches. */
static inline void molt__block_zero(unsigned char *block, uint64_t bytes)
{
    if (bytes < 16 || bytes > ZEROED_AT_ONCE) {
        memset(block, 0, bytes);
        return;
    }
    uint64_t last = bytes - 16;
    memset(block, 0, 16);
    memset(block + (last < 16 ? last : 16), 0, 16);
    memset(block + (last < 32 ? last : 32), 0, 16);
    memset(block + (last < 48 ? last : 48), 0, 16);
    memset(block + (last < 64 ? last : 64), 0, 16);
    memset(block + (last < 80 ? last : 80), 0, 16);
    memset(block + (last < 96 ? last : 96), 0, 16);
    memset(block + last, 0, 16);
}

/* The address lies in a span of the arena. */
static inline bool molt__block_is_own(const MoltHeap *heap, uint32_t arena, const void *address)
{
    uint64_t granule = ((uintptr_t)address - heap->base) >> MOLT__GRANULE_SHIFT;
    if (granule >= heap->granule_count || heap->granules[granule] == 0)
        return false;
    const MoltSpan *span = &heap->spans[heap->granules[granule] - 1];
    return heap->buckets[span->bucket].arena == arena;
}

/* Gives back the block that starts at an address of the heap's range, if it is the arena's. */
__attribute__((always_inline)) static inline MoltGiven molt__block_give(MoltHeap *heap,
                                                                        uint32_t arena,
                                                                        const void *address)
{
    uint64_t granule = ((uintptr_t)address - heap->base) >> MOLT__GRANULE_SHIFT;
    if (granule >= heap->granule_count || heap->granules[granule] == 0)
        return MOLT__NOT_GIVEN;
    uint32_t span_index = heap->granules[granule] - 1;
    const MoltSpan *span = &heap->spans[span_index];
    uint64_t offset = (uintptr_t)address - span->base;
    uint64_t index = molt__divide(offset, span->stride, heap->reciprocals[span_index].stride);
    if (index >= span->blocks || index * span->stride != offset)
        return MOLT__NOT_GIVEN;
    if (heap->buckets[span->bucket].arena != arena || molt__span_is_kept(span) ||
        span->capacity > MOLT__LONE_CAPACITY)
        return MOLT__GIVE_ALL;
    if (!molt__span_is_live(span, (uint32_t)index))
        return MOLT__NOT_GIVEN;
    molt__block_mark_free(heap, span_index, (uint32_t)index);
    return MOLT__GIVEN;
}

/* What threads call to give back a block: false when it is not the start of a live one. */
static inline bool molt__heap_give(MoltHeap *heap, void *block)
{
    uint32_t arena = molt__gate_enter(heap->gate);
    MoltGiven given = molt__block_give(heap, arena, block);
    molt__gate_leave(heap->gate, arena);
    if (__builtin_expect(given == MOLT__GIVEN, 1))
        return true;
    return given == MOLT__GIVE_ALL && molt__heap_give_all(heap, block);
}

#endif
