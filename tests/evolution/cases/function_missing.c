/* a stored function that is gone refuses and names it
 * expect: refused function-missing State.act
 */
#include "case.h"

#if VERSION == 1
typedef struct State State;
typedef int Act(State *);
struct State {
    Act *act;
    Act *list[2];
    int n;
};
#else
typedef struct State State;
typedef int Act(State *);
struct State {
    Act *act;
    Act *list[2];
    int n;
};
#endif
#if VERSION == 1
static int first(State *s)
{
    return s->n;
}
#else
static int other(State *s)
{
    return s->n;
}
static Act *const known[] = {other};
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->n = 100;
    s->act = first;
    return s;
}

static bool check(State *s)
{
    CHECK(s->act(s) == 100);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->act == known[0]);
    return true;
}
#endif

CASE_MAIN
