/* a value that moves over a live one refuses
 * expect: refused rename-ambiguous State.a
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a, b;
} State;
#else
typedef struct State {
    int a MOLT_MOVED("b");
    double c;
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
    CHECK(!s);
    return true;
}
#endif

CASE_MAIN
