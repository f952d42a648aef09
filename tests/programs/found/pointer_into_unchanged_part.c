/* a pointer to what becomes an array, or into it, follows to the first element
 * expect: migrated
 */
#include "case.h"

typedef struct Leg {
    char tag;
    int length;
} Leg;
#if VERSION == 1
typedef struct E {
    int hp;
    Leg leg;
} E;
#else
typedef struct E {
    int more; Leg leg;
    int hp;
} E;
#endif
typedef struct State {
    E *e;
    int *hp;
    int *length;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->e = molt_new(E);
    s->hp = &s->e->hp;
    s->length = &s->e->leg.length;
    *s->hp = 7;
    *s->length = 3;
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
    CHECK(s->hp == &s->e->hp && *s->hp == 7);
    CHECK(s->length == &s->e->leg.length && *s->length == 3);
    return true;
}
#endif

CASE_MAIN
