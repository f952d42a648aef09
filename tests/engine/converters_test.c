/* Compiled converters do what the plan does, values that do not fit included, and nothing depends on
 * there being a compiler. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <molt/dump.h>
#include <molt/migrate.h>
#include <molt/threads.h>

#include "../reflect/schema_spec.h"
#include "converters.h"
#include "sandbox.h"

typedef struct Old {
    struct Old *next, *first;
    long wide;
    double real;
    int grid[3][2];
    long below;
    unsigned int above;
    short gone;
    char name[3]; /* and more than converters note by bits */
    signed char a, b, c, d, e, f;
} Old;

typedef struct New {
    int grid[3][2];
    float real;
    struct New *first, *next;
    short wide;
    unsigned int below;
    short above;
    long added;
} New;

static const StructSpec old_spec = {"Item", sizeof(Old), _Alignof(Old),
                                    {FIELD(Old, next, "Item *"), FIELD(Old, first, "Item *"),
                                     FIELD(Old, wide, "long"), FIELD(Old, real, "double"),
                                     FIELD(Old, grid, "int[3][2]"), FIELD(Old, below, "long"),
                                     FIELD(Old, above, "unsigned int"), FIELD(Old, gone, "short"),
                                     FIELD(Old, name, "char[3]"), FIELD(Old, a, "signed char"),
                                     FIELD(Old, b, "signed char"), FIELD(Old, c, "signed char"),
                                     FIELD(Old, d, "signed char"), FIELD(Old, e, "signed char"),
                                     FIELD(Old, f, "signed char")},
                                    NULL};
static const long added = 7;
static const StructSpec new_spec = {
    "Item", sizeof(New), _Alignof(New),
    {FIELD(New, grid, "int[3][2]"), FIELD(New, real, "float"), FIELD(New, first, "Item *"),
     FIELD(New, next, "Item *"), FIELD(New, wide, "short"), FIELD(New, below, "unsigned int"),
     FIELD(New, above, "short"),
     {.name = "added", .type = "long", .offset = offsetof(New, added), .default_value = &added,
      .default_size = sizeof added}},
    NULL};

enum { COUNT = 3000, SINGLE = 6000 };

/* As many objects lie one by one that what they lose is kept in columns while they are converted. All that
 * some of them lose, the first hundred do as well. */
static MoltHeap *make_single(const MoltSchema *schema)
{
    MoltHeap *heap = NULL;
    assert_int_equal(molt_heap_create(NULL, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    Old *last = NULL, *freed = NULL;
    for (int i = 0; i < SINGLE; i++) {
        Old *item = molt_heap_new(heap, molt_schema_find(schema, "Item"), 1);
        bool full = i < 900 || i % 40 != 0; /* whole batches of objects that lose values, and others */
        *item = (Old){.next = last,
                      .wide = i % 10 == 1 ? 70000 + i : i % 30000,
                      .real = i % 6 == 1 ? 0.1 : i,
                      .below = i % 7 == 1 ? -i : i,
                      .above = i % 9 == 1 ? 40000u + (unsigned)i : 9,
                      .gone = (short)(full ? i + 1 : 0),
                      .name = {i % 11 == 1 ? 'x' : '\0'},
                      .a = (signed char)(full ? i % 100 + 1 : 0),
                      .f = i % 13 == 1};
        last = item;
        if (i % 700 == 699) { /* spans have gaps */
            freed = molt_heap_new(heap, molt_schema_find(schema, "Item"), 1);
            *freed = (Old){.gone = 1};
        }
    }
    molt_heap_delete(heap, freed);
    molt_heap_set_root(heap, 0, last);
    return heap;
}

static MoltHeap *make_heap(const MoltSchema *schema)
{
    MoltHeap *heap = NULL;
    assert_int_equal(molt_heap_create(NULL, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    MoltTypeId type = molt_schema_find(schema, "Item");
    Old *first = molt_heap_new(heap, type, COUNT), *last = first, *freed[COUNT / 100];
    for (int i = 0; i < COUNT; i++) {
        if (i % 100 == 0)
            freed[i / 100] = molt_heap_new(heap, type, 1);
        Old *item = i % 2 == 0 ? molt_heap_new(heap, type, 1) : &first[i];
        *item = (Old){.next = last, .first = i % 5 == 0 ? NULL : first, .wide = i % 10 == 0 ? 70000 + i : i,
                      /* with too many for other threads to leave to this one, and with some */
                      .real = i < 600 || i % 10 == 1 ? 0.1 : i, .grid = {{i, 1}, {2, 3}, {4, -i}},
                      .below = i % 7 == 0 ? -i : i % 7 == 1 ? (long)i << 32 : i,
                      .above = i % 9 == 0 ? 40000u + (unsigned)i : (unsigned)i,
                      .gone = (short)(i % 3), .name = {i % 7 == 0 ? 'x' : '\0'}, .a = i % 11 == 0,
                      .b = i > 2900, .d = i % 17 == 0, .e = i % 19 == 0, .f = i % 13 == 0};
        last = item;
    }
    for (int i = 0; i < COUNT / 100; i++) /* spans have gaps */
        molt_heap_delete(heap, freed[i]);
    molt_heap_set_root(heap, 0, last);
    return heap;
}

static MoltPlan *make_plan(const MoltSchema *before, const MoltSchema *after)
{
    MoltPlan *plan = NULL;
    assert_int_equal(molt_plan_build(before, after, MOLT_POLICY_LIVE, NULL, &plan, NULL, NULL), MOLT_OK);
    return plan;
}

/* What the edit makes of the state, as JSON, and its report, by the plan or by what it is bound to. The way
 * back gives the state of before. The heap goes. */
static void run(MoltPlan *plan, MoltHeap *heap, const MoltSchema *before, char **state, char **report)
{
    MoltMigration *migration = NULL;
    MoltReport findings;
    char *then, *again;
    size_t length = 0;
    molt_report_init(&findings, NULL);
    assert_int_equal(molt_dump_json(heap, NULL, &then, &length, NULL), MOLT_OK);
    assert_int_equal(molt_migrate_prepare(heap, plan, NULL, &migration, &findings, NULL), MOLT_OK);
    molt_migrate_commit(migration);
    assert_int_equal(molt_dump_json(heap, NULL, state, &length, NULL), MOLT_OK);
    *report = molt_report_to_json(&findings);
    assert_non_null(*report);
    MoltPlan *back = make_plan(molt_heap_schema(heap), before);
    assert_int_equal(molt_migrate_prepare(heap, back, NULL, &migration, &findings, NULL), MOLT_OK);
    molt_migrate_commit(migration);
    assert_int_equal(molt_dump_json(heap, NULL, &again, &length, NULL), MOLT_OK);
    assert_string_equal(then, again);
    free(then);
    free(again);
    molt_plan_free(back);
    molt_report_clear(&findings);
    molt_heap_destroy(heap);
}

/* For all that the heap holds, which goes. */
static MoltConverters *converters_for(MoltHeap *heap, MoltPlan *plan, MoltConverterUse use)
{
    char folder[] = "/tmp/molt-converters-XXXXXX";
    assert_non_null(mkdtemp(folder));
    uint64_t *bytes = molt__converters_weigh(heap);
    assert_non_null(bytes);
    MoltConverters *converters = molt__converters_make(plan, bytes, use, folder, 1);
    free(bytes);
    molt_heap_destroy(heap);
    assert_int_equal(rmdir(folder), 0); /* nothing is left behind */
    return converters;
}

static MoltConverters *make_converters(MoltPlan *plan, const MoltSchema *before, MoltConverterUse use)
{
    return converters_for(make_heap(before), plan, use);
}

static void compiled_converters_do_what_the_plan_does(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(&old_spec, 1), *after = spec_schema(&new_spec, 1);
    MoltPlan *plan = make_plan(before, after), *compiled = make_plan(before, after);
    MoltConverters *converters = make_converters(compiled, before, MOLT_CONVERTERS_ALWAYS);
    assert_non_null(converters);
    char *states[2], *reports[2];
    for (int single = 0; single < 2; single++) {
        run(plan, single ? make_single(before) : make_heap(before), before, &states[0], &reports[0]);
        run(compiled, single ? make_single(before) : make_heap(before), before, &states[1],
            &reports[1]);
        assert_string_equal(states[0], states[1]);
        assert_string_equal(reports[0], reports[1]);
        assert_non_null(strstr(reports[0], "number-out-of-range"));
        assert_non_null(strstr(reports[0], "field-removed"));
        for (int i = 0; i < 2; i++) {
            free(states[i]);
            free(reports[i]);
        }
    }
    molt_plan_free(plan);
    molt_plan_free(compiled);
    molt__converters_free(converters);
    molt_schema_free(before);
    molt_schema_free(after);
}

/* One way of an edit of the session, by converters. */
static void go(MoltHeap *heap, const MoltSchema *from, const MoltSchema *to)
{
    MoltPlan *plan = make_plan(from, to);
    MoltConverters *converters = make_converters(plan, from, MOLT_CONVERTERS_ALWAYS);
    MoltMigration *migration = NULL;
    MoltReport findings;
    assert_non_null(converters);
    molt_report_init(&findings, NULL);
    assert_int_equal(molt_migrate_prepare(heap, plan, NULL, &migration, &findings, NULL), MOLT_OK);
    molt_migrate_commit(migration);
    molt_report_clear(&findings);
    molt_plan_free(plan);
    molt__converters_free(converters);
}

/* Bytes that belong to no field are zero after every migration, whatever the memory held before: equal
 * states make equal files. */
static void padding_is_zero_in_memory_that_was_used(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(&old_spec, 1), *after = spec_schema(&new_spec, 1);
    MoltHeap *heap = make_heap(before);
    static const size_t pads[][2] = {{offsetof(New, real) + sizeof(float), offsetof(New, first)},
                                     {offsetof(New, wide) + sizeof(short), offsetof(New, below)},
                                     {offsetof(New, above) + sizeof(short), offsetof(New, added)}};
    const size_t pad_count = sizeof pads / sizeof *pads;
    for (int round = 0; round < 3; round++) {
        go(heap, before, after);
        for (New *item = molt_heap_root(heap, 0); item; item = item->next) {
            for (size_t p = 0; p < pad_count; p++) {
                assert_true(pads[p][0] < pads[p][1]);
                for (size_t at = pads[p][0]; at < pads[p][1]; at++) {
                    assert_int_equal(((unsigned char *)item)[at], 0);
                    ((unsigned char *)item)[at] = 0xa5; /* found again in the next round */
                }
            }
            assert_int_equal(item->added, added);
        }
        go(heap, after, before);
    }
    const Old *last = molt_heap_root(heap, 0);
    assert_int_equal(last->wide, COUNT - 1);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

/* ---- where pointers lead ---------------------------------------------------------------------- */

typedef struct Leaf {
    int number;
    char kind;
} Leaf;

typedef struct GrownLeaf {
    long number;
    char kind;
} GrownLeaf;

typedef struct Stem {
    struct Stem *next;
    Leaf *leaf;
    struct Stem *near[3], *far[6]; /* written one after the other, and in a loop */
    int number;
} Stem;

typedef struct GrownStem {
    long number;
    struct GrownStem *next;
    GrownLeaf *leaf;
    struct GrownStem *near[3], *far[6];
} GrownStem;

#define STEM(T) FIELD(T, number, sizeof(((T *)0)->number) == 4 ? "int" : "long"), \
        FIELD(T, next, "Stem *"), FIELD(T, leaf, "Leaf *"), FIELD(T, near, "Stem *[3]"), \
        FIELD(T, far, "Stem *[6]")
static const StructSpec stem_specs[] = {
    {"Stem", sizeof(Stem), _Alignof(Stem), {STEM(Stem)}, NULL},
    {"Leaf", sizeof(Leaf), _Alignof(Leaf),
     {FIELD(Leaf, number, "int"), FIELD(Leaf, kind, "char")}, NULL}};
static const StructSpec grown_specs[] = {
    {"Stem", sizeof(GrownStem), _Alignof(GrownStem), {STEM(GrownStem)}, NULL},
    {"Leaf", sizeof(GrownLeaf), _Alignof(GrownLeaf),
     {FIELD(GrownLeaf, number, "long"), FIELD(GrownLeaf, kind, "char")}, NULL}};

enum { STEMS = 9000, STEMS_MORE = 400, STEMS_GAP = 3000 };

static Stem *last_freed; /* between live ones */

/* Spans of both types lie between one another; of the stems' some have gaps, others not, and of the last
 * one only the first blocks are live. A pointer leads to one of them, into an array, to NULL; and `astray`,
 * where it is not NULL, sets one. */
static MoltHeap *make_stems(const MoltSchema *schema, void (*astray)(MoltHeap *heap, Stem *stem))
{
    static Stem *stems[STEMS + STEMS_MORE];
    static Leaf *leaves[STEMS];
    MoltHeap *heap = NULL;
    assert_int_equal(molt_heap_create(NULL, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    MoltTypeId stem = molt_schema_find(schema, "Stem"), leaf = molt_schema_find(schema, "Leaf");
    Stem *row = molt_heap_new(heap, stem, STEMS_MORE);
    for (int i = 0; i < STEMS; i++) {
        stems[i] = molt_heap_new(heap, stem, 1);
        leaves[i] = molt_heap_new(heap, leaf, 1);
        *leaves[i] = (Leaf){.number = i, .kind = 'a'};
    }
    for (int i = 0; i < STEMS_GAP; i += 50) {
        last_freed = stems[i];
        molt_heap_delete(heap, last_freed);
        stems[i] = stems[STEMS - 1 - i];
    }
    for (int i = 0; i < STEMS_MORE; i++)
        stems[STEMS + i] = &row[i];
    for (int i = 0; i < STEMS + STEMS_MORE; i++) {
        Stem *at = stems[i];
        *at = (Stem){.number = i, .leaf = i % 3 == 0 ? NULL : leaves[i * 7 % STEMS]};
        at->next = i > 0 ? stems[i - 1] : NULL;
        for (int p = 0; p < 3; p++)
            at->near[p] = (i + p) % 11 == 0 ? NULL : stems[(i * 31 + p) % STEMS];
        for (int p = 0; p < 6; p++)
            at->far[p] = p == i % 6 && i % 2 == 0 ? NULL : stems[(i * 17 + p * 5) % (STEMS + i / 32)];
    }
    molt_heap_set_root(heap, 0, stems[STEMS + STEMS_MORE - 1]);
    if (astray)
        astray(heap, stems[STEMS / 2]);
    return heap;
}

static void to_a_freed_one(MoltHeap *heap, Stem *stem)
{
    (void)heap;
    stem->near[1] = last_freed;
}

static void behind_the_live_ones(MoltHeap *heap, Stem *stem)
{
    (void)heap;
    Stem *last = (Stem *)molt_heap_root(heap, 0);
    while (last->next && last->number >= STEMS)
        last = last->next;
    stem->far[2] = (Stem *)((char *)last + 4 * ((char *)last - (char *)last->next));
}

static void into_the_middle(MoltHeap *heap, Stem *stem)
{
    (void)heap;
    stem->next = (Stem *)((char *)stem->next + 4);
}

static void to_another_type(MoltHeap *heap, Stem *stem)
{
    (void)heap;
    stem->far[5] = (Stem *)stem->next->leaf;
}

static void pointers_lead_where_they_led(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(stem_specs, 2), *after = spec_schema(grown_specs, 2);
    MoltPlan *plan = make_plan(before, after), *compiled = make_plan(before, after);
    MoltConverters *converters =
        converters_for(make_stems(before, NULL), compiled, MOLT_CONVERTERS_ALWAYS);
    assert_non_null(converters);
    char *states[2], *reports[2];
    run(plan, make_stems(before, NULL), before, &states[0], &reports[0]);
    run(compiled, make_stems(before, NULL), before, &states[1], &reports[1]);
    assert_string_equal(states[0], states[1]);
    assert_string_equal(reports[0], reports[1]);
    for (int i = 0; i < 2; i++) {
        free(states[i]);
        free(reports[i]);
    }
    molt_plan_free(plan);
    molt_plan_free(compiled);
    molt__converters_free(converters);
    molt_schema_free(before);
    molt_schema_free(after);
}

/* Migrates once, as some of these pointers are not there any more on the way back. */
static void go_once(MoltHeap *heap, MoltPlan *plan, char **state, char **report)
{
    MoltMigration *migration = NULL;
    MoltReport findings;
    size_t length = 0;
    molt_report_init(&findings, NULL);
    assert_int_equal(molt_migrate_prepare(heap, plan, NULL, &migration, &findings, NULL), MOLT_OK);
    molt_migrate_commit(migration);
    assert_int_equal(molt_dump_json(heap, NULL, state, &length, NULL), MOLT_OK);
    *report = molt_report_to_json(&findings);
    assert_non_null(*report);
    molt_report_clear(&findings);
    molt_heap_destroy(heap);
}

static void odd_pointers_are_left_to_the_plan(void **unused)
{
    (void)unused;
    static const struct {
        void (*set)(MoltHeap *heap, Stem *stem);
        const char *finding; /* NULL: it leads somewhere */
    } ways[] = {{to_a_freed_one, "freed Stem in Stem:4508.near[1]"},
                {behind_the_live_ones, "freed Stem in Stem:4508.far[2]"},
                {into_the_middle, NULL},
                {to_another_type, NULL}};
    MoltSchema *before = spec_schema(stem_specs, 2), *after = spec_schema(grown_specs, 2);
    MoltPlan *plan = make_plan(before, after), *compiled = make_plan(before, after);
    MoltConverters *converters =
        converters_for(make_stems(before, NULL), compiled, MOLT_CONVERTERS_ALWAYS);
    assert_non_null(converters);
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        char *states[2], *reports[2];
        go_once(make_stems(before, ways[w].set), plan, &states[0], &reports[0]);
        go_once(make_stems(before, ways[w].set), compiled, &states[1], &reports[1]);
        assert_string_equal(states[0], states[1]);
        assert_string_equal(reports[0], reports[1]);
        assert_non_null(strstr(reports[0], ways[w].finding ? ways[w].finding : "\"findings\":\t[]"));
        for (int i = 0; i < 2; i++) {
            free(states[i]);
            free(reports[i]);
        }
    }
    molt_plan_free(plan);
    molt_plan_free(compiled);
    molt__converters_free(converters);
    molt_schema_free(before);
    molt_schema_free(after);
}

/* ---- threads, and no compiler ------------------------------------------------------------------ */

static void share(void *threads, uint32_t count, MoltParallelTask *task, void *context)
{
    molt_threads_parallel_for(threads, count, task, context);
}

static void any_number_of_threads_does_the_same(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(&old_spec, 1), *after = spec_schema(&new_spec, 1);
    MoltPlan *plan = make_plan(before, after);
    MoltConverters *converters = make_converters(plan, before, MOLT_CONVERTERS_ALWAYS);
    char *states[2], *reports[2];
    run(plan, make_heap(before), before, &states[0], &reports[0]);
    for (uint32_t count = 2; count <= 7; count += 5) {
        const MoltThreadsDesc desc = {.count = count};
        MoltParallel parallel = {.threads = count, .run = share, .least = 1};
        MoltThreads *threads = NULL;
        assert_int_equal(molt_threads_create(&desc, &threads, NULL), MOLT_OK);
        parallel.context = threads;
        molt_plan_set_parallel(plan, &parallel);
        run(plan, make_heap(before), before, &states[1], &reports[1]);
        assert_string_equal(states[0], states[1]);
        assert_string_equal(reports[0], reports[1]);
        free(states[1]);
        free(reports[1]);
        molt_threads_destroy(threads);
    }
    free(states[0]);
    free(reports[0]);
    molt_plan_free(plan);
    molt__converters_free(converters);
    molt_schema_free(before);
    molt_schema_free(after);
}

static void little_state_and_a_machine_without_a_compiler_have_the_plan(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(&old_spec, 1), *after = spec_schema(&new_spec, 1);
    MoltPlan *plan = make_plan(before, after);
    assert_null(make_converters(plan, before, MOLT_CONVERTERS_LARGE));
    assert_null(make_converters(plan, before, MOLT_CONVERTERS_NEVER));
    char *path = strdup(getenv("PATH"));
    assert_non_null(path);
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    assert_null(make_converters(plan, before, MOLT_CONVERTERS_ALWAYS));
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    molt_plan_free(plan);
    molt_schema_free(before);
    molt_schema_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiled_converters_do_what_the_plan_does),
        cmocka_unit_test(padding_is_zero_in_memory_that_was_used),
        cmocka_unit_test(pointers_lead_where_they_led),
        cmocka_unit_test(odd_pointers_are_left_to_the_plan),
        cmocka_unit_test(any_number_of_threads_does_the_same),
        cmocka_unit_test(little_state_and_a_machine_without_a_compiler_have_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
