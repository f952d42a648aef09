/* a removed field that held a value is a loss with a count
 * expect: migrated
 * report: loss field-removed State.b 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a;
    double b;
    int c;
} State;
#else
typedef struct State {
    int a;
    int c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->b = 2.5;
    s->c = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 2.5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->c == 3);
    return true;
}
#endif

CASE_MAIN
