/* a variable that a pointer still reaches cannot go
 * expect: refused interior-target-removed State.count
 */
#include "case.h"

typedef struct State {
    int *count;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static int count = 2;

static State *make(void)
{
    State *s = molt_new(State);
    s->count = &count;
    count = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->count == &count && count == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->count == NULL);
    return true;
}
#endif

CASE_MAIN
