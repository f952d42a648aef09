/* a variable whose values no rule converts: refused, and no hook is offered, because hooks are for structs
 * expect: refused shape-changed globals_reshaped.c:grid
 * report: refuse shape-changed globals_reshaped.c:grid 1
 */
#include "case.h"

typedef struct State {
    int id;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static int grid[2][3];

static State *make(void)
{
    grid[1][2] = 6;
    return molt_new(State);
}

static bool check(State *s)
{
    CHECK(s->id == 0 && grid[1][2] == 6);
    return true;
}
#else
static int grid[3][2];

static bool check(State *s)
{
    CHECK(s->id == 0 && grid[0][0] == 0);
    return true;
}
#endif

CASE_MAIN
