/* several old names, oldest first
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int b;
} State;
#else
typedef struct State {
    int c MOLT_WAS("a", "b");
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->b = 4;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->c == 4);
    return true;
}
#endif

CASE_MAIN
