/* two old fields claim one place
 * expect: refused rename-ambiguous State.b
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a;
    int b;
} State;
#else
typedef struct State {
    int b MOLT_WAS("a");
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->b = 2;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 1 && s->b == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->b == 1);
    return true;
}
#endif

CASE_MAIN
