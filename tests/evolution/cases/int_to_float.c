/* integers become floats by value, rounding is a loss
 * expect: migrated
 * report: loss number-rounded State.b 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a;
    int b;
    long c;
} State;
#else
typedef struct State {
    float a;
    float b;
    double c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 7;
    s->b = 16777217;
    s->c = 1l << 40;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 7.0f && s->b == 16777216.0f && s->c == 0x1p40);
    return true;
}
#endif

CASE_MAIN
