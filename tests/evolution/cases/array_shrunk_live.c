/* elements that held a value are a loss
 * expect: migrated
 * report: loss elements-dropped State.a 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a[4];
} State;
#else
typedef struct State {
    int a[2];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 4; i++)
        s->a[i] = i + 1;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a[3] == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a[0] == 1 && s->a[1] == 2);
    return true;
}
#endif

CASE_MAIN
