/* a block of several elements gives its first one
 * expect: migrated
 * undo: differs the elements behind the first one do not return
 * report: loss elements-dropped State.body 1
 */
#include "case.h"

typedef struct Body {
    int u, v;
} Body;

#if VERSION == 1
typedef struct State {
    Body *body;
} State;
#else
typedef struct State {
    Body body;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->body = molt_new_array(Body, 3);
    s->body[0].v = 1;
    s->body[2].v = 2;
    return s;
}

static bool check(State *s)
{
    CHECK(s->body[2].v == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->body.v == 1);
    return true;
}
#endif

CASE_MAIN
