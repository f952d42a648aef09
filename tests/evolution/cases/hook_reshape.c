/* a hook says which element of a reshaped array goes where; undoing it brings the old shape back
 * expect: migrated
 * report: info hook-ran State 1
 * report: info shape-changed State.m 1
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct State {
    int m[2][3];
} State;
#else
typedef struct State {
    int m[3][2];
} State;

MOLT_MIGRATE(State)(const MoltOld *old, State *now)
{
    for (int y = 0; y < 2; y++) {
        for (int x = 0; x < 3; x++)
            now->m[x][y] = (int)molt_old_int(old, "m[%d][%d]", y, x);
    }
    return true;
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 6; i++)
        s->m[i / 3][i % 3] = i + 1;
    return s;
}

static bool check(State *s)
{
    CHECK(s->m[1][2] == 6 && s->m[0][0] == 1);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 6; i++)
        CHECK(s->m[i % 3][i / 3] == i + 1);
    return true;
}
#endif

CASE_MAIN
