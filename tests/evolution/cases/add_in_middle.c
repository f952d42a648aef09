/* a field added in the middle
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a;
    int c;
} State;
#else
typedef struct State {
    int a;
    int b;
    int c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->c = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 1 && s->c == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->b == 0 && s->c == 3);
    return true;
}
#endif

CASE_MAIN
