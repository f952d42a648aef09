/* a struct has one hook
 * expect: codegen-error a second hook for State
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
typedef struct State {
    long hp;
} State;

MOLT_MIGRATE(State)(const MoltOld *old, State *now)
{
    now->hp = (long)molt_old_int(old, "hp");
    return true;
}

MOLT_MIGRATE(State)(const MoltOld *old, State *now)
{
    now->hp = 2 * (long)molt_old_int(old, "hp");
    return true;
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    return molt_new(State);
}
#endif

static bool check(State *s)
{
    CHECK(s->hp == 0);
    return true;
}

CASE_MAIN
