/* a block that two objects share cannot become part of one
 * expect: refused alias-lost Ant.body
 */
#include "case.h"

typedef struct Body {
    int v;
} Body;

#if VERSION == 1
typedef struct Ant {
    Body *body;
} Ant;
#else
typedef struct Ant {
    Body body;
} Ant;
#endif
typedef struct State {
    Ant ants[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ants[0].body = s->ants[1].body = molt_new(Body);
    return s;
}

static bool check(State *s)
{
    CHECK(s->ants[0].body == s->ants[1].body);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(!s);
    return true;
}
#endif

CASE_MAIN
