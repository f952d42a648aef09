/* a scalar becomes the first element, and back
 * expect: migrated
 * report: loss elements-dropped State.c 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    float a;
    int b[3];
    int c[3];
} State;
#else
typedef struct State {
    float a[3];
    int b;
    int c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1.5f;
    s->b[0] = 5;
    s->c[0] = 5;
    s->c[1] = 6;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 1.5f);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a[0] == 1.5f && s->a[1] == 0 && s->b == 5 && s->c == 5);
    return true;
}
#endif

CASE_MAIN
