/* a pointer to a field refuses when the field becomes something that it cannot point at
 * expect: refused interior-target-removed State.hp
 */
#include "case.h"

#if VERSION == 1
typedef struct E {
    int hp;
} E;
#else
typedef struct E {
    float hp;
} E;
#endif
typedef struct State {
    E *e;
    int *hp;
    int other;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->e = molt_new(E);
    s->hp = &s->e->hp;
    s->e->hp = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == &s->e->hp && *s->hp == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->hp == NULL);
    return true;
}
#endif

CASE_MAIN
