/* an element of an array cannot become part of an object
 * expect: refused alias-lost Ant.body
 */
#include "case.h"

typedef struct Body {
    int u, v;
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
    Ant ant;
    Body bodies[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ant.body = &s->bodies[1];
    return s;
}

static bool check(State *s)
{
    CHECK(s->ant.body == &s->bodies[1]);
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
