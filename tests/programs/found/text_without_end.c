/* a text that fills its array has room for its NUL elsewhere only
 * expect: migrated
 */
#include "case.h"

typedef struct State {
#if VERSION == 1
    char a[4];
#else
    char a[9];
#endif
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    memcpy(s->a, "abcd", 4);
    return s;
}

static bool check(State *s)
{
    CHECK(s->a[3] == 'd');
    return true;
}
#else
static bool check(State *s)
{
    CHECK(strcmp(s->a, "abcd") == 0);
    return true;
}
#endif

CASE_MAIN
