/* what no rule converts and the hook does not read is refused as ever
 * expect: refused shape-changed State.m
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct State {
    int m[2][3];
    int n;
} State;
#else
typedef struct State {
    int m[3][2];
    int n;
} State;

MOLT_MIGRATE(State)(const MoltOld *old, State *now)
{
    now->n = 1 + (int)molt_old_int(old, "n");
    return true;
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m[1][2] = 6;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->m[0][0] == 0 && s->n == 0);
    return true;
}

CASE_MAIN
