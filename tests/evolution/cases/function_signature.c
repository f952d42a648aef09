/* a stored function of another signature refuses
 * expect: refused signature-changed State.act
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int (*act)(int);
} State;
#else
typedef struct State {
    long (*act)(long);
} State;
#endif
#if VERSION == 1
static int first(int n)
{
    return n;
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
    CHECK(s->act == NULL);
    return true;
}
#endif

CASE_MAIN
