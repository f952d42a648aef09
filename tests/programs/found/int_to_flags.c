/* a number becomes a flags enum bit by bit: nothing is lost while all its bits have names
 * expect: migrated
 * report: loss flag-removed State.c 1
 */
#include "case.h"

enum Set { X = 1, Y = 4 } MOLT_FLAGS;
typedef struct State {
#if VERSION == 1
    unsigned none, a, c;
#else
    enum Set none, a, c;
#endif
    enum Set keep;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = X | Y;
    s->c = Y | 2;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == (X | Y));
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->none == 0 && s->a == (X | Y) && s->c == Y);
    return true;
}
#endif

CASE_MAIN
