/* bit-fields by value: reordered, widened, to and from plain fields
 * expect: migrated
 * report: loss number-out-of-range State.e 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    unsigned a : 3, b : 5;
    unsigned c : 5;
    unsigned d;
    unsigned e : 6;
    int neg : 4;
    bool on : 1;
} State;
#else
typedef struct State {
    unsigned b : 5, a : 4;
    unsigned c;
    unsigned d : 7;
    unsigned e : 3;
    int neg;
    bool on;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 5;
    s->b = 20;
    s->c = 20;
    s->d = 100;
    s->e = 40;
    s->neg = -7;
    s->on = true;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 5 && s->b == 20 && s->c == 20 && s->d == 100 && s->e == 7 && s->neg == -7 &&
          s->on);
    return true;
}
#endif

CASE_MAIN
