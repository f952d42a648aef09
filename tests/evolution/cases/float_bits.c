/* same-typed floats keep every bit in a rebuilt struct
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    double a;
    double b;
    double c;
} State;
#else
typedef struct State {
    int first;
    double a;
    double b;
    double c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = -0.0;
    s->b = 5e-324;
    uint64_t payload = 0x7ff8000000abcdefu;
    memcpy(&s->c, &payload, 8);
    return s;
}

static bool check(State *s)
{
    CHECK(signbit(s->a));
    return true;
}
#else
static bool check(State *s)
{
    uint64_t payload;
    memcpy(&payload, &s->c, 8);
    CHECK(s->a == 0 && signbit(s->a) && s->b == 5e-324 && payload == 0x7ff8000000abcdefu);
    return true;
}
#endif

CASE_MAIN
