/* The attic: what live edits take away comes back with the field, unless the game went on with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attic_session.h"
#include "counting_allocator.h"
#include "molt/snapshot.h"

typedef struct Vec {
    float x, y, z;
} Vec;

/* The full layout, and one that drops, narrows and cuts everything that it can. */
typedef struct Ant Ant;
struct Ant {
    Ant *next;
    int hp;
    double mood;
    char name[16];
    int items[4];
    Vec at;
    unsigned carrying : 1;
    unsigned facing : 4;
    unsigned job;
    Ant *friend;
    char *title;
    long born;
    Ant *mates[3];
};
typedef struct Small Small;
struct Small {
    Small *next;
    signed char hp;
    char name[4];
    int items[2];
    float at_x; /* of a struct At with x only */
    unsigned facing : 2;
    unsigned job;
    Small *mates[1];
};

static const StructSpec full_specs[] = {
    {"Ant",
     sizeof(Ant),
     _Alignof(Ant),
     {FIELD(Ant, next, "Ant *"),
      FIELD(Ant, hp, "int"),
      FIELD(Ant, mood, "double"),
      FIELD(Ant, name, "char[16]"),
      FIELD(Ant, items, "int[4]"),
      FIELD(Ant, at, "Vec"),
      {.name = "carrying",
       .type = "unsigned int",
       .offset = offsetof(Ant, at) + 12,
       .bit_width = 1},
      {.name = "facing",
       .type = "unsigned int",
       .offset = offsetof(Ant, at) + 12,
       .bit_shift = 1,
       .bit_width = 4},
      FIELD(Ant, job, "Job"),
      FIELD(Ant, friend, "Ant *"),
      FIELD(Ant, title, "char *"),
      FIELD(Ant, mates, "Ant *[3]")},
     NULL},
    {"Vec",
     sizeof(Vec),
     _Alignof(Vec),
     {FIELD(Vec, x, "float"), FIELD(Vec, y, "float"), FIELD(Vec, z, "float")},
     NULL}};
static const EnumSpec full_jobs = {"Job", {"+IDLE", "DIG", "GUARD"}};

static const StructSpec small_specs[] = {
    {"Ant",
     sizeof(Small),
     _Alignof(Small),
     {FIELD(Small, next, "Ant *"),
      FIELD(Small, hp, "signed char"),
      FIELD(Small, name, "char[4]"),
      FIELD(Small, items, "int[2]"),
      {.name = "at", .type = "Vec", .offset = offsetof(Small, at_x)},
      {.name = "facing",
       .type = "unsigned int",
       .offset = offsetof(Small, at_x) + 4,
       .bit_width = 2},
      FIELD(Small, job, "Job"),
      FIELD(Small, mates, "Ant *[1]")},
     NULL},
    {"Vec", sizeof(float), _Alignof(float), {{.name = "x", .type = "float"}}, NULL}};
static const EnumSpec small_jobs = {"Job", {"+IDLE", "DIG"}};

/* One field after the other: what a single edit does to it. */
typedef struct Wide {
    struct Wide *next;
    int value;
    int other;
} Wide;
typedef struct Narrow {
    struct Narrow *next;
    short value;
    int other;
} Narrow;
typedef struct Tiny {
    struct Tiny *next;
    signed char value;
} Tiny;
typedef struct Gone {
    struct Gone *next;
    int other;
} Gone;

#define LINK(T) FIELD(T, next, "Cell *")
static const StructSpec wide_spec = {
    "Cell",
    sizeof(Wide),
    _Alignof(Wide),
    {LINK(Wide), FIELD(Wide, value, "int"), FIELD(Wide, other, "int")},
    NULL};
static const StructSpec narrow_spec = {
    "Cell",
    sizeof(Narrow),
    _Alignof(Narrow),
    {LINK(Narrow), FIELD(Narrow, value, "short"), FIELD(Narrow, other, "int")},
    NULL};
static const StructSpec tiny_spec = {
    "Cell", sizeof(Tiny), _Alignof(Tiny), {LINK(Tiny), FIELD(Tiny, value, "signed char")}, NULL};
static const StructSpec gone_spec = {
    "Cell", sizeof(Gone), _Alignof(Gone), {LINK(Gone), FIELD(Gone, other, "int")}, NULL};

/* Cells in a list, the first one at the root; values from 100000 on do not fit a short. */
static void make_cells(Session *session, int count)
{
    Wide *last = NULL;
    for (int n = 0; n < count; n++) {
        Wide *cell = molt_heap_new(session->heap, 0, 1);
        assert_non_null(cell);
        *cell = (Wide){.value = 100000 + n, .other = n};
        if (last)
            last->next = cell;
        else
            molt_heap_set_root(session->heap, 0, cell);
        last = cell;
    }
}

static void check_cells(const Session *session, int count)
{
    const Wide *cell = root(session);
    for (int n = 0; n < count; n++, cell = cell->next) {
        assert_int_equal(cell->value, 100000 + n);
        assert_int_equal(cell->other, n);
    }
    assert_null(cell);
}

/* ---- everything comes back ------------------------------------------------------------------ */

static void fill(Ant *ant, Ant *other, char *title)
{
    ant->hp = 1000;
    ant->mood = -0.25;
    memcpy(ant->name, "worker number 7", 16);
    for (int i = 0; i < 4; i++)
        ant->items[i] = 10 + i;
    ant->at = (Vec){1.5f, 2.5f, 3.5f};
    ant->carrying = 1;
    ant->facing = 13;
    ant->job = 2;
    ant->friend = other;
    ant->title = title;
    ant->mates[0] = ant;
    ant->mates[1] = other;
    ant->mates[2] = ant;
}

static void check_full(const Ant *ant, const Ant *other, const char *title)
{
    assert_int_equal(ant->hp, 1000);
    assert_true(ant->mood == -0.25);
    assert_string_equal(ant->name, "worker number 7");
    for (int i = 0; i < 4; i++)
        assert_int_equal(ant->items[i], 10 + i);
    assert_true(ant->at.x == 1.5f && ant->at.y == 2.5f && ant->at.z == 3.5f);
    assert_int_equal(ant->carrying, 1);
    assert_int_equal(ant->facing, 13);
    assert_int_equal(ant->job, 2);
    assert_ptr_equal(ant->friend, other);
    assert_string_equal(ant->title, title);
    assert_ptr_equal(ant->mates[0], ant);
    assert_ptr_equal(ant->mates[1], other);
    assert_ptr_equal(ant->mates[2], ant);
}

/* Counts the fields, and objects of Ant.hp. */
static void count_fields(void *context, const char *type, const char *field, uint64_t objects)
{
    uint64_t *counts = context;
    counts[0]++;
    if (strcmp(type, "Ant") == 0 && strcmp(field, "hp") == 0)
        counts[1] += objects;
}

static void every_kind_of_value_returns(void **unused)
{
    (void)unused;
    Session session;
    start(&session, full_specs, 2, &full_jobs, 0, NULL);
    Ant *first = molt_heap_new(session.heap, 0, 1), *second = molt_heap_new(session.heap, 0, 1);
    char *title =
        molt_heap_new(session.heap, molt_schema_find(molt_heap_schema(session.heap), "char"), 6);
    memcpy(title, "queen", 6);
    fill(first, second, title);
    fill(second, first, title);
    first->next = second;
    molt_heap_set_root(session.heap, 0, first);

    edit_with(&session, small_specs, 2, &small_jobs);
    Small *small = root(&session);
    assert_int_equal(small->hp, 127);
    assert_string_equal(small->name, "wor");
    assert_int_equal(small->facing, 3);
    assert_int_equal(small->job, 0);
    assert_int_equal(stats_of(&session).objects, 2);
    uint64_t fields[2] = {0};
    molt_attic_fields(session.heap, count_fields, fields);
    assert_true(fields[0] >= 8);
    assert_int_equal(fields[1], 2);
    assert_true(stats_of(&session).bytes > 0);
    assert_int_equal(session.report.attic_objects, 2);
    for (uint32_t f = 0; f < session.report.count; f++) {
        if (session.report.findings[f].severity == MOLT_LOSS)
            assert_non_null(strstr(session.report.findings[f].remedy, "kept"));
    }

    edit_with(&session, full_specs, 2, &full_jobs);
    Ant *ant = root(&session);
    check_full(ant, ant->next, "queen");
    check_full(ant->next, ant, "queen");
    assert_ptr_equal(ant->title, title);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.hp"), 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.name"), 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.items"), 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Vec.y"), 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.facing"), 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.job"), 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.friend"), 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Ant.mates"), 2);
    assert_int_equal(stats_of(&session).bytes, 0);
    fields[0] = 0;
    molt_attic_fields(session.heap, count_fields, fields);
    assert_int_equal(fields[0], 0);
    stop(&session);
}

static void played_values_stay(void **unused)
{
    (void)unused;
    Session session;
    start(&session, full_specs, 2, &full_jobs, 0, NULL);
    Ant *first = molt_heap_new(session.heap, 0, 1);
    fill(first, first, NULL);
    molt_heap_set_root(session.heap, 0, first);
    edit_with(&session, small_specs, 2, &small_jobs);
    Small *small = root(&session);
    small->hp = 5;
    memcpy(small->name, "bob", 4);
    small->items[1] = 99;
    small->facing = 1;
    small->job = 1;
    edit_with(&session, full_specs, 2, &full_jobs);
    Ant *ant = root(&session);
    assert_int_equal(ant->hp, 5);
    assert_string_equal(ant->name, "bob");
    assert_int_equal(ant->items[0], 10);
    assert_int_equal(ant->items[1], 99);
    assert_int_equal(ant->items[2], 12);
    assert_int_equal(ant->facing, 1);
    assert_int_equal(ant->job, 1);
    assert_true(ant->mood == -0.25);
    assert_int_equal(ant->carrying, 1);
    stop(&session);
}

static void what_was_played_over_once_is_not_taken_for_untouched_later(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 2);
    edit(&session, &narrow_spec);
    Narrow *cell = root(&session);
    assert_int_equal(cell->value, 32767);
    cell->value = 500;
    edit(&session, &tiny_spec);
    assert_int_equal(((Tiny *)root(&session))->value, 127);
    edit(&session, &wide_spec);
    Wide *wide = root(&session);
    assert_int_equal(wide->value, 500); /* what the second edit took, not the first */
    assert_int_equal(wide->next->value, 100001);
    assert_int_equal(wide->other, 0);
    assert_int_equal(wide->next->other, 1);
    assert_int_equal(stats_of(&session).objects, 0);
    stop(&session);
}

/* ---- objects that come and go --------------------------------------------------------------- */

static void freed_objects_leave_and_their_places_start_anew(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 3);
    edit(&session, &gone_spec);
    Gone *first = root(&session), *second = first->next;
    first->next = second->next;
    assert_true(molt_heap_delete(session.heap, second));
    assert_int_equal(stats_of(&session).objects, 2);
    Gone *fresh = molt_heap_new(session.heap, 0, 1);
    assert_ptr_equal(fresh, second);
    fresh->next = first->next;
    fresh->other = 1;
    first->next = fresh;
    edit(&session, &wide_spec);
    Wide *cell = root(&session);
    assert_int_equal(cell->value, 100000);
    assert_int_equal(cell->next->value, 0);
    assert_int_equal(cell->next->next->value, 100002);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Cell.value"), 2);
    stop(&session);
}

static void the_last_freed_object_empties_the_attic(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 1);
    edit(&session, &gone_spec);
    assert_true(stats_of(&session).bytes > 0);
    assert_true(molt_heap_delete(session.heap, root(&session)));
    assert_int_equal(stats_of(&session).bytes, 0);
    molt_heap_set_root(session.heap, 0, NULL);
    edit(&session, &wide_spec);
    stop(&session);
}

static void elements_of_resized_arrays_keep_theirs(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    Wide *cells = molt_heap_new(session.heap, 0, 8);
    for (int n = 0; n < 8; n++)
        cells[n] = (Wide){.value = 200000 + n, .other = n};
    molt_heap_set_root(session.heap, 0, cells);
    edit(&session, &narrow_spec);
    Narrow *narrow = root(&session);
    narrow = molt_heap_resize(session.heap, narrow, 5);  /* cut in place ... */
    narrow = molt_heap_resize(session.heap, narrow, 8);  /* ... and grown again */
    narrow = molt_heap_resize(session.heap, narrow, 40); /* elsewhere */
    assert_non_null(narrow);
    molt_heap_set_root(session.heap, 0, narrow);
    for (int n = 5; n < 40; n++)
        narrow[n].value = 32767; /* looks like what the edit left, but is new */
    edit(&session, &wide_spec);
    cells = root(&session);
    for (int n = 0; n < 40; n++)
        assert_int_equal(cells[n].value, n < 5 ? 200000 + n : 32767);
    stop(&session);
}

/* ---- ways back ------------------------------------------------------------------------------ */

static void an_annotation_that_comes_later_finds_the_value(void **unused)
{
    (void)unused;
    StructSpec renamed = wide_spec, annotated;
    renamed.fields[1].name = "amount";
    annotated = renamed;
    annotated.fields[1].was = "value";
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 5);
    edit(&session, &renamed);
    Wide *cell = root(&session);
    assert_int_equal(cell->value, 0);
    cell->next->value = 3;
    edit(&session, &annotated);
    cell = root(&session);
    assert_int_equal(cell->value, 100000);
    assert_int_equal(cell->next->value, 3);
    assert_int_equal(cell->next->next->value, 100002);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Cell.amount"), 4);
    assert_int_equal(session.report.objects_migrated, 0); /* the layout is the same */
    edit(&session, &renamed);                             /* where they had not returned */
    cell = root(&session);
    assert_int_equal(cell->value, 0);
    assert_int_equal(cell->next->value, 3);
    assert_int_equal(cell->next->next->value, 0);
    edit(&session, &annotated);
    cell = root(&session);
    cell->next->next->value = 4; /* what the game writes stays, whatever comes */
    edit(&session, &renamed);
    cell = root(&session);
    assert_int_equal(cell->value, 0);
    assert_int_equal(cell->next->next->value, 4);
    edit(&session, &wide_spec);
    cell = root(&session);
    assert_int_equal(cell->value, 100000);
    assert_int_equal(cell->next->value, 0);
    assert_int_equal(cell->next->next->value, 0);
    assert_int_equal(cell->next->next->next->value, 100003);
    assert_int_equal(stats_of(&session).objects, 2); /* the two that were written as `amount` */
    stop(&session);
}

static void an_annotation_finds_the_value_over_edits_between(void **unused)
{
    (void)unused;
    StructSpec renamed = gone_spec, annotated = wide_spec;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 3);
    edit(&session, &gone_spec);
    renamed = narrow_spec; /* a new field, of another type, by a default of its own */
    static const short seven = 7;
    renamed.fields[1] = (FieldSpec){.name = "amount",
                                    .type = "short",
                                    .offset = offsetof(Narrow, value),
                                    .default_value = &seven,
                                    .default_size = sizeof seven};
    edit(&session, &renamed);
    Narrow *narrow = root(&session);
    assert_int_equal(narrow->value, 7);
    narrow->next->value = 8;
    annotated.fields[1].name = "amount";
    annotated.fields[1].was = "value";
    edit(&session, &annotated);
    Wide *cell = root(&session);
    assert_int_equal(cell->value, 100000);
    assert_int_equal(cell->next->value, 8);
    assert_int_equal(cell->next->next->value, 100002);
    stop(&session);
}

static void a_convertible_type_gets_what_fits_and_the_old_one_everything(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 4);
    edit(&session, &gone_spec);
    edit(&session, &narrow_spec);
    Narrow *narrow = root(&session);
    assert_int_equal(narrow->value, 32767);
    assert_int_equal(narrow->next->next->other, 2);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Cell.value"), 4);
    assert_int_equal(stats_of(&session).objects, 4);
    edit(&session, &wide_spec);
    check_cells(&session, 4);
    stop(&session);
}

static void a_field_of_the_same_name_that_means_another_is_left_alone(void **unused)
{
    (void)unused;
    StructSpec reused = narrow_spec; /* `value` is `spare` now and cut, `other` is `value` */
    reused.fields[1].name = "spare";
    reused.fields[1].was = "value";
    reused.fields[2].name = "value";
    reused.fields[2].was = "other";
    StructSpec later = gone_spec;
    later.fields[1].name = "value";
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 3);
    edit(&session, &reused);
    edit(&session, &later);
    assert_int_equal(((Gone *)root(&session))->other, 0);
    assert_int_equal(((Gone *)root(&session))->next->other, 1);
    assert_int_equal(found(&session, MOLT_RULE_VALUE_RESTORED, "Cell.value"), 0);
    stop(&session);
}

static void a_renamed_struct_keeps_what_its_old_name_lost(void **unused)
{
    (void)unused;
    StructSpec box = gone_spec, full = wide_spec;
    box.name = full.name = "Box";
    box.fields[0].type = full.fields[0].type = "Box *";
    box.was = "Cell";
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 3);
    edit(&session, &gone_spec);
    edit(&session, &box);
    edit(&session, &full); /* the note is gone already */
    check_cells(&session, 3);
    edit(&session, &box);
    edit(&session, &wide_spec); /* the rename is undone */
    check_cells(&session, 3);
    stop(&session);
}

static void undoing_an_annotated_rename_takes_the_value_back(void **unused)
{
    (void)unused;
    StructSpec renamed = narrow_spec;
    renamed.fields[1].name = "amount";
    renamed.fields[1].was = "value";
    renamed.fields[2].name = "rest";
    renamed.fields[2].was = "other";
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 3);
    edit(&session, &renamed);
    ((Narrow *)root(&session))->next->value = 12;
    edit(&session, &wide_spec);
    Wide *cell = root(&session);
    assert_int_equal(cell->value, 100000);
    assert_int_equal(cell->next->value, 12);
    assert_int_equal(cell->next->other, 1);
    stop(&session);
}

static void losses_of_several_edits_all_come_back(void **unused)
{
    (void)unused;
    const StructSpec *ways[][4] = {{&narrow_spec, &tiny_spec, &wide_spec, NULL},
                                   {&narrow_spec, &gone_spec, &tiny_spec, &wide_spec},
                                   {&gone_spec, &tiny_spec, &narrow_spec, &wide_spec},
                                   {&tiny_spec, &narrow_spec, &gone_spec, &wide_spec}};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        Session session;
        start(&session, &wide_spec, 1, NULL, 0, NULL);
        make_cells(&session, 20);
        for (size_t e = 0; e < 4 && ways[w][e]; e++)
            edit(&session, ways[w][e]);
        check_cells(&session, 20);
        assert_int_equal(stats_of(&session).objects, 0);
        stop(&session);
    }
}

/* ---- bounds and failures -------------------------------------------------------------------- */

static void the_oldest_edit_leaves_when_space_is_short(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &wide_spec, 1, NULL, 200 * 1024, NULL); /* for one edit's values */
    make_cells(&session, 4000);
    edit(&session, &narrow_spec);
    assert_int_equal(stats_of(&session).objects, 4000);
    assert_true(stats_of(&session).bytes <= 200 * 1024);
    edit(&session, &gone_spec);
    assert_int_equal(found(&session, MOLT_RULE_ATTIC_FULL, "Cell"), 4000);
    assert_int_equal(stats_of(&session).objects, 4000);
    assert_int_equal(stats_of(&session).dropped_for_space, 4000);
    edit(&session, &wide_spec);
    const Wide *cell = root(&session);
    assert_int_equal(cell->value, 32767); /* what the second edit took is all there is */
    stop(&session);

    start(&session, &wide_spec, 1, NULL, 1024, NULL);
    make_cells(&session, 4000);
    edit(&session, &narrow_spec);
    assert_int_equal(found(&session, MOLT_RULE_ATTIC_FULL, "Cell"), 4000);
    assert_int_equal(stats_of(&session).bytes, 0);
    stop(&session);
}

static void a_refusal_leaves_the_attic_as_it_was(void **unused)
{
    (void)unused;
    StructSpec bad = wide_spec;
    bad.fields[0] = (FieldSpec){.name = "next", .type = "int *", .offset = offsetof(Wide, next)};
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 10);
    edit(&session, &gone_spec);
    MoltAtticStats before = stats_of(&session);
    MoltHash digest = molt_heap_digest(session.heap);
    assert_int_equal(migrate(&session, spec_schema(&bad, 1), MOLT_POLICY_LIVE), MOLT_REFUSED);
    MoltAtticStats after = stats_of(&session);
    MoltHash now = molt_heap_digest(session.heap);
    assert_memory_equal(&before, &after, sizeof before);
    assert_memory_equal(&digest, &now, sizeof now);
    edit(&session, &wide_spec);
    check_cells(&session, 10);
    stop(&session);
}

/* Both ways built at once, from two schemas: the second one knows nothing of what the first one keeps. */
static void a_plan_from_before_the_edit_cannot_give_back(void **unused)
{
    (void)unused;
    Session session;
    MoltPlan *forth = NULL, *back = NULL;
    MoltMigration *migration = NULL;
    MoltError error;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 50);
    MoltSchema *wide = session.schemas[0], *gone = spec_schema(&gone_spec, 1);
    session.schemas[session.count++] = gone;
    assert_int_equal(molt_plan_build(wide, gone, MOLT_POLICY_LIVE, NULL, &forth, NULL, NULL), MOLT_OK);
    assert_int_equal(molt_plan_build(gone, wide, MOLT_POLICY_LIVE, NULL, &back, NULL, NULL), MOLT_OK);
    assert_int_equal(
        molt_migrate_prepare(session.heap, forth, NULL, &migration, &session.report, NULL), MOLT_OK);
    molt_migrate_commit(migration);
    assert_int_equal(stats_of(&session).objects, 50);
    assert_int_equal(
        molt_migrate_prepare(session.heap, back, NULL, &migration, &session.report, &error),
        MOLT_INVALID);
    assert_non_null(strstr(error.text, "build it anew"));
    molt_plan_free(forth);
    molt_plan_free(back);
    edit(&session, &wide_spec);
    check_cells(&session, 50);
    stop(&session);
}

static void strict_keeps_nothing(void **unused)
{
    (void)unused;
    StructSpec wider = wide_spec;
    wider.fields[2].name = "more";
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 1);
    ((Wide *)root(&session))->other = 0;
    assert_int_equal(migrate(&session, spec_schema(&wider, 1), MOLT_POLICY_STRICT), MOLT_OK);
    assert_int_equal(stats_of(&session).bytes, 0);
    stop(&session);
}

static void a_snapshot_holds_the_attic_of_its_moment(void **unused)
{
    (void)unused;
    MoltSnapshot *snapshot = NULL;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 10);
    edit(&session, &gone_spec);
    assert_int_equal(molt_snapshot_capture(session.heap, &snapshot, NULL), MOLT_OK);
    edit(&session, &wide_spec);
    check_cells(&session, 10);
    assert_int_equal(stats_of(&session).objects, 0);
    assert_int_equal(molt_snapshot_restore(snapshot, session.heap, NULL), MOLT_OK);
    assert_int_equal(stats_of(&session).objects, 10);
    edit(&session, &wide_spec);
    check_cells(&session, 10);
    assert_int_equal(molt_snapshot_restore(snapshot, session.heap, NULL), MOLT_OK);
    molt_attic_clear(session.heap);
    edit(&session, &wide_spec);
    assert_int_equal(((Wide *)root(&session))->value, 0);
    stop(&session);
    molt_snapshot_free(snapshot);
}

/* Every allocation of an edit and of its undoing fails once: refused with nothing changed, and the next
 * try gives what it would have given. */
static void memory_running_out_loses_no_kept_value(void **unused)
{
    (void)unused;
    unsigned failures = 0;
    for (unsigned fail = 1, done = 0; done < 3; fail++) {
        CountingAllocator counting = {0};
        MoltAllocator allocator = counting_allocator(&counting);
        const StructSpec *edits[] = {&narrow_spec, &gone_spec, &wide_spec};
        Session session;
        start(&session, &wide_spec, 1, NULL, 0, &allocator);
        make_cells(&session, 30);
        counting.fail_at = counting.calls + fail;
        done = 0;
        for (size_t e = 0; e < 3; e++) {
            MoltHash digest = molt_heap_digest(session.heap);
            MoltStatus status = migrate(&session, spec_schema(edits[e], 1), MOLT_POLICY_LIVE);
            done += status == MOLT_OK;
            if (status == MOLT_OK)
                continue;
            failures++;
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            MoltHash now = molt_heap_digest(session.heap);
            assert_memory_equal(&digest, &now, sizeof now);
            counting.fail_at = 0;
            edit(&session, edits[e]);
        }
        check_cells(&session, 30);
        stop(&session);
        assert_int_equal(counting.bytes, 0);
    }
    assert_true(failures > 50);
}

static void a_million_objects_are_kept_and_returned(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &wide_spec, 1, NULL, 0, NULL);
    make_cells(&session, 1000000);
    edit(&session, &gone_spec);
    assert_int_equal(stats_of(&session).objects, 1000000);
    edit(&session, &wide_spec);
    check_cells(&session, 1000000);
    stop(&session);
}

/* Also one that is the default while it is dropped, and one without a name that gets one meanwhile. */
static void enum_values_return_by_name_whatever_their_numbers_were(void **unused)
{
    (void)unused;
    typedef struct Worker {
        unsigned job;
        int hp;
    } Worker;
    typedef struct Plain {
        int hp;
    } Plain;
    static const EnumSpec few = {"Job", {"IDLE", "DIG", "GUARD"}};
    static const EnumSpec moved = {"Job", {"GUARD", "IDLE", "DIG", "FEED"}};
    static const EnumSpec named = {"Job", {"IDLE", "DIG", "FEED", "GUARD"}};
    const EnumSpec *const between[] = {&moved, &named};
    static const StructSpec worker = {"Worker",
                                      sizeof(Worker),
                                      _Alignof(Worker),
                                      {FIELD(Worker, job, "Job"), FIELD(Worker, hp, "int")},
                                      NULL};
    static const StructSpec plain = {
        "Worker", sizeof(Plain), _Alignof(Plain), {FIELD(Plain, hp, "int")}, NULL};
    for (size_t b = 0; b < 2; b++) {
        Session session;
        start(&session, &worker, 1, &few, 0, NULL);
        Worker *workers = molt_heap_new(session.heap, 0, 8);
        for (unsigned n = 0; n < 8; n++)
            workers[n].job = n;
        molt_heap_set_root(session.heap, 0, workers);
        edit_with(&session, &worker, 1, between[b]);
        edit_with(&session, &plain, 1, between[b]);
        edit_with(&session, &worker, 1, &few);
        workers = root(&session);
        for (unsigned n = 0; n < 8; n++)
            assert_int_equal(workers[n].job, n);
        stop(&session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enum_values_return_by_name_whatever_their_numbers_were),
        cmocka_unit_test(every_kind_of_value_returns),
        cmocka_unit_test(played_values_stay),
        cmocka_unit_test(what_was_played_over_once_is_not_taken_for_untouched_later),
        cmocka_unit_test(freed_objects_leave_and_their_places_start_anew),
        cmocka_unit_test(the_last_freed_object_empties_the_attic),
        cmocka_unit_test(elements_of_resized_arrays_keep_theirs),
        cmocka_unit_test(an_annotation_that_comes_later_finds_the_value),
        cmocka_unit_test(an_annotation_finds_the_value_over_edits_between),
        cmocka_unit_test(a_convertible_type_gets_what_fits_and_the_old_one_everything),
        cmocka_unit_test(a_field_of_the_same_name_that_means_another_is_left_alone),
        cmocka_unit_test(a_renamed_struct_keeps_what_its_old_name_lost),
        cmocka_unit_test(undoing_an_annotated_rename_takes_the_value_back),
        cmocka_unit_test(losses_of_several_edits_all_come_back),
        cmocka_unit_test(the_oldest_edit_leaves_when_space_is_short),
        cmocka_unit_test(a_refusal_leaves_the_attic_as_it_was),
        cmocka_unit_test(a_plan_from_before_the_edit_cannot_give_back),
        cmocka_unit_test(strict_keeps_nothing),
        cmocka_unit_test(a_snapshot_holds_the_attic_of_its_moment),
        cmocka_unit_test(memory_running_out_loses_no_kept_value),
        cmocka_unit_test(a_million_objects_are_kept_and_returned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
