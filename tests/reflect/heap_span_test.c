/* Inside of the heap: address ranges, and what a migration does with spans. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "heap_fixture.h"
#include "heap_span.h"
#include "molt/snapshot.h"

typedef struct Fixture {
    MoltSchema *schema;
    MoltHeap *heap;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    MoltError error;
    if (!fixture)
        return -1;
    fixture->schema = heap_fixture_schema(24);
    if (molt_heap_create(NULL, &fixture->heap, &error) != MOLT_OK ||
        molt_heap_set_schema(fixture->heap, fixture->schema) != MOLT_OK)
        return -1;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    molt_heap_destroy(fixture->heap);
    molt_schema_free(fixture->schema);
    free(fixture);
    return 0;
}

static MoltHeap *heap_from(void **state)
{
    return ((Fixture *)*state)->heap;
}

/* ---- ranges -------------------------------------------------------------------------------- */

/* Sorted, never adjacent, and together with what is taken the whole range. */
static void check_ranges(const MoltHeap *heap, uint64_t taken)
{
    uint64_t free = 0;
    for (uint32_t i = 0; i < heap->range_count; i++) {
        const MoltRange *range = &heap->ranges[i];
        assert_true(range->count > 0);
        if (i > 0)
            assert_true(range[-1].first + range[-1].count < range->first);
        free += range->count;
    }
    assert_int_equal(free + taken, heap->granule_count);
}

static void random_ranges_are_coalesced(void **state)
{
    enum { RANGES = 200 };
    MoltHeap *heap = heap_from(state);
    MoltRange taken[RANGES] = {0};
    uint64_t granules = 0;
    uint64_t seed = 12345;
    for (unsigned step = 0; step < 20000; step++) {
        MoltRange *range = &taken[fixture_random(&seed) % RANGES];
        if (range->count > 0) {
            molt__range_give(heap, range->first, range->count);
            granules -= range->count;
            range->count = 0;
        } else {
            range->count = 1 + fixture_random(&seed) % 20;
            assert_true(molt__range_take(heap, range->count, &range->first));
            granules += range->count;
        }
        if (step % 50 == 0)
            check_ranges(heap, granules);
    }
    for (unsigned i = 0; i < RANGES; i++)
        if (taken[i].count > 0)
            molt__range_give(heap, taken[i].first, taken[i].count);
    assert_int_equal(heap->range_count, 1);
    assert_int_equal(heap->taken, 0);
    check_ranges(heap, 0);
}

static void warm_memory_has_a_limit(void **state)
{
    MoltHeap *heap = heap_from(state);
    const uint64_t limit = ((uint64_t)256 << 20) / MOLT__GRANULE;
    uint64_t first[5];
    for (unsigned i = 0; i < 5; i++) {
        assert_true(molt__range_take(heap, limit / 4, &first[i]));
        unsigned char *page = (unsigned char *)(heap->base + first[i] * MOLT__GRANULE); /* NOLINT */
        page[0] = 77;
    }
    for (unsigned i = 0; i < 5; i++)
        molt__range_give(heap, first[i], limit / 4);
    assert_int_equal(heap->warm_count, limit);
    /* The last one given back was beyond the limit: its pages are gone. */
    const unsigned char *last = (const unsigned char *)(heap->base + first[4] * MOLT__GRANULE);
    assert_int_equal(last[0], 0);
    const unsigned char *warm = (const unsigned char *)(heap->base + first[0] * MOLT__GRANULE);
    assert_int_equal(warm[0], 77);
    uint64_t again;
    assert_true(molt__range_take(heap, limit / 8, &again));
    assert_int_equal(again, first[0]);
    assert_int_equal(heap->warm_count, limit - limit / 8);
    molt__range_give(heap, again, limit / 8);
}

/* Whether the system was told to use huge pages at the address; -1 where it knows of none. */
static int huge_pages_at(uintptr_t address)
{
    char line[512], *end;
    bool there = false;
    int huge = -1;
    FILE *maps = fopen("/proc/self/smaps", "r");
    while (maps && huge < 0 && fgets(line, sizeof line, maps)) {
        uintptr_t begin = strtoul(line, &end, 16);
        if (*end == '-')
            there = begin <= address && address < strtoul(end + 1, NULL, 16);
        if (there && strncmp(line, "VmFlags:", 8) == 0)
            huge = strstr(line, " hg") ? 1 : strstr(line, " nh") ? 0 : -2;
    }
    if (maps)
        fclose(maps);
    return huge;
}

/* Those of a type with few objects would take 2 MiB for what fits into a page. */
static void huge_pages_are_for_large_spans(void **state)
{
    MoltHeap *heap = heap_from(state);
    MoltSpan span;
    uintptr_t ant = (uintptr_t)molt_heap_new(heap, TYPE_ANT, 1);
    if (huge_pages_at(ant) < 0)
        skip();
    assert_int_equal(huge_pages_at(ant), 0);
    assert_true(molt__span_make(heap, &span, 1000, 8, 1, 10000));
    assert_int_equal(huge_pages_at(span.base + span.bytes / 2), 1);
    molt__span_release(heap, &span);
    for (int i = 0; i < 600;
         i++) { /* in spans that are filled by and by, of which the last has 35 MB before it */
        uintptr_t map = (uintptr_t)molt_heap_new(heap, TYPE_MAP, 1);
        if (i % 16 == 0 || i > 512)
            assert_int_equal(huge_pages_at(map), i >= 512);
    }
}

static void stride_keeps_slack_and_alignment(void **state)
{
    (void)state;
    for (uint64_t size = 1; size < 70; size++) {
        for (uint32_t align = 1; align <= 64; align *= 2) {
            for (uint64_t capacity = 1; capacity < 9; capacity++) {
                uint64_t stride = molt__span_stride(size, align, capacity);
                assert_true(stride > size * capacity);
                assert_true(stride <= size * capacity + align);
                assert_int_equal(stride % align, 0);
            }
        }
    }
    assert_int_equal(molt__span_stride(UINT64_MAX, 1, 2), 0);
    assert_int_equal(molt__span_stride(UINT64_MAX, 8, 1), 0);
    assert_int_equal(molt__span_stride(UINT64_MAX - 3, 8, 1), 0);
}

/* ---- spans in a migration ------------------------------------------------------------------ */

static MoltBlock block_at(const MoltHeap *heap, const void *address)
{
    MoltPlace place;
    molt_heap_locate(heap, address, &place);
    assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
    return place.block;
}

static void unregistered_span_is_invisible(void **state)
{
    MoltHeap *heap = heap_from(state);
    molt_heap_new(heap, TYPE_ANT, 1);
    MoltHash before = molt_heap_digest(heap);
    MoltSpan span;
    assert_true(molt__span_make(heap, &span, 40, 8, 4, 100));
    memset((void *)span.base, 1, span.bytes); /* NOLINT */
    MoltPlace place;
    molt_heap_locate(heap, molt__span_block(&span, 5), &place);
    assert_int_equal(place.kind, MOLT_PLACE_FREE);
    MoltHash with = molt_heap_digest(heap);
    assert_true(before.low == with.low && before.high == with.high);
    molt__span_release(heap, &span);
    assert_int_equal(span.bytes, 0);
    assert_false(molt__span_make(heap, &span, UINT64_MAX / 2, 8, 4, 100));
    assert_false(molt__span_make(heap, &span, (uint64_t)1 << 40, 8, 1, 1));
}

static void replaced_span_keeps_serials(void **state)
{
    MoltHeap *heap = heap_from(state);
    unsigned char *ants[100];
    for (unsigned i = 0; i < 100; i++)
        ants[i] = molt_heap_new(heap, TYPE_ANT, 3);
    molt_heap_delete(heap, ants[20]);
    MoltBlock old = block_at(heap, ants[21]);
    MoltSpan fresh;
    const MoltSpan *span = &heap->spans[old.span];
    assert_true(molt__span_make(heap, &fresh, 200, 16, span->capacity, span->blocks));
    memcpy(fresh.live_bits, span->live_bits, (span->blocks + 63) / 64 * sizeof(uint64_t));
    memcpy(fresh.counts, span->counts, span->blocks * sizeof(uint64_t));
    fresh.live = span->live;
    molt__heap_replace(heap, old.span, &fresh);

    MoltPlace place;
    molt_heap_locate(heap, ants[21], &place);
    assert_int_equal(place.kind, MOLT_PLACE_FREE);
    unsigned char *moved = molt__span_block(&heap->spans[old.span], old.index);
    molt_heap_locate(heap, moved + 450, &place);
    assert_ptr_equal(place.block.start, moved);
    assert_int_equal(place.block.serial, old.serial);
    assert_int_equal(place.element, 2);
    assert_int_equal(place.offset, 50);
    uint64_t cursor = 0;
    uint64_t listed = 0;
    MoltBlock block;
    while (molt_heap_next(heap, TYPE_ANT, &cursor, &block))
        assert_int_equal(block.serial, listed < 20 ? listed : listed + 1), listed++;
    assert_int_equal(listed, 99);
}

static void switch_renumbers_types_and_drops_what_is_gone(void **state)
{
    MoltHeap *heap = heap_from(state);
    const MoltTypeId new_ids[TYPE_COUNT] = {
        [TYPE_CHAR] = TYPE_CHAR,    [TYPE_ANT] = TYPE_ODD, [TYPE_ODD] = TYPE_ANT,
        [TYPE_WIDE] = MOLT_NO_TYPE, [TYPE_MAP] = TYPE_MAP, [TYPE_OPAQUE] = TYPE_OPAQUE};
    void *ants[30];
    for (unsigned i = 0; i < 30; i++) {
        ants[i] = molt_heap_new(heap, TYPE_ANT, 1 + i % 2);
        molt_heap_new(heap, TYPE_WIDE, 1 + i % 3);
    }
    void *odd = molt_heap_new(heap, TYPE_ODD, 7);
    void *large = molt_heap_new(heap, TYPE_WIDE, 9000);
    uint64_t serial = block_at(heap, ants[29]).serial;
    void *roots[] = {odd, ants[3]};

    MoltSchema *after = heap_fixture_schema(24);
    assert_true(molt__heap_reserve(heap, 1, after));
    molt__heap_switch(heap, after, new_ids, roots);
    assert_ptr_equal(molt_heap_schema(heap), after);
    assert_ptr_equal(molt_heap_root(heap, 1), ants[3]);
    assert_int_equal(block_at(heap, ants[29]).type, TYPE_ODD);
    assert_int_equal(block_at(heap, ants[29]).serial, serial);
    assert_int_equal(block_at(heap, odd).type, TYPE_ANT);
    MoltPlace place;
    molt_heap_locate(heap, large, &place);
    assert_int_equal(place.kind, MOLT_PLACE_FREE);
    MoltHeapStats stats;
    molt_heap_stats(heap, TYPE_WIDE, &stats);
    assert_int_equal(stats.spans, 0);
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 31);
    MoltBlock wide = block_at(heap, molt_heap_new(heap, TYPE_WIDE, 1));
    assert_int_equal(wide.serial, 0);

    assert_int_equal(molt_heap_delete(heap, ants[0]), true);
    assert_ptr_equal(molt_heap_new(heap, TYPE_ODD, 1), ants[0]);
    molt_heap_destroy(heap);
    ((Fixture *)*state)->heap = NULL;
    molt_schema_free(after);
}

/* What prepare reserved, commit may use up without asking for memory. */
static void adoption_after_reserve_asks_for_no_memory(void **state)
{
    (void)state;
    enum { SPANS = 40 };
    CountingAllocator counting = {0};
    MoltAllocator allocator = counting_allocator(&counting);
    const MoltHeapDesc desc = {.reserve = 1 << 26, .allocator = &allocator};
    MoltSchema *schema = heap_fixture_schema(24);
    MoltHeap *heap = NULL;
    MoltError error;
    assert_int_equal(molt_heap_create(&desc, &heap, &error), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    MoltSpan spans[SPANS];
    for (unsigned i = 0; i < SPANS; i++)
        assert_true(molt__span_make(heap, &spans[i], 24, 8, i + 1, 10));
    assert_true(molt__heap_reserve(heap, SPANS, schema));
    uint64_t calls = counting.calls;
    MoltTypeId same[TYPE_COUNT];
    for (MoltTypeId type = 0; type < TYPE_COUNT; type++)
        same[type] = type;
    molt__heap_switch(heap, schema, same, NULL);
    for (unsigned i = 0; i < SPANS; i++)
        assert_int_equal(molt__heap_adopt(heap, &spans[i], TYPE_ANT), i);
    assert_int_equal(counting.calls, calls);
    for (unsigned i = 0; i < SPANS; i++)
        assert_int_equal(heap->spans[i].first_serial, i * 10);
    molt_heap_destroy(heap);
    assert_int_equal(counting.blocks, 0);
    molt_schema_free(schema);
}

/* ---- free blocks --------------------------------------------------------------------------- */

enum { LIVE = 1, GONE };

/* A heap of one bucket, and by serial which of its blocks are live, or gone with their span. */
typedef struct Crowd {
    MoltHeap *heap;
    unsigned char *live;
    uint64_t count, lowest, seed;
} Crowd;

static char *crowd_block(const Crowd *crowd, uint64_t serial)
{
    uint32_t index = crowd->heap->types.first[TYPE_CHAR];
    while (crowd->heap->spans[index].first_serial + crowd->heap->spans[index].blocks <= serial)
        index = crowd->heap->links[index].type_next;
    const MoltSpan *span = &crowd->heap->spans[index];
    return (char *)molt__span_block(span, (uint32_t)(serial - span->first_serial));
}

static void crowd_delete(Crowd *crowd, uint64_t serial)
{
    assert_true(molt_heap_delete(crowd->heap, crowd_block(crowd, serial)));
    crowd->live[serial] = 0;
    crowd->lowest = serial < crowd->lowest ? serial : crowd->lowest;
}

/* A block comes, and is the lowest one that was free. */
static void crowd_new(Crowd *crowd)
{
    while (crowd->live[crowd->lowest])
        crowd->lowest++;
    const char *block = molt_heap_new(crowd->heap, TYPE_CHAR, 1);
    assert_ptr_equal(block, crowd_block(crowd, crowd->lowest));
    crowd->live[crowd->lowest] = LIVE;
}

/* Some blocks go by chance; returns how many. */
static uint32_t crowd_thin(Crowd *crowd, uint32_t tries)
{
    uint32_t deleted = 0;
    for (uint32_t i = 0; i < tries; i++) {
        uint64_t serial = fixture_random(&crowd->seed) % crowd->count;
        if (crowd->live[serial] != LIVE)
            continue;
        crowd_delete(crowd, serial);
        deleted++;
    }
    return deleted;
}

/* A span goes by chance, of which free blocks are so many. */
static uint32_t crowd_drop(Crowd *crowd)
{
    MoltHeap *heap = crowd->heap;
    uint32_t gone = heap->types.first[TYPE_CHAR];
    for (uint64_t i = fixture_random(&crowd->seed) % (MOLT__RANKS + 2); i > 0; i--)
        if (heap->links[gone].type_next != MOLT__NO_SPAN)
            gone = heap->links[gone].type_next;
    const MoltSpan span = heap->spans[gone];
    molt__heap_drop(heap, gone);
    memset(crowd->live + span.first_serial, GONE, span.blocks);
    return span.blocks - span.live;
}

/* Whatever spans there are: small ones, those of many groups of words, and more than have a rank. */
static void lowest_free_block_is_found_anywhere(void **state)
{
    enum { SPANS = MOLT__RANKS + 4 };
    Crowd crowd = {.heap = heap_from(state), .seed = 5};
    uint64_t blocks = MOLT__SPAN_BLOCKS_MIN;
    for (uint32_t span = 1; span < SPANS; span++) {
        blocks = blocks < MOLT__SPAN_BLOCKS_MAX ? blocks : MOLT__SPAN_BLOCKS_MAX;
        crowd.count += blocks;
        blocks = crowd.count;
    }
    crowd.live = calloc(crowd.count + 1, 1);
    assert_non_null(crowd.live);
    for (uint64_t i = 0; i < crowd.count; i++) {
        assert_non_null(molt_heap_new(crowd.heap, TYPE_CHAR, 1));
        crowd.live[i] = LIVE;
    }
    assert_true(crowd.heap->buckets[0].ranked[MOLT__RANKS] != MOLT__NO_SPAN);
    uint32_t holes = crowd_thin(&crowd, 20000);
    for (int round = 0; round < 10; round++)
        for (holes += crowd_thin(&crowd, 1000); holes > 2000u * (9u - (uint32_t)round); holes--)
            crowd_new(&crowd);
    while (crowd.heap->types.first[TYPE_CHAR] != crowd.heap->types.last[TYPE_CHAR]) {
        holes = crowd_thin(&crowd, 300);
        for (holes -= crowd_drop(&crowd); holes > 0; holes--)
            crowd_new(&crowd);
    }
    free(crowd.live);
}

/* ---- the gate ------------------------------------------------------------------------------ */

static const MoltSite ant_site = {.spelling = "Ant", .file = "a.c", .size = 24, .type = TYPE_ANT};

/* A crash took the game out of the heap, in the middle of a call. */
static void who_was_inside_does_not_come_back(void **state)
{
    MoltHeap *heap = heap_from(state);
    const MoltHeapApi *api = molt_heap_api(heap);
    MoltSnapshot *snapshot = NULL;
    void *ant = api->create(api, &ant_site, 1);
    assert_int_equal(molt_snapshot_capture(heap, &snapshot, NULL), MOLT_OK);
    molt__gate_enter_all(heap->gate);
    assert_int_equal(molt_snapshot_restore(snapshot, heap, NULL), MOLT_OK);
    api->destroy(api, ant);
    molt__gate_enter(heap->gate);
    assert_int_equal(molt_snapshot_restore(snapshot, heap, NULL), MOLT_OK);
    assert_int_equal(api->count(api, ant), 1);
    assert_ptr_not_equal(api->create(api, &ant_site, 1), ant);
    assert_int_equal(molt_heap_set_schema(heap, ((Fixture *)*state)->schema), MOLT_INVALID);
    molt_heap_destroy(heap);
    ((Fixture *)*state)->heap = NULL;
    molt_snapshot_free(snapshot);
}

static void *have_all_doors(void *context)
{
    MoltHeap *heap = context;
    molt__heap_lock(heap);
    molt__heap_unlock(heap);
    return NULL;
}

/* A thread that others disturbed goes without waiting again, once they have left it alone for a while. */
static void door_is_its_threads_own_again(void **state)
{
    MoltHeap *heap = heap_from(state);
    const MoltHeapApi *api = molt_heap_api(heap);
    const MoltDoor *own = &heap->gate->doors[0];
    pthread_t other;
    assert_int_equal(own->shared, !heap->gate->has_barrier);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(pthread_create(&other, NULL, have_all_doors, heap), 0);
        assert_int_equal(pthread_join(other, NULL), 0);
        assert_true(own->shared);
        for (int i = 0; i < 1000; i++)
            api->destroy(api, api->create(api, &ant_site, 1));
        assert_int_equal(own->shared, !heap->gate->has_barrier);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        X(random_ranges_are_coalesced),
        X(warm_memory_has_a_limit),
        X(huge_pages_are_for_large_spans),
        X(stride_keeps_slack_and_alignment),
        X(unregistered_span_is_invisible),
        X(replaced_span_keeps_serials),
        X(switch_renumbers_types_and_drops_what_is_gone),
        X(adoption_after_reserve_asks_for_no_memory),
        X(lowest_free_block_is_found_anywhere),
        X(who_was_inside_does_not_come_back),
        X(door_is_its_threads_own_again),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
