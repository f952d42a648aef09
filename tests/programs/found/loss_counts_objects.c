/* an object that holds a struct several times counts once
 * expect: migrated
 * report: loss field-removed Leg.gone 2
 */
#include "case.h"

#if VERSION == 1
typedef struct Leg {
    int gone;
    int length;
} Leg;
#else
typedef struct Leg {
    int length;
} Leg;
#endif
typedef struct Ant {
    Leg left[3];
    Leg right[3];
    Leg sting;
} Ant;
typedef struct State {
    Ant *ants;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ants = molt_new_array(Ant, 3);
    for (int i = 0; i < 2; i++) {
        s->ants[i].left[0].gone = s->ants[i].left[2].gone = 1;
        s->ants[i].right[1].gone = s->ants[i].sting.gone = 2;
        s->ants[i].sting.length = 5;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->ants[1].sting.length == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->ants[1].sting.length == 5);
    return true;
}
#endif

CASE_MAIN
