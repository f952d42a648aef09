/* a transient field of a struct that is removed is no loss, and does not return
 * expect: migrated
 * undo: differs (a cache is not kept)
 */
#include "case.h"

typedef struct Part {
    int used;
    int cache MOLT_TRANSIENT;
} Part;
typedef struct State {
    int a;
#if VERSION == 1
    Part part;
#endif
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->part.cache = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 1);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1);
    return true;
}
#endif

CASE_MAIN
