/* The address range of a heap: one reservation, cut into granules that spans take and give back.
 * The lowest fit is taken, so the part that was ever opened stays compact. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, madvise */
#endif

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "heap_span.h"

/* The range is opened in steps of one huge page; more would only ask the system more often. */
#define OPEN_STEP 32u
#define WARM_LIMIT (((uint64_t)256 << 20) / MOLT__GRANULE)
#define RESERVE_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static void *granule_address(const MoltHeap *heap, uint64_t granule)
{
    return (void *)(heap->base +
                    (granule << MOLT__GRANULE_SHIFT)); /* NOLINT: the heap's own range */
}

static void *map_table(uint64_t bytes)
{
    void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, RESERVE_FLAGS, -1, 0);
    return table == MAP_FAILED ? NULL : table;
}

static uint64_t warm_bytes(const MoltHeap *heap)
{
    return (heap->granule_count + 63) / 64 * sizeof *heap->warm_bits;
}

/* Address space that begins on a granule: the wanted one, or any when that is in use or refused.
 * The address is a hint, which the system follows where it is free; demanding it
 * (MAP_FIXED_NOREPLACE) ends the process under ThreadSanitizer, which has no shadow for it. 0 when
 * there is none. */
static uintptr_t reserve_space(uintptr_t wanted, uint64_t bytes)
{
    void *hint = (void *)wanted; /* NOLINT: an address by number is the point */
    void *space = mmap(hint, bytes, PROT_NONE, RESERVE_FLAGS, -1, 0);
    if (space == hint)
        return wanted;
    if (space != MAP_FAILED)
        munmap(space, bytes);

    space = mmap(NULL, bytes + MOLT__GRANULE, PROT_NONE, RESERVE_FLAGS, -1, 0);
    if (space == MAP_FAILED)
        return 0;
    uintptr_t start = (uintptr_t)space;
    uintptr_t base = (start + MOLT__GRANULE - 1) & ~(uintptr_t)(MOLT__GRANULE - 1);
    if (base > start)
        munmap(space, base - start);
    munmap((void *)(base + bytes), start + MOLT__GRANULE - base); /* NOLINT: tail of the mapping */
    return base;
}

MoltStatus molt__range_reserve(MoltHeap *heap, uintptr_t wanted, uint64_t bytes, MoltError *error)
{
    heap->granule_count = bytes >> MOLT__GRANULE_SHIFT;
    heap->base = reserve_space(wanted, bytes);
    if (heap->base == 0)
        return molt_error(error, MOLT_SYSTEM,
                          "Cannot reserve %llu bytes of address space for the heap: %s. Raise the "
                          "address space limit (ulimit -v) or reserve less.",
                          (unsigned long long)bytes, strerror(errno));

    heap->granules = map_table(heap->granule_count * sizeof *heap->granules);
    heap->warm_bits = map_table(warm_bytes(heap));
    if (!heap->granules || !heap->warm_bits || !molt__range_make_slots(heap, 0)) {
        molt__range_unreserve(heap);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "Out of memory for the heap's tables.");
    }
    heap->ranges[0] = (MoltRange){0, heap->granule_count};
    heap->range_count = 1;
    return MOLT_OK;
}

void molt__range_unreserve(MoltHeap *heap)
{
    if (heap->base != 0)
        munmap(granule_address(heap, 0), heap->granule_count << MOLT__GRANULE_SHIFT);
    if (heap->granules)
        munmap(heap->granules, heap->granule_count * sizeof *heap->granules);
    if (heap->warm_bits)
        munmap(heap->warm_bits, warm_bytes(heap));
    heap->allocator.resize(heap->allocator.context, heap->ranges,
                           heap->range_slots * sizeof *heap->ranges, 0);
    heap->base = 0;
    heap->granules = NULL;
    heap->warm_bits = NULL;
    heap->ranges = NULL;
    heap->range_slots = 0;
}

bool molt__range_make_slots(MoltHeap *heap, uint64_t taken)
{
    uint64_t need = taken + 2;
    if (need <= heap->range_slots)
        return true;
    uint64_t slots = need < 16 ? 16 : need + need / 2;
    if (slots > UINT32_MAX)
        return false;
    MoltRange *ranges =
        heap->allocator.resize(heap->allocator.context, heap->ranges,
                               heap->range_slots * sizeof *ranges, slots * sizeof *ranges);
    if (!ranges)
        return false;
    heap->ranges = ranges;
    heap->range_slots = (uint32_t)slots;
    return true;
}

bool molt__range_open(MoltHeap *heap, uint64_t end)
{
    if (end <= heap->opened)
        return true;
    end = (end + OPEN_STEP - 1) / OPEN_STEP * OPEN_STEP;
    if (end > heap->granule_count)
        end = heap->granule_count;
    uint64_t bytes = (end - heap->opened) << MOLT__GRANULE_SHIFT;
    if (mprotect(granule_address(heap, heap->opened), bytes, PROT_READ | PROT_WRITE) != 0)
        return false;
    /* Only advice: without huge pages everything works, and first touches take longer. */
    madvise(granule_address(heap, heap->opened), bytes, MADV_NOHUGEPAGE);
    heap->opened = end;
    return true;
}

void molt__range_small_pages(const MoltHeap *heap, uint64_t bytes)
{
    /* only advice here, too */
    (void)!madvise(granule_address(heap, 0), bytes, MADV_NOHUGEPAGE);
}

void molt__range_huge_pages(const MoltSpan *span, bool huge)
{
    void *start = (void *)span->base; /* NOLINT: the span owns the range */
    if (span->bytes >= (huge ? MOLT__HUGE_SPAN : MOLT__HUGE_SPAN / 2))
        (void)!madvise(start, span->bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void molt__range_share_huge_pages(const MoltHeap *heap, const MoltSpan *span)
{
    const uint64_t mask = MOLT__HUGE_SPAN - 1, opened = heap->opened << MOLT__GRANULE_SHIFT;
    if (span->bytes < MOLT__HUGE_SPAN / 2 || span->bytes >= MOLT__HUGE_SPAN ||
        opened < MOLT__HUGE_BUCKET)
        return;
    uint64_t first = (span->base - heap->base) & ~mask;
    uint64_t end = (span->base - heap->base + span->bytes + mask) & ~mask;
    end = end < opened ? end : opened;
    (void)!madvise(granule_address(heap, first >> MOLT__GRANULE_SHIFT), end - first, MADV_HUGEPAGE);
}

void molt__range_protect(const MoltSpan *span, bool writable)
{
    void *start = (void *)span->base; /* NOLINT: the span owns the range */
    /* best effort: whoever obeys `const` needs none */
    (void)!mprotect(start, span->bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ);
}

static void set_cold(MoltHeap *heap, uint64_t first, uint64_t count)
{
    for (uint64_t granule = first; granule < first + count && heap->warm_count > 0; granule++) {
        uint64_t bit = (uint64_t)1 << (granule % 64);
        if ((heap->warm_bits[granule / 64] & bit) == 0)
            continue;
        heap->warm_bits[granule / 64] &= ~bit;
        heap->warm_count--;
    }
}

/* The granules were in use until now: none of them is marked warm. */
static void keep_warm_or_purge(MoltHeap *heap, uint64_t first, uint64_t count)
{
    bool fits = count <= WARM_LIMIT && heap->warm_count <= WARM_LIMIT - count;
    if (!fits && !heap->trims_later) {
        madvise(granule_address(heap, first), count << MOLT__GRANULE_SHIFT, MADV_DONTNEED);
        return;
    }
    for (uint64_t granule = first; granule < first + count; granule++)
        heap->warm_bits[granule / 64] |= (uint64_t)1 << (granule % 64);
    heap->warm_count += count;
}

bool molt__range_trim(MoltHeap *heap, uint64_t count)
{
    uint64_t end = heap->opened;
    while (heap->warm_count > WARM_LIMIT && end > 0 && count > 0) {
        uint64_t first = end, beyond = heap->warm_count - WARM_LIMIT;
        uint64_t most = beyond < count ? beyond : count;
        while (first > 0 && end - first < most && molt__range_is_warm(heap, first - 1))
            first--;
        if (first == end) {
            end--;
            continue;
        }
        madvise(granule_address(heap, first), (end - first) << MOLT__GRANULE_SHIFT, MADV_DONTNEED);
        set_cold(heap, first, end - first);
        count -= end - first;
        end = first;
    }
    return heap->warm_count > WARM_LIMIT;
}

bool molt__range_take(MoltHeap *heap, uint64_t count, uint64_t *first)
{
    uint32_t index = 0;
    while (index < heap->range_count && heap->ranges[index].count < count)
        index++;
    if (count == 0 || index == heap->range_count)
        return false;
    if (!molt__range_make_slots(heap, (uint64_t)heap->taken + 1))
        return false;
    MoltRange *range = &heap->ranges[index];
    if (!molt__range_open(heap, range->first + count))
        return false;

    *first = range->first;
    range->first += count;
    range->count -= count;
    if (range->count == 0) {
        heap->range_count--;
        memmove(range, range + 1, (heap->range_count - index) * sizeof *range);
    }
    heap->taken++;
    set_cold(heap, *first, count);
    return true;
}

/* Index of the first range above a granule. */
static uint32_t range_above(const MoltHeap *heap, uint64_t granule)
{
    uint32_t low = 0;
    uint32_t high = heap->range_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (heap->ranges[middle].first > granule)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void molt__range_give(MoltHeap *heap, uint64_t first, uint64_t count)
{
    keep_warm_or_purge(heap, first, count);
    heap->taken--;

    uint32_t above = range_above(heap, first);
    MoltRange *next = &heap->ranges[above];
    MoltRange *before = above > 0 ? next - 1 : NULL;
    bool joins_before = before && before->first + before->count == first;
    bool joins_next = above < heap->range_count && first + count == next->first;
    if (joins_before && joins_next) {
        before->count += count + next->count;
        heap->range_count--;
        memmove(next, next + 1, (heap->range_count - above) * sizeof *next);
    } else if (joins_before) {
        before->count += count;
    } else if (joins_next) {
        next->first = first;
        next->count += count;
    } else {
        memmove(next + 1, next, (heap->range_count - above) * sizeof *next);
        *next = (MoltRange){first, count};
        heap->range_count++;
    }
}

void molt__range_rebuild(MoltHeap *heap)
{
    heap->range_count = 0;
    heap->taken = 0;
    uint64_t granule = 0;
    while (granule < heap->opened) {
        uint32_t span = heap->granules[granule];
        uint64_t first = granule;
        while (granule < heap->opened && heap->granules[granule] == span)
            granule++;
        if (span != 0) {
            heap->taken++;
            set_cold(heap, first, granule - first);
        } else {
            heap->ranges[heap->range_count++] = (MoltRange){first, granule - first};
        }
    }
    if (heap->opened == heap->granule_count)
        return;
    MoltRange *last = heap->range_count > 0 ? &heap->ranges[heap->range_count - 1] : NULL;
    if (!last || last->first + last->count != heap->opened) {
        last = &heap->ranges[heap->range_count++];
        *last = (MoltRange){heap->opened, 0};
    }
    last->count = heap->granule_count - last->first;
}
