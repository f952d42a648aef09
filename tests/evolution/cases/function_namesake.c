/* a function that is gone is not replaced by another file's of the same name
 * expect: refused function-missing State.act
 * with: function_namesake+other.c
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int (*act)(int);
    int (*other)(int);
} State;
#else
typedef struct State {
    int (*act)(int);
    int (*other)(int);
} State;
#endif
int (*namesake(void))(int);
#if VERSION == 1
static int act(int x)
{
    return x + 1;
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->act = act;
    s->other = namesake();
    return s;
}

static bool check(State *s)
{
    CHECK(s->act(1) == 2 && s->other(1) == 101);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->act(1) == 2);
    return true;
}
#endif

CASE_MAIN
