/* each dimension keeps its own indices
 * expect: migrated
 * report: loss elements-dropped State.m 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int m[4][4];
    int g[2][3];
} State;
#else
typedef struct State {
    int m[3][3];
    int g[4][5];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            s->m[y][x] = 10 * y + x;
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 3; x++)
            s->g[y][x] = 10 * y + x + 1;
    return s;
}

static bool check(State *s)
{
    CHECK(s->m[3][3] == 33);
    return true;
}
#else
static bool check(State *s)
{
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
            CHECK(s->m[y][x] == 10 * y + x);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 5; x++)
            CHECK(s->g[y][x] == (y < 2 && x < 3 ? 10 * y + x + 1 : 0));
    return true;
}
#endif

CASE_MAIN
