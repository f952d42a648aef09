/* two fields change their values where the layout stays
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a, b;
} State;
#else
typedef struct State {
    int a MOLT_MOVED("b");
    int b MOLT_MOVED("a");
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->b = 2;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 1 && s->b == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 2 && s->b == 1);
    return true;
}
#endif

CASE_MAIN
