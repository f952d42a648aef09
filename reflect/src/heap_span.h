/* Inside of the heap, shared by heap*.c, snapshot.c, migrate.c and import*.c only. It must never leak
 * into a public header: everyone else sees blocks, not spans.
 *
 * Invariants: spans[i] for i < span_count is a span or has bytes == 0 (slot free); granules[g] is
 * the index + 1 of the span that covers granule g of the range, 0 when none does; a block's live
 * bit set means its elements are valid; words of live_bits whose bit in open_groups is clear have no free
 * block (set, it says nothing, so that whoever fills spans need not mind it); counts is NULL exactly when
 * capacity is 1 and the type is not flexible; in a bucket, spans stand in order of first_serial, and serials
 * of a type are never reused by another span.
 *
 * An arena is what lies behind one door of the gate (heap_gate.h): the buckets that a thread takes blocks of.
 * Through its door a thread reads all tables, and changes the spans of its buckets and what is in them; what
 * changes other tables needs all doors.
 *
 * Nothing that decides where a block goes depends on the size of a type: neither the capacities nor
 * the number of blocks in a span nor the arrays that get a span of their own. A heap whose types
 * grew in a reload thus numbers the blocks that come as one whose types did not. */
#ifndef MOLT_HEAP_SPAN_H
#define MOLT_HEAP_SPAN_H

#include "attic_block.h"
#include "heap_gate.h"
#include "molt/heap.h"
#include "origin.h"

/* An array whose capacity is above this has a span of its own, which goes when the array does. */
#define MOLT__LONE_CAPACITY 4096u
/* Bounds of the number of blocks in a span; between them a span doubles its bucket. */
#define MOLT__SPAN_BLOCKS_MIN 8u
#define MOLT__SPAN_BLOCKS_MAX 65536u

#define MOLT__GRANULE_SHIFT 16u
#define MOLT__GRANULE ((uint64_t)1 << MOLT__GRANULE_SHIFT)
#define MOLT__NO_SPAN UINT32_MAX
/* From so many bytes on a span may have huge pages; and one that is to be filled by and by, when as much as
 * this is in its bucket already, of which the last huge page is but a small part. */
#define MOLT__HUGE_SPAN ((uint64_t)2 << 20)
#define MOLT__HUGE_BUCKET ((uint64_t)32 << 20)

/* What taking and giving back a block looks at comes first, so that it lies in two cache lines. */
typedef struct MoltSpan {
    uintptr_t base;
    uint64_t stride;     /* bytes from block to block: those of a full block + slack, aligned */
    uint64_t *live_bits; /* (blocks + 63) / 64 words */
    uint64_t *counts;    /* elements per block */
    uint32_t *kept;      /* the attic's numbers (attic_block.h), or NULL */
    uint64_t *made;      /* bits of blocks that migrations made (made_text.h), or NULL */
    uint64_t capacity;   /* elements per block */
    uint64_t first_serial;
    uint32_t bucket;
    uint32_t blocks;      /* blocks in the span */
    uint32_t live;        /* live ones */
    uint32_t rank;        /* in its bucket (MoltBucket) */
    uint32_t group_shift; /* words in a group, as a power of two: at most 64 groups */
    uint64_t open_groups; /* bits of groups that may have a free block */
    bool in_columns;      /* some of its blocks may be in columns of the attic (attic_column.h) */
    uint32_t birth;       /* edits of the attic that no block of the span is older than */
    uint32_t origin;      /* index of the origin of each block, 0 for none; where they differ: */
    uint32_t *origins;    /* per block that index; NULL: they do not differ */
    uint64_t elem_size;   /* of a flexible struct, of its array's elements */
    uint64_t header; /* bytes before the elements: of a flexible struct up to its array; else 0 */
    uint64_t least;  /* bytes of the shortest block: size of the flexible struct; else 0 */
    uint64_t bytes;  /* multiple of the granule; 0: slot not in use */
    MoltTypeId type;
    uint32_t align;     /* least alignment of a block beside its type's; 0: none */
    uint32_t *births;   /* as birth, of each block where that is more; NULL: of none */
    bool stands_in;     /* made blocks stand in for literals that the library lacks */
    uint32_t hooked_in; /* number of the reload whose hooks made those (hook_made.h); 0: texts */
    uint32_t filled;    /* of blocks that are taken one after the other (fresh_block.h) */
    uint32_t next;      /* next span of the bucket, MOLT__NO_SPAN at the end */
} MoltSpan;

/* Neighbours of a span, parallel to spans[] so that a span can be replaced without minding them.
 * The spans of a type are linked in order of first_serial across its buckets. */
typedef struct MoltSpanLink {
    uint32_t type_prev, type_next;
    uint32_t bucket_prev;
} MoltSpanLink;

/* 2^64 / divisor rounded up, so that n / divisor is the high word of n * reciprocal; 0 where that
 * is not exact for every offset in the span. molt__span_map fills it, parallel to spans[]. */
typedef struct MoltReciprocal {
    uint64_t stride, elem_size;
} MoltReciprocal;

/* Spans of a bucket that have a rank of their own; they double, so few buckets have more. */
#define MOLT__RANKS 31u

/* Blocks of one type, capacity and least alignment, which one arena takes. A slot not in use has capacity
 * 0.
 *
 * A span's rank is its place in the bucket; MOLT__RANKS is that of the rest, all spans beyond. A rank whose
 * bit in open_ranks is clear has no free block. Where that of the rest is set, ranked[MOLT__RANKS] is a span
 * of it before which it has none. */
typedef struct MoltBucket {
    MoltTypeId type;
    uint32_t arena;
    uint32_t open_ranks;
    uint32_t ranked[MOLT__RANKS + 1]; /* spans */
    uint64_t rest_serial; /* the first of the last of these; UINT64_MAX while its bit is clear */
    uint64_t capacity;
    uint32_t align;
    uint32_t first, last; /* spans, MOLT__NO_SPAN when there are none */
    uint32_t next;        /* next bucket of the type */
} MoltBucket;

/* Free ranges of granules, sorted by address, never adjacent. There is always a slot more than
 * taken ranges could need when all are given back, so that giving back cannot fail. */
typedef struct MoltRange {
    uint64_t first, count; /* granules */
} MoltRange;

/* What the heap knows by type id, in one allocation that begins at `serials`. */
typedef struct MoltTypeRows {
    uint32_t count;
    uint64_t *serials; /* next serial */
    uint32_t *buckets; /* first bucket, MOLT__NO_SPAN when none */
    uint32_t *first;   /* first and last span, MOLT__NO_SPAN when none */
    uint32_t *last;
} MoltTypeRows;

typedef struct MoltKnownSite MoltKnownSite;

struct MoltHeap {
    MoltAllocator allocator;
    const MoltSchema *schema;
    uintptr_t base;
    uint64_t granule_count;
    uint32_t *granules;
    MoltSpan *spans;
    MoltSpanLink *links;
    MoltReciprocal *reciprocals;
    uint32_t span_count, span_slots;
    uint32_t span_hint; /* no slot below this one is free */
    MoltBucket *buckets;
    uint32_t bucket_count, bucket_slots;
    MoltTypeRows types;
    MoltRange *ranges;
    uint32_t range_count, range_slots;
    uint32_t taken;      /* ranges in use */
    uint64_t opened;     /* granules below this one can be read and written */
    uint64_t *warm_bits; /* per granule: free, but its pages still hold memory */
    uint64_t warm_count; /* granules */
    bool trims_later; /* what is given back stays warm beyond the limit, until molt__range_trim */
    void **roots;
    uint32_t root_count;
    MoltTypeRows next_types; /* what molt__heap_reserve made for molt__heap_switch */
    void **next_roots;
    uint32_t next_root_count;
    MoltAttic attic;
    MoltAtticSpare spare;
    struct MoltGlobals *globals; /* of the running library (globals.h), or NULL */
    MoltHeapApi api;
    MoltTypeId char_type; /* for molt_strdup; MOLT_NO_TYPE when the schema has no plain char */
    MoltTypeId untyped;   /* of plain memory of which no type is known; MOLT_NO_TYPE: none */
    MoltOrigins origins;
    MoltGate *gate;                    /* of the heap itself, whatever it holds */
    uint32_t arena;                    /* whose blocks are taken: that of who has all doors, or 0 */
    MoltKnownSite *known[MOLT__DOORS]; /* by arena (heap_block.h); NULL: none is known */
    void (*fault)(void *context, const char *text);
    void *fault_context;
};

/* A span of the bucket has a free block. */
static inline void molt__bucket_open(MoltHeap *heap, MoltBucket *bucket, uint32_t index)
{
    const MoltSpan *span = &heap->spans[index];
    bucket->open_ranks |= (uint32_t)1 << span->rank;
    if (__builtin_expect(span->rank == MOLT__RANKS, 0) &&
        bucket->rest_serial > span->first_serial) {
        bucket->ranked[MOLT__RANKS] = index;
        bucket->rest_serial = span->first_serial;
    }
}

static inline bool molt__span_is_live(const MoltSpan *span, uint32_t index)
{
    return (span->live_bits[index / 64] >> (index % 64) & 1u) != 0;
}

/* The lowest word of live_bits that has a free block; of a span that has one. */
uint32_t molt__span_find_open(MoltSpan *span);

/* Takes the lowest free block of a span that has one: it is live then. */
static inline uint32_t molt__span_take(MoltSpan *span)
{
    uint32_t group = (uint32_t)__builtin_ctzll(span->open_groups);
    uint32_t word = group << span->group_shift;
    uint64_t free = ~span->live_bits[word];
    if (__builtin_expect(free == 0, 0)) {
        word = molt__span_find_open(span);
        free = ~span->live_bits[word];
    }
    uint64_t rest = free & (free - 1);
    span->live_bits[word] = ~rest;
    span->open_groups &= ~((uint64_t)((rest == 0) & (span->group_shift == 0)) << group);
    span->live++;
    return word * 64 + (uint32_t)__builtin_ctzll(free);
}

/* The block is free again. */
static inline void molt__span_let_go(MoltSpan *span, uint32_t index)
{
    uint32_t word = index / 64;
    span->live_bits[word] &= ~((uint64_t)1 << (index % 64));
    span->open_groups |= (uint64_t)1 << (word >> span->group_shift);
    span->live--;
}

/* Index of the first live block from `index` on; span->blocks when there is none. */
static inline uint32_t molt__span_next_live(const MoltSpan *span, uint32_t index)
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

/* The attic may have values of its blocks, which it has to be told of. */
static inline bool molt__span_is_kept(const MoltSpan *span)
{
    return span->kept || span->in_columns;
}

static inline uint64_t molt__span_count(const MoltSpan *span, uint32_t index)
{
    return span->counts ? span->counts[index] : 1;
}

static inline uint32_t molt__span_origin(const MoltSpan *span, uint32_t index)
{
    return span->origins ? span->origins[index] : span->origin;
}

/* Bytes of a block of `count` elements. A flexible struct has room for its padding. */
static inline uint64_t molt__span_bytes(const MoltSpan *span, uint64_t count)
{
    uint64_t bytes = span->header + count * span->elem_size;
    return bytes > span->least ? bytes : span->least;
}

static inline unsigned char *molt__span_block(const MoltSpan *span, uint32_t index)
{
    return (unsigned char *)span->base + span->stride * index; /* NOLINT: the span owns the range */
}

/* Room that a block of `count` elements is made with: 1, 2, 3, 4, 6, 8, 12, 16, ...: two per doubling,
 * so that growing one by one moves a block a logarithmic number of times. 0 when it overflows. */
static inline uint64_t molt__capacity_for(uint64_t count)
{
    if (count == 0)
        return 1; /* an array without elements at the end of a struct */
    uint64_t power = (uint64_t)1 << (63 - __builtin_clzll(count));
    if (count == power)
        return power;
    return count <= power + power / 2 ? power + power / 2 : power << 1;
}

/* An extension: C11 has no other way to the high word of a product. */
__extension__ typedef unsigned __int128 MoltWide;

/* number / divisor, with its reciprocal as MoltReciprocal has it. */
static inline uint64_t molt__divide(uint64_t number, uint64_t divisor, uint64_t reciprocal)
{
    if (reciprocal != 0)
        return (uint64_t)((MoltWide)number * reciprocal >> 64);
    return divisor == 1 ? number : number / divisor;
}

/* A granule is free, and its pages still hold memory. */
static inline bool molt__range_is_warm(const MoltHeap *heap, uint64_t granule)
{
    return (heap->warm_bits[granule / 64] >> (granule % 64) & 1) != 0;
}

/* ---- ranges -------------------------------------------------------------------------------- */

/* Reserves the address space with the tables that grow with it; a heap of zeroes but allocator. */
MoltStatus molt__range_reserve(MoltHeap *heap, uintptr_t wanted, uint64_t bytes, MoltError *error);
void molt__range_unreserve(MoltHeap *heap);
/* The lowest free granules that fit, readable, writable, of any content. False when memory is
 * out. */
bool molt__range_take(MoltHeap *heap, uint64_t count, uint64_t *first);
/* Gives back what was taken. Pages stay for reuse up to a limit, beyond it the system gets them, which takes
 * its time: some 20 ms for a GiB. */
void molt__range_give(MoltHeap *heap, uint64_t first, uint64_t count);
/* Gives the system up to `count` granules that are beyond that limit, from the end of the range on;
 * false when none is left. */
bool molt__range_trim(MoltHeap *heap, uint64_t count);
/* Makes granules below `end` readable and writable. False when the system refuses. */
bool molt__range_open(MoltHeap *heap, uint64_t end);
/* Makes slots for `taken` ranges in use. False when memory is out. */
bool molt__range_make_slots(MoltHeap *heap, uint64_t taken);
/* Pages that are touched first from now on in the first `bytes` of the range are small ones, as they are
 * where nothing else is said. */
void molt__range_small_pages(const MoltHeap *heap, uint64_t bytes);
/* Pages of the span that are touched first from now on are huge ones, or small ones. Spans below
 * MOLT__HUGE_SPAN stay as they are: they would take pages for what they will never hold. */
void molt__range_huge_pages(const MoltSpan *span, bool huge);
/* The same for the span of a block that is filled as it is made: in a large state it shares huge pages with
 * its neighbours when it fills half of one, as state in small ones costs each checkpoint by the page. */
void molt__range_share_huge_pages(const MoltHeap *heap, const MoltSpan *span);
/* Makes a span read-only, or writable again. A system that cannot leaves it writable. */
void molt__range_protect(const MoltSpan *span, bool writable);
/* Derives ranges from granules[], after a snapshot restored them; slots for them are there. */
void molt__range_rebuild(MoltHeap *heap);

/* ---- spans --------------------------------------------------------------------------------- */

/* Bytes from block to block for `capacity` elements; 0 when it overflows. */
uint64_t molt__span_stride(uint64_t elem_size, uint32_t align, uint64_t capacity);

/* The sizes that a span of `blocks` blocks of a type has, without making it; false when they
 * overflow. */
bool molt__span_shape(MoltSpan *span, const MoltSchema *schema, MoltTypeId type, uint64_t capacity,
                      uint32_t blocks, uint32_t align);
/* Fills a span of `blocks` blocks of a type, in the way of molt__span_make. */
bool molt__span_make_of(MoltHeap *heap, MoltSpan *span, const MoltSchema *schema, MoltTypeId type,
                        uint64_t capacity, uint32_t blocks, uint32_t align);
/* Fills a span of `blocks` blocks of an element's layout: takes an address range that reads as
 * anything (blocks are zeroed when they are allocated, or written by a migration), zeroed live bits
 * and, where blocks differ in it, zeroed counts. The span is not registered: no bucket, no granules.
 * False when memory is out. */
bool molt__span_make(MoltHeap *heap, MoltSpan *span, uint64_t elem_size, uint32_t align,
                     uint64_t capacity, uint32_t blocks);
/* Of its bookkeeping, its place in the tables of the heap included. */
uint64_t molt__span_table_bytes(const MoltSpan *span);
/* Gives range and tables of an unregistered span back. */
void molt__span_release(MoltHeap *heap, MoltSpan *span);
/* Points granules[] at span `index` (index MOLT__NO_SPAN: at nothing) for the range of `span`. */
void molt__span_map(MoltHeap *heap, const MoltSpan *span, uint32_t index);

/* ---- bookkeeping --------------------------------------------------------------------------- */

/* Rows for `count` types without spans. False when memory is out. */
bool molt__types_make(const MoltAllocator *allocator, uint32_t count, MoltTypeRows *out);
void molt__types_free(const MoltAllocator *allocator, MoltTypeRows *rows);
/* Room for `spans` and `buckets` slots in all. False when memory is out. */
bool molt__heap_make_slots(MoltHeap *heap, uint64_t spans, uint64_t buckets);
/* Frees all tables but those of the address range, the tables of each span included. */
void molt__heap_free_tables(MoltHeap *heap);
/* Takes a schema whose types have the ids that the tables use; NULL allowed. */
void molt__heap_use_schema(MoltHeap *heap, const MoltSchema *schema);

/* The lowest span of a bucket that has a free block; MOLT__NO_SPAN for none. */
uint32_t molt__bucket_find_open(const MoltHeap *heap, MoltBucket *bucket);
/* Bucket of an arena for a type, capacity and least alignment, MOLT__NO_SPAN when there is none. */
uint32_t molt__heap_bucket(const MoltHeap *heap, uint32_t arena, MoltTypeId type, uint64_t capacity,
                           uint32_t align);
/* Takes a registered span out of all tables and releases it with its blocks. */
void molt__heap_drop(MoltHeap *heap, uint32_t index);
/* Drops all spans and buckets of a type. */
void molt__heap_drop_type(MoltHeap *heap, MoltTypeId type);

/* Puts an unregistered span in the place of span `index` and releases what was there. The place in
 * bucket and type stays, and with it every serial: both have the same capacity and blocks. Cannot
 * fail. */
void molt__heap_replace(MoltHeap *heap, uint32_t index, const MoltSpan *span);

/* molt_heap_new with blocks at least aligned to `align`, a power of two; 0: as the type is. */
void *molt__heap_new_aligned(MoltHeap *heap, MoltTypeId type, uint64_t count, uint32_t align);
/* True when a live block starts at the address; *out then says which. */
bool molt__heap_find_start(const MoltHeap *heap, const void *address, MoltPlace *out);
/* Fills heap->api; the second one its plain_* functions. */
void molt__heap_make_api(MoltHeap *heap);
void molt__heap_make_plain_api(MoltHeapApi *api);
/* Games allocate from any thread: all doors of the gate, held for the length of one call, never while a fault
 * is told. */
void molt__heap_lock(MoltHeap *heap);
void molt__heap_unlock(MoltHeap *heap);
/* The game gave `function` what is no live block: ends in the fault handler. */
__attribute__((noreturn)) void molt__heap_fault_place(const MoltHeap *heap, const char *function,
                                                      const void *address);

/* Registers an unregistered span of `type` as the last one of its bucket of heap->arena (made when
 * missing) and gives it serials; returns its index or MOLT__NO_SPAN when memory is out (the span is
 * untouched). */
uint32_t molt__heap_adopt(MoltHeap *heap, const MoltSpan *span, MoltTypeId type);

/* Makes room so that the next `spans` adoptions cannot fail for want of bookkeeping, also for types
 * of `after`. Part of prepare: commit must not fail. */
bool molt__heap_reserve(MoltHeap *heap, uint32_t spans, const MoltSchema *after);

/* Switches to another schema: every span and bucket of old type t gets type new_ids[t] (a span
 * whose type becomes MOLT_NO_TYPE is dropped with its blocks; no two types with spans may become
 * one), serials follow, roots become `roots` (root_count of `after` entries, by index in `after`;
 * NULL: none is set). Uses only what molt__heap_reserve prepared. */
void molt__heap_switch(MoltHeap *heap, const MoltSchema *after, const MoltTypeId *new_ids,
                       void *const *roots);

#endif
