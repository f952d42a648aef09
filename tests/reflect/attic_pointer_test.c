/* The attic's pointers: by what they point at, wherever that is by then, or NULL. */
#include "attic_session.h"

typedef struct Ant Ant;
struct Ant {
    Ant *next;
    int hp[4];
    Ant *friend;
    int *part;
    void *any;
    char *title;
    void (*act)(void);
    void *outside;
};
typedef struct Bare {
    struct Bare *next;
    double before; /* moves what is pointed into */
    int hp[4];
    long after; /* else the end of hp were the end of the object */
} Bare;

static const StructSpec ant_spec = {"Ant",
                                    sizeof(Ant),
                                    _Alignof(Ant),
                                    {FIELD(Ant, next, "Ant *"), FIELD(Ant, hp, "int[4]"),
                                     FIELD(Ant, friend, "Ant *"), FIELD(Ant, part, "int *"),
                                     FIELD(Ant, any, "void *"), FIELD(Ant, title, "char *"),
                                     FIELD(Ant, act, "void *"), FIELD(Ant, outside, "void *")},
                                    NULL};
static const StructSpec bare_spec = {"Ant",
                                     sizeof(Bare),
                                     _Alignof(Bare),
                                     {FIELD(Bare, next, "Ant *"), FIELD(Bare, before, "double"),
                                      FIELD(Bare, hp, "int[4]"), FIELD(Bare, after, "long")},
                                     NULL};

static Ant *make_ants(Session *session, int count)
{
    Ant *first = NULL, *last = NULL;
    for (int n = 0; n < count; n++) {
        Ant *ant = molt_heap_new(session->heap, 0, 1);
        assert_non_null(ant);
        if (last)
            last->next = ant;
        else
            first = ant;
        last = ant;
    }
    molt_heap_set_root(session->heap, 0, first);
    return first;
}

static void pointers_follow_their_targets_and_go_with_them(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &ant_spec, 1, NULL, 0, NULL);
    Ant *first = make_ants(&session, 3), *second = first->next, *third = second->next;
    first->friend = second;
    second->friend = third;
    third->friend = first;
    edit(&session, &bare_spec);
    Bare *bare = root(&session), *last = bare->next->next;
    bare->next->next = NULL;
    assert_true(molt_heap_delete(session.heap, last));
    assert_ptr_equal(molt_heap_new(session.heap, 0, 1), last); /* another ant at its place */
    edit(&session, &ant_spec);
    Ant *ant = root(&session);
    assert_ptr_equal(ant->friend, ant->next);
    assert_null(ant->next->friend);
    stop(&session);
}

static void pointers_into_objects_follow_layouts_between(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &ant_spec, 1, NULL, 0, NULL);
    Ant *first = make_ants(&session, 2);
    first->part = &first->next->hp[3];
    first->any = &first->hp[2];
    first->next->part = first->hp + 4; /* one past the end */
    first->next->any = first->next;
    edit(&session, &bare_spec);
    StructSpec wider = bare_spec; /* hp moves once more */
    wider.size += 16;
    wider.fields[2].offset += 8;
    wider.fields[3].offset += 8;
    edit(&session, &wider);
    edit(&session, &ant_spec);
    Ant *ant = root(&session);
    assert_ptr_equal(ant->part, &ant->next->hp[3]);
    assert_ptr_equal(ant->any, &ant->hp[2]);
    assert_ptr_equal(ant->next->part, ant->hp + 4);
    assert_ptr_equal(ant->next->any, ant->next);
    stop(&session);
}

static void pointers_into_what_an_edit_takes_away_return_with_it(void **unused)
{
    (void)unused;
    StructSpec none = bare_spec;
    none.fields[2] = none.fields[3];
    none.fields[3].name = NULL;
    Session session;
    start(&session, &ant_spec, 1, NULL, 0, NULL);
    Ant *first = make_ants(&session, 1);
    first->part = &first->hp[1];
    first->friend = first;
    edit(&session, &bare_spec);
    edit(&session, &none);
    edit(&session, &ant_spec);
    Ant *ant = root(&session);
    assert_ptr_equal(ant->part, &ant->hp[1]);
    assert_ptr_equal(ant->friend, ant);
    stop(&session);
}

static void a_resized_block_is_still_pointed_at(void **unused)
{
    (void)unused;
    Session session;
    start(&session, &ant_spec, 1, NULL, 0, NULL);
    Ant *first = make_ants(&session, 2), *many = molt_heap_new(session.heap, 0, 4);
    first->friend = &many[1];
    first->next->friend = &many[3];
    edit(&session, &bare_spec);
    MoltBlock block;
    uint64_t cursor = 0;
    while (molt_heap_next(session.heap, 0, &cursor, &block) && block.count != 4)
        continue;
    assert_non_null(molt_heap_resize(session.heap, block.start, 3));
    Bare *moved = molt_heap_resize(session.heap, block.start, 100);
    assert_non_null(moved);
    moved[1].hp[0] = 4711;
    edit(&session, &ant_spec);
    Ant *ant = root(&session);
    assert_int_equal(ant->friend->hp[0], 4711);
    assert_null(ant->next->friend); /* its element went when the block was cut */
    stop(&session);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void text_and_pointers_to_text_change_places(void **unused)
{
    (void)unused;
    typedef struct Held {
        char name[8];
    } Held;
    typedef struct Pointing {
        char *name;
    } Pointing;
    static const StructSpec held = {"Cell", sizeof(Held), 1, {FIELD(Held, name, "char[8]")}, NULL};
    static const StructSpec pointing = {
        "Cell", sizeof(Pointing), _Alignof(Pointing), {FIELD(Pointing, name, "char *")}, NULL};
    Session session;
    start(&session, &pointing, 1, NULL, 0, NULL);
    Pointing *cells = molt_heap_new(session.heap, 0, 3);
    MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "char");
    char *text = molt_heap_new(session.heap, type, 32);
    memcpy(text, "a text of some length", 22);
    cells[0].name = cells[1].name = text;
    molt_heap_set_root(session.heap, 0, cells);
    edit(&session, &held);
    assert_string_equal(((Held *)root(&session))->name, "a text ");
    MoltHeapStats before, after;
    molt_heap_stats(session.heap, MOLT_NO_TYPE, &before);
    memcpy(((Held *)root(&session))[1].name, "mine", 5);
    edit(&session, &pointing);
    cells = root(&session);
    assert_ptr_equal(cells[0].name, text);
    assert_string_equal(cells[1].name, "mine");
    assert_null(cells[2].name);
    molt_heap_stats(session.heap, MOLT_NO_TYPE, &after);
    assert_int_equal(after.blocks,
                     before.blocks + 1); /* only the text that was written meanwhile */
    stop(&session);
}

static void an_array_does_not_follow_a_text_that_it_was_copied_from(void **unused)
{
    (void)unused;
    typedef struct Held {
        char name[8];
    } Held;
    typedef struct Wider {
        int more;
        char name[8];
    } Wider;
    typedef struct Pointing {
        char *name;
    } Pointing;
    static const StructSpec held = {"Cell", sizeof(Held), 1, {FIELD(Held, name, "char[8]")}, NULL};
    static const StructSpec wider = {"Cell",
                                     sizeof(Wider),
                                     _Alignof(Wider),
                                     {FIELD(Wider, more, "int"), FIELD(Wider, name, "char[8]")},
                                     NULL};
    static const StructSpec pointing = {
        "Cell", sizeof(Pointing), _Alignof(Pointing), {FIELD(Pointing, name, "char *")}, NULL};
    Session session;
    start(&session, &pointing, 1, NULL, 0, NULL);
    Pointing *cell = molt_heap_new(session.heap, 0, 1);
    MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "char");
    char *text = molt_heap_new(session.heap, type, 8);
    memcpy(text, "north", 6);
    cell->name = text;
    molt_heap_set_root(session.heap, 0, cell);
    edit(&session, &held);
    memcpy(text, "south", 6);
    edit(&session, &wider);
    assert_string_equal(((Wider *)root(&session))->name, "north");
    edit(&session, &pointing);
    assert_ptr_equal(((Pointing *)root(&session))->name, text);
    stop(&session);
}

static void a_pointer_that_is_text_meanwhile_is_read_there(void **unused)
{
    (void)unused;
    typedef struct Titled {
        Ant *next;
        char title[8];
    } Titled;
    static const StructSpec titled = {
        "Ant",
        sizeof(Titled),
        _Alignof(Titled),
        {FIELD(Titled, next, "Ant *"), FIELD(Titled, title, "char[8]")},
        NULL};
    Session session;
    start(&session, &ant_spec, 1, NULL, 0, NULL);
    Ant *first = make_ants(&session, 1);
    MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "char");
    first->title = molt_heap_new(session.heap, type, 12);
    memcpy(first->title, "scout seven", 12);
    edit(&session, &bare_spec);
    edit(&session, &titled);
    assert_string_equal(((Titled *)root(&session))->title, "scout s");
    edit(&session, &ant_spec);
    assert_string_equal(((Ant *)root(&session))->title, "scout seven");
    stop(&session);
}

/* One field as an array of one length or another, or as a pointer. */
static StructSpec text_cell(const char *type, size_t size)
{
    bool pointer = type[strlen(type) - 1] == '*';
    return (StructSpec){.name = "Cell",
                        .size = size,
                        .align = pointer ? _Alignof(char *) : 1,
                        .fields = {{.name = "name", .type = type}}};
}

static uint64_t blocks(const Session *session)
{
    MoltHeapStats stats;
    molt_heap_stats(session->heap, MOLT_NO_TYPE, &stats);
    return stats.blocks;
}

static void pointers_to_text_return_over_arrays_of_several_lengths(void **unused)
{
    (void)unused;
    const StructSpec pointing = text_cell("char *", sizeof(char *));
    const StructSpec longer = text_cell("char[64]", 64), shorter = text_cell("char[63]", 63);
    Session session;
    start(&session, &pointing, 1, NULL, 0, NULL);
    char **cells = molt_heap_new(session.heap, 0, 5);
    MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "char");
    static const size_t lengths[] = {1, 62, 63, 64};
    char *texts[4];
    for (int n = 0; n < 4; n++) {
        cells[n] = texts[n] = molt_heap_new(session.heap, type, lengths[n] + 1);
        memset(texts[n], 'a' + n, lengths[n]);
    }
    molt_heap_set_root(session.heap, 0, cells);
    uint64_t before = blocks(&session);
    for (int turn = 0; turn < 2; turn++) {
        edit(&session, &longer);
        edit(&session, &shorter);
        edit(&session, &pointing);
        cells = root(&session);
        for (int n = 0; n < 4; n++)
            assert_ptr_equal(cells[n], texts[n]);
        assert_null(cells[4]);
        assert_int_equal(blocks(&session), before);
    }
    stop(&session);
}

static void texts_that_gave_way_leave_no_memory_behind(void **unused)
{
    (void)unused;
    const StructSpec held = text_cell("char[16]", 16);
    const StructSpec pointing = text_cell("char *", sizeof(char *));
    Session session;
    start(&session, &pointing, 1, NULL, 0, NULL);
    char **cells = molt_heap_new(session.heap, 0, 9);
    MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "char");
    for (int n = 0; n < 9; n++) {
        cells[n] = molt_heap_new(session.heap, type, 4);
        memcpy(cells[n], "lab", 4);
    }
    molt_heap_set_root(session.heap, 0, cells);
    MoltHeapStats before, after;
    for (int turn = 0; turn < 4; turn++) {
        edit(&session, &held);
        edit(&session, &pointing);
        molt_heap_stats(session.heap, MOLT_NO_TYPE, turn == 0 ? &before : &after);
    }
    assert_int_equal(after.spans, before.spans);
    assert_int_equal(after.span_bytes, before.span_bytes);
    stop(&session);
}

static void a_text_that_fills_its_array_leaves_no_copy_behind(void **unused)
{
    (void)unused;
    const StructSpec held = text_cell("char[4]", 4);
    const StructSpec pointing = text_cell("char *", sizeof(char *));
    Session session;
    start(&session, &held, 1, NULL, 0, NULL);
    char *cells = molt_heap_new(session.heap, 0, 3);
    memcpy(cells, "fullabc\0more", 12);
    molt_heap_set_root(session.heap, 0, cells);
    uint64_t before = blocks(&session);
    edit(&session, &pointing);
    assert_string_equal(*(char **)root(&session), "full");
    assert_int_equal(blocks(&session), before + 3);
    edit(&session, &held);
    assert_memory_equal(root(&session), "fullabc\0more", 12);
    assert_int_equal(blocks(&session), before);
    edit(&session, &pointing);
    strcpy(((char **)root(&session))[2], "mine"); /* this text is the game's own now */
    edit(&session, &held);
    assert_memory_equal(root(&session), "fullabc\0min", 12);
    assert_int_equal(blocks(&session), before + 1);
    stop(&session);
}

static void a_pointer_returns_over_a_text_that_returns_before_it(void **unused)
{
    (void)unused;
    typedef struct Pointing {
        char *name;
        int age;
    } Pointing;
    typedef struct Held {
        char name[8];
        int age;
    } Held;
    typedef struct Without {
        int age;
    } Without;
    static const StructSpec pointing = {
        "Cell",
        sizeof(Pointing),
        _Alignof(Pointing),
        {FIELD(Pointing, name, "char *"), FIELD(Pointing, age, "int")},
        NULL};
    static const StructSpec held = {"Cell",
                                    sizeof(Held),
                                    _Alignof(Held),
                                    {FIELD(Held, name, "char[8]"), FIELD(Held, age, "int")},
                                    NULL};
    static const StructSpec without = {
        "Cell", sizeof(Without), _Alignof(Without), {FIELD(Without, age, "int")}, NULL};
    Session session;
    start(&session, &pointing, 1, NULL, 0, NULL);
    Pointing *cells = molt_heap_new(session.heap, 0, 2);
    MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "char");
    char *text = molt_heap_new(session.heap, type, 16);
    memcpy(text, "longer than it", 15);
    cells[0].name = text;
    cells[1].name = text + 12;
    molt_heap_set_root(session.heap, 0, cells);
    uint64_t before = blocks(&session);
    for (int turn = 0; turn < 2; turn++) {
        edit(&session, &held);
        assert_string_equal(((Held *)root(&session))[0].name, "longer ");
        assert_string_equal(((Held *)root(&session))[1].name, "it");
        edit(&session, &without);
        edit(&session, &pointing);
        cells = root(&session);
        assert_ptr_equal(cells[0].name, text);
        assert_ptr_equal(cells[1].name, text + 12);
        assert_int_equal(blocks(&session),
                         before); /* the texts that they were meanwhile are gone */
    }
    stop(&session);
}

static void a_text_of_a_field_that_went_leaves_no_copy_behind(void **unused)
{
    (void)unused;
    typedef struct Held {
        char name[8];
        int age;
        char *other;
    } Held;
    typedef struct Pointing {
        char *name;
        int age;
        char *other;
    } Pointing;
    typedef struct Without {
        int age;
    } Without;
    static const StructSpec held = {
        "Cell",
        sizeof(Held),
        _Alignof(Held),
        {FIELD(Held, name, "char[8]"), FIELD(Held, age, "int"), FIELD(Held, other, "char *")},
        NULL};
    static const StructSpec pointing = {"Cell",
                                        sizeof(Pointing),
                                        _Alignof(Pointing),
                                        {FIELD(Pointing, name, "char *"),
                                         FIELD(Pointing, age, "int"),
                                         FIELD(Pointing, other, "char *")},
                                        NULL};
    static const StructSpec without = {
        "Cell", sizeof(Without), _Alignof(Without), {FIELD(Without, age, "int")}, NULL};
    Session session;
    start(&session, &held, 1, NULL, 0, NULL);
    Held *cells = molt_heap_new(session.heap, 0, 2);
    memcpy(cells[0].name, "ant", 4);
    memcpy(cells[1].name, "shared", 7);
    molt_heap_set_root(session.heap, 0, cells);
    uint64_t before = blocks(&session);
    edit(&session, &pointing);
    Pointing *points = root(&session);
    points[0].other = points[1].name;
    edit(&session, &without);
    edit(&session, &held);
    cells = root(&session);
    assert_string_equal(cells[0].name, "ant");
    assert_string_equal(cells[1].name, "shared");
    assert_string_equal(cells[0].other, "shared"); /* it leads to the copy, which stays therefore */
    assert_int_equal(blocks(&session), before + 1);
    stop(&session);
}

static void a_text_stays_where_the_one_that_it_was_copied_from_is_freed(void **unused)
{
    (void)unused;
    const StructSpec pointing = text_cell("char *", sizeof(char *));
    const StructSpec held = text_cell("char[8]", 8);
    Session session;
    start(&session, &pointing, 1, NULL, 0, NULL);
    char **cells = molt_heap_new(session.heap, 0, 2);
    MoltTypeId type = molt_schema_find(molt_heap_schema(session.heap), "char");
    char *text = cells[0] = molt_heap_new(session.heap, type, 4);
    memcpy(text, "ant", 4);
    molt_heap_set_root(session.heap, 0, cells);
    edit(&session, &held);
    assert_true(molt_heap_delete(session.heap, text));
    edit(&session, &pointing);
    cells = root(&session);
    assert_string_equal(cells[0], "ant");
    assert_null(cells[1]);
    stop(&session);
}

static void a_text_of_a_field_that_is_undone_waits_for_its_return(void **unused)
{
    (void)unused;
    typedef struct Pointing {
        int age;
        char *name;
    } Pointing;
    typedef struct Held {
        int age;
        char name[8];
    } Held;
    const StructSpec bare = {"Cell", sizeof(int), _Alignof(int), {FIELD(Held, age, "int")}, NULL};
    const StructSpec held = {"Cell",
                             sizeof(Held),
                             _Alignof(Held),
                             {FIELD(Held, age, "int"), FIELD(Held, name, "char[8]")},
                             NULL};
    const StructSpec pointing = {"Cell",
                                 sizeof(Pointing),
                                 _Alignof(Pointing),
                                 {FIELD(Pointing, age, "int"), FIELD(Pointing, name, "char *")},
                                 NULL};
    Session session;
    start(&session, &bare, 1, NULL, 0, NULL);
    molt_heap_set_root(session.heap, 0, molt_heap_new(session.heap, 0, 1));
    uint64_t before = blocks(&session);
    edit(&session, &held);
    strcpy(((Held *)root(&session))->name, "ant");
    edit(&session, &pointing);
    char *text = ((Pointing *)root(&session))->name;
    edit(&session, &bare);
    edit(&session, &pointing);
    assert_ptr_equal(((Pointing *)root(&session))->name, text);
    assert_string_equal(text, "ant");
    edit(&session, &bare);
    edit(&session, &held);
    assert_string_equal(((Held *)root(&session))->name, "ant");
    assert_int_equal(blocks(&session), before);
    stop(&session);
}

/* ---- the library ---------------------------------------------------------------------------- */

/* Two images of a library: functions by name in a table, and a literal. */
typedef struct Image {
    const char *names[4]; /* what lies at begin, begin + 16, ... */
} Image;

typedef struct Images {
    Image before, after;
    uintptr_t before_begin, after_begin;
} Images;

static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    const Images *images = context;
    const char *name = images->before.names[(address - images->before_begin) / 16];
    if (!name)
        return false;
    *out = (MoltCodeTarget){.kind = MOLT_CODE_DATA, .file = "ants.c", .name = name};
    if (name[0] == '"')
        *out = (MoltCodeTarget){.kind = MOLT_CODE_LITERAL, .bytes = name + 1, .size = strlen(name)};
    return true;
}

static uintptr_t resolve(void *context, const MoltCodeTarget *target)
{
    const Images *images = context;
    const char *wanted = target->kind == MOLT_CODE_LITERAL ? target->bytes : target->name;
    for (uintptr_t n = 0; n < 4; n++) {
        const char *name = images->after.names[n];
        if (name && strcmp(name + (name[0] == '"'), wanted) == 0)
            return images->after_begin + n * 16;
    }
    return 0;
}

static void edit_all_between(Session *session, Images *images, const StructSpec *specs,
                             uint32_t count)
{
    MoltCodeMap map = {.context = images,
                       .begin = images->before_begin,
                       .end = images->before_begin + 64,
                       .describe = describe,
                       .resolve = resolve};
    session->code = &map;
    edit_with(session, specs, count, NULL);
    session->code = NULL;
}

static void edit_between(Session *session, Images *images, const StructSpec *spec)
{
    edit_all_between(session, images, spec, 1);
}

static void functions_and_literals_are_found_by_name_in_a_later_library(void **unused)
{
    (void)unused;
    const Image full = {{"dig", "guard", "\"a title", NULL}}, none = {{NULL}};
    const Image later = {{NULL, "dig", NULL, NULL}};
    Session session;
    start(&session, &ant_spec, 1, NULL, 0, NULL);
    Ant *first = make_ants(&session, 2);
    first->any = (void *)(uintptr_t)0x10000;
    first->title = (void *)(uintptr_t)0x10020;
    first->next->any = (void *)(uintptr_t)0x10010;
    first->outside = &session;
    edit_between(&session, &(Images){full, none, 0x10000, 0x20000}, &bare_spec);
    edit_between(&session, &(Images){none, none, 0x20000, 0x30000}, &bare_spec);
    edit_between(&session, &(Images){none, later, 0x30000, 0x40000}, &ant_spec);
    Ant *ant = root(&session);
    assert_int_equal((uintptr_t)ant->any, 0x40010);
    assert_string_equal(ant->title, "a title"); /* a copy, as the library has none */
    assert_ptr_equal(ant->outside, &session);
    assert_null(ant->next->any);
    assert_int_equal(stats_of(&session).objects, 1); /* guard may come back */
    edit_between(&session, &(Images){later, full, 0x40000, 0x50000}, &bare_spec);
    edit_between(&session, &(Images){full, full, 0x50000, 0x60000}, &ant_spec);
    ant = root(&session);
    assert_int_equal((uintptr_t)ant->any, 0x60000);
    assert_int_equal((uintptr_t)ant->next->any, 0x60010);
    assert_string_equal(ant->title, "a title");
    stop(&session);
}

static void a_pointer_into_a_constant_returns_where_its_elements_are_as_then(void **unused)
{
    (void)unused;
    typedef struct Row {
        int x, y;
    } Row;
    typedef struct Cell {
        int age;
        Row *row;
    } Cell;
    const StructSpec row = {
        "Row",
        8,
        4,
        {{.name = "x", .type = "int"}, {.name = "y", .type = "int", .offset = 4}},
        NULL};
    const StructSpec changed = {
        "Row",
        8,
        4,
        {{.name = "x", .type = "int"}, {.name = "y", .type = "float", .offset = 4}},
        NULL};
    const StructSpec cell = {"Cell",
                             sizeof(Cell),
                             _Alignof(Cell),
                             {FIELD(Cell, age, "int"), FIELD(Cell, row, "Row *")},
                             NULL};
    const StructSpec bare = {"Cell", sizeof(int), _Alignof(int), {FIELD(Cell, age, "int")}, NULL};
    const Image image = {{NULL, "rows", NULL, NULL}};
    Session session;
    start(&session, (StructSpec[]){cell, row}, 2, NULL, 0, NULL);
    Cell *first = molt_heap_new(session.heap, 0, 1);
    first->row = (void *)(uintptr_t)0x10010;
    molt_heap_set_root(session.heap, 0, first);
    edit_all_between(&session, &(Images){image, image, 0x10000, 0x20000}, (StructSpec[]){bare, row},
                     2);
    edit_all_between(&session, &(Images){image, image, 0x20000, 0x30000},
                     (StructSpec[]){cell, changed}, 2);
    assert_null(((Cell *)root(&session))->row);
    edit_all_between(&session, &(Images){image, image, 0x30000, 0x40000}, (StructSpec[]){bare, row},
                     2);
    edit_all_between(&session, &(Images){image, image, 0x40000, 0x50000}, (StructSpec[]){cell, row},
                     2);
    assert_int_equal((uintptr_t)((Cell *)root(&session))->row, 0x50010);
    stop(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pointers_follow_their_targets_and_go_with_them),
        cmocka_unit_test(pointers_into_objects_follow_layouts_between),
        cmocka_unit_test(pointers_into_what_an_edit_takes_away_return_with_it),
        cmocka_unit_test(a_resized_block_is_still_pointed_at),
        cmocka_unit_test(text_and_pointers_to_text_change_places),
        cmocka_unit_test(an_array_does_not_follow_a_text_that_it_was_copied_from),
        cmocka_unit_test(a_pointer_that_is_text_meanwhile_is_read_there),
        cmocka_unit_test(pointers_to_text_return_over_arrays_of_several_lengths),
        cmocka_unit_test(texts_that_gave_way_leave_no_memory_behind),
        cmocka_unit_test(a_text_that_fills_its_array_leaves_no_copy_behind),
        cmocka_unit_test(a_pointer_returns_over_a_text_that_returns_before_it),
        cmocka_unit_test(a_text_of_a_field_that_went_leaves_no_copy_behind),
        cmocka_unit_test(a_text_stays_where_the_one_that_it_was_copied_from_is_freed),
        cmocka_unit_test(a_text_of_a_field_that_is_undone_waits_for_its_return),
        cmocka_unit_test(functions_and_literals_are_found_by_name_in_a_later_library),
        cmocka_unit_test(a_pointer_into_a_constant_returns_where_its_elements_are_as_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
