/* the tag becomes a wider enum with other numbers; one beside it a plain number and no tag, and back
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
enum Kind { KIND_I, KIND_F };
#else
enum Kind { KIND_NONE = -1, KIND_F = 70000000000, KIND_I = 3 };
#endif
enum Old { OLD_I, OLD_F };
typedef struct Event {
    enum Kind kind;
#if VERSION == 1
    enum Old old;
#else
    unsigned old;
#endif
    union {
        int i MOLT_ARM(KIND_I);
        double f MOLT_ARM(KIND_F);
    } u MOLT_TAG(kind);
#if VERSION == 1
    union {
        int i MOLT_ARM(OLD_I);
        float f MOLT_ARM(OLD_F);
    } same MOLT_TAG(old);
#else
    union {
        int i;
        float f;
    } same;
#endif
} Event;
typedef struct State {
    Event events[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->events[0].u.i = 7;
    s->events[0].same.i = 8;
    s->events[1].kind = KIND_F;
    s->events[1].u.f = 2.5;
    s->events[1].old = OLD_F;
    s->events[1].same.f = 1.5f;
    return s;
}

static bool check(State *s)
{
    CHECK(s->events[1].u.f == 2.5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->events[0].kind == KIND_I && s->events[0].u.i == 7 && s->events[0].same.i == 8);
    CHECK(s->events[1].kind == KIND_F && s->events[1].u.f == 2.5);
    CHECK(s->events[1].old == 1 && s->events[1].same.f == 1.5f);
    return true;
}
#endif

CASE_MAIN
