/* a NaN keeps only a part of its payload in a smaller float, and gets it back
 * expect: migrated
 */
#include "case.h"

typedef struct State {
#if VERSION == 1
    double a;
    long double b;
#else
    float a;
    double b;
#endif
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    uint64_t bits = 0x7ffa9d817fecd162u;
    memcpy(&s->a, &bits, sizeof bits);
    s->b = (long double)s->a;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a != s->a);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a != s->a && s->b != s->b);
    return true;
}
#endif

CASE_MAIN
