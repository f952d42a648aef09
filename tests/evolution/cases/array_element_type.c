/* elements convert one by one
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a[3];
    float f[2];
} State;
#else
typedef struct State {
    double a[4];
    int f[2];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a[2] = 5;
    s->f[1] = 8;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a[2] == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a[2] == 5.0 && s->a[3] == 0 && s->f[1] == 8);
    return true;
}
#endif

CASE_MAIN
