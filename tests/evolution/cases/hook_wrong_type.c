/* an accessor that asks for another type than the old field has refuses the reload
 * expect: refused hook-failed State.hp
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct State {
    float hp;
} State;
#else
typedef struct State {
    int hp;
    int max;
} State;

MOLT_MIGRATE(State)(const MoltOld *old, State *now)
{
    now->max = (int)molt_old_int(old, "hp");
    return true;
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 2;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->hp == 2);
    return true;
}

CASE_MAIN
