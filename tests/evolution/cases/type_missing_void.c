/* a type that is gone but reachable through void * refuses
 * expect: refused type-missing State.m
 */
#include "case.h"

#if VERSION == 1
typedef struct Mob {
    int hp;
} Mob;
#else
typedef struct Enemy {
    int hp;
} Enemy;
#endif
typedef struct State {
    void *m;
    int n;
} State;
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
    CHECK(s->m);
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
