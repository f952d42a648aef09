/* Lookouts: a migration that uses one does what it does without, whatever the game did meanwhile. Most
 * tests have two heaps of which the same is done, and one has a lookout. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "dirty_pages.h"
#include "heap_fixture.h"
#include "lookout.h"
#include "migration.h"
#include "molt/checkpoint.h"
#include "schema_spec.h"

typedef struct Item {
    long id;
    double value;
} Item;

typedef struct WideItem {
    long id, added[5];
    float value;
} WideItem;

typedef struct Mark {
    Item *item;
    float numbers[22];
    struct Mark *peer;
} Mark;

typedef struct Row {
    float number;
    Item *item;
} Row;

typedef struct Hub {
    Item *items[5];
    Row *rows;
    void *any;
    double numbers[16];
} Hub;

static const StructSpec old_specs[] = {
    {"Hub",
     sizeof(Hub),
     _Alignof(Hub),
     {FIELD(Hub, items, "Item *[5]"), FIELD(Hub, rows, "Row *"), FIELD(Hub, any, "void *"),
      FIELD(Hub, numbers, "double[16]")},
     NULL},
    {"Mark",
     sizeof(Mark),
     _Alignof(Mark),
     {FIELD(Mark, item, "Item *"), FIELD(Mark, numbers, "float[22]"), FIELD(Mark, peer, "Mark *")},
     NULL},
    {"Row",
     sizeof(Row),
     _Alignof(Row),
     {FIELD(Row, number, "float"), FIELD(Row, item, "Item *")},
     NULL},
    {"Item",
     sizeof(Item),
     _Alignof(Item),
     {FIELD(Item, id, "long"), FIELD(Item, value, "double")},
     NULL}};

static const FieldSpec wide_fields[] = {FIELD(WideItem, id, "long"),
                                        FIELD(WideItem, added, "long[5]"),
                                        FIELD(WideItem, value, "float")};

enum { MARKS = 60000, ITEMS = 3000, ARRAYS = 300, HUBS = 6000, LONG_ROWS = 40000 };

/* A heap, and what its game knows of it; NULL where something was deleted. */
typedef struct World {
    MoltHeap *heap;
    MoltCheckpoint *checkpoint;
    Mark *marks[MARKS];
    Row *rows[ARRAYS]; /* the first one is long */
    uint64_t lengths[ARRAYS];
    Hub *hubs[HUBS];
    Item *items[ITEMS];
} World;

typedef struct Fixture {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltSchema *narrow, *wide;
    World with, without;
} Fixture;

static MoltTypeId type_of(const World *world, const char *name)
{
    return molt_schema_find(molt_heap_schema(world->heap), name);
}

static void *make(World *world, const char *name, uint64_t count)
{
    void *block = molt_heap_new(world->heap, type_of(world, name), count);
    assert_non_null(block);
    return block;
}

static Item *any_item(const World *world, uint64_t *seed)
{
    return fixture_random(seed) % 8 == 0 ? NULL : world->items[fixture_random(seed) % ITEMS];
}

static void make_mark(World *world, uint64_t i, uint64_t *seed)
{
    world->marks[i] = make(world, "Mark", 1);
    world->marks[i]->numbers[i % 22] = 1;
    if (i % 10 == 0)
        world->marks[i]->item = any_item(world, seed);
    world->marks[i]->peer = world->marks[fixture_random(seed) % (i + 1)];
}

static void make_hub(World *world, uint64_t i, uint64_t *seed)
{
    Hub *hub = world->hubs[i] = make(world, "Hub", 1);
    if (i % 8 == 0)
        hub->items[fixture_random(seed) % 5] = any_item(world, seed);
    if (world->lengths[i % ARRAYS] > 0)
        hub->rows = world->rows[i % ARRAYS] + fixture_random(seed) % world->lengths[i % ARRAYS];
    if (i % 32 == 0)
        hub->any = any_item(world, seed);
}

static void fill(World *world, uint64_t seed)
{
    for (uint64_t i = 0; i < ITEMS; i++)
        *(world->items[i] = make(world, "Item", 1)) = (Item){(long)i, 0.5};
    for (uint64_t i = 0; i < MARKS; i++)
        make_mark(world, i, &seed);
    for (uint64_t a = 0; a < ARRAYS; a++) {
        world->lengths[a] = a == 0 ? LONG_ROWS : 1 + fixture_random(&seed) % 200;
        world->rows[a] = make(world, "Row", world->lengths[a]);
        for (uint64_t r = 0; r < world->lengths[a]; r += 16)
            world->rows[a][r].item = any_item(world, &seed);
    }
    for (uint64_t i = 0; i < HUBS; i++)
        make_hub(world, i, &seed);
}

/* Some of what a game does, to neighbours, so that most pages stay as they are. Pointers to what is deleted
 * stay. */
static void play(World *world, uint64_t seed, unsigned rounds)
{
    uint64_t from = fixture_random(&seed) % MARKS;
    for (unsigned n = 0; n < rounds; n++) {
        uint64_t i = (from + fixture_random(&seed) % 2000) % MARKS, h = i % HUBS, a = i % ARRAYS;
        Mark *mark = world->marks[i];
        Hub *hub = world->hubs[h];
        switch (fixture_random(&seed) % 8) {
        case 0:
        case 1:
            if (mark)
                mark->item = any_item(world, &seed);
            break;
        case 2:
            if (mark)
                mark->peer = world->marks[fixture_random(&seed) % MARKS];
            break;
        case 3:
            if (mark && fixture_random(&seed) % 2 == 0) {
                assert_true(molt_heap_delete(world->heap, mark));
                world->marks[i] = NULL;
            } else if (!mark) {
                make_mark(world, i, &seed);
            }
            break;
        case 4:
            if (hub) {
                assert_true(molt_heap_delete(world->heap, hub));
                world->hubs[h] = NULL;
            } else {
                make_hub(world, h, &seed);
            }
            break;
        case 5:
            if (a > 0) {
                world->lengths[a] = 1 + fixture_random(&seed) % 200;
                world->rows[a] = molt_heap_resize(world->heap, world->rows[a], world->lengths[a]);
                assert_non_null(world->rows[a]);
            }
            world->rows[a][fixture_random(&seed) % world->lengths[a]].item = any_item(world, &seed);
            break;
        case 6:
            i %= ITEMS;
            if (fixture_random(&seed) % 4 == 0 && world->items[i]) {
                assert_true(molt_heap_delete(world->heap, world->items[i]));
                world->items[i] = NULL;
            } else if (!world->items[i]) {
                world->items[i] = make(world, "Item", 1);
            }
            break;
        default:
            if (hub)
                hub->any = n % 2 == 0 ? (void *)any_item(world, &seed) : (void *)mark;
        }
    }
}

static bool open_world(Fixture *fixture, World *world, uint64_t tracked_above)
{
    const MoltHeapDesc desc = {.allocator = &fixture->allocator};
    return molt_heap_create(&desc, &world->heap, NULL) == MOLT_OK &&
           molt_heap_set_schema(world->heap, fixture->narrow) == MOLT_OK &&
           molt_checkpoint_create(tracked_above, &fixture->allocator, &world->checkpoint, NULL) ==
               MOLT_OK;
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    StructSpec wide_specs[4];
    if (!fixture)
        return -1;
    memcpy(wide_specs, old_specs, sizeof wide_specs);
    wide_specs[3] = (StructSpec){.name = "Item", sizeof(WideItem), _Alignof(WideItem)};
    memcpy(wide_specs[3].fields, wide_fields, sizeof wide_fields);
    fixture->allocator = counting_allocator(&fixture->counting);
    fixture->narrow = spec_schema(old_specs, 4);
    fixture->wide = spec_schema(wide_specs, 4);
    if (!open_world(fixture, &fixture->with, 0) ||
        !open_world(fixture, &fixture->without, UINT64_MAX))
        return -1;
    fill(&fixture->with, 7);
    fill(&fixture->without, 7);
    *state = fixture;
    return 0;
}

static void close_world(World *world)
{
    molt_heap_destroy(world->heap);
    molt_checkpoint_free(world->checkpoint);
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    close_world(&fixture->with);
    close_world(&fixture->without);
    int leaked = fixture->counting.blocks != 0;
    molt_schema_free(fixture->narrow);
    molt_schema_free(fixture->wide);
    free(fixture);
    return leaked;
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

static void take(World *world)
{
    assert_int_equal(molt_checkpoint_take(world->checkpoint, world->heap, NULL), MOLT_OK);
}

static MoltPlan *plan_from(const Fixture *fixture, const World *world)
{
    const MoltSchema *before = molt_heap_schema(world->heap);
    MoltPlan *plan = NULL;
    assert_int_equal(molt_plan_build(before,
                                     before == fixture->narrow ? fixture->wide : fixture->narrow,
                                     MOLT_POLICY_LIVE, NULL, &plan, NULL, NULL),
                     MOLT_OK);
    return plan;
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* Both lead to the same place of their heap. */
static bool leads_alike(const World *a, const void *one, const World *b, const void *other)
{
    MoltPlace first, second;
    molt_heap_locate(a->heap, one, &first);
    molt_heap_locate(b->heap, other, &second);
    return first.kind == second.kind && (one == NULL) == (other == NULL) &&
           (first.kind != MOLT_PLACE_BLOCK ||
            (first.block.type == second.block.type && first.block.serial == second.block.serial &&
             first.element == second.element && first.offset == second.offset));
}

/* Words of pointers in objects of the types that stay. */
static void assert_alike_words(const World *a, const MoltBlock *one, const World *b,
                               const MoltBlock *other)
{
    const char *name = molt_type_name(molt_heap_schema(a->heap), one->type);
    for (uint64_t e = 0; e < one->count; e++) {
        const Mark *marks[] = {(Mark *)one->start + e, (Mark *)other->start + e};
        const Row *rows[] = {(Row *)one->start + e, (Row *)other->start + e};
        const Hub *hubs[] = {(Hub *)one->start + e, (Hub *)other->start + e};
        if (strcmp(name, "Mark") == 0) {
            assert_true(leads_alike(a, marks[0]->item, b, marks[1]->item));
            assert_true(leads_alike(a, marks[0]->peer, b, marks[1]->peer));
        } else if (strcmp(name, "Row") == 0) {
            assert_true(leads_alike(a, rows[0]->item, b, rows[1]->item));
        } else if (strcmp(name, "Hub") == 0) {
            for (int i = 0; i < 5; i++)
                assert_true(leads_alike(a, hubs[0]->items[i], b, hubs[1]->items[i]));
            assert_true(leads_alike(a, hubs[0]->rows, b, hubs[1]->rows));
            assert_true(leads_alike(a, hubs[0]->any, b, hubs[1]->any));
        }
    }
}

static void assert_alike(const World *a, const World *b)
{
    MoltBlock one, other;
    uint64_t first = 0, second = 0;
    while (molt_heap_next(a->heap, MOLT_NO_TYPE, &first, &one)) {
        assert_true(molt_heap_next(b->heap, MOLT_NO_TYPE, &second, &other));
        assert_true(one.type == other.type && one.serial == other.serial &&
                    one.count == other.count);
        assert_alike_words(a, &one, b, &other);
    }
    assert_false(molt_heap_next(b->heap, MOLT_NO_TYPE, &second, &other));
}

/* The game goes on with its objects where they are by now. */
static void find_items(World *world)
{
    MoltBlock block;
    uint64_t cursor = 0, i = 0;
    memset(world->items, 0, sizeof world->items);
    while (molt_heap_next(world->heap, type_of(world, "Item"), &cursor, &block))
        if (i < ITEMS)
            world->items[i++] = block.start;
}

/* What a migration said, which the caller frees; how many pointers it took from the lookout. */
typedef struct Outcome {
    MoltStatus status;
    char *text;
    uint64_t known;
} Outcome;

static Outcome migrate(World *world, const MoltPlan *plan)
{
    MoltMigration *migration = NULL;
    MoltReport report;
    Outcome outcome = {0};
    molt_report_init(&report, NULL);
    outcome.status = molt_migrate_prepare(world->heap, plan, NULL, &migration, &report, NULL);
    outcome.text = molt_report_to_text(&report);
    assert_non_null(outcome.text);
    if (outcome.status == MOLT_OK) {
        outcome.known = molt__lookout_patches(migration);
        molt_migrate_commit(migration);
        find_items(world);
    }
    molt_report_clear(&report);
    return outcome;
}

/* Both migrate, to the same end. Returns how many pointers of the first one the lookout knew. */
static uint64_t migrate_alike(Fixture *fixture, MoltPlan *plan, MoltLookout *lookout)
{
    MoltPlan *other = plan_from(fixture, &fixture->without);
    molt_plan_set_lookout(plan, lookout);
    Outcome with = migrate(&fixture->with, plan), without = migrate(&fixture->without, other);
    assert_int_equal(with.status, without.status);
    assert_string_equal(with.text, without.text);
    assert_alike(&fixture->with, &fixture->without);
    free(with.text);
    free(without.text);
    molt_plan_free(other);
    return with.known;
}

static void play_both(Fixture *fixture, uint64_t seed, unsigned rounds)
{
    play(&fixture->with, seed, rounds);
    play(&fixture->without, seed, rounds);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Edits and their undoing, each with the game before and after a checkpoint, the beginning and the look,
 * and a further checkpoint at times. */
static void game_goes_on(void **state)
{
    Fixture *fixture = *state;
    World *world = &fixture->with;
    uint64_t seed = 11;
    if (!can_track())
        skip();
    for (int round = 0; round < 8; round++) {
        take(world);
        play_both(fixture, fixture_random(&seed), 300);
        MoltPlan *plan = plan_from(fixture, world);
        MoltLookout *lookout = molt_lookout_begin(world->heap, world->checkpoint, 0);
        assert_non_null(lookout);
        play_both(fixture, fixture_random(&seed), 300);
        assert_true(molt_lookout_run(lookout, plan) > (uint64_t)MARKS * sizeof(Mark));
        play_both(fixture, fixture_random(&seed), 300);
        if (round % 2 == 1) {
            take(world);
            play_both(fixture, fixture_random(&seed), 300);
        }
        if (round % 4 >= 2)
            molt_lookout_settle(lookout);
        assert_true(migrate_alike(fixture, plan, lookout) > MARKS / 20);
        molt_lookout_end(lookout);
        molt_plan_free(plan);
    }
}

/* One with a checkpoint of now, which has looked. */
static MoltLookout *look(World *world, const MoltPlan *plan)
{
    take(world);
    MoltLookout *lookout = molt_lookout_begin(world->heap, world->checkpoint, 0);
    assert_non_null(lookout);
    assert_true(molt_lookout_run(lookout, plan) > 0);
    return lookout;
}

/* Spans go, and others come in their place: of the type that stays, and of the one that moves. */
static void memory_is_used_again(void **state)
{
    Fixture *fixture = *state;
    World *worlds[] = {&fixture->with, &fixture->without};
    Row *gone[2], *kept[2], *again[2];
    if (!can_track())
        skip();
    for (int w = 0; w < 2; w++) {
        gone[w] = make(worlds[w], "Row", 300000);
        kept[w] = make(worlds[w], "Row", 250000);
        gone[w][17].item = kept[w][17].item = worlds[w]->items[1];
        worlds[w]->hubs[3]->rows = &gone[w][5];
        worlds[w]->hubs[4]->rows = &kept[w][5];
    }
    MoltPlan *plan = plan_from(fixture, &fixture->with);
    MoltLookout *lookout = look(&fixture->with, plan);
    for (int w = 0; w < 2; w++) {
        assert_true(molt_heap_delete(worlds[w]->heap, gone[w]));
        again[w] = make(worlds[w], "Row", 300000);
        again[w][18].item = worlds[w]->items[2];
    }
    assert_true(migrate_alike(fixture, plan, lookout) > 0);
    molt_lookout_end(lookout);
    molt_plan_free(plan);

    plan = plan_from(fixture, &fixture->with);
    lookout = look(&fixture->with, plan);
    for (int w = 0; w < 2; w++) {
        assert_true(molt_heap_delete(worlds[w]->heap, again[w]));
        assert_true(molt_heap_delete(worlds[w]->heap, kept[w]));
        Item *items = make(worlds[w], "Item", 131072);
        const Row *row = worlds[w]->hubs[3]->rows;
        assert_true((uintptr_t)row - (uintptr_t)items < 131072 * sizeof(Item)); /* by now */
    }
    assert_int_equal(migrate_alike(fixture, plan, lookout), 0);
    molt_lookout_end(lookout);
    molt_plan_free(plan);
}

static bool all_but_reserve(void *context, MoltMigrateStep step)
{
    (void)context;
    return step != MOLT_MIGRATE_RESERVE;
}

/* The first migration fails in the end; the next one reads everything, and a lookout for it begins anew. */
static void a_refusal_uses_it_up(void **state)
{
    Fixture *fixture = *state;
    World *world = &fixture->with;
    if (!can_track())
        skip();
    MoltPlan *plan = plan_from(fixture, world);
    MoltLookout *lookout = look(world, plan);
    MoltHash before = molt_heap_digest(world->heap);
    molt_plan_set_lookout(plan, lookout);
    molt_plan_set_steps(plan, all_but_reserve, NULL);
    molt_lookout_settle(lookout);
    Outcome refused = migrate(world, plan);
    assert_int_equal(refused.status, MOLT_SYSTEM);
    free(refused.text);
    MoltHash after = molt_heap_digest(world->heap);
    assert_true(before.low == after.low && before.high == after.high);
    play_both(fixture, 5, 300);
    molt_plan_set_steps(plan, NULL, NULL);
    assert_int_equal(migrate_alike(fixture, plan, lookout), 0);
    molt_lookout_end(lookout);
    molt_plan_free(plan);

    plan = plan_from(fixture, world);
    lookout = look(world, plan);
    assert_true(migrate_alike(fixture, plan, lookout) > 0);
    molt_lookout_end(lookout);
    molt_plan_free(plan);
}

/* What makes it useless is found out, and everything is read. */
static void what_nobody_knows_is_read(void **state)
{
    Fixture *fixture = *state;
    World *world = &fixture->with;
    if (!can_track())
        skip();
    MoltPlan *plan = plan_from(fixture, world);
    MoltLookout *lookout = look(world, plan);
    assert_null(molt_lookout_begin(world->heap, world->checkpoint, 0)); /* there is one */
    play(world, 3, 1000);
    assert_int_equal(molt_checkpoint_restore(world->checkpoint, world->heap, NULL), MOLT_OK);
    assert_int_equal(migrate_alike(fixture, plan, lookout), 0); /* went back */
    molt_lookout_end(lookout);
    molt_plan_free(plan);

    plan = plan_from(fixture, world);
    lookout = look(world, plan);
    molt_checkpoint_free(world->checkpoint);
    world->checkpoint = NULL;
    molt_lookout_settle(lookout);
    assert_int_equal(migrate_alike(fixture, plan, lookout), 0); /* nobody tracks */
    molt_lookout_end(lookout);
    molt_plan_free(plan);

    assert_int_equal(molt_checkpoint_create(0, &fixture->allocator, &world->checkpoint, NULL),
                     MOLT_OK);
    plan = plan_from(fixture, world);
    MoltPlan *other = plan_from(fixture, world);
    lookout = look(world, other);
    assert_int_equal(migrate_alike(fixture, plan, lookout), 0); /* was for another plan */
    molt_lookout_end(lookout);
    molt_plan_free(plan);
    molt_plan_free(other);

    plan = plan_from(fixture, world);
    lookout = look(world, plan);
    molt_lookout_stop(lookout);
    assert_int_equal(migrate_alike(fixture, plan, lookout), 0);
    molt_lookout_end(lookout);
    molt_plan_free(plan);
}

static void without_tracking_there_is_none(void **state)
{
    Fixture *fixture = *state;
    World *world = &fixture->without;
    assert_null(molt_lookout_begin(world->heap, NULL, 0));
    assert_null(molt_lookout_begin(world->heap, world->checkpoint, 0)); /* nothing was taken */
    take(world);
    assert_null(molt_lookout_begin(world->heap, world->checkpoint, 0)); /* copied */
    MoltPlan *plan = plan_from(fixture, world);
    assert_int_equal(molt_lookout_run(NULL, plan), 0);
    molt_lookout_settle(NULL);
    molt_lookout_stop(NULL);
    molt_lookout_end(NULL);
    molt_plan_free(plan);
    if (!can_track())
        skip();
    plan = plan_from(fixture, &fixture->with);
    MoltLookout *lookout = look(&fixture->with, plan);
    molt_lookout_end(lookout);
    lookout = molt_lookout_begin(fixture->with.heap, fixture->with.checkpoint, 0);
    assert_non_null(lookout); /* as the one before has ended */
    MoltPlan *back = NULL;
    assert_int_equal(
        molt_plan_build(fixture->wide, fixture->narrow, MOLT_POLICY_LIVE, NULL, &back, NULL, NULL),
        MOLT_OK);
    assert_int_equal(molt_lookout_run(lookout, back), 0); /* of another schema */
    molt_lookout_end(lookout);
    molt_plan_free(plan);
    molt_plan_free(back);
}

/* Memory that is not there: no lookout, whichever table it is for. */
static void without_memory_there_is_none(void **state)
{
    Fixture *fixture = *state;
    World *world = &fixture->with;
    if (!can_track())
        skip();
    take(world);
    MoltLookout *lookout = NULL;
    uint64_t failures = 0;
    while (!lookout) {
        const uint64_t blocks = fixture->counting.blocks;
        fixture->counting.fail_at = fixture->counting.calls + ++failures;
        lookout = molt_lookout_begin(world->heap, world->checkpoint, 0);
        assert_true(lookout || fixture->counting.blocks == blocks);
    }
    fixture->counting.fail_at = 0;
    assert_true(failures > 4);
    molt_lookout_end(lookout);
}

/* ---- beside the game ------------------------------------------------------------------------- */

typedef struct Writer {
    World *world;
    atomic_bool stops;
    atomic_ullong writes;
} Writer;

static void *write_marks(void *context)
{
    Writer *writer = context;
    World *world = writer->world;
    for (uint64_t i = 0; !atomic_load(&writer->stops); i++) {
        Mark *mark = world->marks[i * 7919 % (MARKS / 8)];
        mark->item = world->items[(i * 31 + 5) % ITEMS];
        mark->peer = world->marks[i % MARKS];
        atomic_fetch_add(&writer->writes, 1);
    }
    return NULL;
}

/* Somebody writes while it looks: each object has in the end what was written last. */
static void the_game_writes_meanwhile(void **state)
{
    Fixture *fixture = *state;
    World *world = &fixture->with;
    long *wanted = calloc(MARKS, sizeof *wanted);
    Writer writer = {.world = world};
    pthread_t thread;
    if (!can_track())
        skip();
    assert_non_null(wanted);
    MoltPlan *plan = plan_from(fixture, world);
    take(world);
    MoltLookout *lookout = molt_lookout_begin(world->heap, world->checkpoint, 0);
    assert_non_null(lookout);
    assert_int_equal(pthread_create(&thread, NULL, write_marks, &writer), 0);
    while (atomic_load(&writer.writes) == 0)
        sched_yield();
    assert_true(molt_lookout_run(lookout, plan) > 0);
    atomic_store(&writer.stops, true);
    pthread_join(thread, NULL);
    for (uint64_t i = 0; i < MARKS; i++)
        wanted[i] = world->marks[i]->item ? world->marks[i]->item->id : -1;
    molt_plan_set_lookout(plan, lookout);
    Outcome outcome = migrate(world, plan);
    assert_int_equal(outcome.status, MOLT_OK);
    assert_true(outcome.known > 0);
    for (uint64_t i = 0; i < MARKS; i++)
        assert_int_equal(world->marks[i]->item ? world->marks[i]->item->id : -1, wanted[i]);
    free(outcome.text);
    free(wanted);
    molt_lookout_end(lookout);
    molt_plan_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(game_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_used_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_uses_it_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_knows_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_tracking_there_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_there_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_game_writes_meanwhile, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
