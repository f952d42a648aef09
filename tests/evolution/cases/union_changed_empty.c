/* an untagged union that changes while every byte of it is zero
 * expect: migrated
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
    return s;
}

static bool check(State *s)
{
    CHECK(s->u.f == 0);
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
