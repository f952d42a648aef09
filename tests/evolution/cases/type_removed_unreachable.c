/* objects of a type that is gone and that nothing reaches are freed, with a loss
 * expect: migrated
 * report: loss type-removed Mob 1
 * report: loss field-removed State.m 1
 */
#include "case.h"

#if VERSION == 1
typedef struct Mob {
    int hp;
} Mob;
typedef struct State {
    Mob *m;
    int n;
} State;
#else
typedef struct State {
    int n;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m = molt_new(Mob);
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
