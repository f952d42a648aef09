/* What the attic keeps in columns: values of single objects, which are freed, grow into arrays elsewhere and
 * come anew while their values are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attic_session.h"
#include "counting_allocator.h"
#include "molt/snapshot.h"

typedef struct Wide {
    struct Wide *next;
    int value;
    int id;
} Wide;
typedef struct Narrow {
    struct Narrow *next;
    short value;
    int id;
} Narrow;
typedef struct Gone {
    struct Gone *next;
    int id;
} Gone;

typedef struct Small {
    struct Small *next;
    short value;
} Small;

#define SPEC(T, ...)                                                                               \
    {                                                                                              \
        "Cell", sizeof(T), _Alignof(T), {FIELD(T, next, "Cell *"), __VA_ARGS__}, NULL              \
    }
static const StructSpec wide_spec = SPEC(Wide, FIELD(Wide, value, "int"), FIELD(Wide, id, "int"));
static const StructSpec narrow_spec =
    SPEC(Narrow, FIELD(Narrow, value, "short"), FIELD(Narrow, id, "int"));
static const StructSpec gone_spec = SPEC(Gone, FIELD(Gone, id, "int"));
static const StructSpec small_spec = SPEC(Small, FIELD(Small, value, "short"));
static const StructSpec *const specs[] = {&wide_spec, &narrow_spec, &gone_spec};

enum { CELLS = 150, STEPS = 90, WAYS = 40 };

/* ---- a game of cells, and what is to be true of it -------------------------------------------- */

typedef struct Truth {
    int count;                 /* of ids that were given */
    int layout;                /* index of its spec */
    bool lives[CELLS + STEPS]; /* by id */
    int values[CELLS + STEPS];
} Truth;

typedef struct Game {
    Session session;
    CountingAllocator counting;
    Truth now, then;
    MoltSnapshot *snapshots[STEPS]; /* the last one is of `then`; a heap has the schema of any */
    int snapshot_count;
    uint64_t seed;
} Game;

static uint32_t below(Game *game, uint32_t limit)
{
    game->seed = game->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(game->seed >> 33) % limit;
}

static int *id_of(const Game *game, void *cell)
{
    return game->now.layout == 0   ? &((Wide *)cell)->id
           : game->now.layout == 1 ? &((Narrow *)cell)->id
                                   : &((Gone *)cell)->id;
}

/* The object has that value in the layout of now; it is written where the layout has a place. */
static void set_value(Game *game, void *cell, int value)
{
    int id = *id_of(game, cell);
    if (game->now.layout == 0)
        ((Wide *)cell)->value = value;
    else if (game->now.layout == 1)
        ((Narrow *)cell)->value = (short)value;
    else
        return;
    game->now.values[id] = game->now.layout == 1 ? (short)value : value;
}

static void add_cell(Game *game)
{
    Gone *cell = molt_heap_new(game->session.heap, 0, 1);
    int id = game->now.count++;
    assert_non_null(cell);
    cell->next = root(&game->session);
    *id_of(game, cell) = id;
    game->now.lives[id] = true;
    game->now.values[id] = 0;
    set_value(game, cell, 40000 + id);
    molt_heap_set_root(game->session.heap, 0, cell);
}

/* A cell by chance, and the pointer that leads to it; NULL: to the root. */
static Gone *pick(Game *game, Gone ***link)
{
    Gone *cell = root(&game->session), **from = NULL;
    for (uint32_t steps = below(game, CELLS); cell && steps > 0 && cell->next; steps--) {
        from = &cell->next;
        cell = cell->next;
    }
    *link = from;
    return cell;
}

static void relink(Game *game, Gone **link, Gone *cell)
{
    if (link)
        *link = cell;
    else
        molt_heap_set_root(game->session.heap, 0, cell);
}

static void free_cell(Game *game)
{
    Gone **link, *cell = pick(game, &link);
    if (!cell)
        return;
    game->now.lives[*id_of(game, cell)] = false;
    relink(game, link, cell->next);
    assert_true(molt_heap_delete(game->session.heap, cell));
}

/* Elements that come are nobody's. Where memory is out, the object stays what and where it was. */
static void grow_cell(Game *game)
{
    Gone **link, *cell = pick(game, &link);
    if (!cell)
        return;
    bool fails = below(game, 3) == 0;
    game->counting.fail_at = fails ? game->counting.calls + 1 + below(game, 3) : 0;
    Gone *grown = molt_heap_resize(game->session.heap, cell, 1 + below(game, 6));
    assert_true(grown || fails);
    game->counting.fail_at = 0;
    if (grown)
        relink(game, link, grown);
}

static void write_cell(Game *game)
{
    Gone **link, *cell = pick(game, &link);
    if (cell)
        set_value(game, cell, (int)below(game, 30000));
}

static void check(Game *game)
{
    int lives = 0, found = 0;
    for (int id = 0; id < game->now.count; id++)
        lives += game->now.lives[id];
    for (Gone *cell = root(&game->session); cell; cell = cell->next, found++) {
        int id = *id_of(game, cell);
        assert_true(game->now.lives[id]);
        if (game->now.layout == 0)
            assert_int_equal(((Wide *)cell)->value, game->now.values[id]);
    }
    assert_int_equal(found, lives);
}

static void edit_cells(Game *game)
{
    int layout = (int)below(game, 3);
    edit(&game->session, specs[layout]);
    game->now.layout = layout;
    check(game);
}

static void remember(Game *game)
{
    MoltSnapshot **snapshot = &game->snapshots[game->snapshot_count++];
    assert_int_equal(molt_snapshot_capture(game->session.heap, snapshot, NULL), MOLT_OK);
    game->then = game->now;
}

static void go_back(Game *game)
{
    if (game->snapshot_count == 0)
        return;
    const MoltSnapshot *snapshot = game->snapshots[game->snapshot_count - 1];
    assert_int_equal(molt_snapshot_restore(snapshot, game->session.heap, NULL), MOLT_OK);
    game->now = game->then;
    check(game);
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void values_stay_with_their_objects(void **unused)
{
    (void)unused;
    static Game game;
    for (uint64_t way = 1; way <= WAYS; way++) {
        game = (Game){.seed = way};
        MoltAllocator allocator = counting_allocator(&game.counting);
        int edits = 0;
        start(&game.session, &wide_spec, 1, NULL, 0, &allocator);
        for (int n = 0; n < CELLS; n++)
            add_cell(&game);
        for (int step = 0; step < STEPS; step++) {
            uint32_t what = below(&game, 12);
            if (what < 3)
                free_cell(&game);
            else if (what < 6)
                grow_cell(&game);
            else if (what < 8)
                add_cell(&game);
            else if (what == 8)
                write_cell(&game);
            else if (what == 9 && below(&game, 2) == 0)
                remember(&game);
            else if (what == 9)
                go_back(&game);
            else if (edits++ < 12)
                edit_cells(&game);
        }
        edit(&game.session, &wide_spec);
        game.now.layout = 0;
        check(&game);
        stop(&game.session);
        while (game.snapshot_count > 0)
            molt_snapshot_free(game.snapshots[--game.snapshot_count]);
        assert_int_equal(game.counting.bytes, 0);
    }
}

static void objects_that_moved_or_went_are_counted(void **unused)
{
    (void)unused;
    static Game game;
    game = (Game){.seed = 1};
    start(&game.session, &wide_spec, 1, NULL, 0, NULL);
    for (int n = 0; n < 10; n++)
        add_cell(&game);
    edit(&game.session, &gone_spec);
    assert_int_equal(stats_of(&game.session).objects, 10);
    Gone *moved = molt_heap_resize(game.session.heap, root(&game.session), 5);
    molt_heap_set_root(game.session.heap, 0, moved);
    assert_int_equal(stats_of(&game.session).objects, 10);
    molt_heap_set_root(game.session.heap, 0, moved->next);
    assert_true(molt_heap_delete(game.session.heap, moved));
    assert_int_equal(stats_of(&game.session).objects, 9);
    while (root(&game.session)) {
        Gone *cell = root(&game.session);
        molt_heap_set_root(game.session.heap, 0, cell->next);
        assert_true(molt_heap_delete(game.session.heap, cell));
    }
    assert_int_equal(stats_of(&game.session).bytes, 0);
    stop(&game.session);
}

/* Beyond the limit the oldest edit's values go, those of objects that lie elsewhere by then among them; what
 * is kept after each edit takes no more than the limit. */
static void columns_keep_to_the_limit(void **unused)
{
    (void)unused;
    enum { MANY = 4000, MOVED = 300, LIMIT = 280 * 1024 };
    Session session;
    start(&session, &wide_spec, 1, NULL, LIMIT, NULL);
    Wide *last = NULL;
    for (int n = 0; n < MANY; n++) {
        Wide *cell = molt_heap_new(session.heap, 0, 1);
        assert_non_null(cell);
        *cell = (Wide){last, 100000 + n, n};
        last = cell;
    }
    molt_heap_set_root(session.heap, 0, last);
    edit(&session, &narrow_spec);
    assert_int_equal(stats_of(&session).objects, MANY);
    assert_true(stats_of(&session).bytes <= LIMIT);
    Narrow *before = NULL, *cell = root(&session);
    for (int n = 0; n < MOVED; n++, before = cell, cell = cell->next) {
        cell = molt_heap_resize(session.heap, cell, 3);
        assert_non_null(cell);
        if (before)
            before->next = cell;
        else
            molt_heap_set_root(session.heap, 0, cell);
    }
    assert_int_equal(stats_of(&session).objects, MANY);
    edit(&session, &gone_spec);
    assert_int_equal(found(&session, MOLT_RULE_ATTIC_FULL, "Cell"), MANY);
    assert_int_equal(stats_of(&session).dropped_for_space, MANY);
    assert_int_equal(stats_of(&session).objects, session.report.attic_objects);
    assert_true(stats_of(&session).bytes <= LIMIT);
    edit(&session, &wide_spec);
    int count = 0;
    for (const Wide *wide = root(&session); wide; wide = wide->next, count++)
        assert_true(wide->value == 32767 && wide->id == MANY - 1 - count);
    assert_int_equal(count, MANY);
    assert_int_equal(stats_of(&session).objects, 0);
    stop(&session);
}

/* A value of 4 bytes, a bit, and what an edit costs whatever its objects. */
static void a_kept_value_takes_its_own_size(void **unused)
{
    (void)unused;
    enum { MANY = 100000 };
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    for (int n = 0; n < MANY; n++) {
        Wide *cell = molt_heap_new(session.heap, 0, 1);
        *cell = (Wide){.next = root(&session), .value = n + 1, .id = n};
        molt_heap_set_root(session.heap, 0, cell);
    }
    edit(&session, &gone_spec);
    assert_int_equal(stats_of(&session).objects, MANY);
    assert_true(stats_of(&session).bytes < MANY * 5 + 16384);
    edit(&session, &wide_spec);
    int n = MANY;
    for (const Wide *cell = root(&session); cell; cell = cell->next, n--)
        assert_int_equal(cell->value, n);
    assert_int_equal(n, 0);
    stop(&session);
}

/* Which objects lose values is known as they are gone over: all, some, first of one field and then of two, or
 * single objects and arrays. */
static void what_is_lost_may_turn_out_late(void **unused)
{
    (void)unused;
    enum { MANY = 20000, LATE = MANY / 2 };
    for (int kind = 0; kind < 4; kind++) {
        Session session;
        start(&session, &wide_spec, 1, NULL, 0, NULL);
        Wide *last = NULL;
        for (int n = 0; n < MANY; n++) {
            bool fits = kind == 1 && n % 3 != 0, late = kind == 2 && n < LATE;
            Wide *cell = molt_heap_new(session.heap, 0, kind == 3 && n == LATE ? 7 : 1);
            *cell = (Wide){.value = fits ? n : 70000 + n, .id = fits || late ? 0 : n + 1};
            if (last)
                last->next = cell;
            else
                molt_heap_set_root(session.heap, 0, cell);
            last = cell;
        }
        edit(&session, &small_spec);
        assert_int_equal(stats_of(&session).objects, kind == 1 ? (MANY + 2) / 3 : MANY);
        assert_int_equal(found(&session, MOLT_RULE_NUMBER_OUT_OF_RANGE, "Cell.value"),
                         kind == 1 ? (MANY + 2) / 3 : MANY);
        int n = 0;
        for (const Small *cell = root(&session); cell; cell = cell->next, n++)
            assert_int_equal(cell->value, kind == 1 && n % 3 != 0 ? n : 32767);
        edit(&session, &wide_spec);
        n = 0;
        for (const Wide *cell = root(&session); cell; cell = cell->next, n++) {
            bool fits = kind == 1 && n % 3 != 0, late = kind == 2 && n < LATE;
            assert_int_equal(cell->value, fits ? n : 70000 + n);
            assert_int_equal(cell->id, fits || late ? 0 : n + 1);
        }
        assert_int_equal(n, MANY);
        assert_int_equal(stats_of(&session).bytes, 0);
        stop(&session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stay_with_their_objects),
        cmocka_unit_test(objects_that_moved_or_went_are_counted),
        cmocka_unit_test(columns_keep_to_the_limit),
        cmocka_unit_test(a_kept_value_takes_its_own_size),
        cmocka_unit_test(what_is_lost_may_turn_out_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
