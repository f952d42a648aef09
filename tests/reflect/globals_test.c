/* Variables of libraries that are two structs of this test: the mirror, what a migration does with it,
 * and addresses between heap and variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/dump.h"
#include "molt/globals.h"
#include "molt/migrate.h"
#include "molt/snapshot.h"
#include "schema_spec.h"

typedef struct State State;
struct State {
    int *count;
    int *item;
    void *end;
    State *next;
};

/* Images: where the variables lie. The second library has them elsewhere, and some in other types. */
static struct {
    int list[3];
    int count, tuned, set;
    State *owner;
    int *cursor;
} old_image;
static struct NewImage {
    int *cursor;
    long set;
    State *owner;
    int tuned, count;
    int list[5];
    short fresh;
} new_image, third_image;

typedef struct OldMirror {
    char start[16]; /* no field is there */
    _Alignas(16) int count;
    _Alignas(16) int *cursor;
    _Alignas(16) int list[3];
    _Alignas(16) State *owner;
    _Alignas(16) int set;
    _Alignas(16) int tuned;
} OldMirror;
typedef struct NewMirror {
    char start[16];
    _Alignas(16) int count;
    _Alignas(16) int *cursor;
    _Alignas(16) short fresh;
    _Alignas(32) int list[5];
    _Alignas(16) State *owner;
    _Alignas(16) long set;
    _Alignas(16) int tuned;
} NewMirror;

#define STATE_SPEC                                                                                 \
    {                                                                                              \
        "State", sizeof(State), _Alignof(State),                                                   \
            {FIELD(State, count, "int *"), FIELD(State, item, "int *"),                            \
             FIELD(State, end, "void *"), FIELD(State, next, "State *")},                          \
            NULL                                                                                   \
    }
#define VARIABLE(T, member, spelling)                                                              \
    {                                                                                              \
        .name = "a.c:" #member, .type = spelling, .offset = offsetof(T, member)                    \
    }

static const StructSpec old_specs[] = {
    STATE_SPEC,
    {MOLT_GLOBALS_TYPE,
     sizeof(OldMirror),
     _Alignof(OldMirror),
     {VARIABLE(OldMirror, count, "int"), VARIABLE(OldMirror, cursor, "int *"),
      VARIABLE(OldMirror, list, "int[3]"), VARIABLE(OldMirror, owner, "State *"),
      VARIABLE(OldMirror, set, "int"), VARIABLE(OldMirror, tuned, "int")},
     NULL}};
static const StructSpec new_specs[] = {
    STATE_SPEC,
    {MOLT_GLOBALS_TYPE,
     sizeof(NewMirror),
     _Alignof(NewMirror),
     {VARIABLE(NewMirror, count, "int"), VARIABLE(NewMirror, cursor, "int *"),
      VARIABLE(NewMirror, fresh, "short"), VARIABLE(NewMirror, list, "int[5]"),
      VARIABLE(NewMirror, owner, "State *"), VARIABLE(NewMirror, set, "long"),
      VARIABLE(NewMirror, tuned, "int")},
     NULL}};
static const StructSpec without_count[] = {
    STATE_SPEC,
    {MOLT_GLOBALS_TYPE,
     sizeof(NewMirror),
     _Alignof(NewMirror),
     {VARIABLE(NewMirror, list, "int[5]"), VARIABLE(NewMirror, set, "long")},
     NULL}};

typedef struct Library {
    MoltSchema *schema;
    MoltGlobals *globals;
} Library;

static Library library(const StructSpec *specs, void *const *places)
{
    Library made = {.schema = spec_schema(specs, 2)};
    assert_int_equal(molt_globals_create(made.schema, NULL, &made.globals, NULL), MOLT_OK);
    for (uint32_t g = 0; g < made.globals->count; g++)
        made.globals->places[g] = places[g];
    molt_globals_settle(made.globals);
    return made;
}

static Library old_library(void)
{
    old_image.list[0] = 1;
    old_image.list[1] = old_image.list[2] = 0;
    old_image.count = old_image.set = 0;
    old_image.tuned = 10;
    old_image.owner = NULL;
    old_image.cursor = NULL;
    void *const places[] = {&old_image.count, &old_image.cursor, old_image.list,
                            &old_image.owner, &old_image.set,    &old_image.tuned};
    return library(old_specs, places);
}

static Library library_in(struct NewImage *image)
{
    memset(image, 0, sizeof *image);
    image->tuned = 12;
    image->fresh = 3;
    void *const places[] = {&image->count, &image->cursor, &image->fresh, image->list,
                            &image->owner, &image->set,    &image->tuned};
    return library(new_specs, places);
}

static Library new_library(void)
{
    return library_in(&new_image);
}

static void unload(Library *library)
{
    molt_globals_free(library->globals);
    molt_schema_free(library->schema);
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

typedef struct Session {
    MoltHeap *heap;
    Library old, new;
    State *state;
    MoltReport report;
} Session;

static Session start(const MoltAllocator *allocator)
{
    Session session = {.old = old_library()};
    MoltHeapDesc desc = {.reserve = (uint64_t)1 << 30, .allocator = allocator};
    assert_int_equal(molt_heap_create(&desc, &session.heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(session.heap, session.old.schema), MOLT_OK);
    assert_int_equal(molt_heap_set_globals(session.heap, session.old.globals, NULL), MOLT_OK);
    session.state = molt_heap_new(session.heap, molt_schema_find(session.old.schema, "State"), 1);
    molt_heap_set_root(session.heap, 1, session.state);
    session.state->count = &old_image.count;
    session.state->item = &old_image.list[2];
    session.state->end = &old_image.list[0];
    old_image.count = 5;
    old_image.list[2] = 7;
    old_image.set = 30;
    old_image.owner = session.state;
    old_image.cursor = &old_image.list[1];
    molt_report_init(&session.report, NULL);
    return session;
}

static void stop(Session *session)
{
    molt_report_clear(&session->report);
    molt_heap_destroy(session->heap);
    unload(&session->old);
    if (session->new.schema)
        unload(&session->new);
}

static MoltStatus reload(Session *session, Library next)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    bool first = session->old.globals->places[0] == &old_image.count;
    MoltCodeMap code = {.begin = first ? (uintptr_t)&old_image : (uintptr_t)&new_image,
                        .end = first ? (uintptr_t)(&old_image + 1) : (uintptr_t)(&new_image + 1),
                        .describe = describe,
                        .resolve = resolve,
                        .globals = next.globals};
    session->new = next;
    MoltStatus status = molt_plan_build(session->old.schema, next.schema, MOLT_POLICY_LIVE, NULL,
                                        &plan, &session->report, NULL);
    if (status == MOLT_OK)
        status =
            molt_migrate_prepare(session->heap, plan, &code, &migration, &session->report, NULL);
    if (status == MOLT_OK)
        molt_migrate_commit(migration);
    molt_plan_free(plan);
    return status;
}

static void variables_and_pointers_move_to_the_new_library(void **unused)
{
    (void)unused;
    Session session = start(NULL);
    assert_int_equal(reload(&session, new_library()), MOLT_OK);
    State *state = molt_heap_root(session.heap, 1);
    assert_ptr_equal(state, session.state);
    assert_int_equal(new_image.count, 5);
    assert_int_equal(new_image.set, 30);
    assert_int_equal(new_image.list[0], 1);
    assert_int_equal(new_image.list[2], 7);
    assert_int_equal(new_image.list[4], 0);
    assert_ptr_equal(new_image.owner, state);
    assert_ptr_equal(new_image.cursor, &new_image.list[1]);
    assert_ptr_equal(state->count, &new_image.count);
    assert_ptr_equal(state->item, &new_image.list[2]);
    assert_ptr_equal(state->end, &new_image.list[0]);
    stop(&session);
}

static void what_the_game_never_set_takes_the_new_initialiser(void **unused)
{
    (void)unused;
    Session session = start(NULL);
    assert_int_equal(reload(&session, new_library()), MOLT_OK);
    assert_int_equal(new_image.tuned, 12);
    assert_int_equal(new_image.fresh, 3);
    bool told = false;
    for (uint32_t f = 0; f < session.report.count; f++) {
        const MoltFinding *finding = &session.report.findings[f];
        told = told || (finding->rule == MOLT_RULE_INITIALISER_TAKEN &&
                        strcmp(finding->path, "a.c:tuned") == 0);
    }
    assert_true(told);
    stop(&session);
}

static void a_value_that_equals_the_new_initialiser_stays_the_games_own(void **unused)
{
    (void)unused;
    Session session = start(NULL);
    old_image.tuned = 12; /* set by the game; the new library starts with the same */
    assert_int_equal(reload(&session, new_library()), MOLT_OK);
    assert_true(session.new.globals->held[6]);
    stop(&session);
}

static void a_value_waits_while_no_library_has_a_place_for_it(void **unused)
{
    (void)unused;
    Session session = start(NULL);
    Library without = new_library(), old = session.old;
    without.globals->places[5] = NULL; /* the compiler saw no use of `set` */
    molt_globals_settle(without.globals);
    assert_int_equal(reload(&session, without), MOLT_OK);
    assert_int_equal(new_image.set, 0);
    session.old = without;
    assert_int_equal(reload(&session, library_in(&third_image)), MOLT_OK);
    assert_int_equal(third_image.set, 30);
    assert_int_equal(third_image.count, 5);
    molt_heap_destroy(session.heap);
    session.heap = NULL;
    unload(&old);
    stop(&session);
}

static void a_refusal_leaves_both_images_alone(void **unused)
{
    (void)unused;
    Session session = start(NULL);
    void *const places[] = {new_image.list, &new_image.set};
    memset(&new_image, 0, sizeof new_image);
    MoltHash before = molt_heap_digest(session.heap);
    unsigned char copy[sizeof old_image];
    memcpy(copy, &old_image, sizeof copy);
    assert_int_equal(reload(&session, library(without_count, places)), MOLT_REFUSED);
    MoltHash after = molt_heap_digest(session.heap);
    assert_memory_equal(&before, &after, sizeof before);
    assert_memory_equal(copy, &old_image, sizeof copy);
    assert_int_equal(new_image.set, 0);
    const MoltFinding *why = molt_report_refusal(&session.report);
    assert_non_null(why);
    assert_int_equal(why->rule, MOLT_RULE_TARGET_REMOVED);
    assert_string_equal(why->path, "State.count");
    stop(&session);
}

static void an_address_at_two_variables_goes_by_its_type(void **unused)
{
    (void)unused;
    Session session = start(NULL);
    MoltTypeId number = molt_schema_find(session.old.schema, "int");
    MoltTypeId pointer = molt_schema_find(session.old.schema, "int *");
    unsigned char *mirror = molt_heap_root(session.heap, 0);
    uintptr_t list = (uintptr_t)mirror + offsetof(OldMirror, list);
    uintptr_t count = (uintptr_t)mirror + offsetof(OldMirror, count);
    uintptr_t border = (uintptr_t)&old_image.count; /* ends the list, begins the count */
    assert_int_equal(border, (uintptr_t)(old_image.list + 3));
    assert_int_equal(molt_heap_mirror(session.heap, border, number), count);
    uintptr_t owner = (uintptr_t)&old_image.owner;
    assert_int_equal(molt_heap_mirror(session.heap, owner, pointer),
                     (uintptr_t)mirror + offsetof(OldMirror, owner));
    assert_int_equal(molt_heap_mirror(session.heap, (uintptr_t)&old_image.list[2], number),
                     list + 8);
    assert_int_equal(molt_heap_mirror(session.heap, (uintptr_t)(&old_image + 1) + 8, number), 0);
    stop(&session);
}

static void dumps_and_snapshots_see_the_variables_of_the_moment(void **unused)
{
    (void)unused;
    Session session = start(NULL);
    MoltSnapshot *snapshot = NULL;
    char *text = NULL;
    old_image.set = 31;
    assert_int_equal(molt_dump_json(session.heap, NULL, &text, NULL, NULL), MOLT_OK);
    assert_non_null(strstr(text, "\"a.c:set\":31"));
    assert_non_null(strstr(text, "{\"ref\":\"(globals):0\",\"at\":\".\\\"a.c:list\\\"[2]\"}"));
    free(text);
    assert_int_equal(molt_snapshot_capture(session.heap, &snapshot, NULL), MOLT_OK);
    old_image.set = 32;
    assert_int_equal(molt_snapshot_restore(snapshot, session.heap, NULL), MOLT_OK);
    assert_int_equal(old_image.set, 31);
    molt_heap_destroy(session.heap);
    session.heap = NULL;
    molt_snapshot_free(snapshot);
    stop(&session);
}

static void a_failed_allocation_leaves_everything_as_it_was(void **unused)
{
    (void)unused;
    bool done = false;
    for (uint64_t fail = 1; !done; fail++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        Session session = start(&allocator);
        MoltHash before = molt_heap_digest(session.heap);
        counting.fail_at = counting.calls + fail;
        MoltStatus status = reload(&session, new_library());
        done = status == MOLT_OK;
        counting.fail_at = 0;
        if (!done) {
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            MoltHash after = molt_heap_digest(session.heap);
            assert_memory_equal(&before, &after, sizeof before);
            assert_int_equal(new_image.set, 0);
        }
        stop(&session);
        assert_int_equal(counting.blocks, 0);
    }
}

static void a_schema_without_variables_gets_an_empty_type_that_counts_nowhere(void **unused)
{
    (void)unused;
    MoltSchema *plain = spec_schema(old_specs, 1), *with = NULL;
    assert_int_equal(molt_schema_globals(plain), MOLT_NO_TYPE);
    assert_int_equal(molt_schema_with_globals(&plain->tables, NULL, &with, NULL), MOLT_OK);
    assert_int_not_equal(molt_schema_globals(with), MOLT_NO_TYPE);
    assert_memory_equal(&plain->tables.hash, &with->tables.hash, sizeof plain->tables.hash);
    char *one = NULL, *other = NULL;
    assert_int_equal(molt_schema_to_json(plain, &one, NULL), MOLT_OK);
    assert_int_equal(molt_schema_to_json(with, &other, NULL), MOLT_OK);
    assert_string_equal(one, other);
    free(one);
    free(other);
    molt_schema_free(plain);
    molt_schema_free(with);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_and_pointers_move_to_the_new_library),
        cmocka_unit_test(what_the_game_never_set_takes_the_new_initialiser),
        cmocka_unit_test(a_value_that_equals_the_new_initialiser_stays_the_games_own),
        cmocka_unit_test(a_value_waits_while_no_library_has_a_place_for_it),
        cmocka_unit_test(a_refusal_leaves_both_images_alone),
        cmocka_unit_test(an_address_at_two_variables_goes_by_its_type),
        cmocka_unit_test(dumps_and_snapshots_see_the_variables_of_the_moment),
        cmocka_unit_test(a_failed_allocation_leaves_everything_as_it_was),
        cmocka_unit_test(a_schema_without_variables_gets_an_empty_type_that_counts_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
