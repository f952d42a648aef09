/* an old name used for a new field starts at its default, never stale
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
typedef struct State {
    int health MOLT_WAS("hp");
    int hp MOLT_DEFAULT(3);
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
    CHECK(s->health == 7 && s->hp == 3);
    return true;
}
#endif

CASE_MAIN
