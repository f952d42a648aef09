/* Values that arms of tagged unions lose in one edit of a session and get back in a later one, with play
 * in between: what is returned belongs to the arm that the tag still selects. */
#include "attic_session.h"

enum { OBJECTS = 300, KIND_NUMBER = 0, KIND_PAIR = 1, KIND_REAL = 2 };

typedef struct Pair {
    int a, b;
} Pair;
typedef struct Event {
    unsigned kind;
    union {
        int number;
        Pair pair;
        double real;
    } u;
} Event;

static const EnumSpec kinds = {"Kind", {"NUMBER", "PAIR", "REAL"}};
static const StructSpec events[] = {
    {"Event",
     sizeof(Event),
     _Alignof(Event),
     {{.name = "kind", .type = "Kind", .offset = offsetof(Event, kind)},
      {.name = "u", .type = "U", .offset = offsetof(Event, u), .tag = "kind"}},
     NULL},
    {"U",
     8,
     8,
     {{.name = "number", .type = "int", .arm = "NUMBER"},
      {.name = "pair", .type = "Pair", .arm = "PAIR"},
      {.name = "real", .type = "double", .arm = "REAL"}},
     NULL},
    {"Pair", sizeof(Pair), _Alignof(Pair), {FIELD(Pair, a, "int"), FIELD(Pair, b, "int")}, NULL}};

/* without Pair.b */
typedef struct Narrow {
    int a;
} Narrow;
static const StructSpec narrow[] = {
    {"Event",
     sizeof(Event),
     _Alignof(Event),
     {{.name = "kind", .type = "Kind", .offset = offsetof(Event, kind)},
      {.name = "u", .type = "U", .offset = offsetof(Event, u), .tag = "kind"}},
     NULL},
    {"U",
     8,
     8,
     {{.name = "number", .type = "int", .arm = "NUMBER"},
      {.name = "pair", .type = "Pair", .arm = "PAIR"},
      {.name = "real", .type = "double", .arm = "REAL"}},
     NULL},
    {"Pair", sizeof(Narrow), _Alignof(Narrow), {FIELD(Narrow, a, "int")}, NULL}};

/* the same, and the tag stands elsewhere with other numbers */
typedef struct Turned {
    long added;
    union {
        int number;
        Narrow pair;
        double real;
    } u;
    unsigned kind;
} Turned;
static const EnumSpec turned_kinds = {"Kind", {"REAL", "NONE", "NUMBER", "PAIR"}};
enum { TURNED_REAL = 0, TURNED_NUMBER = 2, TURNED_PAIR = 3 };
static const StructSpec turned[] = {
    {"Event",
     sizeof(Turned),
     _Alignof(Turned),
     {FIELD(Turned, added, "long"),
      {.name = "u", .type = "U", .offset = offsetof(Turned, u), .tag = "kind"},
      {.name = "kind", .type = "Kind", .offset = offsetof(Turned, kind)}},
     NULL},
    {"U",
     8,
     8,
     {{.name = "pair", .type = "Pair", .arm = "PAIR"},
      {.name = "number", .type = "int", .arm = "NUMBER"},
      {.name = "real", .type = "double", .arm = "REAL"}},
     NULL},
    {"Pair", sizeof(Narrow), _Alignof(Narrow), {FIELD(Narrow, a, "int")}, NULL}};

/* without REAL, for which NUMBER stands in */
static const EnumSpec few_kinds = {"Kind", {"+NUMBER", "PAIR"}};
static const StructSpec few[] = {
    {"Event",
     sizeof(Event),
     _Alignof(Event),
     {{.name = "kind", .type = "Kind", .offset = offsetof(Event, kind)},
      {.name = "u", .type = "U", .offset = offsetof(Event, u), .tag = "kind"}},
     NULL},
    {"U",
     8,
     8,
     {{.name = "number", .type = "int", .arm = "NUMBER"},
      {.name = "pair", .type = "Pair", .arm = "PAIR"}},
     NULL},
    {"Pair", sizeof(Pair), _Alignof(Pair), {FIELD(Pair, a, "int"), FIELD(Pair, b, "int")}, NULL}};
/* the same with room before the tag */
typedef struct Late {
    long added;
    unsigned kind;
    union {
        int number;
        Pair pair;
    } u;
} Late;
static const StructSpec late[] = {
    {"Event",
     sizeof(Late),
     _Alignof(Late),
     {FIELD(Late, added, "long"),
      {.name = "kind", .type = "Kind", .offset = offsetof(Late, kind)},
      {.name = "u", .type = "U", .offset = offsetof(Late, u), .tag = "kind"}},
     NULL},
    {"U",
     8,
     4,
     {{.name = "number", .type = "int", .arm = "NUMBER"},
      {.name = "pair", .type = "Pair", .arm = "PAIR"}},
     NULL},
    {"Pair", sizeof(Pair), _Alignof(Pair), {FIELD(Pair, a, "int"), FIELD(Pair, b, "int")}, NULL}};

static void begin(Session *session)
{
    start(session, events, 3, &kinds, 0, NULL);
    Event *all = molt_heap_new(session->heap, 0, OBJECTS);
    assert_non_null(all);
    molt_heap_set_root(session->heap, 0, all);
    for (int i = 0; i < OBJECTS; i++) {
        all[i].kind = (unsigned)i % 3;
        if (all[i].kind == KIND_PAIR)
            all[i].u.pair = (Pair){i, i + 1000};
        else if (all[i].kind == KIND_REAL)
            all[i].u.real = i + 0.5;
        else
            all[i].u.number = i;
    }
}

static void undo(Session *session)
{
    edit_with(session, events, 3, &kinds);
}

static void check_untouched(const Event *all, int except)
{
    for (int i = 0; i < OBJECTS; i++) {
        if (i == except)
            continue;
        assert_int_equal(all[i].kind, i % 3);
        if (all[i].kind == KIND_PAIR) {
            assert_int_equal(all[i].u.pair.a, i);
            assert_int_equal(all[i].u.pair.b, i + 1000);
        } else if (all[i].kind == KIND_REAL) {
            assert_true(all[i].u.real == i + 0.5);
        } else {
            assert_int_equal(all[i].u.number, i);
        }
    }
}

static void arm_waits_while_its_union_changes(void **context)
{
    (void)context;
    Session session;
    begin(&session);
    edit_with(&session, narrow, 3, &kinds);
    edit_with(&session, turned, 3, &turned_kinds);
    undo(&session);
    check_untouched(root(&session), -1);
    assert_int_equal(stats_of(&session).objects, 0);
    stop(&session);
}

static void arm_that_was_left_is_over(void **context)
{
    (void)context;
    Session session;
    begin(&session);
    edit_with(&session, narrow, 3, &kinds);
    Event *now = root(&session);
    now[1].kind = KIND_NUMBER;
    now[1].u.number = 5;
    edit_with(&session, turned, 3, &turned_kinds);
    Turned *later = root(&session);
    assert_int_equal(later[1].kind, TURNED_NUMBER);
    later[1].kind = TURNED_PAIR; /* again, and another pair than it was */
    later[1].u.pair.a = 1;
    undo(&session);
    const Event *all = root(&session);
    assert_int_equal(all[1].kind, KIND_PAIR);
    assert_int_equal(all[1].u.pair.a, 1);
    assert_int_equal(all[1].u.pair.b, 0);
    check_untouched(all, 1);
    stop(&session);
}

static void tag_that_fell_back_returns_with_its_arm(void **context)
{
    (void)context;
    Session session;
    begin(&session);
    edit_with(&session, few, 3, &few_kinds);
    edit_with(&session, late, 3, &few_kinds);
    Late *now = root(&session);
    assert_int_equal(now[2].kind, KIND_NUMBER);
    now[2].u.number = 77; /* in use: the tag must not be taken away from it */
    undo(&session);
    const Event *all = root(&session);
    assert_int_equal(all[2].kind, KIND_NUMBER);
    assert_int_equal(all[2].u.number, 77);
    check_untouched(all, 2);
    stop(&session);
}

static void tag_that_was_written_stays(void **context)
{
    (void)context;
    Session session;
    begin(&session);
    edit_with(&session, few, 3, &few_kinds);
    Event *now = root(&session);
    now[5].kind = KIND_PAIR;
    now[5].u.pair = (Pair){8, 9};
    undo(&session);
    const Event *all = root(&session);
    assert_int_equal(all[5].kind, KIND_PAIR);
    assert_int_equal(all[5].u.pair.a, 8);
    assert_int_equal(all[5].u.pair.b, 9);
    check_untouched(all, 5);
    stop(&session);
}

static void any_way_round_comes_back(void **context)
{
    (void)context;
    static const struct {
        const StructSpec *specs;
        const EnumSpec *kinds;
    } versions[] = {{events, &kinds},
                    {narrow, &kinds},
                    {turned, &turned_kinds},
                    {few, &few_kinds},
                    {late, &few_kinds}};
    for (unsigned way = 0; way < 5 * 5 * 5; way++) {
        Session session;
        begin(&session);
        for (unsigned step = 0, rest = way; step < 3; step++, rest /= 5)
            edit_with(&session, versions[rest % 5].specs, 3, versions[rest % 5].kinds);
        undo(&session);
        check_untouched(root(&session), -1);
        assert_int_equal(stats_of(&session).objects, 0);
        stop(&session);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arm_waits_while_its_union_changes),
        cmocka_unit_test(arm_that_was_left_is_over),
        cmocka_unit_test(tag_that_fell_back_returns_with_its_arm),
        cmocka_unit_test(tag_that_was_written_stays),
        cmocka_unit_test(any_way_round_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
