/* a struct added and linked from an old one
 * expect: migrated
 * report: info type-added Brain
 */
#include "case.h"

#if VERSION == 1
typedef struct Ant {
    int hp;
} Ant;
#else
typedef struct Brain {
    int iq MOLT_DEFAULT(100);
    struct Ant *owner;
} Brain;
typedef struct Ant {
    int hp;
    Brain *brain;
} Ant;
#endif
typedef struct State {
    Ant *ant;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ant = molt_new(Ant);
    s->ant->hp = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->ant->hp == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->ant->hp == 3 && s->ant->brain == NULL);
    s->ant->brain = molt_new(Brain);
    s->ant->brain->owner = s->ant;
    CHECK(molt_count(s->ant->brain) == 1);
    return true;
}
#endif

CASE_MAIN
