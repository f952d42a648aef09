/* What a session keeps, as bytes: they bring back what edits took away, and bytes that are damaged or forged
 * bring nothing and do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <xxhash.h>

#include "attic_session.h"
#include "counting_allocator.h"
#include "molt/keepsakes.h"

typedef struct Ant {
    struct Ant *next, *friend;
    char *title;
    int hp;
    char name[16];
    int items[4];
    double mood;
} Ant;

typedef struct Small {
    struct Small *next;
    short hp;
    char name[4];
    int items[2];
} Small;

typedef struct World {
    Ant *first;
    int seed;
} World;

typedef struct Bare {
    Small *first;
} Bare;

#define SPEC(name, T, ...)                                                                         \
    {                                                                                              \
        name, sizeof(T), _Alignof(T), {__VA_ARGS__}, NULL                                          \
    }
static const StructSpec full[] = {
    SPEC("World", World, FIELD(World, first, "Ant *"), FIELD(World, seed, "int")),
    SPEC("Ant", Ant, FIELD(Ant, next, "Ant *"), FIELD(Ant, friend, "Ant *"),
         FIELD(Ant, title, "char *"), FIELD(Ant, hp, "int"), FIELD(Ant, name, "char[16]"),
         FIELD(Ant, items, "int[4]"), FIELD(Ant, mood, "double"))};
static const StructSpec small[] = {SPEC("World", Bare, FIELD(Bare, first, "Ant *")),
                                   SPEC("Ant", Small, FIELD(Small, next, "Ant *"),
                                        FIELD(Small, hp, "short"), FIELD(Small, name, "char[4]"),
                                        FIELD(Small, items, "int[2]"))};

/* ---- a session ------------------------------------------------------------------------------- */

typedef struct Game {
    Session session;
    CountingAllocator counting;
} Game;

static void *new_of(Game *game, const char *type, uint64_t count)
{
    MoltHeap *heap = game->session.heap;
    void *block = molt_heap_new(heap, molt_schema_find(molt_heap_schema(heap), type), count);
    assert_non_null(block);
    return block;
}

static void fill_ant(Game *game, Ant *ant, int n)
{
    snprintf(ant->name, sizeof ant->name, "ant number %d", n);
    ant->hp = n % 2 == 0 ? 100000 + n : n;
    ant->mood = n / 3.0;
    for (int i = 0; i < 4; i++)
        ant->items[i] = n * i;
    if (n % 3 == 0) {
        ant->title = new_of(game, "char", 16);
        snprintf(ant->title, 16, "title %d", n);
    }
}

/* Goes from the full version to the small one, and on. */
static void begin(Game *game)
{
    const MoltAllocator allocator = counting_allocator(&game->counting);
    start(&game->session, full, 2, NULL, 0, &allocator);
    World *world = new_of(game, "World", 1);
    Ant *pack = new_of(game, "Ant", 3); /* one block: its records go by element */
    molt_heap_set_root(game->session.heap, 0, world);
    world->seed = 5;
    for (int n = 0; n < 3; n++)
        fill_ant(game, &pack[n], n);
    for (int n = 3; n < 9; n++) {
        Ant *ant = new_of(game, "Ant", 1);
        fill_ant(game, ant, n);
        ant->next = world->first ? world->first : pack;
        ant->friend = &pack[n % 3];
        world->first = ant;
    }
    edit_with(&game->session, small, 2, NULL);
}

static void end(Game *game)
{
    stop(&game->session);
    assert_int_equal(game->counting.blocks, 0);
}

static void assert_back(Game *game)
{
    edit_with(&game->session, full, 2, NULL);
    World *world = root(&game->session);
    assert_int_equal(world->seed, 5);
    assert_int_equal(world->first->hp, 100008);
    assert_string_equal(world->first->name, "ant number 8");
    assert_string_equal(world->first->next->next->title, "title 6");
    assert_ptr_equal(world->first->friend, world->first->next->next->next->friend);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

typedef struct Bytes {
    unsigned char *bytes;
    size_t size;
} Bytes;

static MoltStatus take(void *context, const char *text, size_t length, MoltError *error)
{
    Bytes *to = context;
    (void)error;
    to->bytes = realloc(to->bytes, to->size + length);
    assert_non_null(to->bytes);
    memcpy(to->bytes + to->size, text, length);
    to->size += length;
    return MOLT_OK;
}

static Bytes write_all(const Game *game)
{
    Bytes bytes = {0};
    const MoltTextSink sink = {.write = take, .context = &bytes};
    assert_int_equal(molt_keepsakes_write(game->session.heap, &sink, NULL), MOLT_OK);
    return bytes;
}

static MoltStatus read_all(const Game *game, const Bytes *bytes, MoltError *error)
{
    return molt_keepsakes_read(game->session.heap, bytes->bytes, bytes->size, error);
}

/* The checksum that fits, of what is smaller than the pieces that are hashed. */
static void seal(Bytes *bytes)
{
    uint64_t hash = XXH3_64bits_withSeed(bytes->bytes, bytes->size - sizeof hash, 0);
    assert_true(bytes->size < 65536);
    memcpy(bytes->bytes + bytes->size - sizeof hash, &hash, sizeof hash);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void values_come_back_by_bytes(void **state)
{
    Game game = {0};
    (void)state;
    begin(&game);
    Bytes bytes = write_all(&game);
    MoltAtticStats was = stats_of(&game.session);
    assert_true(was.objects > 0);
    molt_attic_clear(game.session.heap);
    assert_int_equal(stats_of(&game.session).objects, 0);
    assert_int_equal(read_all(&game, &bytes, NULL), MOLT_OK);
    assert_int_equal(stats_of(&game.session).objects, was.objects);
    assert_int_equal(stats_of(&game.session).edits, was.edits);
    Bytes once = write_all(&game); /* without bits that mean nothing */
    assert_int_equal(read_all(&game, &once, NULL), MOLT_OK);
    Bytes again = write_all(&game);
    assert_int_equal(again.size, once.size);
    assert_memory_equal(again.bytes, once.bytes, once.size);
    assert_back(&game);
    free(again.bytes);
    free(once.bytes);
    free(bytes.bytes);
    end(&game);
}

static void damaged_bytes_bring_nothing(void **state)
{
    Game game = {0};
    MoltError error;
    (void)state;
    begin(&game);
    Bytes bytes = write_all(&game), cut = bytes;
    MoltAtticStats was = stats_of(&game.session);
    for (cut.size = 0; cut.size < bytes.size; cut.size++)
        assert_int_equal(read_all(&game, &cut, &error), MOLT_INVALID);
    for (size_t at = 0; at < bytes.size; at++) {
        bytes.bytes[at] ^= 0x10;
        assert_int_equal(read_all(&game, &bytes, &error), MOLT_INVALID);
        bytes.bytes[at] ^= 0x10;
    }
    MoltAtticStats now = stats_of(&game.session);
    assert_memory_equal(&was, &now, sizeof was);
    assert_back(&game);
    free(bytes.bytes);
    end(&game);
}

/* What was read can be carried over an edit and written, whoever made it. */
static void use(Game *game, MoltSchema *back)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltStatus status = molt_plan_build(molt_heap_schema(game->session.heap), back,
                                        MOLT_POLICY_LIVE, NULL, &plan, &report, NULL);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(game->session.heap, plan, NULL, &migration, &report, NULL);
    if (status == MOLT_OK)
        molt_migrate_discard(migration);
    molt_plan_free(plan);
    molt_report_clear(&report);
    Bytes written = write_all(game);
    free(written.bytes);
}

static void forged_bytes_do_no_harm(void **state)
{
    static const unsigned char masks[] = {1, 0x80, 0xff};
    Game game = {0};
    MoltError error;
    uint64_t read = 0, refused = 0;
    (void)state;
    begin(&game);
    MoltSchema *back = spec_schema_with(full, 2, NULL, false);
    Bytes bytes = write_all(&game);
    for (size_t at = 8; at < bytes.size - 16; at++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            bytes.bytes[at] ^= masks[m];
            seal(&bytes);
            MoltStatus status = read_all(&game, &bytes, &error);
            bytes.bytes[at] ^= masks[m];
            if (status == MOLT_OK)
                use(&game, back);
            else
                assert_true(status == MOLT_INVALID || status == MOLT_OUT_OF_MEMORY);
            *(status == MOLT_OK ? &read : &refused) += 1;
        }
    }
    assert_true(read > 100 && refused > 100);
    seal(&bytes);
    assert_int_equal(read_all(&game, &bytes, NULL), MOLT_OK);
    assert_back(&game);
    molt_schema_free(back);
    free(bytes.bytes);
    end(&game);
}

static void without_memory_nothing_changes(void **state)
{
    Game game = {0};
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    (void)state;
    begin(&game);
    Bytes bytes = write_all(&game);
    MoltAtticStats was = stats_of(&game.session);
    for (uint64_t n = 1; status != MOLT_OK; n++) {
        uint64_t blocks = game.counting.blocks;
        game.counting.fail_at = game.counting.calls + n;
        status = read_all(&game, &bytes, NULL);
        game.counting.fail_at = 0;
        if (status == MOLT_OK)
            continue;
        MoltAtticStats now = stats_of(&game.session);
        assert_int_equal(status, MOLT_OUT_OF_MEMORY);
        assert_int_equal(game.counting.blocks, blocks);
        assert_memory_equal(&was, &now, sizeof was);
    }
    assert_back(&game);
    free(bytes.bytes);
    end(&game);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_by_bytes),
        cmocka_unit_test(damaged_bytes_bring_nothing),
        cmocka_unit_test(forged_bytes_do_no_harm),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
