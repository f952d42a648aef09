/* A checkpoint has the heap's tables as a snapshot has them, and the bytes of the blocks at the same
 * place in a shadow of the address range: byte n of the range is byte n of the shadow.
 *
 * Invariant while tracking: each byte of a live block of `tables` is in the shadow, and a page that the
 * kernel does not call written since the last take is, in the heap, as it was when last looked at. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, madvise, mremap */
#endif

#include "molt/checkpoint.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "dirty_pages.h"
#include "lookout.h"
#include "molt/globals.h"
#include "snapshot_tables.h"

struct MoltCheckpoint {
    MoltAllocator allocator;
    uint64_t tracked_above;
    MoltHeap tables; /* as in a snapshot */
    const MoltSchema *schema;
    MoltGlobals *globals;
    bool taken;
    unsigned char *shadow; /* NULL: none */
    uint64_t shadow_bytes; /* of address space */
    uint64_t shadow_open;  /* the first of them can be written */
    MoltDirtyPages pages;
    MoltLookout *lookout; /* wants to know what is written; NULL: nobody does */
    bool cannot_track;
    bool withheld; /* the heap's range, from forks */
    MoltCheckpointCost cost;
};

/* On the way back only what differs is written: the heap may be that of a fork, in which a page that is
 * written takes memory of its own. */
#define BACK ((uint64_t)4096)

/* Where stretches are copied: from the heap to the shadow, or back. */
typedef struct Copying {
    const MoltHeap *heap;
    unsigned char *shadow;
    bool back;
    MoltLookout *lookout; /* told of what was written; NULL: nobody is */
    uint64_t bytes;
} Copying;

MoltStatus molt_checkpoint_create(uint64_t tracked_above, const MoltAllocator *allocator,
                                  MoltCheckpoint **out, MoltError *error)
{
    const MoltAllocator own = allocator ? *allocator : *molt_allocator_default();
    MoltCheckpoint *checkpoint = own.resize(own.context, NULL, 0, sizeof *checkpoint);
    if (!checkpoint)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "Out of memory for a checkpoint.");
    *checkpoint = (MoltCheckpoint){.allocator = own,
                                   .tracked_above = tracked_above,
                                   .tables = {.allocator = own},
                                   .pages = MOLT__DIRTY_PAGES_CLOSED};
    *out = checkpoint;
    return MOLT_OK;
}

void molt_checkpoint_forget(MoltCheckpoint *checkpoint)
{
    molt__heap_free_tables(&checkpoint->tables);
    checkpoint->tables = (MoltHeap){.allocator = checkpoint->allocator};
    checkpoint->taken = false;
}

static void stop_tracking(MoltCheckpoint *checkpoint)
{
    if (checkpoint->lookout)
        molt__lookout_spoil(checkpoint->lookout);
    molt__dirty_pages_close(&checkpoint->pages);
}

static void drop_shadow(MoltCheckpoint *checkpoint)
{
    molt_checkpoint_forget(checkpoint);
    stop_tracking(checkpoint);
    if (checkpoint->shadow)
        munmap(checkpoint->shadow, checkpoint->shadow_bytes);
    checkpoint->shadow = NULL;
    checkpoint->shadow_bytes = checkpoint->shadow_open = 0;
}

void molt_checkpoint_free(MoltCheckpoint *checkpoint)
{
    if (!checkpoint)
        return;
    const MoltAllocator allocator = checkpoint->allocator;
    drop_shadow(checkpoint);
    if (checkpoint->lookout)
        checkpoint->lookout->checkpoint = NULL;
    allocator.resize(allocator.context, checkpoint, sizeof *checkpoint, 0);
}

MoltCheckpointCost molt_checkpoint_cost(const MoltCheckpoint *checkpoint)
{
    return checkpoint->cost;
}

/* ---- copying --------------------------------------------------------------------------------- */

static void copy_stretch(void *context, uintptr_t begin, uintptr_t end)
{
    Copying *copying = context;
    unsigned char *mine = copying->shadow + (begin - copying->heap->base);
    unsigned char *live = (unsigned char *)begin; /* NOLINT: within the heap's range */
    copying->bytes += end - begin;
    if (!copying->back) {
        memcpy(mine, live, end - begin);
        return;
    }
    for (uintptr_t at = begin; at < end; at += BACK) {
        uint64_t size = end - at < BACK ? end - at : BACK;
        if (memcmp(live + (at - begin), mine + (at - begin), size) != 0)
            memcpy(live + (at - begin), mine + (at - begin), size);
    }
}

static void copy_written(void *context, uintptr_t begin, uintptr_t end)
{
    const Copying *copying = context;
    if (copying->lookout)
        molt__lookout_written(copying->lookout, begin, end);
    copy_stretch(context, begin, end);
}

/* Runs of live blocks are copied as one. */
static void copy_span(Copying *copying, const MoltSpan *span)
{
    uint32_t index = 0;
    while (index < span->blocks) {
        if (!molt__span_is_live(span, index)) {
            index++;
            continue;
        }
        uint32_t first = index;
        while (index < span->blocks && molt__span_is_live(span, index))
            index++;
        uint64_t last = molt__span_bytes(span, molt__span_count(span, index - 1));
        copy_stretch(copying, span->base + span->stride * first,
                     span->base + span->stride * (index - 1) + last);
    }
}

static void copy_all(Copying *copying, const MoltHeap *tables)
{
    for (uint32_t i = 0; i < tables->span_count; i++)
        if (tables->spans[i].bytes > 0)
            copy_span(copying, &tables->spans[i]);
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* A shadow of the heap's range, of which as much can be written as the heap has opened. */
static bool open_shadow(MoltCheckpoint *checkpoint, const MoltHeap *heap)
{
    uint64_t bytes = heap->granule_count << MOLT__GRANULE_SHIFT;
    uint64_t open = heap->opened << MOLT__GRANULE_SHIFT;
    if (checkpoint->shadow &&
        (checkpoint->tables.base != heap->base || checkpoint->shadow_bytes != bytes))
        drop_shadow(checkpoint);
    if (!checkpoint->shadow) {
        void *shadow =
            mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (shadow == MAP_FAILED)
            return false;
        checkpoint->shadow = shadow;
        checkpoint->shadow_bytes = bytes;
    }
    if (open > checkpoint->shadow_open) {
        if (mprotect(checkpoint->shadow, open, PROT_READ | PROT_WRITE) != 0)
            return false;
        madvise(checkpoint->shadow, open, MADV_HUGEPAGE); /* only advice */
        checkpoint->shadow_open = open;
    }
    return true;
}

/* The end of the granules from `first` on that spans cover, with gaps below a huge page between them. */
static uint64_t end_of_used(const MoltHeap *heap, uint64_t first)
{
    uint64_t end = first;
    for (uint64_t g = first;
         g < heap->opened && g - end < MOLT__HUGE_SPAN >> MOLT__GRANULE_SHIFT;) {
        uint32_t span = heap->granules[g];
        g += span != 0 ? heap->spans[span - 1].bytes >> MOLT__GRANULE_SHIFT : 1;
        if (span != 0)
            end = g;
    }
    return end;
}

/* Free memory stays as it was written: what comes there is found in the checkpoint after that. To be
 * copied it would have to be read, and pages that are ready for a migration would have faults again. */
static bool take_used(Copying *copying, const MoltDirtyPages *pages)
{
    const MoltHeap *heap = copying->heap;
    for (uint64_t g = 0; g < heap->opened; g++) {
        if (heap->granules[g] == 0)
            continue;
        uint64_t end = end_of_used(heap, g);
        if (!molt__dirty_pages_take(pages, g << MOLT__GRANULE_SHIFT, end << MOLT__GRANULE_SHIFT,
                                    copy_written, copying))
            return false;
        g = end;
    }
    return true;
}

/* Copies what differs from the shadow. Tracking begins with a copy of all. */
static void copy_state(MoltCheckpoint *checkpoint, const MoltHeap *heap, uint64_t live_bytes)
{
    Copying copying = {
        .heap = heap, .shadow = checkpoint->shadow, .lookout = checkpoint->lookout};
    bool tracking = checkpoint->pages.faults >= 0;
    bool fresh = !tracking && live_bytes > checkpoint->tracked_above && !checkpoint->cannot_track;
    if (fresh) {
        tracking = molt__dirty_pages_open(&checkpoint->pages, heap->base,
                                          heap->granule_count << MOLT__GRANULE_SHIFT);
        checkpoint->cannot_track = !tracking;
    }
    if (tracking && !take_used(&copying, &checkpoint->pages)) {
        stop_tracking(checkpoint);
        checkpoint->cannot_track = true;
        tracking = false;
    }
    if (!tracking || fresh)
        copy_all(&copying, heap);
    checkpoint->cost = (MoltCheckpointCost){live_bytes, copying.bytes, tracking};
}

MoltStatus molt_checkpoint_take(MoltCheckpoint *checkpoint, MoltHeap *heap, MoltError *error)
{
    MoltHeap fresh = {.allocator =
                          heap->allocator}; /* who shares the attic's pages may free them */
    MoltHeapStats stats;
    if (!heap->schema)
        return molt_error(error, MOLT_INVALID,
                          "A heap without a schema has no state to go back to.");
    molt_heap_gather_globals(heap);
    if (!open_shadow(checkpoint, heap) || !molt__tables_copy(heap, &fresh)) {
        molt__heap_free_tables(&fresh);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "Out of memory for a checkpoint.");
    }
    fresh.base = heap->base;
    fresh.granule_count = heap->granule_count;
    fresh.opened = heap->opened;
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    copy_state(checkpoint, heap, stats.live_bytes);
    molt__heap_free_tables(&checkpoint->tables);
    checkpoint->tables = fresh;
    checkpoint->schema = heap->schema;
    checkpoint->globals = heap->globals;
    checkpoint->taken = true;
    return MOLT_OK;
}

void molt_checkpoint_expect(MoltCheckpoint *checkpoint, uintptr_t begin, uintptr_t end)
{
    if (checkpoint->pages.faults >= 0)
        molt__dirty_pages_expect(&checkpoint->pages, begin, end);
}

/* ---- who else wants to know ------------------------------------------------------------------ */

bool molt__checkpoint_watch(MoltCheckpoint *checkpoint, MoltLookout *lookout, uintptr_t base)
{
    bool tracked = checkpoint->pages.faults >= 0 && checkpoint->pages.base == base;
    if (!tracked || checkpoint->lookout)
        return false;
    checkpoint->lookout = lookout;
    return true;
}

void molt__checkpoint_unwatch(MoltCheckpoint *checkpoint)
{
    checkpoint->lookout = NULL;
}

bool molt__checkpoint_written(const MoltCheckpoint *checkpoint, uint64_t first, uint64_t last,
                              void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                              void *context)
{
    return checkpoint->pages.faults >= 0 &&
           molt__dirty_pages_look(&checkpoint->pages, first, last, visit, context);
}

bool molt_checkpoint_fits(const MoltCheckpoint *checkpoint, const MoltHeap *heap)
{
    return checkpoint->taken && heap->base == checkpoint->tables.base &&
           heap->granule_count == checkpoint->tables.granule_count;
}

/* ---- forks ----------------------------------------------------------------------------------- */

static void *range_of(const MoltHeap *heap)
{
    return (void *)heap->base; /* NOLINT: the heap's own range */
}

/* Without it, in whole, the child has the heap's memory, and goes back in it. */
void molt_checkpoint_before_fork(MoltCheckpoint *checkpoint, const MoltHeap *heap)
{
    checkpoint->withheld = molt_checkpoint_fits(checkpoint, heap);
    if (checkpoint->withheld &&
        madvise(range_of(heap), checkpoint->shadow_bytes, MADV_DONTFORK) != 0)
        molt_checkpoint_after_fork(checkpoint, heap);
}

void molt_checkpoint_after_fork(MoltCheckpoint *checkpoint, const MoltHeap *heap)
{
    if (checkpoint->withheld)
        (void)!madvise(range_of(heap), checkpoint->shadow_bytes, MADV_DOFORK);
    checkpoint->withheld = false;
}

/* In the child, which has nothing where the heap was: what was opened since the moment has no bytes there. */
static bool move_in(MoltCheckpoint *checkpoint, const MoltHeap *heap)
{
    const uint64_t opened = heap->opened << MOLT__GRANULE_SHIFT;
    void *range = range_of(heap);
    if (mmap(range, checkpoint->shadow_bytes, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != range ||
        mprotect(range, opened, PROT_READ | PROT_WRITE) != 0 ||
        mremap(checkpoint->shadow, checkpoint->shadow_open, checkpoint->shadow_open,
               MREMAP_MAYMOVE | MREMAP_FIXED, range) != range)
        return false;
    checkpoint->withheld = false;
    checkpoint->shadow = NULL;
    checkpoint->taken = false;
    return true;
}

/* ---- going back ------------------------------------------------------------------------------ */

static void restore_state(MoltCheckpoint *checkpoint, const MoltHeap *heap)
{
    Copying copying = {.heap = heap, .shadow = checkpoint->shadow, .back = true};
    const uint64_t open = checkpoint->tables.opened << MOLT__GRANULE_SHIFT;
    if (checkpoint->lookout)
        molt__lookout_spoil(checkpoint->lookout);
    bool known = checkpoint->pages.faults >= 0 &&
                 molt__dirty_pages_take(&checkpoint->pages, 0, open, copy_stretch, &copying);
    if (!known) {
        stop_tracking(checkpoint);
        copy_all(&copying, &checkpoint->tables);
    }
}

MoltStatus molt_checkpoint_restore(MoltCheckpoint *checkpoint, MoltHeap *heap, MoltError *error)
{
    const MoltHeap *tables = &checkpoint->tables;
    if (!molt_checkpoint_fits(checkpoint, heap))
        return molt_error(error, MOLT_INVALID,
                          "There is no checkpoint of this heap to go back to.");
    MoltHeap fresh = {.allocator = heap->allocator};
    if (!molt__tables_copy(tables, &fresh) || !molt__range_make_slots(heap, fresh.span_count)) {
        molt__heap_free_tables(&fresh);
        return molt_error(error, MOLT_OUT_OF_MEMORY,
                          "Out of memory for going back to a checkpoint.");
    }
    const bool here = !checkpoint->withheld;
    if (!here && !move_in(checkpoint, heap)) {
        molt__heap_free_tables(&fresh);
        return molt_error(error, MOLT_SYSTEM,
                          "Cannot put a checkpoint in the place of the heap: %s.", strerror(errno));
    }
    /* The ranges are not given back one by one: that may drop pages, which tracking would not see as
     * written. What is free in the end is found by its granules. */
    for (uint32_t i = 0; i < heap->span_count; i++)
        if (heap->spans[i].bytes > 0)
            molt__span_map(heap, &heap->spans[i], MOLT__NO_SPAN);
    molt__heap_free_tables(heap);
    molt__tables_take(heap, &fresh);
    molt__range_rebuild(heap);
    if (here)
        restore_state(checkpoint, heap);
    molt__heap_use_schema(heap, checkpoint->schema);
    heap->globals = checkpoint->globals;
    if (heap->globals)
        molt_heap_scatter_globals(heap);
    return MOLT_OK;
}
