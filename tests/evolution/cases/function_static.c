/* static functions are found by name in the new library
 * expect: migrated
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
    long extra;
    Act *act;
    Act *list[2];
    int n;
};
#endif
static int first(State *s)
{
    return s->n + VERSION;
}
static int second(State *s)
{
    return s->n + 10 * VERSION;
}
static Act *const known[] = {first, second};
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->n = 100;
    s->act = known[1];
    s->list[0] = known[0];
    return s;
}

static bool check(State *s)
{
    CHECK(s->act(s) == 110);
    return true;
}
#else
static bool check(State *s)
{
    volatile int which = 0; /* keeps both entries of the table */
    CHECK(s->act == known[1] && s->act(s) == 120 && s->list[0] == known[which]);
    CHECK(s->list[0](s) == 102 && s->list[1] == NULL);
    return true;
}
#endif

CASE_MAIN
