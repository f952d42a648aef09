/* MOLT_CONVERT allows the named loss
 * expect: migrated
 * report: info number-out-of-range State.a 1
 * report: info number-fraction State.b 1
 * report: info number-fraction State.c 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a;
    double b;
    double c;
} State;
#else
typedef struct State {
    uint8_t a MOLT_CONVERT(saturate);
    int b MOLT_CONVERT(trunc);
    int c MOLT_CONVERT(round);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = -300;
    s->b = 2.75;
    s->c = 2.75;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == -300);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 0 && s->b == 2 && s->c == 3);
    return true;
}
#endif

CASE_MAIN
