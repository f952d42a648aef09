/* a hook that stores an address of the old state refuses the reload
 * expect: refused hook-failed Link.to
 * old: Ant
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Ant {
    struct Ant *next;
    int load;
} Ant;
#else
#include "old.h"

typedef struct Link {
    void *to;
} Link;
typedef struct Ant {
    struct Ant *next;
    Link *link;
    int load;
} Ant;

MOLT_MIGRATE(Ant)(const MoltOld *old, Ant *now)
{
    now->link = molt_new(Link);
    const Ant_old *was = molt_old_struct(old, Ant_old);
    memcpy(&now->link->to, &was->next, sizeof now->link->to);
    return true;
}
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
    s->ant->next = s->ant;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->ant->next == s->ant);
    return true;
}

CASE_MAIN
