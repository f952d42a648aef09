/* a field added at the end starts at zero
 * expect: migrated
 * report: info field-added State.mana
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
typedef struct State {
    int hp;
    int mana;
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
    CHECK(s->mana == 0);
    return true;
}
#endif

CASE_MAIN
