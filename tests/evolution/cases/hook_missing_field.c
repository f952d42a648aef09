/* a hook that asks for a field which the old struct does not have refuses the reload
 * expect: refused hook-failed State
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
typedef struct State {
    int hp;
    int max;
} State;

MOLT_MIGRATE(State)(const MoltOld *old, State *now)
{
    now->max = molt_old_has(old, "maximum") ? 1 : (int)molt_old_int(old, "life");
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
