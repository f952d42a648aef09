/* stored static functions follow a code-only reload
 * expect: code
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
#if VERSION == 2
static int between(State *s)
{
    return s->n * 1000;
}
#endif
static int first(State *s)
{
#if VERSION == 2
    if (s->n > 1000000)
        return between(s);
#endif
    return s->n + VERSION;
}
static Act *const known[] = {first};
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->n = 100;
    s->act = known[0];
    return s;
}

static bool check(State *s)
{
    CHECK(s->act(s) == 101);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->act == known[0] && s->act(s) == 102);
    return true;
}
#endif

CASE_MAIN
