/* a removed field that held its default is worth a line only
 * expect: migrated
 * report: info field-removed State.b
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a;
    double b;
    int k MOLT_DEFAULT(5);
    int c;
} State;
#else
typedef struct State {
    int a;
    int c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->k = 5;
    s->c = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->c == 3);
    return true;
}
#endif

CASE_MAIN
