/* bool and int
 * expect: migrated
 * report: loss bool-collapsed State.b 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    bool a;
    int b;
    int c;
} State;
#else
typedef struct State {
    int a;
    bool b;
    bool c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = true;
    s->b = 7;
    s->c = 1;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->b && s->c);
    return true;
}
#endif

CASE_MAIN
