/* const, volatile and typedefs are no change
 * expect: code
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    volatile int a;
    unsigned long b;
} State;
#else
typedef struct State {
    int a;
    size_t b;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 4;
    s->b = 5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 4 && s->b == 5);
    return true;
}
#endif

CASE_MAIN
