/* Tagged unions, moved values, structs that become blocks and blocks that become part of an object, in
 * one edit, with memory that runs out at every point. Each rule for itself, with real libraries, is in
 * tests/evolution. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/builder.h"
#include "molt/migrate.h"

enum { COUNT = 40 };
typedef enum Kind { KIND_NUMBER, KIND_PART } Kind;

typedef struct OldPart {
    int v, w;
} OldPart;
typedef struct OldState {
    OldPart part;   /* becomes a block */
    OldPart *owned; /* becomes part of the state */
    int x;          /* moves to y */
    int *into;      /* `part.w` */
    int *moved;     /* `x` */
    struct {
        int kind;
        union {
            long n;
            OldPart *p;
        } u;
    } value;
    void *next;
} OldState;

typedef struct NewPart {
    int w;
    long v;
} NewPart;
typedef struct NewState {
    struct {
        union {
            NewPart *p;
            long n;
        } u;
        int kind;
    } value;
    NewPart *part;
    NewPart owned;
    int *into;
    int *moved;
    int y;
    struct NewState *next;
} NewState;

typedef struct FieldRow {
    const char *name, *type;
    size_t offset;
    MoltNoteKind note; /* MOLT_NOTE_KIND_COUNT: none */
    const char *text;
} FieldRow;

#define NO_NOTE MOLT_NOTE_KIND_COUNT, NULL

static MoltTypeId add(MoltBuilder *builder, const char *name, MoltType type)
{
    type.name = molt_builder_string(builder, name);
    return molt_builder_add_type(builder, &type);
}

static void add_record(MoltBuilder *builder, const char *name, MoltKind kind, size_t size,
                       const FieldRow *rows, uint32_t count)
{
    MoltField fields[8] = {0};
    for (uint32_t f = 0; f < count; f++) {
        fields[f].name = molt_builder_string(builder, rows[f].name);
        fields[f].type = molt_builder_find_type(builder, rows[f].type);
        fields[f].bit_offset = rows[f].offset * 8;
        if (rows[f].note == MOLT_NOTE_KIND_COUNT)
            continue;
        MoltNote note = {.kind = rows[f].note, .text = molt_builder_string(builder, rows[f].text)};
        fields[f].note_first = molt_builder_add_notes(builder, &note, 1);
        fields[f].note_count = 1;
    }
    MoltTypeId id = molt_builder_find_type(builder, name);
    *molt_builder_type(builder, id) = (MoltType){.name = molt_builder_type(builder, id)->name,
                                                 .kind = (uint16_t)kind,
                                                 .size = size,
                                                 .align = 8};
    molt_builder_set_fields(builder, id, fields, count);
}

static void add_basics(MoltBuilder *builder)
{
    MoltTypeId integer = add(builder, "int",
                             (MoltType){.kind = MOLT_KIND_INT,
                                        .flags = MOLT_TYPE_SIGNED,
                                        .size = sizeof(int),
                                        .align = sizeof(int)});
    add(builder, "long",
        (MoltType){.kind = MOLT_KIND_INT,
                   .flags = MOLT_TYPE_SIGNED,
                   .size = sizeof(long),
                   .align = sizeof(long)});
    static const char *const names[] = {"Part", "Value::u", "Value", "State"};
    MoltTypeId ids[4];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ids[i] = add(builder, names[i], (MoltType){.kind = MOLT_KIND_STRUCT});
    MoltType pointer = {.kind = MOLT_KIND_POINTER, .size = 8, .align = 8, .elem = integer};
    add(builder, "int *", pointer);
    pointer.elem = ids[0];
    add(builder, "Part *", pointer);
    pointer.elem = ids[3];
    add(builder, "State *", pointer);
    MoltTypeId kind = add(builder, "Kind",
                          (MoltType){.kind = MOLT_KIND_ENUM,
                                     .flags = MOLT_TYPE_SIGNED,
                                     .size = sizeof(int),
                                     .align = sizeof(int),
                                     .elem = integer});
    const MoltEnumerator kinds[] = {{.name = molt_builder_string(builder, "NUMBER")},
                                    {.name = molt_builder_string(builder, "PART"), .value = 1}};
    molt_builder_set_enumerators(builder, kind, kinds, 2);
}

static MoltSchema *finish(MoltBuilder *builder)
{
    MoltSchema *schema = NULL;
    MoltError error = {0};
    molt_builder_add_root(builder, "state", molt_builder_find_type(builder, "State"));
    if (molt_builder_finish(builder, &schema, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    molt_builder_destroy(builder);
    return schema;
}

static MoltSchema *old_schema(void)
{
    MoltBuilder *builder = molt_builder_create(NULL);
    add_basics(builder);
    const FieldRow part[] = {{"v", "int", 0, NO_NOTE}, {"w", "int", 4, NO_NOTE}};
    const FieldRow arms[] = {{"n", "long", 0, NO_NOTE}, {"p", "Part *", 0, NO_NOTE}};
    const FieldRow value[] = {{"kind", "Kind", 0, NO_NOTE},
                              {"u", "Value::u", 8, MOLT_NOTE_TAG, "kind"}};
    const FieldRow state[] = {{"part", "Part", offsetof(OldState, part), NO_NOTE},
                              {"owned", "Part *", offsetof(OldState, owned), NO_NOTE},
                              {"x", "int", offsetof(OldState, x), NO_NOTE},
                              {"into", "int *", offsetof(OldState, into), NO_NOTE},
                              {"moved", "int *", offsetof(OldState, moved), NO_NOTE},
                              {"value", "Value", offsetof(OldState, value), NO_NOTE},
                              {"next", "State *", offsetof(OldState, next), NO_NOTE}};
    add_record(builder, "Part", MOLT_KIND_STRUCT, sizeof(OldPart), part, 2);
    add_record(builder, "Value::u", MOLT_KIND_UNION, 8, arms, 2);
    add_record(builder, "Value", MOLT_KIND_STRUCT, 16, value, 2);
    add_record(builder, "State", MOLT_KIND_STRUCT, sizeof(OldState), state, 7);
    return finish(builder);
}

static MoltSchema *new_schema(void)
{
    MoltBuilder *builder = molt_builder_create(NULL);
    add_basics(builder);
    const FieldRow part[] = {{"w", "int", 0, NO_NOTE}, {"v", "long", 8, NO_NOTE}};
    const FieldRow arms[] = {{"p", "Part *", 0, MOLT_NOTE_ARM, "PART"},
                             {"n", "long", 0, MOLT_NOTE_ARM, "NUMBER"}};
    const FieldRow value[] = {{"u", "Value::u", 0, MOLT_NOTE_TAG, "kind"},
                              {"kind", "Kind", 8, NO_NOTE}};
    const FieldRow state[] = {{"value", "Value", offsetof(NewState, value), NO_NOTE},
                              {"part", "Part *", offsetof(NewState, part), NO_NOTE},
                              {"owned", "Part", offsetof(NewState, owned), NO_NOTE},
                              {"into", "int *", offsetof(NewState, into), NO_NOTE},
                              {"moved", "int *", offsetof(NewState, moved), NO_NOTE},
                              {"y", "int", offsetof(NewState, y), MOLT_NOTE_MOVED, "x"},
                              {"next", "State *", offsetof(NewState, next), NO_NOTE}};
    add_record(builder, "Part", MOLT_KIND_STRUCT, sizeof(NewPart), part, 2);
    add_record(builder, "Value::u", MOLT_KIND_UNION, 8, arms, 2);
    add_record(builder, "Value", MOLT_KIND_STRUCT, 16, value, 2);
    add_record(builder, "State", MOLT_KIND_STRUCT, sizeof(NewState), state, 7);
    return finish(builder);
}

static MoltHeap *make_heap(const MoltSchema *schema, const MoltAllocator *allocator)
{
    MoltHeap *heap = NULL;
    MoltHeapDesc desc = {.reserve = (uint64_t)4 << 30, .allocator = allocator};
    assert_int_equal(molt_heap_create(&desc, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, schema), MOLT_OK);
    MoltTypeId state_type = molt_schema_find(schema, "State");
    MoltTypeId part_type = molt_schema_find(schema, "Part");
    OldState *last = NULL;
    for (int n = COUNT; n-- > 0;) {
        OldState *state = molt_heap_new(heap, state_type, 1);
        *state = (OldState){.part = {n, n + 1}, .x = n + 2, .next = last};
        state->owned = n % 3 ? molt_heap_new(heap, part_type, 1) : NULL;
        if (state->owned)
            *state->owned = (OldPart){n + 3, n + 4};
        state->into = &state->part.w;
        state->moved = &state->x;
        state->value.kind = n % 2 ? KIND_PART : KIND_NUMBER;
        if (n % 2)
            state->value.u.p = last ? &last->part : NULL;
        else
            state->value.u.n = n;
        last = state;
    }
    molt_heap_set_root(heap, 0, last);
    return heap;
}

static void check_heap(MoltHeap *heap)
{
    int n = 0;
    NewState *state = molt_heap_root(heap, 0);
    for (; state; state = state->next, n++) {
        assert_int_equal(state->part->v, n);
        assert_int_equal(state->part->w, n + 1);
        assert_int_equal(state->owned.v, n % 3 ? n + 3 : 0);
        assert_int_equal(state->owned.w, n % 3 ? n + 4 : 0);
        assert_int_equal(state->y, n + 2);
        assert_ptr_equal(state->into, &state->part->w);
        assert_ptr_equal(state->moved, &state->y);
        assert_int_equal(state->value.kind, n % 2);
        if (n % 2 == 0)
            assert_int_equal(state->value.u.n, n);
        else if (n + 1 < COUNT)
            assert_ptr_equal(state->value.u.p, state->next->part);
    }
    assert_int_equal(n, COUNT);
    MoltHeapStats stats; /* the blocks that were embedded are gone, and each state has a new one */
    molt_heap_stats(heap, molt_schema_find(molt_heap_schema(heap), "Part"), &stats);
    assert_int_equal(stats.blocks, COUNT);
}

static MoltStatus migrate(MoltHeap *heap, const MoltSchema *after, const MoltAllocator *allocator,
                          MoltReport *report)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltStatus status = molt_plan_build(molt_heap_schema(heap), after, MOLT_POLICY_STRICT,
                                        allocator, &plan, report, NULL);
    if (status == MOLT_OK)
        status = molt_migrate_prepare(heap, plan, NULL, &migration, report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    return status;
}

static void all_of_it_in_one_edit(void **unused)
{
    (void)unused;
    MoltSchema *before = old_schema(), *after = new_schema();
    MoltHeap *heap = make_heap(before, NULL);
    MoltReport report;
    molt_report_init(&report, NULL);
    assert_int_equal(migrate(heap, after, NULL, &report), MOLT_OK);
    assert_int_equal(molt_report_total(&report, MOLT_LOSS), 0);
    check_heap(heap);
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

static void memory_running_out_at_any_point_loses_nothing(void **unused)
{
    (void)unused;
    MoltSchema *before = old_schema(), *after = new_schema();
    bool done = false;
    for (unsigned fail = 1; !done; fail++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        MoltHeap *heap = make_heap(before, &allocator);
        MoltReport report;
        molt_report_init(&report, NULL);
        MoltHash digest = molt_heap_digest(heap);
        counting.fail_at = counting.calls + fail;
        MoltStatus status = migrate(heap, after, &allocator, &report);
        counting.fail_at = 0;
        done = status == MOLT_OK;
        if (!done) {
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            MoltHash now = molt_heap_digest(heap);
            assert_memory_equal(&digest, &now, sizeof digest);
            molt_report_clear(&report);
            molt_report_init(&report, NULL);
            assert_int_equal(migrate(heap, after, &allocator, &report), MOLT_OK);
        }
        check_heap(heap);
        molt_report_clear(&report);
        molt_heap_destroy(heap);
        assert_int_equal(counting.bytes, 0);
    }
    molt_schema_free(before);
    molt_schema_free(after);
}

static void a_second_pointer_refuses_and_changes_nothing(void **unused)
{
    (void)unused;
    MoltSchema *before = old_schema(), *after = new_schema();
    MoltHeap *heap = make_heap(before, NULL);
    OldState *state = molt_heap_root(heap, 0), *next = state->next;
    state->into = &next->owned->v;
    MoltHash digest = molt_heap_digest(heap);
    MoltReport report;
    molt_report_init(&report, NULL);
    assert_int_equal(migrate(heap, after, NULL, &report), MOLT_REFUSED);
    MoltHash now = molt_heap_digest(heap);
    assert_memory_equal(&digest, &now, sizeof digest);
    assert_int_equal(molt_report_refusal(&report)->rule, MOLT_RULE_ALIAS_LOST);
    assert_string_equal(molt_report_refusal(&report)->path, "State.into");
    molt_report_clear(&report);
    molt_heap_destroy(heap);
    molt_schema_free(before);
    molt_schema_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_in_one_edit),
        cmocka_unit_test(memory_running_out_at_any_point_loses_nothing),
        cmocka_unit_test(a_second_pointer_refuses_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
