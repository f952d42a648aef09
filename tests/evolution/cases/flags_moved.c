/* flags move bit by bit, by name
 * expect: migrated
 * report: loss flag-removed State.c 1
 */
#include "case.h"

#if VERSION == 1
enum Set { X = 1, Y = 2, Z = 4 } MOLT_FLAGS;
#else
enum Set { Y = 1, X = 8 } MOLT_FLAGS;
#endif
typedef struct State {
    enum Set a, b, c;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = X | Y;
    s->b = Y;
    s->c = X | Z;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == Y);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == (X | Y) && s->b == Y && s->c == X);
    return true;
}
#endif

CASE_MAIN
