/* a reshape refuses: nothing says which element goes where
 * expect: refused shape-changed State.m
 * report: refuse shape-changed Grid.m 1
 */
#include "case.h"

struct Grid { /* without a typedef, and nobody allocates one */
#if VERSION == 1
    int m[2][3];
#else
    int m[3][2];
#endif
    int id;
};
typedef struct State {
#if VERSION == 1
    int m[2][3];
#else
    int m[3][2];
#endif
    struct Grid grids[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m[1][2] = 6;
    s->grids[1].m[0][1] = 7;
    s->grids[1].id = 8;
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
