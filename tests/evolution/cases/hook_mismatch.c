/* a hook that was written for another old layout than the live objects have
 * expect: refused migration-does-not-match State
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct State {
    float hp;
} State;
#else
typedef struct State {
    long hp;
} State;

typedef struct State_old {
    int hp;
} State_old;
#define State_old_molt_layout UINT64_C(0x1234)

MOLT_MIGRATE_FROM(State, State_old)(const MoltOld *old, State *now)
{
    const State_old *was = molt_old_struct(old, State_old);
    now->hp = was ? was->hp : 0;
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
