/* Migration over the heap: values, identity, refusals and failures, with schemas beside real structs.
 * Edits of every kind with real libraries are in tests/evolution. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/migrate.h"
#include "schema_spec.h"

typedef struct OldNode OldNode;
struct OldNode {
    long id; /* stays first, so that a pointer without a type means the node */
    OldNode *next;
    int hp;
    int items[4];
    char name[8];
};
typedef struct OldState {
    OldNode *head;
    OldNode *shared;
    int *item;
    void *anything;
    long count;
} OldState;

typedef struct NewNode NewNode;
struct NewNode {
    long id;
    double hunger; /* default 0.5 */
    char name[16];
    int items[6];
    long hp;
    NewNode *next;
};
typedef struct NewState {
    long count;
    NewNode *head;
    NewNode *shared;
    int *item;
    void *anything;
} NewState;

static const double hunger = 0.5;

static const StructSpec old_specs[] = {
    {"State",
     sizeof(OldState),
     _Alignof(OldState),
     {FIELD(OldState, head, "Node *"), FIELD(OldState, shared, "Node *"),
      FIELD(OldState, item, "int *"), FIELD(OldState, anything, "void *"),
      FIELD(OldState, count, "long")},
     NULL},
    {"Node",
     sizeof(OldNode),
     _Alignof(OldNode),
     {FIELD(OldNode, id, "long"), FIELD(OldNode, next, "Node *"), FIELD(OldNode, hp, "int"),
      FIELD(OldNode, items, "int[4]"), FIELD(OldNode, name, "char[8]")},
     NULL}};

static const StructSpec new_specs[] = {
    {"State",
     sizeof(NewState),
     _Alignof(NewState),
     {FIELD(NewState, count, "long"), FIELD(NewState, head, "Node *"),
      FIELD(NewState, shared, "Node *"), FIELD(NewState, item, "int *"),
      FIELD(NewState, anything, "void *")},
     NULL},
    {"Node",
     sizeof(NewNode),
     _Alignof(NewNode),
     {FIELD(NewNode, id, "long"),
      {.name = "hunger",
       .type = "double",
       .offset = offsetof(NewNode, hunger),
       .default_value = &hunger,
       .default_size = sizeof hunger},
      FIELD(NewNode, name, "char[16]"),
      FIELD(NewNode, items, "int[6]"),
      FIELD(NewNode, hp, "long"),
      FIELD(NewNode, next, "Node *")},
     NULL}};

static MoltHeap *make_heap(const MoltSchema *schema, const MoltAllocator *allocator)
{
    MoltHeap *heap = NULL;
    assert_int_equal(
        molt_heap_create(&(MoltHeapDesc){.reserve = (uint64_t)4 << 30, .allocator = allocator},
                         &heap, NULL),
        MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    return heap;
}

static void write_name(char name[8], long n)
{
    char text[24] = {0};
    snprintf(text, sizeof text, "n%ld", n);
    memcpy(name, text, 8);
}

static OldState *make_list(MoltHeap *heap, long count)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    MoltTypeId node = molt_schema_find(schema, "Node");
    OldState *state = molt_heap_new(heap, molt_schema_find(schema, "State"), 1);
    OldNode **link = &state->head;
    for (long n = 0; n < count; n++) {
        OldNode *made = molt_heap_new(heap, node, 1);
        made->hp = (int)n;
        for (int i = 0; i < 4; i++)
            made->items[i] = (int)n * 10 + i;
        write_name(made->name, n);
        *link = made;
        link = &made->next;
        if (n == count / 2) {
            state->shared = made;
            state->item = &made->items[2];
            state->anything = made;
        }
    }
    *link = state->shared; /* a cycle */
    state->count = count;
    molt_heap_set_root(heap, 0, state);
    return state;
}

static void check_list(MoltHeap *heap, long count)
{
    NewState *state = molt_heap_root(heap, 0);
    assert_int_equal(state->count, count);
    NewNode *node = state->head;
    for (long n = 0; n < count; n++) {
        char name[16] = {0};
        write_name(name, n);
        assert_int_equal(node->hp, n);
        assert_true(node->hunger == 0.5);
        assert_memory_equal(node->name, name, sizeof name);
        for (int i = 0; i < 4; i++)
            assert_int_equal(node->items[i], n * 10 + i);
        assert_int_equal(node->items[4] | node->items[5], 0);
        if (n == count / 2) {
            assert_ptr_equal(state->shared, node);
            assert_ptr_equal(state->anything, node);
            assert_ptr_equal(state->item, &node->items[2]);
        }
        node = node->next;
    }
    assert_ptr_equal(node, state->shared);
}

static MoltStatus migrate(MoltHeap *heap, const MoltSchema *after, MoltPolicy policy,
                          const MoltAllocator *allocator, MoltReport *report)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltStatus status =
        molt_plan_build(molt_heap_schema(heap), after, policy, allocator, &plan, report, NULL);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(heap, plan, NULL, &migration, report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    return status;
}

static void values_and_identity_survive_a_changed_layout(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(old_specs, 2), *after = spec_schema(new_specs, 2);
    MoltHeap *heap = make_heap(before, NULL);
    MoltReport report;
    molt_report_init(&report, NULL);
    make_list(heap, 1000);
    assert_int_equal(migrate(heap, after, MOLT_POLICY_STRICT, NULL, &report), MOLT_OK);
    check_list(heap, 1000);
    assert_int_equal(report.types_changed, 2);
    assert_int_equal(report.objects_migrated, 1001);
    assert_int_equal(molt_report_total(&report, MOLT_LOSS), 0);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

static void a_million_linked_nodes_need_no_stack(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(old_specs, 2), *after = spec_schema(new_specs, 2);
    MoltHeap *heap = make_heap(before, NULL);
    MoltReport report;
    molt_report_init(&report, NULL);
    make_list(heap, 1000000);
    assert_int_equal(migrate(heap, after, MOLT_POLICY_LIVE, NULL, &report), MOLT_OK);
    check_list(heap, 1000000);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

static void equal_schemas_touch_nothing(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(old_specs, 2), *after = spec_schema(old_specs, 2);
    MoltHeap *heap = make_heap(before, NULL);
    MoltReport report;
    molt_report_init(&report, NULL);
    make_list(heap, 100);
    MoltHash digest = molt_heap_digest(heap);
    assert_int_equal(migrate(heap, after, MOLT_POLICY_STRICT, NULL, &report), MOLT_OK);
    MoltHash now = molt_heap_digest(heap);
    assert_memory_equal(&digest, &now, sizeof digest);
    assert_int_equal(report.objects_migrated + report.objects_visited, 0);
    assert_ptr_equal(molt_heap_schema(heap), after);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

static void a_refusal_leaves_every_bit_as_it_was(void **unused)
{
    (void)unused;
    StructSpec specs[2] = {new_specs[0], new_specs[1]};
    specs[1].fields[3] =
        (FieldSpec){.name = "goods",
                    .type = "int[4]",
                    .offset = offsetof(NewNode, items)}; /* items: gone, pointed at */
    MoltSchema *before = spec_schema(old_specs, 2), *after = spec_schema(specs, 2);
    MoltHeap *heap = make_heap(before, NULL);
    MoltReport report;
    molt_report_init(&report, NULL);
    make_list(heap, 100);
    MoltHash digest = molt_heap_digest(heap);
    assert_int_equal(migrate(heap, after, MOLT_POLICY_LIVE, NULL, &report), MOLT_REFUSED);
    MoltHash now = molt_heap_digest(heap);
    assert_memory_equal(&digest, &now, sizeof digest);
    assert_ptr_equal(molt_heap_schema(heap), before);
    const MoltFinding *why = molt_report_refusal(&report);
    assert_non_null(why);
    assert_int_equal(why->rule, MOLT_RULE_TARGET_REMOVED);
    assert_string_equal(why->path, "State.item");
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

static void strict_refuses_what_live_adapts(void **unused)
{
    (void)unused;
    typedef struct Small {
        long id;
        OldNode *next;
        unsigned char hp;
        int items[4];
        char name[8];
    } Small;
    StructSpec specs[2] = {old_specs[0],
                           {"Node",
                            sizeof(Small),
                            _Alignof(Small),
                            {FIELD(Small, id, "long"), FIELD(Small, next, "Node *"),
                             FIELD(Small, hp, "unsigned char"), FIELD(Small, items, "int[4]"),
                             FIELD(Small, name, "char[8]")},
                            NULL}};
    MoltSchema *before = spec_schema(old_specs, 2), *after = spec_schema(specs, 2);
    MoltHeap *heap = make_heap(before, NULL);
    MoltReport report;
    molt_report_init(&report, NULL);
    make_list(heap, 300);
    assert_int_equal(migrate(heap, after, MOLT_POLICY_STRICT, NULL, &report), MOLT_REFUSED);
    assert_string_equal(molt_report_refusal(&report)->path, "Node.hp");
    molt_report_clear(&report);
    molt_report_init(&report, NULL);
    assert_int_equal(migrate(heap, after, MOLT_POLICY_LIVE, NULL, &report), MOLT_OK);
    assert_int_equal(molt_report_total(&report, MOLT_LOSS), 1);
    OldState *state = molt_heap_root(heap, 0);
    Small *node = (Small *)(void *)state->head;
    for (int n = 0; n < 300; n++) {
        assert_int_equal(node->hp, n < 255 ? n : 255);
        node = (Small *)(void *)node->next;
    }
    for (uint32_t f = 0; f < report.count; f++) {
        if (report.findings[f].severity == MOLT_LOSS)
            assert_int_equal(report.findings[f].objects, 300 - 256);
    }
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

/* Every allocation of plan and migration fails once: refused, the state bit-identical, and the next
 * try works as if nothing had been. */
static void memory_running_out_at_any_point_loses_nothing(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(old_specs, 2), *after = spec_schema(new_specs, 2);
    bool done = false;
    for (unsigned fail = 1; !done; fail++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        MoltHeap *heap = make_heap(before, &allocator);
        MoltReport report;
        molt_report_init(&report, NULL);
        make_list(heap, 50);
        MoltHash digest = molt_heap_digest(heap);
        counting.fail_at = counting.calls + fail;
        MoltStatus status = migrate(heap, after, MOLT_POLICY_LIVE, &allocator, &report);
        counting.fail_at = 0;
        if (status == MOLT_OK) {
            done = true;
        } else {
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            MoltHash now = molt_heap_digest(heap);
            assert_memory_equal(&digest, &now, sizeof digest);
            molt_report_clear(&report);
            molt_report_init(&report, NULL);
            assert_int_equal(migrate(heap, after, MOLT_POLICY_LIVE, &allocator, &report), MOLT_OK);
        }
        check_list(heap, 50);
        molt_report_clear(&report);
        molt_heap_destroy(heap);
        assert_int_equal(counting.bytes, 0);
    }
    molt_schema_free(before);
    molt_schema_free(after);
}

static void going_there_and_back_restores_what_both_layouts_hold(void **unused)
{
    (void)unused;
    MoltSchema *before = spec_schema(old_specs, 2), *after = spec_schema(new_specs, 2);
    MoltHeap *heap = make_heap(before, NULL);
    make_list(heap, 500);
    for (int round = 0; round < 6; round++) {
        MoltReport report;
        molt_report_init(&report, NULL);
        assert_int_equal(migrate(heap, round % 2 ? before : after, MOLT_POLICY_LIVE, NULL, &report),
                         MOLT_OK);
        assert_int_equal(molt_report_total(&report, MOLT_LOSS), 0);
        molt_report_clear(&report);
    }
    MoltReport report;
    molt_report_init(&report, NULL);
    assert_int_equal(migrate(heap, after, MOLT_POLICY_LIVE, NULL, &report), MOLT_OK);
    molt_report_clear(&report);
    check_list(heap, 500);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

/* ---- a library that comes ------------------------------------------------------------------- */

enum { PLACES = 400, ACTORS = 3000, NAME_SIZE = 24 };

typedef struct Actor {
    void *behave, *kept;
    void *rows[3][5];
} Actor;

static const StructSpec actor_specs[] = {
    {"Actor",
     sizeof(Actor),
     _Alignof(Actor),
     {FIELD(Actor, behave, "void *"), FIELD(Actor, kept, "void *"),
      FIELD(Actor, rows, "void *[3][5]")},
     NULL}};

/* Functions f0, f1, ... at every 16 bytes; `moved` has them the other way round. */
static _Alignas(16) char image[PLACES * 16], moved[PLACES * 16];

static bool describe_function(void *context, uintptr_t address, MoltCodeTarget *out)
{
    char *name = context;
    snprintf(name, NAME_SIZE, "%llu", (unsigned long long)(address - (uintptr_t)image) / 16);
    *out = (MoltCodeTarget){.kind = MOLT_CODE_FUNCTION, .file = "", .name = name};
    return (address - (uintptr_t)image) % 16 == 0;
}

static uintptr_t resolve_function(void *context, const MoltCodeTarget *target)
{
    (void)context;
    return (uintptr_t)&moved[(PLACES - 1 - atoi(target->name)) * 16];
}

static char *function_of(const char *library, unsigned number)
{
    number %= PLACES;
    return (char *)library + (library == image ? number : PLACES - 1 - number) * 16;
}

static void make_actors(MoltHeap *heap)
{
    MoltTypeId type = molt_schema_find(molt_heap_schema(heap), "Actor");
    Actor *last = NULL;
    for (unsigned i = 0; i < ACTORS; i++) {
        Actor *actor = molt_heap_new(heap, type, 1);
        actor->behave = i % 7 == 0 ? NULL : function_of(image, i / 3);
        actor->kept = last;
        for (unsigned k = 0; k < 15; k++)
            actor->rows[k / 5][k % 5] = k == i % 15 ? (void *)function_of(image, i + k) : last;
        last = actor;
    }
    molt_heap_set_root(heap, 0, last);
}

static void check_actors(const MoltHeap *heap, const char *library)
{
    const Actor *actor = molt_heap_root(heap, 0);
    for (unsigned i = ACTORS; i-- > 0; actor = actor->kept) {
        assert_ptr_equal(actor->behave, i % 7 == 0 ? NULL : function_of(library, i / 3));
        for (unsigned k = 0; k < 15; k++)
            assert_ptr_equal(actor->rows[k / 5][k % 5],
                             k == i % 15 ? (void *)function_of(library, i + k) : actor->kept);
    }
    assert_null(actor);
}

/* More functions than a byte has numbers for, short and long runs of them, and memory that runs out. */
static void pointers_to_functions_follow_a_library_of_equal_types(void **unused)
{
    (void)unused;
    char name[NAME_SIZE];
    const MoltCodeMap code = {.context = name,
                              .begin = (uintptr_t)image,
                              .end = (uintptr_t)image + sizeof image,
                              .describe = describe_function,
                              .resolve = resolve_function};
    MoltSchema *schema = spec_schema(actor_specs, 1), *after = spec_schema(actor_specs, 1);
    CountingAllocator counting = {0};
    MoltAllocator allocator = counting_allocator(&counting);
    MoltHeap *heap = make_heap(schema, &allocator);
    MoltReport report;
    MoltPlan *plan = NULL;
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    make_actors(heap);
    molt_report_init(&report, NULL);
    assert_int_equal(molt_plan_build(schema, after, MOLT_POLICY_LIVE, NULL, &plan, &report, NULL),
                     MOLT_OK);
    for (uint64_t fail = 1; status != MOLT_OK; fail++) {
        MoltMigration *migration = NULL;
        molt_report_clear(&report);
        molt_report_init(&report, NULL);
        counting.fail_at = counting.calls + fail;
        status = molt_migrate_prepare(heap, plan, &code, &migration, &report, NULL);
        counting.fail_at = 0;
        check_actors(heap, image);
        if (status == MOLT_OK)
            molt_migrate_commit(migration);
        else
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
    }
    check_actors(heap, moved);
    assert_int_equal(report.pointers_changed, ACTORS - (ACTORS + 6) / 7 + ACTORS);
    molt_plan_free(plan);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    assert_int_equal(counting.bytes, 0);
    molt_schema_free(schema);
    molt_schema_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_identity_survive_a_changed_layout),
        cmocka_unit_test(a_million_linked_nodes_need_no_stack),
        cmocka_unit_test(equal_schemas_touch_nothing),
        cmocka_unit_test(a_refusal_leaves_every_bit_as_it_was),
        cmocka_unit_test(strict_refuses_what_live_adapts),
        cmocka_unit_test(memory_running_out_at_any_point_loses_nothing),
        cmocka_unit_test(going_there_and_back_restores_what_both_layouts_hold),
        cmocka_unit_test(pointers_to_functions_follow_a_library_of_equal_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
