/* a number that becomes a pointer refuses
 * expect: refused kind-changed State.n
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    long n;
} State;
#else
typedef struct State {
    char *n;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->n = 5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->n == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->n == NULL);
    return true;
}
#endif

CASE_MAIN
