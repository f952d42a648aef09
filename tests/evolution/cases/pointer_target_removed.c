/* a pointer to a field that goes refuses
 * expect: refused interior-target-removed State.hp
 */
#include "case.h"

#if VERSION == 1
typedef struct E {
    int hp;
    int x;
} E;
#else
typedef struct E {
    int x;
} E;
#endif
typedef struct State {
    E *e;
    int *hp;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->e = molt_new(E);
    s->hp = &s->e->hp;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == &s->e->hp);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->e->x == 0);
    return true;
}
#endif

CASE_MAIN
