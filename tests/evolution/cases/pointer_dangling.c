/* a pointer to freed memory becomes NULL, with a loss
 * expect: migrated
 * report: loss dangling-pointer State.e 1
 * undo: differs (a dangling pointer is not kept)
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
    s->e = molt_new(E);
    s->good = molt_new(E);
    s->good->a = 5;
    molt_delete(s->e);
    return s;
}

static bool check(State *s)
{
    CHECK(s->good->a == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->e == NULL && s->good->a == 5);
    return true;
}
#endif

CASE_MAIN
