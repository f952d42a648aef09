/* Room for a migration: its pages are there before it begins, and what nobody uses goes back. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* mincore, madvise */
#endif
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "heap_span.h"
#include "molt/checkpoint.h"
#include "molt/heap_room.h"
#include "molt/migrate.h"
#include "schema_spec.h"

typedef struct Old {
    long id;
    double value;
} Old;

typedef struct New {
    long id, added[4];
    float value;
} New;

static const StructSpec old_spec = {"Item",
                                    sizeof(Old),
                                    _Alignof(Old),
                                    {FIELD(Old, id, "long"), FIELD(Old, value, "double")},
                                    NULL};
static const StructSpec new_spec = {
    "Item",
    sizeof(New),
    _Alignof(New),
    {FIELD(New, id, "long"), FIELD(New, added, "long[4]"), FIELD(New, value, "float")},
    NULL};

enum { COUNT = 150000, PAGE = 4096, SEEN = 64 << 20 };
#define NEW_BYTES ((uint64_t)COUNT * (sizeof(New) + 8))

typedef struct Fixture {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltSchema *before, *after;
    MoltPlan *plan;
    MoltHeap *heap;
    MoltTypeId item;
    unsigned char seen[SEEN / PAGE]; /* per page whether it is there, as see() found it */
} Fixture;

static void fill(Fixture *fixture, double value)
{
    for (long i = 0; i < COUNT; i++)
        *(Old *)molt_heap_new(fixture->heap, fixture->item, 1) = (Old){i, value};
    molt_heap_set_root(fixture->heap, 0, NULL);
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    fixture->allocator = counting_allocator(&fixture->counting);
    fixture->before = spec_schema(&old_spec, 1);
    fixture->after = spec_schema(&new_spec, 1);
    fixture->item = molt_schema_find(fixture->before, "Item");
    if (molt_plan_build(fixture->before, fixture->after, MOLT_POLICY_STRICT, NULL, &fixture->plan,
                        NULL, NULL) != MOLT_OK ||
        molt_heap_create(&(MoltHeapDesc){.allocator = &fixture->allocator}, &fixture->heap, NULL) !=
            MOLT_OK ||
        molt_heap_set_schema(fixture->heap, fixture->before) != MOLT_OK)
        return -1;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    molt_heap_destroy(fixture->heap);
    int leaked = fixture->counting.blocks != 0;
    molt_plan_free(fixture->plan);
    molt_schema_free(fixture->before);
    molt_schema_free(fixture->after);
    free(fixture);
    return leaked;
}

/* Which pages of the heap's range are there; returns how many bytes. */
static uint64_t see(Fixture *fixture)
{
    uint64_t count = 0;
    void *base = (void *)fixture->heap->base; /* NOLINT: the heap's own range */
    assert_int_equal(sysconf(_SC_PAGESIZE), PAGE);
    assert_int_equal(mincore(base, SEEN, fixture->seen), 0);
    for (size_t page = 0; page < sizeof fixture->seen; page++)
        count += fixture->seen[page] & 1;
    return count * PAGE;
}

/* The pages of a block were there when somebody looked. */
static bool was_there(const Fixture *fixture, const MoltBlock *block, uint64_t bytes)
{
    uint64_t first = ((uintptr_t)block->start - fixture->heap->base) / PAGE;
    uint64_t last = ((uintptr_t)block->start - fixture->heap->base + bytes - 1) / PAGE;
    assert_true(last < SEEN / PAGE);
    return (fixture->seen[first] & fixture->seen[last] & 1) != 0;
}

static bool can_write(uintptr_t address)
{
    int ends[2];
    char byte = 1;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], &byte, 1), 1);
    bool can = read(ends[0], (void *)address, 1) == 1; /* NOLINT: free memory of the heap */
    close(ends[0]);
    close(ends[1]);
    return can;
}

static MoltStatus migrate(Fixture *fixture)
{
    MoltMigration *migration = NULL;
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltStatus status =
        molt_migrate_prepare(fixture->heap, fixture->plan, NULL, &migration, &report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_report_clear(&report);
    return status;
}

/* The system has no MADV_POPULATE_WRITE. */
static bool cannot(void)
{
    void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool cannot = madvise(page, PAGE, 23) != 0;
    munmap(page, PAGE);
    if (cannot)
        print_message("SKIPPED: this kernel does not give pages on request\n");
    return cannot;
}

static void assert_same(MoltHash a, MoltHash b)
{
    assert_true(a.low == b.low && a.high == b.high);
}

/* Also beside memory that became free, in which part of it fits. */
static void pages_are_there_before_the_migration(void **state)
{
    Fixture *fixture = *state;
    if (cannot())
        skip();
    fill(fixture, 1);
    void *hole = molt_heap_new(fixture->heap, fixture->item, 200000);
    fill(fixture, 2);
    assert_true(molt_heap_delete(fixture->heap, hole));
    MoltHash there = molt_heap_digest(fixture->heap);
    MoltHeapRoom *room = molt_heap_room_look(fixture->heap);
    uint64_t opened = fixture->heap->opened;
    uint64_t got = molt_heap_room_prepare(room, fixture->plan);
    assert_true(got >= 2 * NEW_BYTES / 10 * 9 && got <= 2 * NEW_BYTES);
    assert_same(there, molt_heap_digest(fixture->heap));
    assert_int_equal(fixture->heap->opened, opened);
    see(fixture);
    assert_int_equal(migrate(fixture), MOLT_OK);
    molt_heap_room_free(room, fixture->heap);

    MoltBlock block;
    uint64_t cursor = 0;
    for (long i = 0; i < 2 * COUNT; i++) {
        assert_true(molt_heap_next(fixture->heap, MOLT_NO_TYPE, &cursor, &block));
        const New *item = block.start;
        assert_true(item->id == i % COUNT && item->value == (i < COUNT ? 1 : 2));
        assert_true(was_there(fixture, &block, sizeof *item));
    }
}

/* As after a refusal, or where the reload was called off. */
static void what_nobody_used_goes_back(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 1);
    uint64_t used = see(fixture), opened = fixture->heap->opened;
    MoltHash there = molt_heap_digest(fixture->heap);
    for (int round = 0; round < 3; round++) {
        MoltHeapRoom *room = molt_heap_room_look(fixture->heap);
        assert_non_null(room);
        uint64_t got = molt_heap_room_prepare(room, fixture->plan);
        uint64_t most = see(fixture);
        assert_true(most >= used + got);
        assert_true(most <= used + NEW_BYTES + NEW_BYTES / 20 + MOLT__HUGE_SPAN);
        molt_heap_room_free(room, fixture->heap);
        assert_int_equal(see(fixture), used);
        assert_int_equal(fixture->heap->opened, opened);
        assert_false(can_write(fixture->heap->base + (opened << MOLT__GRANULE_SHIFT)));
        assert_same(there, molt_heap_digest(fixture->heap));
    }
}

/* With and without room the state and the memory are the same after it. */
static void refusal_leaves_what_it_leaves_without_room(void **state)
{
    Fixture *fixture = *state;
    fill(fixture, 1e300); /* which no float is */
    MoltHash there = molt_heap_digest(fixture->heap);
    assert_int_equal(migrate(fixture), MOLT_REFUSED);
    uint64_t used = see(fixture);
    MoltHeapRoom *room = molt_heap_room_look(fixture->heap);
    molt_heap_room_prepare(room, fixture->plan);
    assert_int_equal(migrate(fixture), MOLT_REFUSED);
    molt_heap_room_free(room, fixture->heap);
    assert_in_range(see(fixture), 0, used + MOLT__HUGE_SPAN);
    assert_same(there, molt_heap_digest(fixture->heap));
}

static void *prepare(void *context)
{
    Fixture **fixture = context;
    molt_heap_room_prepare((MoltHeapRoom *)fixture[1], fixture[0]->plan);
    return NULL;
}

/* What the game takes and writes meanwhile is its own, whether it lies where pages come or not. */
static void the_game_goes_on_beside_it(void **state)
{
    Fixture *fixture = *state;
    pthread_t thread;
    fill(fixture, 1);
    MoltHeapRoom *room = molt_heap_room_look(fixture->heap);
    void *context[] = {fixture, room};
    assert_int_equal(pthread_create(&thread, NULL, prepare, context), 0);
    for (long i = 0; i < COUNT; i++) {
        *(Old *)molt_heap_new(fixture->heap, fixture->item, 1) = (Old){COUNT + i, 1};
        if (i % 100 == 0)
            ((Old *)molt_heap_new(fixture->heap, fixture->item, 5000))->id = -1 - i;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    MoltHash there = molt_heap_digest(fixture->heap);
    molt_heap_room_free(room, fixture->heap);
    assert_same(there, molt_heap_digest(fixture->heap));
    assert_int_equal(migrate(fixture), MOLT_OK);
    MoltHeapStats stats;
    molt_heap_stats(fixture->heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, 2 * COUNT + COUNT / 100);
}

/* Going back, and another heap in the place of this one, happen in the middle of a build. */
static void the_heap_may_change_altogether(void **state)
{
    Fixture *fixture = *state;
    MoltCheckpoint *checkpoint = NULL;
    MoltHeap *other = NULL;
    assert_int_equal(molt_checkpoint_create(0, NULL, &checkpoint, NULL), MOLT_OK);
    fill(fixture, 1);
    MoltHash there = molt_heap_digest(fixture->heap);
    assert_int_equal(molt_checkpoint_take(checkpoint, fixture->heap, NULL), MOLT_OK);
    fill(fixture, 2);
    MoltHeapRoom *room = molt_heap_room_look(fixture->heap);
    assert_int_equal(molt_checkpoint_restore(checkpoint, fixture->heap, NULL), MOLT_OK);
    molt_heap_room_prepare(room, fixture->plan);
    assert_int_equal(molt_checkpoint_restore(checkpoint, fixture->heap, NULL), MOLT_OK);
    molt_heap_room_free(room, fixture->heap);
    assert_same(there, molt_heap_digest(fixture->heap));
    molt_checkpoint_free(checkpoint);

    room = molt_heap_room_look(fixture->heap);
    assert_int_equal(
        molt_heap_create(&(MoltHeapDesc){.allocator = &fixture->allocator}, &other, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(other, fixture->before), MOLT_OK);
    molt_heap_exchange(fixture->heap, other);
    molt_heap_destroy(other);
    molt_heap_room_prepare(room, fixture->plan);
    fill(fixture, 3);
    there = molt_heap_digest(fixture->heap);
    molt_heap_room_free(room, fixture->heap);
    assert_same(there, molt_heap_digest(fixture->heap));
    assert_int_equal(migrate(fixture), MOLT_OK);
}

/* Pages that are ready, and memory that became free, are not read for a checkpoint, which would take as long
 * as there are many and protect them. */
static void checkpoints_pass_over_it(void **state)
{
    Fixture *fixture = *state;
    MoltCheckpoint *checkpoint = NULL;
    assert_int_equal(molt_checkpoint_create(0, NULL, &checkpoint, NULL), MOLT_OK);
    fill(fixture, 1);
    Old *hole = molt_heap_new(fixture->heap, fixture->item, 1000000);
    fill(fixture, 2);
    assert_int_equal(molt_checkpoint_take(checkpoint, fixture->heap, NULL), MOLT_OK);
    memset(hole, 1, 1000000 * sizeof *hole);
    assert_true(molt_heap_delete(fixture->heap, hole));
    MoltHeapRoom *room = molt_heap_room_look(fixture->heap);
    molt_heap_room_prepare(room, fixture->plan);
    assert_int_equal(molt_checkpoint_take(checkpoint, fixture->heap, NULL), MOLT_OK);
    MoltCheckpointCost cost = molt_checkpoint_cost(checkpoint);
    if (cost.tracked)
        assert_true(cost.copied_bytes < NEW_BYTES / 2);
    MoltHash there = molt_heap_digest(fixture->heap);
    hole = molt_heap_new(fixture->heap, fixture->item, 1000000);
    memset(hole, 2, 1000000 * sizeof *hole);
    assert_int_equal(molt_checkpoint_take(checkpoint, fixture->heap, NULL), MOLT_OK);
    MoltHash with = molt_heap_digest(fixture->heap);
    memset(hole, 3, 1000000 * sizeof *hole);
    assert_int_equal(molt_checkpoint_restore(checkpoint, fixture->heap, NULL), MOLT_OK);
    assert_same(with, molt_heap_digest(fixture->heap));
    assert_true(molt_heap_delete(fixture->heap, hole));
    molt_heap_room_free(room, fixture->heap);
    assert_same(there, molt_heap_digest(fixture->heap));
    molt_checkpoint_free(checkpoint);
}

/* To give memory back takes time, which is not that of the pause. */
static void old_memory_goes_back_afterwards(void **state)
{
    Fixture *fixture = *state;
    MoltHeap *heap = fixture->heap;
    const uint64_t part = ((uint64_t)64 << 20) / MOLT__GRANULE;
    uint64_t first[6];
    fill(fixture, 1);
    MoltHeapRoom *room = molt_heap_room_look(heap);
    for (int i = 0; i < 6; i++) {
        assert_true(molt__range_take(heap, part, &first[i]));
        *(char *)(heap->base + first[i] * MOLT__GRANULE) = 1; /* NOLINT: the range just taken */
    }
    for (int i = 0; i < 6; i++)
        if (i != 4)
            molt__range_give(heap, first[i], part);
    assert_int_equal(heap->warm_count, 5 * part);
    assert_int_equal(*(char *)(heap->base + first[5] * MOLT__GRANULE), 1); /* NOLINT */
    molt_heap_room_free(room, heap);
    assert_int_equal(heap->warm_count, 5 * part);
    for (int calls = 1; molt_heap_room_trim(heap); calls++)
        assert_true(calls < 4);
    assert_int_equal(heap->warm_count, 4 * part);
    assert_int_equal(*(char *)(heap->base + first[5] * MOLT__GRANULE), 0); /* NOLINT */
    for (int i = 0; i < 5; i++)
        assert_int_equal(*(char *)(heap->base + first[i] * MOLT__GRANULE), 1); /* NOLINT */
    molt__range_give(heap, first[4], part);
    assert_int_equal(heap->warm_count, 4 * part);
    assert_int_equal(*(char *)(heap->base + first[4] * MOLT__GRANULE), 0); /* NOLINT */
}

static void without_memory_or_need_there_is_none(void **state)
{
    Fixture *fixture = *state;
    molt_heap_new(fixture->heap, fixture->item, 10);
    assert_null(molt_heap_room_look(fixture->heap));
    assert_int_equal(molt_heap_room_prepare(NULL, fixture->plan), 0);
    molt_heap_room_free(NULL, fixture->heap);
    fill(fixture, 1);
    uint64_t blocks = fixture->counting.blocks, fail = 0;
    MoltHeapRoom *room = NULL;
    while (!room) {
        fixture->counting.calls = 0;
        fixture->counting.fail_at = ++fail;
        room = molt_heap_room_look(fixture->heap);
        if (!room)
            assert_int_equal(fixture->counting.blocks, blocks);
    }
    fixture->counting.fail_at = 0;
    assert_int_equal(fail, 4);
    MoltPlan *other = NULL;
    assert_int_equal(molt_plan_build(fixture->after, fixture->before, MOLT_POLICY_LIVE, NULL,
                                     &other, NULL, NULL),
                     MOLT_OK);
    assert_int_equal(molt_heap_room_prepare(room, other), 0);
    molt_plan_free(other);
    molt_heap_room_free(room, fixture->heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        X(pages_are_there_before_the_migration),
        X(what_nobody_used_goes_back),
        X(refusal_leaves_what_it_leaves_without_room),
        X(the_game_goes_on_beside_it),
        X(the_heap_may_change_altogether),
        X(checkpoints_pass_over_it),
        X(old_memory_goes_back_afterwards),
        X(without_memory_or_need_there_is_none),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
