/* Checkpoints: copied or tracked, the heap goes back to the last one, again and again. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "dirty_pages.h"
#include "heap_fixture.h"
#include "heap_span.h"
#include "molt/checkpoint.h"

#define COPIED UINT64_MAX
#define TRACKED 0

typedef struct Fixture {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltSchema *schema;
    MoltHeap *heap;
    MoltCheckpoint *copied, *tracked;
    uint64_t seed;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    fixture->allocator = counting_allocator(&fixture->counting);
    fixture->schema = heap_fixture_schema(24);
    fixture->seed = 20;
    const MoltHeapDesc desc = {.allocator = &fixture->allocator};
    if (molt_heap_create(&desc, &fixture->heap, NULL) != MOLT_OK ||
        molt_heap_set_schema(fixture->heap, fixture->schema) != MOLT_OK ||
        molt_checkpoint_create(COPIED, &fixture->allocator, &fixture->copied, NULL) != MOLT_OK ||
        molt_checkpoint_create(TRACKED, &fixture->allocator, &fixture->tracked, NULL) != MOLT_OK)
        return -1;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    molt_heap_destroy(fixture->heap);
    molt_checkpoint_free(fixture->copied);
    molt_checkpoint_free(fixture->tracked);
    molt_checkpoint_free(NULL);
    int leaked = fixture->counting.blocks != 0;
    molt_schema_free(fixture->schema);
    free(fixture);
    return leaked;
}

/* Makes, frees and writes blocks of all kinds, old ones too. */
static void play(Fixture *fixture, unsigned rounds)
{
    MoltHeap *heap = fixture->heap;
    for (unsigned i = 0; i < rounds; i++) {
        MoltTypeId type = (MoltTypeId)(fixture_random(&fixture->seed) % LIVE_TYPES);
        uint64_t count = type == TYPE_MAP ? 1 : 1 + fixture_random(&fixture->seed) % 30;
        if (i % 97 == 0 && type != TYPE_MAP)
            count = 5000;
        unsigned char *block = molt_heap_new(heap, type, count);
        assert_non_null(block);
        memset(block, (int)(fixture_random(&fixture->seed) % 256),
               count * molt_type(molt_heap_schema(heap), type)->size);
        molt_heap_set_root(heap, i % 2, block);
        if (i % 3 == 0)
            assert_true(molt_heap_delete(heap, block));
    }
    MoltBlock block;
    for (uint64_t cursor = 0; molt_heap_next(heap, MOLT_NO_TYPE, &cursor, &block);)
        if (block.count > 0 && fixture_random(&fixture->seed) % 8 == 0)
            *(unsigned char *)block.start ^= 0x55;
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
    assert_true(a.low == b.low && a.high == b.high);
}

static MoltHash take(MoltCheckpoint *checkpoint, MoltHeap *heap)
{
    MoltError error = {0};
    MoltHash before = molt_heap_digest(heap);
    if (molt_checkpoint_take(checkpoint, heap, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_same(before, molt_heap_digest(heap)); /* taking only reads */
    return before;
}

static void go_back(MoltCheckpoint *checkpoint, MoltHeap *heap, MoltHash there)
{
    MoltError error = {0};
    if (molt_checkpoint_restore(checkpoint, heap, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_same(there, molt_heap_digest(heap));
}

static void back_and_forth(Fixture *fixture, MoltCheckpoint *checkpoint)
{
    MoltHeap *heap = fixture->heap;
    play(fixture, 300);
    MoltHash there = take(checkpoint, heap);
    for (unsigned round = 0; round < 6; round++) {
        if (round == 2)
            delete_all(heap);
        play(fixture, 200);
        assert_true(molt_heap_digest(heap).low != there.low);
        go_back(checkpoint, heap, there);
        uint64_t seed = fixture->seed;
        play(fixture, 100);
        MoltHash forth = molt_heap_digest(heap);
        go_back(checkpoint, heap, there);
        fixture->seed = seed;
        play(fixture, 100);
        assert_same(forth, molt_heap_digest(heap)); /* what is allocated next comes back, too */
        if (round % 2 == 1)
            there = take(checkpoint, heap);
    }
}

static void copied_state_comes_back(void **state)
{
    Fixture *fixture = *state;
    back_and_forth(fixture, fixture->copied);
    assert_false(molt_checkpoint_cost(fixture->copied).tracked);
}

static bool can_track(void)
{
    MoltDirtyPages pages;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool can = molt__dirty_pages_open(&pages, (uintptr_t)page, 4096);
    molt__dirty_pages_close(&pages);
    munmap(page, 4096);
    if (!can)
        print_message("SKIPPED: this kernel does not tell which pages were written\n");
    return can;
}

static void tracked_state_comes_back(void **state)
{
    Fixture *fixture = *state;
    bool can = can_track();
    back_and_forth(fixture, fixture->tracked); /* where nothing is tracked, by copying */
    assert_int_equal(molt_checkpoint_cost(fixture->tracked).tracked, can);
}

/* One page of many is written: little is copied. */
static void tracking_copies_what_was_written(void **state)
{
    Fixture *fixture = *state;
    if (!can_track())
        skip();
    const uint64_t size = 16 << 20;
    unsigned char *block = molt_heap_new(fixture->heap, TYPE_CHAR, size);
    memset(block, 1, size);
    take(fixture->tracked, fixture->heap);
    block[size / 2] = 2;
    MoltHash there = take(fixture->tracked, fixture->heap);
    MoltCheckpointCost cost = molt_checkpoint_cost(fixture->tracked);
    assert_true(cost.tracked && cost.live_bytes >= size && cost.copied_bytes < size / 4);
    assert_true(cost.copied_bytes > 0);
    block[0] = 3;
    block[size / 2] = 4;
    go_back(fixture->tracked, fixture->heap, there);
    assert_int_equal(block[size / 2], 2);

    /* memory that the heap gave back to the system since is no page that was not written */
    assert_true(molt_heap_delete(fixture->heap, block));
    madvise(block, size, MADV_DONTNEED);
    go_back(fixture->tracked, fixture->heap, there);
}

/* Pages that are written without a fault count as written, for going back and for the next take. */
static void expected_writes_are_known(void **state)
{
    Fixture *fixture = *state;
    const uint64_t size = 16 << 20, part = 1 << 20;
    unsigned char *block = molt_heap_new(fixture->heap, TYPE_CHAR, size);
    memset(block, 1, size);
    take(fixture->tracked, fixture->heap);
    MoltHash there = take(fixture->tracked, fixture->heap);
    for (int round = 0; round < 3; round++) {
        molt_checkpoint_expect(fixture->tracked, (uintptr_t)block + part + 1,
                               (uintptr_t)block + 2 * part);
        memset(block + part + 1, 2 + round, part - 1);
        block[4 * part] = 5;
        if (round == 1)
            there = take(fixture->tracked, fixture->heap);
        MoltCheckpointCost cost = molt_checkpoint_cost(fixture->tracked);
        if (round == 1 && cost.tracked)
            assert_true(cost.copied_bytes >= part - 1 && cost.copied_bytes < size / 4);
        block[3 * part]++;
        go_back(fixture->tracked, fixture->heap, there);
        assert_int_equal(block[part + 1], round == 0 ? 1 : 3);
        assert_int_equal(block[4 * part], round == 0 ? 1 : 5);
        assert_int_equal(block[3 * part], 1);
    }
    molt_checkpoint_expect(fixture->tracked, 0, size); /* not of the heap */
}

/* In a fork: the heap is that of the moment, and what is allocated next is what was. */
static bool child_goes_back(Fixture *fixture, MoltCheckpoint *checkpoint, MoltHash there,
                            MoltHash forth)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        bool same = molt_checkpoint_restore(checkpoint, fixture->heap, NULL) == MOLT_OK;
        MoltHash hash = molt_heap_digest(fixture->heap);
        same = same && hash.low == there.low && hash.high == there.high;
        fixture->seed = 7;
        play(fixture, 100);
        hash = molt_heap_digest(fixture->heap);
        _exit(same && hash.low == forth.low && hash.high == forth.high ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* The child has the moment in the place of a heap that has opened more since; the parent has what it had, and
 * other forks have that, too. */
static void forks_have_the_moment(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = fixture->heap;
    MoltCheckpoint *const checkpoints[] = {fixture->copied, fixture->tracked};
    for (int i = 0; i < 2; i++) {
        MoltCheckpoint *checkpoint = checkpoints[i];
        play(fixture, 200);
        MoltHash there = take(checkpoint, heap);
        fixture->seed = 7;
        play(fixture, 100);
        MoltHash forth = molt_heap_digest(heap);
        unsigned char *more = molt_heap_new(heap, TYPE_CHAR, 8 << 20);
        assert_non_null(more);
        memset(more, 1, 8 << 20);
        MoltHash now = molt_heap_digest(heap);
        molt_checkpoint_before_fork(checkpoint, heap);
        bool went = child_goes_back(fixture, checkpoint, there, forth);
        molt_checkpoint_after_fork(checkpoint, heap);
        assert_true(went);
        assert_same(now, molt_heap_digest(heap));
        go_back(checkpoint, heap, there);
    }
}

static void without_a_moment_nothing_happens(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 40);
    MoltHash now = molt_heap_digest(fixture->heap);
    assert_int_equal(molt_checkpoint_restore(fixture->copied, fixture->heap, NULL), MOLT_INVALID);
    take(fixture->copied, fixture->heap);
    molt_checkpoint_forget(fixture->copied);
    assert_int_equal(molt_checkpoint_restore(fixture->copied, fixture->heap, NULL), MOLT_INVALID);
    assert_same(now, molt_heap_digest(fixture->heap));

    MoltHeap *other = NULL;
    const MoltHeapDesc desc = {.allocator = &fixture->allocator};
    assert_int_equal(molt_heap_create(&desc, &other, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(other, fixture->schema), MOLT_OK);
    take(fixture->copied, fixture->heap);
    assert_int_equal(molt_checkpoint_restore(fixture->copied, other, NULL), MOLT_INVALID);
    take(fixture->copied, other); /* and it serves another heap from then on */
    assert_int_equal(molt_checkpoint_restore(fixture->copied, fixture->heap, NULL), MOLT_INVALID);
    molt_heap_destroy(other);
}

static void another_schema_goes_back_too(void **state)
{
    Fixture *fixture = *state;
    play(fixture, 100);
    MoltHash there = take(fixture->copied, fixture->heap);
    MoltSchema *after = heap_fixture_schema(24);
    const MoltTypeId new_ids[TYPE_COUNT] = {MOLT_NO_TYPE, TYPE_ODD,  TYPE_ANT,
                                            MOLT_NO_TYPE, TYPE_WIDE, TYPE_OPAQUE};
    assert_true(molt__heap_reserve(fixture->heap, 0, after));
    molt__heap_switch(fixture->heap, after, new_ids, NULL);
    go_back(fixture->copied, fixture->heap, there);
    assert_ptr_equal(molt_heap_schema(fixture->heap), fixture->schema);
    molt_schema_free(after);
}

/* Out of memory at any point: the moment before is the one to go back to, or the heap is untouched. */
static void out_of_memory_changes_nothing(void **state)
{
    Fixture *fixture = *state;
    CountingAllocator *counting = &fixture->counting;
    play(fixture, 60);
    MoltHash first = take(fixture->copied, fixture->heap);
    play(fixture, 60);
    MoltHash now = molt_heap_digest(fixture->heap);
    unsigned failures = 0;
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    for (uint64_t nth = 1; status != MOLT_OK; nth++) {
        counting->fail_at = counting->calls + nth;
        status = molt_checkpoint_restore(fixture->copied, fixture->heap, NULL);
        counting->fail_at = 0;
        failures += status != MOLT_OK;
        assert_same(status == MOLT_OK ? first : now, molt_heap_digest(fixture->heap));
    }
    assert_true(failures > 5);
    play(fixture, 60);
    now = molt_heap_digest(fixture->heap);
    counting->fail_at = counting->calls + 3;
    assert_int_equal(molt_checkpoint_take(fixture->copied, fixture->heap, NULL),
                     MOLT_OUT_OF_MEMORY);
    counting->fail_at = 0;
    assert_same(now, molt_heap_digest(fixture->heap));
    go_back(fixture->copied, fixture->heap, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        X(copied_state_comes_back),          X(tracked_state_comes_back),
        X(tracking_copies_what_was_written), X(without_a_moment_nothing_happens),
        X(another_schema_goes_back_too),     X(out_of_memory_changes_nothing),
        X(expected_writes_are_known),        X(forks_have_the_moment),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
