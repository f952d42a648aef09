/* Memory that nobody described, in migrations: what refuses, what is carried, and running out of
 * memory on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/migrate.h"
#include "molt/plain_memory.h"
#include "schema_spec.h"

typedef struct Leaf {
    int size;
} Leaf;
typedef struct NewLeaf {
    int color, size;
} NewLeaf;
typedef struct Twig {
    Leaf *leaf;
    long handle;
} Twig;
typedef struct State {
    Twig *twig;
    Leaf *leaf;
    void *bytes;
} State;

#define SHARED_SPECS                                                                               \
    {"State",                                                                                      \
     sizeof(State),                                                                                \
     _Alignof(State),                                                                              \
     {FIELD(State, twig, "Twig *"), FIELD(State, leaf, "Leaf *"), FIELD(State, bytes, "void *")},  \
     NULL},                                                                                        \
        {"Twig",                                                                                   \
         sizeof(Twig),                                                                             \
         _Alignof(Twig),                                                                           \
         {FIELD(Twig, leaf, "Leaf *"), FIELD(Twig, handle, "long")},                      \
         NULL}

static const StructSpec old_specs[] = {
    SHARED_SPECS, {"Leaf", sizeof(Leaf), _Alignof(Leaf), {FIELD(Leaf, size, "int")}, NULL}};
static const StructSpec new_specs[] = {
    SHARED_SPECS,
    {"Leaf",
     sizeof(NewLeaf),
     _Alignof(NewLeaf),
     {FIELD(NewLeaf, color, "int"), FIELD(NewLeaf, size, "int")},
     NULL}};

typedef struct Fixture {
    MoltSchema *before, *after;
} Fixture;

static MoltSchema *with_untyped(const StructSpec *specs)
{
    MoltSchema *bare = spec_schema(specs, 3), *schema = NULL;
    assert_int_equal(molt_schema_copy_plain(&bare->tables, NULL, &schema, NULL), MOLT_OK);
    molt_schema_free(bare);
    return schema;
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    fixture->before = with_untyped(old_specs);
    fixture->after = with_untyped(new_specs);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    molt_schema_free(fixture->before);
    molt_schema_free(fixture->after);
    free(fixture);
    return 0;
}

static MoltHeap *make_heap(const Fixture *fixture, const MoltAllocator *allocator, State **state)
{
    MoltHeap *heap = NULL;
    MoltHeapDesc desc = {.reserve = (uint64_t)1 << 30, .allocator = allocator};
    assert_int_equal(molt_heap_create(&desc, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, fixture->before), MOLT_OK);
    *state = molt_heap_new(heap, molt_schema_find(fixture->before, "State"), 1);
    molt_heap_set_root(heap, 0, *state);
    return heap;
}

static void *new_raw(MoltHeap *heap, size_t size)
{
    const MoltCaller nowhere = {.address = 1};
    const MoltHeapApi *api = molt_heap_api(heap);
    return api->plain_new(api, &nowhere, size, 1);
}

static void *new_typed(MoltHeap *heap, const char *type, uint64_t count)
{
    return molt_heap_new(heap, molt_schema_find(molt_heap_schema(heap), type), count);
}

static MoltStatus migrate(MoltHeap *heap, const MoltSchema *after, const MoltCodeMap *code,
                          const MoltAllocator *allocator, MoltReport *report)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltStatus status = molt_plan_build(molt_heap_schema(heap), after, MOLT_POLICY_LIVE, allocator,
                                        &plan, report, NULL);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(heap, plan, code, &migration, report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    return status;
}

static const MoltFinding *find(const MoltReport *report, MoltRule rule)
{
    for (uint32_t i = 0; i < report->count; i++)
        if (report->findings[i].rule == rule)
            return &report->findings[i];
    return NULL;
}

/* Refused for memory without a type, with these words, and nothing changed. */
static void assert_refused(const Fixture *fixture, MoltHeap *heap, const MoltCodeMap *code,
                           const char *words)
{
    MoltReport report;
    MoltHash digest = molt_heap_digest(heap), now;
    molt_report_init(&report, NULL);
    assert_int_equal(migrate(heap, fixture->after, code, NULL, &report), MOLT_REFUSED);
    now = molt_heap_digest(heap);
    assert_memory_equal(&digest, &now, sizeof now);
    const MoltFinding *finding = find(&report, MOLT_RULE_UNTYPED_MEMORY);
    assert_non_null(finding);
    assert_int_equal(finding->severity, MOLT_REFUSE);
    if (!strstr(finding->value, words))
        fail_msg("\"%s\" lacks \"%s\"", finding->value, words);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
}

static void pointer_tells_what_a_block_holds(void **context)
{
    State *state;
    MoltHeap *heap = make_heap(*context, NULL, &state);
    state->leaf = new_raw(heap, 100);
    assert_refused(*context, heap, NULL, "it holds Leaf, as State.leaf says");
}

static void address_of_what_moves_refuses(void **context)
{
    State *state;
    MoltHeap *heap = make_heap(*context, NULL, &state);
    state->leaf = new_typed(heap, "Leaf", 5);
    unsigned char *raw = state->bytes = new_raw(heap, 50);
    void *inner = &state->leaf[3];
    memcpy(raw + 40, &inner, sizeof inner);
    assert_refused(*context, heap, NULL, "the address of a block of Leaf");
}

static void chain_of_blocks_refuses(void **context)
{
    State *state;
    MoltHeap *heap = make_heap(*context, NULL, &state);
    state->twig = new_raw(heap, 5 * sizeof(Twig));
    state->twig[4].leaf = new_raw(heap, 20);
    assert_refused(*context, heap, NULL, "what leads to it may hold pointers");
}

static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    (void)context;
    (void)address;
    (void)out;
    return false;
}

static uintptr_t resolve(void *context, const MoltCodeTarget *target)
{
    (void)context;
    (void)target;
    return 0;
}

static void address_in_the_library_refuses(void **context)
{
    State *state;
    const MoltCodeMap code = {
        .begin = 0x7f0000000000, .end = 0x7f0000010000, .describe = describe, .resolve = resolve};
    MoltHeap *heap = make_heap(*context, NULL, &state);
    uint64_t *raw = state->bytes = new_raw(heap, 64);
    raw[7] = 0x7f000000ffff;
    assert_refused(*context, heap, &code, "an address in the library");
}

static void what_stays_is_carried_and_told(void **context)
{
    const Fixture *fixture = *context;
    State *state;
    MoltReport report;
    MoltHeap *heap = make_heap(fixture, NULL, &state);
    state->leaf = new_typed(heap, "Leaf", 1);
    state->leaf->size = 5;
    state->twig = new_raw(heap, sizeof(Twig));
    state->twig->handle = 77;
    state->bytes = memset(new_raw(heap, 1000), 0xee, 1000);
    molt_report_init(&report, NULL);
    assert_int_equal(migrate(heap, fixture->after, NULL, NULL, &report), MOLT_OK);
    const MoltFinding *finding = find(&report, MOLT_RULE_UNTYPED_MEMORY);
    assert_non_null(finding);
    assert_int_equal(finding->severity, MOLT_INFO);
    assert_int_equal(finding->objects, 2);
    assert_int_equal(((NewLeaf *)(void *)state->leaf)->size, 5);
    assert_int_equal(state->twig->handle, 77);
    assert_int_equal(((unsigned char *)state->bytes)[999], 0xee);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
}

static void integer_with_an_address_is_told(void **context)
{
    const Fixture *fixture = *context;
    State *state;
    MoltReport report;
    MoltHeap *heap = make_heap(fixture, NULL, &state);
    state->leaf = new_typed(heap, "Leaf", 10);
    state->twig = new_typed(heap, "Twig", 5);
    for (int i = 1; i < 4; i++)
        state->twig[i].handle = (long)(uintptr_t)&state->leaf[i];
    molt_report_init(&report, NULL);
    assert_int_equal(migrate(heap, fixture->after, NULL, NULL, &report), MOLT_OK);
    const MoltFinding *finding = find(&report, MOLT_RULE_ADDRESS_IN_INTEGER);
    assert_non_null(finding);
    assert_int_equal(finding->severity, MOLT_LOSS);
    assert_string_equal(finding->path, "Twig.handle");
    assert_int_equal(finding->objects, 3);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
}

/* With a refusal at the end, and without one. */
static void memory_running_out_at_any_point_loses_nothing(void **context)
{
    const Fixture *fixture = *context;
    for (int refuses = 0; refuses < 2; refuses++) {
        MoltStatus status = MOLT_OUT_OF_MEMORY;
        for (unsigned fail = 1; status == MOLT_OUT_OF_MEMORY; fail++) {
            CountingAllocator counting = {0};
            MoltAllocator allocator = counting_allocator(&counting);
            State *state;
            MoltReport report;
            MoltHeap *heap = make_heap(fixture, &allocator, &state);
            state->twig = new_raw(heap, 100 * sizeof(Twig));
            for (int i = 0; refuses && i < 100; i++)
                state->twig[i].leaf = new_raw(heap, 8 + (size_t)i);
            state->leaf = new_typed(heap, "Leaf", 1);
            molt_report_init(&report, NULL);
            MoltHash digest = molt_heap_digest(heap), now;
            counting.fail_at = counting.calls + fail;
            status = migrate(heap, fixture->after, NULL, &allocator, &report);
            counting.fail_at = 0;
            now = molt_heap_digest(heap);
            if (status != MOLT_OK)
                assert_memory_equal(&digest, &now, sizeof now);
            molt_report_clear(&report);
            molt_heap_destroy(heap);
            assert_int_equal(counting.bytes, 0);
        }
        assert_int_equal(status, refuses ? MOLT_REFUSED : MOLT_OK);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pointer_tells_what_a_block_holds),
        TEST(address_of_what_moves_refuses),
        TEST(chain_of_blocks_refuses),
        TEST(address_in_the_library_refuses),
        TEST(what_stays_is_carried_and_told),
        TEST(integer_with_an_address_is_told),
        TEST(memory_running_out_at_any_point_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
