/* a hook that stores an address of the old state in the active arm of a union refuses the reload
 * expect: refused hook-failed Ant.u
 * old: Ant
 */
#include <molt/hook.h>

#include "case.h"

typedef enum Kind { KIND_COUNT, KIND_ANT } Kind;
#if VERSION == 1
typedef struct Ant {
    struct Ant *next;
} Ant;
#else
#include "old.h"

typedef struct Ant {
    struct Ant *next;
    Kind kind;
    union {
        long count MOLT_ARM(KIND_COUNT);
        struct Ant *to MOLT_ARM(KIND_ANT);
    } u MOLT_TAG(kind);
} Ant;

MOLT_MIGRATE(Ant)(const MoltOld *old, Ant *now)
{
    const Ant_old *was = molt_old_struct(old, Ant_old);
    memcpy(&now->u, &was->next, sizeof now->u);
    now->kind = KIND_ANT;
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
