/* transient fields take their default whenever their struct is rebuilt
 * expect: migrated
 * undo: differs (transient fields start anew in each layout)
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
    int cache MOLT_TRANSIENT;
} State;
#else
typedef struct State {
    int hp;
    int more;
    int cache MOLT_TRANSIENT MOLT_DEFAULT(-1);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 7;
    s->cache = 1234;
    return s;
}

static bool check(State *s)
{
    CHECK(s->cache == 1234);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->hp == 7 && s->cache == -1);
    return true;
}
#endif

CASE_MAIN
