/* an array grown keeps its indices
 * expect: migrated
 * report: info array-resized State.a
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a[3];
    int last;
} State;
#else
typedef struct State {
    int a[5];
    int last;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a[0] = 1;
    s->a[1] = 2;
    s->a[2] = 3;
    s->last = 9;
    return s;
}

static bool check(State *s)
{
    CHECK(s->last == 9);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a[0] == 1 && s->a[1] == 2 && s->a[2] == 3 && !s->a[3] && !s->a[4] && s->last == 9);
    return true;
}
#endif

CASE_MAIN
