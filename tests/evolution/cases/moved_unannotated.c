/* a struct that takes in fields without a note drops them, with the hint
 * expect: migrated
 * report: loss field-removed T.x 1
 * report: loss field-removed T.y 1
 * remedy: possible move y -> pos.y: annotate y with MOLT_MOVED("^.y") if it is one
 */
#include "case.h"

#if VERSION == 1
typedef struct T {
    float x, y;
} T;
#else
typedef struct V {
    float x, y;
} V;
typedef struct T {
    V pos;
} T;
#endif
typedef struct State {
    T *t;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->t = molt_new(T);
    *s->t = (T){1, 2};
    return s;
}

static bool check(State *s)
{
    CHECK(s->t->x == 1);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->t->pos.x == 0 && s->t->pos.y == 0);
    return true;
}
#endif

CASE_MAIN
