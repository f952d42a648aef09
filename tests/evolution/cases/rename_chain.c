/* renamed twice, with a note that names what the field was first
 * expect: migrated
 * report: info field-renamed State.c
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int b MOLT_WAS("a");
    int x MOLT_WAS("y");
    int z;
} State;
#else
typedef struct State {
    int z;
    int c MOLT_WAS("a");
    int x, y;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->b = 5;
    s->x = 1;
    s->z = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 5 && s->x == 1 && s->z == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->c == 5 && s->x == 1 && s->y == 0 && s->z == 3);
    return true;
}
#endif

CASE_MAIN
