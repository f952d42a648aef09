/* a wider field added in front moves the others
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
typedef struct State {
    double t;
    int hp;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->hp == 7);
    CHECK(s->t == 0.0);
    return true;
}
#endif

CASE_MAIN
