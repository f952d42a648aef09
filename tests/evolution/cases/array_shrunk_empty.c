/* an array shrunk over zeros loses nothing
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a[4];
} State;
#else
typedef struct State {
    int a[2];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a[0] = 1;
    s->a[1] = 2;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a[1] == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a[0] == 1 && s->a[1] == 2);
    return true;
}
#endif

CASE_MAIN
