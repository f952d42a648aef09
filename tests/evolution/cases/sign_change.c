/* a change of sign is checked by value
 * expect: migrated
 * report: loss number-out-of-range State.b 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int16_t a;
    int b;
    unsigned c;
} State;
#else
typedef struct State {
    uint16_t a;
    unsigned b;
    int c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 5;
    s->b = -1;
    s->c = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == -1);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 5 && s->b == 0 && s->c == 7);
    return true;
}
#endif

CASE_MAIN
