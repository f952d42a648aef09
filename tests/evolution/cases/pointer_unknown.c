/* a typed pointer to nowhere refuses before it is followed
 * expect: refused unknown-target State.e
 * through-file: differs a file holds nothing foreign, so nothing is in the way
 */
#include "case.h"

#if VERSION == 1
typedef struct E {
    int a;
} E;
#else
typedef struct E {
    int a, b;
} E;
#endif
typedef struct State {
    E *e;
    E *good;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->good = molt_new(E);
    s->e = (E *)0x123450;
    return s;
}

static bool check(State *s)
{
    CHECK(s->e == (E *)0x123450);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->e == NULL);
    return true;
}
#endif

CASE_MAIN
