/* a stored function has another signature in the new code, and the pointer has its old one
 * expect: refused signature-changed State.act
 */
#include "case.h"

typedef struct State {
    int (*act)(int);
} State;

#if VERSION == 1
static int first(int n)
{
    return n;
}
#else
static int second(int n)
{
    return n;
}

static long first(State *s, double by)
{
    return (long)by + (s->act == second);
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->act = first;
    return s;
}

static bool check(State *s)
{
    CHECK(s->act(4) == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(first(s, 2.0) == 2);
    return true;
}
#endif

CASE_MAIN
