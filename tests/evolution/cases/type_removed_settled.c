/* MOLT_REMOVED lets the objects of a struct go, under the strict policy too
 * expect: migrated
 * report: info type-removed Mob 2
 * report: info field-removed State.m 1
 */
#include "case.h"

#if VERSION == 1
typedef struct Mob {
    int hp;
    struct Mob *next;
} Mob;
typedef struct State {
    Mob *m;
    int n;
} State;
#else
typedef struct State {
    int n;
} MOLT_REMOVED("m", "struct Mob") State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m = molt_new(Mob);
    s->m->next = molt_new(Mob);
    s->n = 4;
    return s;
}

static bool check(State *s)
{
    CHECK(s->n == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->n == 4);
    return true;
}
#endif

CASE_MAIN
