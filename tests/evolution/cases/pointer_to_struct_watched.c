/* a block that anything else points at, even into it, cannot become part of an object
 * expect: refused alias-lost Watcher.v
 */
#include "case.h"

typedef struct Body {
    int u, v;
} Body;
typedef struct Watcher {
    int *v;
} Watcher;

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
    Watcher *watcher;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ant.body = molt_new(Body);
    s->ant.body->v = 7;
    s->watcher = molt_new(Watcher);
    s->watcher->v = &s->ant.body->v;
    return s;
}

static bool check(State *s)
{
    CHECK(*s->watcher->v == 7);
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
