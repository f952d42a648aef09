/* a path that the old type does not have gives no value and says so
 * expect: migrated
 * report: loss moved-source-missing State.x 0
 * report: loss field-removed State.pos 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    struct {
        int x;
    } pos;
} State;
#else
typedef struct State {
    int x MOLT_MOVED("pos.xx") MOLT_DEFAULT(4);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->pos.x = 1;
    return s;
}

static bool check(State *s)
{
    CHECK(s->pos.x == 1);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->x == 4);
    return true;
}
#endif

CASE_MAIN
