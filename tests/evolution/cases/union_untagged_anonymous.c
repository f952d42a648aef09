/* an anonymous union without a tag that changes refuses too
 * expect: refused untagged-union-changed State.<i,f,d>
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    union {
        int i;
        float f;
    };
} State;
#else
typedef struct State {
    union {
        int i;
        float f;
        double d;
    };
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->i = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->i == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(!s);
    return true;
}
#endif

CASE_MAIN
