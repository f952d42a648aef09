/* a reshape of zeros is nothing
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int m[2][3];
} State;
#else
typedef struct State {
    int m[6];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m[0][0] = 0;
    return s;
}

static bool check(State *s)
{
    CHECK(s->m[1][2] == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->m[5] == 0);
    return true;
}
#endif

CASE_MAIN
