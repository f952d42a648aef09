/* The heap's side of the attic: numbers for the blocks that kept values belong to or point at. A number
 * stays while its block is resized and moved, and dies when the block is freed. It must never know
 * what is kept: pages (attic_page.h) do.
 *
 * Invariants: span->kept is NULL or has per block the number + 1, 0 for none; a live number's block has
 * that number in kept; uses counts the records and pointers in the heap's own pages, and a number
 * without uses is free; elements from `count` on are not those that the attic knew. */
#ifndef MOLT_ATTIC_BLOCK_H
#define MOLT_ATTIC_BLOCK_H

#include "hook_lineage.h"
#include "molt/attic.h"

struct MoltSpan;

typedef struct MoltAtticBlock {
    uint32_t span;  /* MOLT__NO_SPAN once the block is freed */
    uint32_t index; /* of the block in its span; of a free number the next free one */
    uint64_t count;
    uint32_t records;
    uint32_t uses;
} MoltAtticBlock;

/* One edit's kept values of the objects of one type, oldest edits first. */
typedef struct MoltAtticSlot {
    struct MoltAtticPage *page;
    MoltTypeId type; /* in the running schema */
    uint64_t *alive; /* of a page with columns: bits of the records whose objects are in place */
    uint64_t live;   /* how many */
} MoltAtticSlot;

/* An object of a page with columns that lies elsewhere by now. */
typedef struct MoltAtticMoved {
    const struct MoltAtticPage *page;
    uint64_t record;
    uint32_t number; /* of its block, which has the record as a use */
} MoltAtticMoved;

/* See attic_spare.h. */
typedef struct MoltAtticSpare {
    unsigned char *bytes;
    uint64_t size;
} MoltAtticSpare;

typedef struct MoltAttic {
    uint64_t limit;
    bool none; /* nothing is kept */
    MoltAtticBlock *blocks;
    uint64_t block_count, block_slots;
    uint32_t free; /* first free number, MOLT__NO_SPAN when there is none */
    MoltAtticSlot *pages;
    uint64_t page_count, page_slots;
    uint64_t columns; /* pages with columns */
    MoltAtticMoved *moved;
    uint64_t moved_count, moved_slots;
    uint64_t records; /* of live blocks */
    uint64_t dead;    /* records of freed blocks that pages still hold */
    uint64_t dropped; /* for space */
    uint32_t edit;    /* edits that made blank pages (attic_blank.h); never less in a session */
    MoltLineage lineage;
    struct MoltRowStands *stands; /* of rows of constants that the library lacks; may be NULL */
    bool cut; /* a block lost elements that records may belong to */
} MoltAttic;

/* The block is freed. */
void molt__attic_forget(MoltHeap *heap, uint32_t span, uint32_t index);
/* All blocks of the span are gone. */
void molt__attic_forget_span(MoltHeap *heap, uint32_t span);
/* The block keeps its first `count` elements. */
void molt__attic_cut(MoltHeap *heap, uint32_t span, uint32_t index, uint64_t count);
/* The block is now another one. False, with nothing done, when memory is out. */
bool molt__attic_follow(MoltHeap *heap, uint32_t span, uint32_t index, const MoltBlock *now);

/* A block begins, or gets elements: blank pages of the edits up to now do not speak of it. Cannot fail. */
void molt__attic_born(MoltHeap *heap, struct MoltSpan *span, uint32_t index);
/* What that needs memory for, so that blocks of the span may begin while others use the allocator. */
void molt__attic_make_births(MoltHeap *heap, struct MoltSpan *span);
/* How many edits made blank pages before the block began. */
uint32_t molt__attic_birth(const struct MoltSpan *span, uint32_t index);

/* attic_column.c: the same for pages with columns. To follow, a block gets a number before it moves. */
void molt__attic_columns_forget(MoltHeap *heap, uint32_t span, uint32_t block);
void molt__attic_columns_forget_span(MoltHeap *heap, uint32_t span);
bool molt__attic_columns_follow(MoltHeap *heap, uint32_t span, uint32_t block);

/* Makes span->kept. False when memory is out. */
bool molt__attic_number_span(MoltHeap *heap, uint32_t span);
/* Makes room for `more` numbers. False when memory is out. */
bool molt__attic_make_numbers(MoltHeap *heap, uint64_t more);
/* The number of a live block of a span with kept; a new one when it has none. Cannot fail where
 * numbers were made. */
uint32_t molt__attic_number(MoltHeap *heap, uint32_t span, uint32_t index);
/* One use of a number more or less; a record is a use as well. */
void molt__attic_use(MoltHeap *heap, uint32_t number, bool is_record);
void molt__attic_unuse(MoltHeap *heap, uint32_t number, bool is_record);

/* Forgets all when nothing is kept any more. */
void molt__attic_tidy(MoltHeap *heap);

/* Copies numbers, and shares the pages. On failure `to` is to be released. */
bool molt__attic_copy(const MoltAllocator *allocator, const MoltAttic *from, MoltAttic *to);
/* Forgets what is kept; the limit, the lineage and what stands for rows stay. */
void molt__attic_release(const MoltAllocator *allocator, MoltAttic *attic);
/* All memory of the attic but that of the spans, and that. */
uint64_t molt__attic_bytes(const MoltAttic *attic);
uint64_t molt__attic_span_bytes(const MoltHeap *heap);

#endif
