/* Memory runs out at every point of a migration, in each way in which it can: one allocation fails, all
 * fail from one on, the system refuses to open address space, the heap's range is full. Each time the
 * migration is refused, the state and the attic are what they were, nothing leaks, and the next try
 * gives what it would have given. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counting_allocator.h"
#include "molt/attic.h"
#include "molt/chain.h"
#include "molt/kept_types.h"
#include "molt/migrate.h"
#include "schema_spec.h"

/* ---- address space that the system refuses ---------------------------------------------------- */

static uint64_t opened, refuse_at; /* calls of mprotect; the one that fails, 0: none */

/* Stands before the system's own for everything that is linked into this program. */
int mprotect(void *address, size_t size, int protection) /* NOLINT: the system's name */
{
    if (++opened == refuse_at)
        return -1;
    return (int)syscall(SYS_mprotect, address, size, protection);
}

/* ---- what is migrated ------------------------------------------------------------------------ */

enum { VERSIONS = 3 };

/* One way through several versions; the state after the last one is checked. */
typedef struct Way {
    const StructSpec *versions[VERSIONS]; /* NULL: the way is shorter */
    void (*make)(MoltHeap *heap, long count);
    void (*check)(const MoltHeap *heap, long count);
    const MoltCodeMap *code;
    uint32_t structs[VERSIONS]; /* 0: two */
} Way;

typedef struct Cell Cell;
struct Cell {
    Cell *next;
    int hp;
    Cell *peer;
    char name[16];
};
typedef struct Watch { /* stays as it is and points at what moves */
    Cell *seen[3];
} Watch;
typedef struct Large {
    double more;
    Cell *peer;
    char name[32];
    long hp;
    struct Large *next;
} Large;
typedef struct Small {
    struct Small *next;
    signed char hp;
    char *name;
    char *motto; /* "ready" */
} Small;

#define WATCH                                                                                      \
    {                                                                                              \
        "Watch", sizeof(Watch), _Alignof(Watch), {FIELD(Watch, seen, "Cell *[3]")}, NULL           \
    }
static const StructSpec cell_specs[] = {
    WATCH,
    {"Cell",
     sizeof(Cell),
     _Alignof(Cell),
     {FIELD(Cell, next, "Cell *"), FIELD(Cell, hp, "int"), FIELD(Cell, peer, "Cell *"),
      FIELD(Cell, name, "char[16]")},
     NULL}};
static const StructSpec large_specs[] = {
    WATCH,
    {"Cell",
     sizeof(Large),
     _Alignof(Large),
     {FIELD(Large, more, "double"), FIELD(Large, peer, "Cell *"), FIELD(Large, name, "char[32]"),
      FIELD(Large, hp, "long"), FIELD(Large, next, "Cell *")},
     NULL}};
static const StructSpec small_specs[] = {WATCH,
                                         {"Cell",
                                          sizeof(Small),
                                          _Alignof(Small),
                                          {FIELD(Small, next, "Cell *"),
                                           FIELD(Small, hp, "signed char"),
                                           FIELD(Small, name, "char *"),
                                           {.name = "motto",
                                            .type = "char *",
                                            .offset = offsetof(Small, motto),
                                            .default_value = "ready",
                                            .default_size = 6}},
                                          NULL}};

static void write_name(char name[static 16], long n)
{
    snprintf(name, 16, "cell %d", (int)(n % 100000));
}

/* A list in which each cell's peer is two cells behind it; one block holds cells as an array. */
static void make_cells(MoltHeap *heap, long count)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    MoltTypeId type = molt_schema_find(schema, "Cell");
    Watch *watch = molt_heap_new(heap, molt_schema_find(schema, "Watch"), 1);
    Cell *block = molt_heap_new(heap, type, 8), *last = NULL, *behind = NULL;
    assert_true(watch && block);
    for (long n = 0; n < count; n++) {
        Cell *cell = n < 8 ? &block[n] : molt_heap_new(heap, type, 1);
        assert_non_null(cell);
        cell->hp = (int)n * 7;
        cell->peer = behind;
        write_name(cell->name, n);
        if (last)
            last->next = cell;
        behind = last;
        last = cell;
    }
    watch->seen[0] = block;
    watch->seen[1] = last;
    watch->seen[2] = behind;
    molt_heap_set_root(heap, 0, watch);
}

static void check_large(const MoltHeap *heap, long count)
{
    const Watch *watch = molt_heap_root(heap, 0);
    const Large *cell = (const void *)watch->seen[0], *last = NULL, *behind = NULL;
    for (long n = 0; n < count; n++, cell = cell->next) {
        char name[16];
        write_name(name, n);
        assert_true(cell->hp == n * 7 && cell->more == 0);
        assert_string_equal(cell->name, name);
        assert_ptr_equal(cell->peer, behind);
        behind = last;
        last = cell;
    }
    assert_ptr_equal(watch->seen[1], last);
    assert_ptr_equal(watch->seen[2], behind);
}

static void check_cells(const MoltHeap *heap, long count)
{
    const Watch *watch = molt_heap_root(heap, 0);
    const Cell *cell = watch->seen[0], *last = NULL, *behind = NULL;
    for (long n = 0; n < count; n++, cell = cell->next) {
        char name[16];
        write_name(name, n);
        assert_int_equal(cell->hp, n * 7);
        assert_string_equal(cell->name, name);
        assert_ptr_equal(cell->peer, behind);
        behind = last;
        last = cell;
    }
    assert_ptr_equal(watch->seen[1], last);
}

static void check_small(const MoltHeap *heap, long count)
{
    const Watch *watch = molt_heap_root(heap, 0);
    const Small *cell = (const void *)watch->seen[0];
    for (long n = 0; n < count; n++, cell = cell->next) {
        char name[16];
        write_name(name, n);
        assert_int_equal(cell->hp, n * 7 > 127 ? 127 : n * 7);
        assert_string_equal(cell->name, name);
        assert_string_equal(cell->motto, "ready");
    }
}

/* ---- pointers into a library ------------------------------------------------------------------ */

/* The new library has nothing of the old one's literals: each is copied. */
static const char literals[8][16] = {"zero", "one", "two", "three", "four", "five", "six", "seven"};

static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    (void)context;
    const char *text = (const char *)address; /* NOLINT: an address in `literals` */
    *out = (MoltCodeTarget){.kind = MOLT_CODE_LITERAL, .bytes = text, .size = strlen(text) + 1};
    return true;
}

static uintptr_t resolve(void *context, const MoltCodeTarget *target)
{
    (void)context;
    (void)target;
    return 0;
}

typedef struct Named {
    struct Named *next;
    const char *text;
} Named;
static const StructSpec named_specs[] = {
    WATCH,
    {"Cell",
     sizeof(Named),
     _Alignof(Named),
     {FIELD(Named, next, "Cell *"), FIELD(Named, text, "char *")},
     NULL}};

static void make_named(MoltHeap *heap, long count)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    Watch *watch = molt_heap_new(heap, molt_schema_find(schema, "Watch"), 1);
    Named *last = NULL;
    assert_non_null(watch);
    for (long n = 0; n < count; n++) {
        Named *named = molt_heap_new(heap, molt_schema_find(schema, "Cell"), 1);
        assert_non_null(named);
        named->text = literals[n % 8];
        named->next = last;
        last = named;
    }
    watch->seen[0] = (Cell *)(void *)last;
    molt_heap_set_root(heap, 0, watch);
}

static void check_named(const MoltHeap *heap, long count)
{
    const Watch *watch = molt_heap_root(heap, 0);
    const Named *named = (const void *)watch->seen[0];
    for (long n = count; n-- > 0; named = named->next) {
        assert_string_equal(named->text, literals[n % 8]);
        assert_ptr_not_equal(named->text, literals[n % 8]);
    }
}

/* ---- single objects of numbers, which the attic has in columns --------------------------------- */

typedef struct Plain {
    struct Plain *next;
    int hp, level;
} Plain;
typedef struct Less {
    struct Less *next;
    signed char hp;
} Less;
static const StructSpec plain_specs[] = {
    WATCH,
    {"Cell",
     sizeof(Plain),
     _Alignof(Plain),
     {FIELD(Plain, next, "Cell *"), FIELD(Plain, hp, "int"), FIELD(Plain, level, "int")},
     NULL}};
static const StructSpec less_specs[] = {
    WATCH,
    {"Cell",
     sizeof(Less),
     _Alignof(Less),
     {FIELD(Less, next, "Cell *"), FIELD(Less, hp, "signed char")},
     NULL}};

static void make_plain(MoltHeap *heap, long count)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    Watch *watch = molt_heap_new(heap, molt_schema_find(schema, "Watch"), 1);
    Plain *last = NULL;
    assert_non_null(watch);
    for (long n = 0; n < count; n++) {
        Plain *cell = molt_heap_new(heap, molt_schema_find(schema, "Cell"), 1);
        assert_non_null(cell);
        *cell = (Plain){last, (int)n * 7, (int)n % 3};
        last = cell;
    }
    watch->seen[0] = (Cell *)(void *)last;
    molt_heap_set_root(heap, 0, watch);
}

static void check_plain(const MoltHeap *heap, long count)
{
    const Watch *watch = molt_heap_root(heap, 0);
    const Plain *cell = (const void *)watch->seen[0];
    for (long n = count; n-- > 0; cell = cell->next)
        assert_true(cell->hp == n * 7 && cell->level == n % 3);
}

/* ---- objects whose struct goes, and waits for ------------------------------------------------- */

typedef struct Egg {
    struct Egg *next;
    int days;
} Egg;
typedef struct Layer {
    struct Layer *next;
    Egg *egg;
} Layer;
typedef struct Barren {
    struct Barren *next;
    int age;
} Barren;
static const StructSpec layer_specs[] = {
    WATCH,
    {"Cell",
     sizeof(Layer),
     _Alignof(Layer),
     {FIELD(Layer, next, "Cell *"), FIELD(Layer, egg, "Egg *")},
     NULL},
    {"Egg",
     sizeof(Egg),
     _Alignof(Egg),
     {FIELD(Egg, next, "Egg *"), FIELD(Egg, days, "int")},
     NULL}};
static const StructSpec barren_specs[] = {
    WATCH,
    {"Cell",
     sizeof(Barren),
     _Alignof(Barren),
     {FIELD(Barren, next, "Cell *"), FIELD(Barren, age, "int")},
     NULL}};

static void make_layers(MoltHeap *heap, long count)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    Watch *watch = molt_heap_new(heap, molt_schema_find(schema, "Watch"), 1);
    Layer *last = NULL;
    assert_non_null(watch);
    for (long n = 0; n < count; n++) {
        Layer *layer = molt_heap_new(heap, molt_schema_find(schema, "Cell"), 1);
        Egg *egg = molt_heap_new(heap, molt_schema_find(schema, "Egg"), 1);
        assert_true(layer && egg);
        *egg = (Egg){last ? last->egg : NULL, (int)n};
        *layer = (Layer){last, egg};
        last = layer;
    }
    watch->seen[0] = (Cell *)(void *)last;
    molt_heap_set_root(heap, 0, watch);
}

static void check_layers(const MoltHeap *heap, long count)
{
    const Watch *watch = molt_heap_root(heap, 0);
    const Layer *layer = (const void *)watch->seen[0];
    for (long n = count; n-- > 0; layer = layer->next) {
        assert_non_null(layer->egg);
        assert_int_equal(layer->egg->days, n);
        assert_ptr_equal(layer->egg->next, layer->next ? layer->next->egg : NULL);
    }
}

/* ---- numbers in blocks of their own ------------------------------------------------------------ */

typedef struct Rows {
    struct Rows *next;
    void *numbers; /* int, then long */
} Rows;
#define ROWS(number)                                                                               \
    {                                                                                              \
        "Cell", sizeof(Rows), _Alignof(Rows),                                                      \
            {FIELD(Rows, next, "Cell *"), FIELD(Rows, numbers, number)}, NULL                      \
    }
static const StructSpec row_specs[] = {WATCH, ROWS("int *")};
static const StructSpec wide_row_specs[] = {WATCH, ROWS("long *")};

enum { ROW = 9 };

static void make_rows(MoltHeap *heap, long count)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    Watch *watch = molt_heap_new(heap, molt_schema_find(schema, "Watch"), 1);
    Rows *last = NULL;
    assert_non_null(watch);
    for (long n = 0; n < count; n++) {
        Rows *rows = molt_heap_new(heap, molt_schema_find(schema, "Cell"), 1);
        int *numbers = molt_heap_new(heap, molt_schema_find(schema, "int"), ROW);
        assert_true(rows && numbers);
        for (int i = 0; i < ROW; i++)
            numbers[i] = (int)n * i;
        *rows = (Rows){last, numbers};
        last = rows;
    }
    watch->seen[0] = (Cell *)(void *)last;
    molt_heap_set_root(heap, 0, watch);
}

static void check_rows(const MoltHeap *heap, long count)
{
    const Watch *watch = molt_heap_root(heap, 0);
    const Rows *rows = (const void *)watch->seen[0];
    for (long n = count; n-- > 0; rows = rows->next) {
        const long *numbers = rows->numbers;
        for (int i = 0; i < ROW; i++)
            assert_int_equal(numbers[i], n * i);
    }
}

/* ---- ways ------------------------------------------------------------------------------------ */

static const Way grow = {{cell_specs, large_specs}, make_cells, check_large, NULL, {0}};
static const Way texts = {{cell_specs, small_specs}, make_cells, check_small, NULL, {0}};
static const Way undone = {
    {cell_specs, small_specs, cell_specs}, make_cells, check_cells, NULL, {0}};
static const Way over_large = {
    {cell_specs, large_specs, small_specs}, make_cells, check_small, NULL, {0}};
static const Way in_columns = {
    {plain_specs, less_specs, plain_specs}, make_plain, check_plain, NULL, {0}};
static const Way waiting = {
    {layer_specs, barren_specs, layer_specs}, make_layers, check_layers, NULL, {3, 2, 3}};
static const Way retyped = {{row_specs, wide_row_specs}, make_rows, check_rows, NULL, {0}};

typedef struct Run {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltHeap *heap;
    MoltSchema *schemas[VERSIONS];
    MoltSchema *kept[2 * VERSIONS]; /* of them with the types that they lack */
    uint32_t kept_count;
    const Way *way;
    long count;
} Run;

static void start(Run *run, const Way *way, long count, uint64_t reserve)
{
    *run = (Run){.way = way, .count = count};
    run->allocator = counting_allocator(&run->counting);
    MoltHeapDesc desc = {.reserve = reserve, .allocator = &run->allocator};
    for (int v = 0; v < VERSIONS && way->versions[v]; v++) { /* they keep the session's versions */
        MoltSchema *schema =
            spec_schema(way->versions[v], way->structs[v] > 0 ? way->structs[v] : 2);
        assert_int_equal(
            molt_schema_copy(&schema->tables, &run->allocator, &run->schemas[v], NULL), MOLT_OK);
        molt_schema_free(schema);
    }
    assert_int_equal(molt_heap_create(&desc, &run->heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(run->heap, run->schemas[0]), MOLT_OK);
    way->make(run->heap, count);
}

static void stop(Run *run)
{
    molt_heap_destroy(run->heap);
    for (int v = 0; v < VERSIONS; v++)
        molt_schema_free(run->schemas[v]);
    for (uint32_t k = 0; k < run->kept_count; k++)
        molt_schema_free(run->kept[k]);
    assert_int_equal(run->counting.blocks, 0);
    assert_int_equal(run->counting.bytes, 0);
}

/* As a session does: what the new schema lacks goes on with its objects. */
static MoltStatus keep_types(Run *run, MoltPlan **plan, MoltReport *report)
{
    uint64_t bytes[64];
    MoltSchema *kept = NULL;
    assert_true(molt_heap_schema(run->heap)->tables.type_count < 64);
    molt_heap_weigh(run->heap, bytes);
    MoltStatus status = molt_schema_keep(*plan, bytes, molt_attic_limit(run->heap), &kept, NULL);
    if (status != MOLT_OK || !kept)
        return status;
    run->kept[run->kept_count++] = kept;
    molt_plan_free(*plan);
    *plan = NULL;
    return molt_plan_build(molt_heap_schema(run->heap), kept, MOLT_POLICY_LIVE, &run->allocator,
                           plan, report, NULL);
}

static MoltStatus migrate(Run *run, int version)
{
    MoltReport report;
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    molt_report_init(&report, &run->allocator);
    MoltStatus status = molt_plan_build(molt_heap_schema(run->heap), run->schemas[version],
                                        MOLT_POLICY_LIVE, &run->allocator, &plan, &report, NULL);
    if (status == MOLT_OK)
        status = keep_types(run, &plan, &report);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(run->heap, plan, run->way->code, &migration, &report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    molt_report_clear(&report);
    return status;
}

/* Tries an edit that may run out of memory; false when it did. */
static bool try_edit(Run *run, int version)
{
    MoltHash before = molt_heap_digest(run->heap);
    MoltAtticStats kept, now_kept;
    molt_attic_stats(run->heap, &kept);
    const MoltSchema *schema = molt_heap_schema(run->heap);
    MoltStatus status = migrate(run, version);
    if (status == MOLT_OK)
        return true;
    MoltHash now = molt_heap_digest(run->heap);
    molt_attic_stats(run->heap, &now_kept);
    assert_int_equal(status, MOLT_OUT_OF_MEMORY);
    assert_memory_equal(&before, &now, sizeof now);
    assert_ptr_equal(molt_heap_schema(run->heap), schema);
    assert_int_equal(now_kept.objects, kept.objects);
    assert_int_equal(now_kept.edits, kept.edits);
    assert_int_equal(now_kept.dropped_for_space, kept.dropped_for_space);
    return false;
}

/* ---- sweeps ---------------------------------------------------------------------------------- */

/* Every allocation of the way fails, alone or with all after it; returns how many did. */
static unsigned sweep_allocations(const Way *way, bool stays_out)
{
    unsigned failures = 0;
    for (bool failed = true; failed; failures += failed) {
        Run run;
        start(&run, way, 120, (uint64_t)1 << 30);
        run.counting.stays_out = stays_out;
        run.counting.fail_at = run.counting.calls + failures + 1;
        failed = false;
        for (int v = 1; v < VERSIONS && way->versions[v]; v++) {
            if (try_edit(&run, v))
                continue;
            failed = true;
            run.counting.fail_at = 0;
            assert_true(try_edit(&run, v));
        }
        /* what only makes a report shorter refuses nothing */
        failed = failed || run.counting.calls >= run.counting.fail_at;
        way->check(run.heap, run.count);
        run.counting.fail_at = 0;
        stop(&run);
    }
    return failures;
}

static unsigned sweep_address_space(const Way *way, long count)
{
    unsigned failures = 0;
    for (bool failed = true; failed; failures += failed) {
        Run run;
        start(&run, way, count, (uint64_t)1 << 30);
        refuse_at = opened + failures + 1;
        failed = false;
        for (int v = 1; v < VERSIONS && way->versions[v]; v++) {
            if (try_edit(&run, v))
                continue;
            failed = true;
            refuse_at = 0;
            assert_true(try_edit(&run, v));
        }
        refuse_at = 0;
        way->check(run.heap, run.count);
        stop(&run);
    }
    return failures;
}

static void sweep(const Way *way)
{
    assert_true(sweep_allocations(way, false) > 25);
    assert_true(sweep_allocations(way, true) > 25);
    assert_true(sweep_address_space(way, 40000) > 0);
}

static void growing_a_graph(void **unused)
{
    (void)unused;
    sweep(&grow);
}

static void texts_to_the_heap(void **unused)
{
    (void)unused;
    sweep(&texts);
}

static void values_that_go_to_the_attic_and_return(void **unused)
{
    (void)unused;
    sweep(&undone);
}

static void an_edit_upon_an_edit(void **unused)
{
    (void)unused;
    sweep(&over_large);
}

static void values_in_columns(void **unused)
{
    (void)unused;
    sweep(&in_columns);
}

static void objects_that_wait_for_their_struct(void **unused)
{
    (void)unused;
    sweep(&waiting);
}

static void blocks_of_numbers_that_become_others(void **unused)
{
    (void)unused;
    assert_true(sweep_allocations(&retyped, false) > 25);
    assert_true(sweep_allocations(&retyped, true) > 25);
}

static void literals_that_are_copied(void **unused)
{
    (void)unused;
    uintptr_t begin = (uintptr_t)literals;
    MoltCodeMap code = {
        .begin = begin, .end = begin + sizeof literals, .describe = describe, .resolve = resolve};
    const Way way = {{named_specs, named_specs}, make_named, check_named, &code, {0}};
    assert_true(sweep_allocations(&way, false) > 10);
    assert_true(sweep_allocations(&way, true) > 10);
}

/* The range has no room for the new side: refused, as often as it is tried. */
static void a_range_that_is_full(void **unused)
{
    (void)unused;
    Run run;
    const long count = 40000;
    start(&run, &grow, count, (uint64_t)5 << 20);
    assert_false(try_edit(&run, 1));
    assert_false(try_edit(&run, 1));
    check_cells(run.heap, count);
    stop(&run);
}

/* Whether a chain of these versions could be followed, with what its first one lacks a note for. */
static bool try_chain(MoltSchema *const versions[3], CountingAllocator *counting)
{
    const MoltSchema *chained[3] = {versions[0], versions[1], versions[2]};
    MoltAllocator allocator = counting_allocator(counting);
    MoltChain *chain = NULL;
    MoltPlan *plan = NULL;
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltStatus status = molt_plan_build(versions[0], versions[2], MOLT_POLICY_STRICT, &allocator,
                                        &plan, NULL, NULL);
    if (status == MOLT_OK)
        status = molt_chain_build(chained, 3, &allocator, &chain, NULL);
    if (status == MOLT_OK)
        status = molt_chain_foresee(chain, 0, plan, &report);
    if (status == MOLT_OK) {
        assert_int_equal(report.count, 1);
        assert_int_equal(report.findings[0].rule, MOLT_RULE_NOTE_DROPPED);
        assert_string_equal(report.findings[0].path, "Purse.coins");
        assert_string_equal(report.findings[0].remedy, "keep MOLT_WAS(\"gold\") on coins");
    } else {
        assert_int_equal(status, MOLT_OUT_OF_MEMORY);
    }
    molt_report_clear(&report);
    molt_chain_free(chain);
    molt_plan_free(plan);
    assert_int_equal(counting->blocks, 0);
    return status == MOLT_OK;
}

static void recorded_versions_that_are_followed(void **unused)
{
    (void)unused;
    const StructSpec first = {
        "Purse", 4, 4, {{.name = "gold", .type = "int"}, {.name = NULL}}, NULL};
    StructSpec later = {"Purse",
                        16,
                        8,
                        {{.name = "coins", .type = "int", .was = "gold"},
                         {.name = "gold", .type = "double", .offset = 8},
                         {.name = NULL}},
                        NULL};
    MoltSchema *versions[3] = {spec_schema(&first, 1), spec_schema(&later, 1), NULL};
    later.fields[0].was = NULL;
    versions[2] = spec_schema(&later, 1);
    CountingAllocator counting = {.fail_at = 1};
    while (!try_chain(versions, &counting))
        counting = (CountingAllocator){.fail_at = counting.fail_at + 1};
    assert_true(counting.fail_at > 20);
    for (int v = 0; v < 3; v++)
        molt_schema_free(versions[v]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growing_a_graph),
        cmocka_unit_test(texts_to_the_heap),
        cmocka_unit_test(values_that_go_to_the_attic_and_return),
        cmocka_unit_test(an_edit_upon_an_edit),
        cmocka_unit_test(values_in_columns),
        cmocka_unit_test(objects_that_wait_for_their_struct),
        cmocka_unit_test(blocks_of_numbers_that_become_others),
        cmocka_unit_test(literals_that_are_copied),
        cmocka_unit_test(a_range_that_is_full),
        cmocka_unit_test(recorded_versions_that_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
