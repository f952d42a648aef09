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
    const StructSpec *versions[VERSIONS]; /* of two structs each; NULL: the way is shorter */
    void (*make)(MoltHeap *heap, long count);
    void (*check)(const MoltHeap *heap, long count);
    const MoltCodeMap *code;
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

/* ---- ways ------------------------------------------------------------------------------------ */

static const Way grow = {{cell_specs, large_specs}, make_cells, check_large, NULL};
static const Way texts = {{cell_specs, small_specs}, make_cells, check_small, NULL};
static const Way undone = {{cell_specs, small_specs, cell_specs}, make_cells, check_cells, NULL};
static const Way over_large = {
    {cell_specs, large_specs, small_specs}, make_cells, check_small, NULL};

typedef struct Run {
    CountingAllocator counting;
    MoltAllocator allocator;
    MoltHeap *heap;
    MoltSchema *schemas[VERSIONS];
    const Way *way;
    long count;
} Run;

static void start(Run *run, const Way *way, long count, uint64_t reserve)
{
    *run = (Run){.way = way, .count = count};
    run->allocator = counting_allocator(&run->counting);
    MoltHeapDesc desc = {.reserve = reserve, .allocator = &run->allocator};
    for (int v = 0; v < VERSIONS && way->versions[v]; v++) { /* they keep the session's versions */
        MoltSchema *schema = spec_schema(way->versions[v], 2);
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
    assert_int_equal(run->counting.blocks, 0);
    assert_int_equal(run->counting.bytes, 0);
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

static void literals_that_are_copied(void **unused)
{
    (void)unused;
    uintptr_t begin = (uintptr_t)literals;
    MoltCodeMap code = {
        .begin = begin, .end = begin + sizeof literals, .describe = describe, .resolve = resolve};
    const Way way = {{named_specs, named_specs}, make_named, check_named, &code};
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
        cmocka_unit_test(literals_that_are_copied),
        cmocka_unit_test(a_range_that_is_full),
        cmocka_unit_test(recorded_versions_that_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
