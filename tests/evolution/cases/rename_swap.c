/* two names change places
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int x;
    int y;
} State;
#else
typedef struct State {
    int x MOLT_WAS("y");
    int y MOLT_WAS("x");
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->x = 1;
    s->y = 2;
    return s;
}

static bool check(State *s)
{
    CHECK(s->x == 1);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->x == 2 && s->y == 1);
    return true;
}
#endif

CASE_MAIN
