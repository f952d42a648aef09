/* Snapshots: whatever happens to the heap afterwards, it can go back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "heap_fixture.h"
#include "heap_span.h"
#include "molt/snapshot.h"

typedef struct Fixture {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltSchema *schema;
    MoltHeap *heap;
    uint64_t seed;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    fixture->allocator = counting_allocator(&fixture->counting);
    fixture->schema = heap_fixture_schema(24);
    fixture->seed = 4711;
    const MoltHeapDesc desc = {.allocator = &fixture->allocator};
    MoltError error;
    if (molt_heap_create(&desc, &fixture->heap, &error) != MOLT_OK ||
        molt_heap_set_schema(fixture->heap, fixture->schema) != MOLT_OK)
        return -1;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    molt_heap_destroy(fixture->heap);
    int leaked = fixture->counting.blocks != 0;
    molt_schema_free(fixture->schema);
    free(fixture);
    return leaked;
}

static void fill(Fixture *fixture, void *block, uint64_t size)
{
    unsigned char *bytes = block;
    for (uint64_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)fixture_random(&fixture->seed);
}

/* Makes, frees and writes blocks of all kinds; leaves roots on some of them. */
static void play(Fixture *fixture, unsigned rounds)
{
    MoltHeap *heap = fixture->heap;
    for (unsigned i = 0; i < rounds; i++) {
        MoltTypeId type = (MoltTypeId)(fixture_random(&fixture->seed) % LIVE_TYPES);
        uint64_t count = type == TYPE_MAP ? 1 : 1 + fixture_random(&fixture->seed) % 30;
        if (i % 97 == 0 && type != TYPE_MAP)
            count = 5000;
        void *block = molt_heap_new(heap, type, count);
        assert_non_null(block);
        fill(fixture, block, count * molt_type(molt_heap_schema(heap), type)->size);
        molt_heap_set_root(heap, i % 2, block);
        if (i % 3 == 0)
            assert_true(molt_heap_delete(heap, block));
    }
}

static void delete_all(MoltHeap *heap)
{
    MoltBlock block;
    for (;;) {
        uint64_t cursor = 0;
        if (!molt_heap_next(heap, MOLT_NO_TYPE, &cursor, &block))
            return;
        assert_true(molt_heap_delete(heap, block.start));
    }
}

static void assert_same(MoltHash a, MoltHash b)
{
    assert_true(a.low == b.low);
    assert_true(a.high == b.high);
}

static MoltSnapshot *capture(const MoltHeap *heap)
{
    MoltSnapshot *snapshot = NULL;
    MoltError error;
    assert_int_equal(molt_snapshot_capture(heap, &snapshot, &error), MOLT_OK);
    return snapshot;
}

static void restore(const MoltSnapshot *snapshot, MoltHeap *heap)
{
    MoltError error;
    assert_int_equal(molt_snapshot_restore(snapshot, heap, &error), MOLT_OK);
}

/* The heap stops referring to a snapshot's schema before the snapshot goes. */
static void finish(Fixture *fixture, MoltSnapshot *snapshot)
{
    molt_heap_destroy(fixture->heap);
    fixture->heap = NULL;
    molt_snapshot_free(snapshot);
}

static void capture_only_reads(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 200);
    MoltHash before = molt_heap_digest(fixture->heap);
    MoltSnapshot *snapshot = capture(fixture->heap);
    assert_same(before, molt_heap_digest(fixture->heap));
    assert_ptr_equal(molt_heap_schema(fixture->heap), fixture->schema);
    MoltHeapStats stats;
    molt_heap_stats(fixture->heap, MOLT_NO_TYPE, &stats);
    assert_true(molt_snapshot_bytes(snapshot) > stats.live_bytes);
    assert_true(molt_snapshot_schema(snapshot) != fixture->schema);
    assert_int_equal(molt_snapshot_schema(snapshot)->tables.hash.low,
                     fixture->schema->tables.hash.low);
    molt_snapshot_free(snapshot);
    molt_snapshot_free(NULL);
}

static void restore_undoes_heavy_mutation(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 500);
    MoltHash before = molt_heap_digest(fixture->heap);
    MoltSnapshot *snapshot = capture(fixture->heap);
    for (unsigned round = 0; round < 3; round++) {
        if (round == 1)
            delete_all(fixture->heap);
        play(fixture, 400);
        MoltHash changed = molt_heap_digest(fixture->heap);
        assert_true(changed.low != before.low);
        restore(snapshot, fixture->heap);
        assert_same(before, molt_heap_digest(fixture->heap));
        assert_ptr_equal(molt_heap_schema(fixture->heap), molt_snapshot_schema(snapshot));
    }
    finish(fixture, snapshot);
}

/* Not only the bytes come back: what is allocated next does too. */
static void restored_heap_goes_on_alike(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 300);
    MoltSnapshot *snapshot = capture(fixture->heap);
    uint64_t seed = fixture->seed;
    play(fixture, 300);
    MoltHash first = molt_heap_digest(fixture->heap);
    delete_all(fixture->heap);
    restore(snapshot, fixture->heap);
    fixture->seed = seed;
    play(fixture, 300);
    assert_same(first, molt_heap_digest(fixture->heap));
    finish(fixture, snapshot);
}

static void restore_undoes_another_schema(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 100);
    MoltHash before = molt_heap_digest(fixture->heap);
    MoltSnapshot *snapshot = capture(fixture->heap);
    MoltSchema *after = heap_fixture_schema(24);
    const MoltTypeId new_ids[TYPE_COUNT] = {MOLT_NO_TYPE, TYPE_ODD,  TYPE_ANT,
                                            MOLT_NO_TYPE, TYPE_WIDE, TYPE_OPAQUE};
    assert_true(molt__heap_reserve(fixture->heap, 0, after));
    molt__heap_switch(fixture->heap, after, new_ids, NULL);
    assert_null(molt_heap_root(fixture->heap, 0));
    restore(snapshot, fixture->heap);
    molt_schema_free(after);
    assert_same(before, molt_heap_digest(fixture->heap));
    assert_non_null(molt_heap_root(fixture->heap, 0));
    finish(fixture, snapshot);
}

static void empty_heap_can_be_restored(void **state)
{
    Fixture *fixture = *state;
    MoltHash before = molt_heap_digest(fixture->heap);
    MoltSnapshot *snapshot = capture(fixture->heap);
    play(fixture, 50);
    restore(snapshot, fixture->heap);
    assert_same(before, molt_heap_digest(fixture->heap));
    MoltHeapStats stats;
    molt_heap_stats(fixture->heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.spans, 0);
    finish(fixture, snapshot);
}

static void full_range_can_be_restored(void **state)
{
    Fixture *fixture = *state;
    const MoltHeapDesc desc = {.reserve = 1 << 20, .allocator = &fixture->allocator};
    MoltHeap *heap = NULL;
    MoltError error;
    assert_int_equal(molt_heap_create(&desc, &heap, &error), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, fixture->schema), MOLT_OK);
    while (molt_heap_new(heap, TYPE_CHAR, 40000))
        ;
    MoltHash before = molt_heap_digest(heap);
    MoltSnapshot *snapshot = capture(heap);
    delete_all(heap);
    restore(snapshot, heap);
    assert_same(before, molt_heap_digest(heap));
    assert_null(molt_heap_new(heap, TYPE_CHAR, 40000));
    molt_heap_destroy(heap);
    molt_snapshot_free(snapshot);
}

static void other_heap_is_rejected(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 20);
    MoltSnapshot *snapshot = capture(fixture->heap);
    MoltHeap *other = NULL;
    MoltError error;
    assert_int_equal(molt_heap_create(NULL, &other, &error), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(other, fixture->schema), MOLT_OK);
    assert_int_equal(molt_snapshot_restore(snapshot, other, &error), MOLT_INVALID);
    assert_ptr_equal(molt_heap_schema(other), fixture->schema);
    molt_heap_destroy(other);
    molt_snapshot_free(snapshot);
}

static void failed_capture_leaves_nothing_behind(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 100);
    MoltHash before = molt_heap_digest(fixture->heap);
    uint64_t blocks = fixture->counting.blocks;
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    unsigned failures = 0;
    for (uint64_t nth = 1; status != MOLT_OK; nth++) {
        MoltSnapshot *snapshot = NULL;
        MoltError error = {0};
        fixture->counting.fail_at = fixture->counting.calls + nth;
        status = molt_snapshot_capture(fixture->heap, &snapshot, &error);
        fixture->counting.fail_at = 0;
        assert_int_equal(status, error.status);
        if (status != MOLT_OK) {
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            assert_null(snapshot);
            assert_int_equal(fixture->counting.blocks, blocks);
            failures++;
        }
        molt_snapshot_free(snapshot);
    }
    assert_true(failures > 10);
    assert_int_equal(fixture->counting.blocks, blocks);
    assert_same(before, molt_heap_digest(fixture->heap));
}

static void failed_restore_leaves_the_heap(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 60);
    MoltHash then = molt_heap_digest(fixture->heap);
    MoltSnapshot *snapshot = capture(fixture->heap);
    play(fixture, 60);
    MoltHash now = molt_heap_digest(fixture->heap);
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    for (uint64_t nth = 1; status != MOLT_OK; nth++) {
        MoltError error = {0};
        fixture->counting.fail_at = fixture->counting.calls + nth;
        status = molt_snapshot_restore(snapshot, fixture->heap, &error);
        fixture->counting.fail_at = 0;
        if (status != MOLT_OK)
            assert_same(now, molt_heap_digest(fixture->heap));
    }
    assert_same(then, molt_heap_digest(fixture->heap));
    finish(fixture, snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        X(capture_only_reads),
        X(restore_undoes_heavy_mutation),
        X(restored_heap_goes_on_alike),
        X(restore_undoes_another_schema),
        X(empty_heap_can_be_restored),
        X(full_range_can_be_restored),
        X(other_heap_is_rejected),
        X(failed_capture_leaves_nothing_behind),
        X(failed_restore_leaves_the_heap),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
