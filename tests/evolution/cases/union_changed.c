/* an untagged union that changes and holds something refuses
 * expect: refused untagged-union-changed State.u
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    union {
        int i;
        float f;
    } u;
} State;
#else
typedef struct State {
    union {
        int i;
        float f;
        double d;
    } u;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->u.i = 0x3f800000;
    return s;
}

static bool check(State *s)
{
    CHECK(s->u.f == 1.0f);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->u.i == 0);
    return true;
}
#endif

CASE_MAIN
