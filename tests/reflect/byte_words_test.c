/* Addresses in bytes, and bytes that get a type: which words count, what becomes of them, and running out
 * of memory on the way. */
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

enum { TEXT, LEAF };

typedef struct Leaf {
    void *link;
    int size;
} Leaf;
typedef struct NewLeaf {
    int color;
    int size;
    void *link;
} NewLeaf;
typedef struct Label {
    unsigned kind;
    union {
        char text[16];
        Leaf *leaf;
    } u;
} Label;
typedef struct State {
    Leaf *leaf;
    Label *label;
    void *pool;
    int *inside;
    char mark;
    char bytes[23];
} State;
typedef struct NewState {
    int added;
    char bytes[23];
    Leaf *leaf;
    Label *label;
    void *pool;
    int *inside;
    char mark;
} NewState;

static const EnumSpec kinds = {"Kind", {"TEXT", "LEAF"}};

#define STATE_SPEC(T, ...)                                                                         \
    {                                                                                              \
        "State", sizeof(T), _Alignof(T),                                                           \
            {FIELD(T, leaf, "Leaf *"), FIELD(T, label, "Label *"),  FIELD(T, inside, "int *"),     \
             FIELD(T, mark, "char"),   FIELD(T, bytes, "char[23]"), __VA_ARGS__},                  \
            NULL                                                                                   \
    }
#define LABEL_SPECS                                                                                \
    {"Label",                                                                                      \
     sizeof(Label),                                                                                \
     _Alignof(Label),                                                                              \
     {{.name = "kind", .type = "Kind", .offset = offsetof(Label, kind)},                           \
      {.name = "u", .type = "U", .offset = offsetof(Label, u), .tag = "kind"}},                    \
     NULL},                                                                                        \
    {                                                                                              \
        "U", 16, 8,                                                                                \
            {{.name = "text", .type = "char[16]", .arm = "TEXT"},                                  \
             {.name = "leaf", .type = "Leaf *", .arm = "LEAF"}},                                   \
            NULL                                                                                   \
    }

static const StructSpec old_specs[] = {STATE_SPEC(State, FIELD(State, pool, "void *")),
                                       LABEL_SPECS,
                                       {"Leaf",
                                        sizeof(Leaf),
                                        _Alignof(Leaf),
                                        {FIELD(Leaf, link, "void *"), FIELD(Leaf, size, "int")},
                                        NULL}};
static const StructSpec new_specs[] = {
    STATE_SPEC(NewState, FIELD(NewState, added, "int"),
               {.name = "pool",
                .type = "void *",
                .offset = offsetof(NewState, pool),
                .pool = "Leaf",
                .holds = "Leaf pool.c:9"}),
    LABEL_SPECS,
    {"Leaf",
     sizeof(NewLeaf),
     _Alignof(NewLeaf),
     {FIELD(NewLeaf, color, "int"), FIELD(NewLeaf, size, "int"), FIELD(NewLeaf, link, "void *")},
     NULL}};

typedef struct Fixture {
    MoltSchema *before, *after;
    MoltHeap *heap;
    State *state;
    MoltReport report;
} Fixture;

static MoltSchema *with_untyped(const StructSpec *specs)
{
    MoltSchema *bare = spec_schema_with(specs, 4, &kinds, 1), *schema = NULL;
    assert_int_equal(molt_schema_copy_plain(&bare->tables, NULL, &schema, NULL), MOLT_OK);
    molt_schema_free(bare);
    return schema;
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

static void start(Fixture *fixture, const MoltAllocator *allocator)
{
    MoltHeapDesc desc = {.reserve = (uint64_t)1 << 30, .allocator = allocator};
    assert_int_equal(molt_heap_create(&desc, &fixture->heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(fixture->heap, fixture->before), MOLT_OK);
    fixture->state = new_typed(fixture->heap, "State", 1);
    fixture->state->leaf = new_typed(fixture->heap, "Leaf", 4);
    fixture->state->label = new_typed(fixture->heap, "Label", 2);
    molt_heap_set_root(fixture->heap, 0, fixture->state);
    molt_report_init(&fixture->report, NULL);
}

static void stop(Fixture *fixture)
{
    molt_report_clear(&fixture->report);
    molt_heap_destroy(fixture->heap);
}

static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof *fixture);
    fixture->before = with_untyped(old_specs);
    fixture->after = with_untyped(new_specs);
    start(fixture, NULL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    stop(fixture);
    molt_schema_free(fixture->before);
    molt_schema_free(fixture->after);
    free(fixture);
    return 0;
}

static MoltStatus migrate(Fixture *fixture, const MoltSchema *after, const MoltCodeMap *code,
                          const MoltAllocator *allocator)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltStatus status = molt_plan_build(molt_heap_schema(fixture->heap), after, MOLT_POLICY_LIVE,
                                        allocator, &plan, &fixture->report, NULL);
    if (status == MOLT_OK)
        status =
            molt_migrate_prepare(fixture->heap, plan, code, &migration, &fixture->report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    return status;
}

static const MoltFinding *find(const Fixture *fixture, const char *path)
{
    for (uint32_t i = 0; i < fixture->report.count; i++)
        if (fixture->report.findings[i].rule == MOLT_RULE_ADDRESS_IN_BYTES &&
            strcmp(fixture->report.findings[i].path, path) == 0)
            return &fixture->report.findings[i];
    return NULL;
}

static void put(char *to, const void *pointer)
{
    memcpy(to, &pointer, sizeof pointer);
}

/* ---- the heap --------------------------------------------------------------------------------- */

static void words_count_where_they_are_aligned_and_from_the_begin_on(void **context)
{
    Fixture *fixture = *context;
    State *state = fixture->state;
    uintptr_t odd = (uintptr_t)state->bytes % 8;
    assert_int_not_equal(odd, 0);
    const struct {
        size_t at;
        bool seen;
    } places[] = {{0, true}, {8, true}, {8 - odd, true}, {3, false}, {9, false}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        memset(state->bytes, 0, sizeof state->bytes);
        put(state->bytes + places[i].at, &state->leaf[2]);
        if (!places[i].seen)
            continue; /* what is not seen would be stale in a state that goes on */
        assert_int_equal(migrate(fixture, fixture->after, NULL, NULL), MOLT_REFUSED);
        const MoltFinding *finding = find(fixture, "State.bytes");
        assert_non_null(finding);
        assert_int_equal(finding->severity, MOLT_REFUSE);
        molt_report_clear(&fixture->report);
        molt_report_init(&fixture->report, NULL);
    }
    assert_int_equal(migrate(fixture, fixture->after, NULL, NULL), MOLT_OK);
}

static void an_arm_that_is_not_active_has_no_bytes(void **context)
{
    Fixture *fixture = *context;
    Label *label = fixture->state->label;
    label[0].kind = LEAF;
    label[0].u.leaf = &fixture->state->leaf[1];
    label[0].u.leaf->size = 11;
    assert_int_equal(migrate(fixture, fixture->after, NULL, NULL), MOLT_OK);
    NewState *state = molt_heap_root(fixture->heap, 0);
    assert_int_equal(((NewLeaf *)(void *)state->label[0].u.leaf)->size, 11);
}

static void an_arm_that_is_active_has(void **context)
{
    Fixture *fixture = *context;
    Label *label = fixture->state->label;
    label[1].kind = TEXT;
    put(label[1].u.text + 8, fixture->state->leaf);
    assert_int_equal(migrate(fixture, fixture->after, NULL, NULL), MOLT_REFUSED);
    const MoltFinding *finding = find(fixture, "Label.u.text");
    assert_non_null(finding);
    assert_non_null(strstr(finding->value, "at byte 8 the address of a block of Leaf"));
}

static void a_freed_block_is_no_address(void **context)
{
    Fixture *fixture = *context;
    void *gone = new_typed(fixture->heap, "Leaf", 1);
    put(fixture->state->bytes, gone);
    molt_heap_delete(fixture->heap, gone);
    assert_int_equal(migrate(fixture, fixture->after, NULL, NULL), MOLT_OK);
}

/* ---- the library ------------------------------------------------------------------------------ */

enum { LIBRARY = 0x10000, NEXT = 0x50000, SIZE = 0x1000 };

/* At 0x100 a function, at 0x200 a constant without a successor; the rest has no name. */
static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    (void)context;
    if (address == LIBRARY + 0x100)
        *out = (MoltCodeTarget){.kind = MOLT_CODE_FUNCTION, .file = "", .name = "dig"};
    else if (address == LIBRARY + 0x200)
        *out = (MoltCodeTarget){.kind = MOLT_CODE_DATA, .file = "", .name = "table"};
    else
        return false;
    return true;
}

static uintptr_t resolve(void *context, const MoltCodeTarget *target)
{
    (void)context;
    return strcmp(target->name, "dig") == 0 ? NEXT + 0x180 : 0;
}

static bool inside(void *context, uintptr_t address)
{
    (void)context;
    return address > LIBRARY + 0x100 && address < LIBRARY + 0x140;
}

static const MoltCodeMap library = {.begin = LIBRARY,
                                    .end = LIBRARY + SIZE,
                                    .describe = describe,
                                    .resolve = resolve,
                                    .inside = inside};

static uintptr_t word(const char *at)
{
    uintptr_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void addresses_in_the_library_follow_it_into_the_new_struct(void **context)
{
    Fixture *fixture = *context;
    uintptr_t dig = LIBRARY + 0x100, middle = LIBRARY + 0x120;
    memcpy(fixture->state->bytes, &dig, sizeof dig);
    memcpy(fixture->state->bytes + 8, &middle, sizeof middle);
    char *raw = fixture->state->pool = new_raw(fixture->heap, 7);
    assert_int_equal(raw[6], 0);
    assert_int_equal(migrate(fixture, fixture->after, &library, NULL), MOLT_OK);
    const NewState *state = molt_heap_root(fixture->heap, 0);
    assert_int_equal(word(state->bytes), NEXT + 0x180);
    assert_int_equal(word(state->bytes + 8), middle); /* which means nothing */
    assert_non_null(find(fixture, "State.bytes"));
}

static void an_address_in_the_library_that_has_no_name_refuses(void **context)
{
    Fixture *fixture = *context;
    for (int named = 0; named < 2; named++) {
        uintptr_t lost = LIBRARY + (named ? 0x200 : 0x300);
        memcpy(fixture->state->bytes, &lost, sizeof lost);
        MoltHash digest = molt_heap_digest(fixture->heap), now;
        assert_int_equal(migrate(fixture, fixture->before, &library, NULL), MOLT_REFUSED);
        now = molt_heap_digest(fixture->heap);
        assert_memory_equal(&digest, &now, sizeof now);
        const MoltFinding *finding = find(fixture, "State.bytes");
        assert_non_null(finding);
        assert_non_null(strstr(finding->value, named ? "table" : "without a name"));
        molt_report_clear(&fixture->report);
        molt_report_init(&fixture->report, NULL);
    }
}

/* ---- bytes that get a type -------------------------------------------------------------------- */

static Leaf *make_pool(Fixture *fixture, uint64_t count, uint64_t rest)
{
    State *state = fixture->state;
    Leaf *pool = state->pool = new_raw(fixture->heap, count * sizeof(Leaf) + rest);
    for (uint64_t i = 0; i < count; i++)
        pool[i] = (Leaf){.link = i > 0 ? &pool[i - 1] : NULL, .size = (int)i};
    state->inside = &pool[count - 1].size;
    state->leaf[3].link = &pool[0];
    return pool;
}

static void a_pool_that_is_named_late_is_converted(void **context)
{
    Fixture *fixture = *context;
    const uint64_t counts[] = {1, 300, 5000};
    for (int i = 0; i < 3; i++) {
        make_pool(fixture, counts[i], i == 1 ? 5 : 0);
        assert_int_equal(migrate(fixture, fixture->after, NULL, NULL), MOLT_OK);
        const NewState *state = molt_heap_root(fixture->heap, 0);
        const NewLeaf *pool = state->pool;
        MoltPlace place;
        molt_heap_locate(fixture->heap, pool, &place);
        assert_int_equal(place.block.type, molt_schema_find(fixture->after, "Leaf"));
        assert_int_equal(place.block.count, counts[i] + (i == 1));
        for (uint64_t k = 0; k < counts[i]; k++) {
            assert_int_equal(pool[k].size, k);
            assert_ptr_equal(pool[k].link, k > 0 ? &pool[k - 1] : NULL);
        }
        assert_ptr_equal(state->inside, &pool[counts[i] - 1].size);
        MoltHeapStats stats;
        molt_heap_stats(fixture->heap, MOLT_NO_TYPE, &stats);
        assert_int_equal(stats.blocks, 4); /* the old one is gone */
        stop(fixture);
        start(fixture, NULL);
    }
}

static void what_lies_in_the_rest_refuses(void **context)
{
    Fixture *fixture = *context;
    char *pool = (char *)make_pool(fixture, 3, 4);
    pool[3 * sizeof(Leaf) + 1] = 1;
    assert_int_equal(migrate(fixture, fixture->after, NULL, NULL), MOLT_REFUSED);
}

/* The schema after the edit where the sources say something else of the pool. */
static MoltSchema *after_with(const char *holds)
{
    StructSpec specs[sizeof new_specs / sizeof new_specs[0]];
    memcpy(specs, new_specs, sizeof specs);
    for (FieldSpec *field = specs[0].fields; field->name; field++)
        if (field->pool)
            field->holds = holds;
    return with_untyped(specs);
}

static void a_size_that_nothing_explains_refuses(void **context)
{
    Fixture *fixture = *context;
    MoltSchema *after = after_with(NULL);
    make_pool(fixture, 3, 4);
    assert_int_equal(migrate(fixture, after, NULL, NULL), MOLT_REFUSED);
    stop(fixture);
    start(fixture, NULL);
    make_pool(fixture, 3, 0); /* as many as fit */
    assert_int_equal(migrate(fixture, after, NULL, NULL), MOLT_OK);
    molt_schema_free(after);
}

static void sources_that_say_another_type_refuse(void **context)
{
    Fixture *fixture = *context;
    MoltSchema *after = after_with("Label pool.c:9");
    make_pool(fixture, 3, 0);
    MoltHash digest = molt_heap_digest(fixture->heap), now;
    assert_int_equal(migrate(fixture, after, NULL, NULL), MOLT_REFUSED);
    now = molt_heap_digest(fixture->heap);
    assert_memory_equal(&digest, &now, sizeof now);
    const MoltFinding *finding = NULL;
    for (uint32_t i = 0; i < fixture->report.count; i++)
        if (strcmp(fixture->report.findings[i].path, "State.pool") == 0 &&
            fixture->report.findings[i].severity == MOLT_REFUSE)
            finding = &fixture->report.findings[i];
    assert_non_null(finding);
    assert_non_null(strstr(finding->value, "may hold Label, not Leaf: pool.c:9"));
    assert_non_null(strstr(finding->remedy, "a field of its own"));
    molt_schema_free(after);
}

static void memory_running_out_at_any_point_loses_nothing(void **context)
{
    Fixture *fixture = *context;
    uintptr_t dig = LIBRARY + 0x100;
    for (int refuses = 0; refuses < 2; refuses++) {
        MoltStatus status = MOLT_OUT_OF_MEMORY;
        for (unsigned fail = 1; status == MOLT_OUT_OF_MEMORY; fail++) {
            CountingAllocator counting = {0};
            MoltAllocator allocator = counting_allocator(&counting);
            Fixture own = {.before = fixture->before, .after = fixture->after};
            start(&own, &allocator);
            make_pool(&own, 20, 0);
            memcpy(own.state->bytes, &dig, sizeof dig);
            if (refuses)
                put(own.state->bytes + 8, own.state);
            MoltHash digest = molt_heap_digest(own.heap), now;
            counting.fail_at = counting.calls + fail;
            status = migrate(&own, own.after, &library, &allocator);
            counting.fail_at = 0;
            now = molt_heap_digest(own.heap);
            if (status != MOLT_OK)
                assert_memory_equal(&digest, &now, sizeof now);
            stop(&own);
            assert_int_equal(counting.bytes, 0);
        }
        assert_int_equal(status, refuses ? MOLT_REFUSED : MOLT_OK);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_count_where_they_are_aligned_and_from_the_begin_on),
        TEST(an_arm_that_is_not_active_has_no_bytes),
        TEST(an_arm_that_is_active_has),
        TEST(a_freed_block_is_no_address),
        TEST(addresses_in_the_library_follow_it_into_the_new_struct),
        TEST(an_address_in_the_library_that_has_no_name_refuses),
        TEST(a_pool_that_is_named_late_is_converted),
        TEST(what_lies_in_the_rest_refuses),
        TEST(a_size_that_nothing_explains_refuses),
        TEST(sources_that_say_another_type_refuse),
        TEST(memory_running_out_at_any_point_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
