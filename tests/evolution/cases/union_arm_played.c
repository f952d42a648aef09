/* what an arm lost stays away once its tag says another arm, or one anew in another way
 * expect: migrated
 * report: loss field-removed A.lost 1
 * report: loss enumerator-removed Event.kind 1
 * report: loss union-arm-removed Event::u.b 1
 * undo: differs (version 2 goes on with the state)
 * back: {"kind":"KIND_C","u":{"c":7}},{"kind":"KIND_A","u":{"a":{"kept":2,"lost":12}}}
 * back: {"kind":"KIND_A","u":{"a":{"kept":33,"lost":13}}},{"kind":"KIND_C","u":{"c":5}},{"kind":"KIND_B"
 * back: "u":{"b":{"x":2.5,"y":1}}}
 */
#include "case.h"

typedef struct A {
    int kept;
#if VERSION == 1
    int lost;
#endif
} A;
#if VERSION == 1
typedef enum Kind { KIND_C, KIND_A, KIND_B } Kind;
#else
typedef enum Kind { KIND_C MOLT_FALLBACK, KIND_A } Kind;
#endif
typedef struct Event {
    Kind kind;
    union {
        int c MOLT_DEFAULT(3) MOLT_ARM(KIND_C);
        A a MOLT_ARM(KIND_A);
#if VERSION == 1
        struct {
            double x;
            int y MOLT_DEFAULT(1);
        } b MOLT_ARM(KIND_B);
#endif
    } u MOLT_TAG(kind);
} Event;
typedef struct State {
    Event events[5];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 3; i++) {
        s->events[i].kind = KIND_A;
        s->events[i].u.a = (A){i + 1, i + 11};
    }
    for (int i = 3; i < 5; i++) {
        s->events[i].kind = KIND_B;
        s->events[i].u.b.x = 2.5;
        s->events[i].u.b.y = 1;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->events[4].u.b.y == 1);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->events[3].kind == KIND_C && s->events[3].u.c == 3);
    s->events[0].kind = KIND_C; /* an arm that lost a value is left */
    s->events[0].u.c = 7;
    s->events[2].u.a.kept = 33;
    s->events[3].u.c = 5; /* the fallback's arm is in use by now */
    return true;
}
#endif

CASE_MAIN
