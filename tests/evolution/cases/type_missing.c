/* a type that is gone but reachable refuses, with the hint
 * expect: refused pointee-type-changed State.m
 */
#include "case.h"

#if VERSION == 1
typedef struct Mob {
    int hp;
} Mob;
typedef struct State {
    Mob *m;
} State;
#else
typedef struct Enemy {
    int hp;
} Enemy;
typedef struct State {
    Enemy *m;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m = molt_new(Mob);
    return s;
}

static bool check(State *s)
{
    CHECK(s->m->hp == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->m == NULL);
    return true;
}
#endif

CASE_MAIN
