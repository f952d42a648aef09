/* stored literals stay readable after the old library is gone
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    const char *same;
    const char *gone;
    int n;
} State;
#else
typedef struct State {
    int n;
    int more;
    const char *same;
    const char *gone;
} State;
#endif
static const char *words(int which)
{
#if VERSION == 1
    return which ? "the first version only" : "in both versions";
#else
    return which ? "the second version" : "in both versions";
#endif
}
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->same = words(0);
    s->gone = words(1);
    s->n = 2;
    return s;
}

static bool check(State *s)
{
    CHECK(strcmp(s->gone, "the first version only") == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(strcmp(s->same, "in both versions") == 0);
    CHECK(strcmp(s->gone, "the first version only") == 0 && s->n == 2);
    CHECK(words(1) != s->gone);
    return true;
}
#endif

CASE_MAIN
