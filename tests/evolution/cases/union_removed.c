/* a union with pointers goes, with its tag, and both return with their values
 * expect: migrated
 * report: loss field-removed Event.u 1
 * report: loss field-removed Event.kind 1
 */
#include "case.h"

enum Kind { KIND_NONE, KIND_ANT, KIND_NAME, KIND_PAIR };
typedef struct Ant {
    int n;
} Ant;
typedef struct Event {
    int n;
#if VERSION == 1
    enum Kind kind;
    union {
        Ant *ant MOLT_ARM(KIND_ANT);
        char *name MOLT_ARM(KIND_NAME);
        struct {
            int a, b MOLT_DEFAULT(4);
        } pair MOLT_ARM(KIND_PAIR);
    } u MOLT_TAG(kind);
#endif
} Event;
typedef struct State {
    Event events[4];
    Ant *ant;
    char *name;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ant = molt_new(Ant);
    s->name = molt_strdup("ant");
    for (int i = 0; i < 4; i++)
        s->events[i].kind = (enum Kind)i;
    s->events[1].u.ant = s->ant;
    s->events[2].u.name = s->name;
    s->events[3].u.pair.a = 3;
    s->events[3].u.pair.b = 4;
    return s;
}

static bool check(State *s)
{
    CHECK(s->events[1].u.ant == s->ant);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->events[3].n == 0 && s->ant->n == 0);
    return true;
}
#endif

CASE_MAIN
