/* A room has a copy of what it needs of the heap, so that it can be prepared while others change the
 * heap, and it asks for pages by addresses alone: wherever they lie by then, only missing pages change.
 *
 * Invariant: prepared seats lie below `window`, up to which the range is writable from then on for as long
 * as the room is there; `opened` of the heap stays, so that nobody takes what lies beyond it for used. A
 * room that is not prepared has asked nothing of the system. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise */
#endif

#include "molt/heap_room.h"

#include <string.h>
#include <sys/mman.h>

#include "heap_span.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* The faults of less cost less than what is done about them here. */
#define WORTH ((uint64_t)4 << 20)
/* The system's lock on the address space is held for as long as one piece takes. */
#define PIECE MOLT__HUGE_SPAN
/* What is trimmed at a time: some 300 microseconds of the system's. */
#define TRIM (((uint64_t)16 << 20) / MOLT__GRANULE)

/* A span of the heap, and where that which comes instead of it will be. */
typedef struct Seat {
    MoltTypeId type;
    uint32_t blocks, align, live;
    uint64_t capacity;
    uint64_t first, count; /* granules; none: it stays, or there is no room */
    uint64_t bytes;        /* of live blocks, if they all came first */
} Seat;

struct MoltHeapRoom {
    const MoltSchema *schema;
    uintptr_t base;
    uint64_t opened,
        window; /* granules: of the heap when the room was made; up to which seats may lie */
    bool prepared;
    MoltRange *ranges;
    Seat *seats;
    uint32_t range_count, range_slots, seat_count, seat_slots;
};

static void *address_of(uintptr_t base, uint64_t granule)
{
    return (void *)(base + (granule << MOLT__GRANULE_SHIFT)); /* NOLINT: the heap's own range */
}

static void free_room(const MoltAllocator *allocator, MoltHeapRoom *room)
{
    if (room->ranges)
        allocator->resize(allocator->context, room->ranges,
                          room->range_slots * sizeof *room->ranges, 0);
    if (room->seats)
        allocator->resize(allocator->context, room->seats, room->seat_slots * sizeof *room->seats,
                          0);
    allocator->resize(allocator->context, room, sizeof *room, 0);
}

/* ---- looking --------------------------------------------------------------------------------- */

static void copy_heap(MoltHeapRoom *room, const MoltHeap *heap)
{
    memcpy(room->ranges, heap->ranges, heap->range_count * sizeof *room->ranges);
    room->range_count = heap->range_count;
    for (uint32_t s = 0; s < heap->span_count; s++) {
        const MoltSpan *span = &heap->spans[s];
        if (span->bytes > 0 && span->live > 0)
            room->seats[room->seat_count++] = (Seat){.type = span->type,
                                                     .blocks = span->blocks,
                                                     .align = span->align,
                                                     .live = span->live,
                                                     .capacity = span->capacity};
    }
}

/* Twice as much as all spans have, which few edits exceed. */
static uint64_t end_of_window(const MoltHeap *heap, uint64_t bytes)
{
    uint64_t end = heap->opened + ((2 * bytes + WORTH) >> MOLT__GRANULE_SHIFT);
    return end < heap->granule_count ? end : heap->granule_count;
}

static MoltHeapRoom *look(MoltHeap *heap)
{
    const MoltAllocator *allocator = &heap->allocator;
    uint64_t bytes = 0;
    for (uint32_t s = 0; s < heap->span_count; s++)
        bytes += heap->spans[s].bytes;
    if (!heap->schema || bytes < WORTH / 4)
        return NULL;
    MoltHeapRoom *room = allocator->resize(allocator->context, NULL, 0, sizeof *room);
    if (!room)
        return NULL;
    *room = (MoltHeapRoom){.schema = heap->schema,
                           .base = heap->base,
                           .opened = heap->opened,
                           .window = end_of_window(heap, bytes),
                           .range_slots = heap->range_count,
                           .seat_slots = heap->span_count};
    if (heap->range_count > 0)
        room->ranges = allocator->resize(allocator->context, NULL, 0,
                                         room->range_slots * sizeof *room->ranges);
    room->seats =
        allocator->resize(allocator->context, NULL, 0, room->seat_slots * sizeof *room->seats);
    if (!room->ranges || !room->seats) {
        free_room(allocator, room);
        return NULL;
    }
    copy_heap(room, heap);
    heap->trims_later = true;
    return room;
}

MoltHeapRoom *molt_heap_room_look(MoltHeap *heap)
{
    molt__heap_lock(heap);
    MoltHeapRoom *room = look(heap);
    molt__heap_unlock(heap);
    return room;
}

/* ---- preparing ------------------------------------------------------------------------------- */

/* The lowest free granules that fit, as molt__range_take. */
static bool sit(MoltHeapRoom *room, Seat *seat, uint64_t count)
{
    uint32_t index = 0;
    while (index < room->range_count && room->ranges[index].count < count)
        index++;
    if (index == room->range_count || room->ranges[index].first + count > room->window)
        return false;
    MoltRange *range = &room->ranges[index];
    seat->first = range->first;
    seat->count = count;
    range->first += count;
    range->count -= count;
    return true;
}

/* Finds places for what the plan makes; returns how much of it has one. */
static uint64_t seat_spans(MoltHeapRoom *room, const MoltPlan *plan)
{
    uint64_t sum = 0;
    for (uint32_t s = 0; s < room->seat_count; s++) {
        Seat *seat = &room->seats[s];
        MoltSpan span;
        if (molt_plan_fate(plan, seat->type) != MOLT_FATE_CHANGED ||
            !molt__span_shape(&span, molt_plan_after(plan), molt_plan_type(plan, seat->type),
                              seat->capacity, seat->blocks, seat->align) ||
            !sit(room, seat, span.bytes >> MOLT__GRANULE_SHIFT))
            continue;
        seat->bytes = span.stride * seat->live;
        sum += seat->bytes;
    }
    return sum;
}

/* The heap may open some of it meanwhile, which is the same. */
static bool open_window(MoltHeapRoom *room)
{
    uint64_t beyond = (room->window - room->opened) << MOLT__GRANULE_SHIFT;
    room->prepared = true;
    return beyond == 0 ||
           mprotect(address_of(room->base, room->opened), beyond, PROT_READ | PROT_WRITE) == 0;
}

/* All before the first page is asked for: a huge page may lie in two spans. */
static void advise(const MoltHeapRoom *room)
{
    for (uint32_t s = 0; s < room->seat_count; s++) {
        const Seat *seat = &room->seats[s];
        uint64_t bytes = seat->count << MOLT__GRANULE_SHIFT;
        if (bytes >= MOLT__HUGE_SPAN)
            (void)!madvise(address_of(room->base, seat->first), bytes, MADV_HUGEPAGE);
    }
}

/* Returns how many bytes the system gave. */
static uint64_t populate(const MoltHeapRoom *room, const Seat *seat)
{
    uint64_t done = 0;
    while (done < seat->bytes) {
        uint64_t piece = seat->bytes - done < PIECE ? seat->bytes - done : PIECE;
        char *start = (char *)address_of(room->base, seat->first) + done;
        if (madvise(start, piece, MADV_POPULATE_WRITE) != 0)
            break;
        done += piece;
    }
    return done;
}

uint64_t molt_heap_room_prepare(MoltHeapRoom *room, const MoltPlan *plan)
{
    if (!room || molt_plan_before(plan) != room->schema || seat_spans(room, plan) < WORTH ||
        !open_window(room))
        return 0;
    advise(room);
    uint64_t sum = 0;
    for (uint32_t s = 0; s < room->seat_count; s++) {
        uint64_t done = populate(room, &room->seats[s]);
        sum += done;
        if (done < room->seats[s].bytes)
            break;
    }
    return sum;
}

/* ---- giving back ----------------------------------------------------------------------------- */

/* Granules that are free. What the heap keeps warm is its own affair. */
static void purge(const MoltHeap *heap, uint64_t first, uint64_t end)
{
    while (first < end) {
        bool warm = molt__range_is_warm(heap, first);
        uint64_t next = first + 1;
        while (next < end && molt__range_is_warm(heap, next) == warm)
            next++;
        void *start = address_of(heap->base, first);
        uint64_t bytes = (next - first) << MOLT__GRANULE_SHIFT;
        if (!warm)
            (void)!madvise(start, bytes, MADV_DONTNEED);
        (void)!madvise(start, bytes, MADV_NOHUGEPAGE); /* small spans may come here next */
        first = next;
    }
}

/* Index of the first free range that ends above a granule. */
static uint32_t range_at(const MoltHeap *heap, uint64_t granule)
{
    uint32_t low = 0, high = heap->range_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (heap->ranges[middle].first + heap->ranges[middle].count > granule)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void give_back(const MoltHeap *heap, const Seat *seat)
{
    uint64_t at = seat->first, end = seat->first + seat->count;
    for (uint32_t r = range_at(heap, at); at < end && r < heap->range_count; r++) {
        const MoltRange *range = &heap->ranges[r];
        uint64_t stop = range->first + range->count < end ? range->first + range->count : end;
        if (range->first > at)
            at = range->first;
        if (at < stop)
            purge(heap, at, stop);
        at = stop > at ? stop : at;
    }
}

void molt_heap_room_free(MoltHeapRoom *room, MoltHeap *heap)
{
    if (!room)
        return;
    molt__heap_lock(heap);
    heap->trims_later = false;
    if (room->prepared && heap->base == room->base && room->window <= heap->granule_count) {
        for (uint32_t s = 0; s < room->seat_count; s++)
            give_back(heap, &room->seats[s]);
        if (room->window > heap->opened)
            (void)!mprotect(address_of(heap->base, heap->opened),
                            (room->window - heap->opened) << MOLT__GRANULE_SHIFT, PROT_NONE);
    }
    free_room(&heap->allocator, room);
    molt__heap_unlock(heap);
}

bool molt_heap_room_trim(MoltHeap *heap)
{
    molt__heap_lock(heap);
    bool more = molt__range_trim(heap, TRIM);
    molt__heap_unlock(heap);
    return more;
}
