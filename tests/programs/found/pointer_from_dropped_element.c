/* a pointer into a block that a struct takes in goes with the element that holds it: no alias is lost
 * expect: migrated
 * undo: differs an embedded block that returns is a new one
 * report: loss elements-dropped State.body 1
 */
#include "case.h"

typedef struct Body {
    int u;
    struct Body *self;
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
    s->body[0].u = 1;
    s->body[2].self = &s->body[0];
    return s;
}

static bool check(State *s)
{
    CHECK(s->body[2].self == s->body);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->body.u == 1 && s->body.self == NULL);
    return true;
}
#endif

CASE_MAIN
