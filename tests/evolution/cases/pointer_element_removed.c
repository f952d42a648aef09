/* a pointer to an element that goes refuses
 * expect: refused interior-target-removed State.current
 */
#include "case.h"

#if VERSION == 1
typedef struct E {
    int hp;
} E;
typedef struct State {
    E e[4];
    E *current;
} State;
#else
typedef struct E {
    int hp;
} E;
typedef struct State {
    E e[2];
    E *current;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->current = &s->e[3];
    return s;
}

static bool check(State *s)
{
    CHECK(s->current == &s->e[3]);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->current == NULL);
    return true;
}
#endif

CASE_MAIN
