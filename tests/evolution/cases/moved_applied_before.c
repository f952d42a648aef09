/* a path that is gone says nothing about a field that has its own value
 * expect: migrated
 * report: info moved-source-missing State.x 0
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int x MOLT_MOVED("pos.x");
    int swap_a MOLT_MOVED("swap_b");
    int swap_b MOLT_MOVED("swap_a");
    int y;
} State;
#else
typedef struct State {
    long added;
    int x MOLT_MOVED("old.pos.x");
    int swap_a MOLT_MOVED("swap_b");
    int swap_b MOLT_MOVED("swap_a");
    int y;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->x = 7;
    s->swap_a = 1;
    s->swap_b = 2;
    s->y = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->x == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->x == 7 && s->y == 3 && s->swap_a == 1 && s->swap_b == 2);
    return true;
}
#endif

CASE_MAIN
