/* two structs that hold each other, one by value, change places in that
 * expect: migrated
 * undo: differs what was NULL in a struct that became a block in the same edit is a block
 * report: info struct-allocated Nest.queen 0
 */
#include "case.h"

#if VERSION == 1
typedef struct Queen {
    struct Nest *nest;
    int v;
} Queen;
typedef struct Nest {
    Queen queen;
    int u;
} Nest;
#else
typedef struct Nest {
    struct Queen *queen;
    int u;
} Nest;
typedef struct Queen {
    int v;
    Nest nest;
} Queen;
#endif
typedef struct State {
    Nest *nest;
    Queen *queen;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->nest = molt_new(Nest);
    s->nest->u = 1;
    s->nest->queen.v = 2;
    s->queen = &s->nest->queen;
    return s;
}

static bool check(State *s)
{
    CHECK(s->queen->v == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->nest->u == 1 && s->nest->queen == s->queen && s->queen->v == 2);
    CHECK(s->queen->nest.u == 0 && !s->queen->nest.queen);
    return true;
}
#endif

CASE_MAIN
