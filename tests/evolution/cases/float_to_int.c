/* floats become integers by value, a fraction or NaN is a loss
 * expect: migrated
 * report: loss number-fraction State.b 1
 * report: loss number-nan State.c 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    float a;
    double b;
    double c;
} State;
#else
typedef struct State {
    int a;
    int b;
    int c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = -3.0f;
    s->b = 2.5;
    s->c = NAN;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == -3.0f);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == -3 && s->b == 2 && s->c == 0);
    return true;
}
#endif

CASE_MAIN
