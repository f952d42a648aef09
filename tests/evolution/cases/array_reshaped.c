/* a reshape refuses: nothing says which element goes where
 * expect: refused shape-changed State.m
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int m[2][3];
} State;
#else
typedef struct State {
    int m[3][2];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m[1][2] = 6;
    return s;
}

static bool check(State *s)
{
    CHECK(s->m[1][2] == 6);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->m[0][0] == 0);
    return true;
}
#endif

CASE_MAIN
