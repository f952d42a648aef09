/* what does not fit saturates and is a loss
 * expect: migrated
 * report: loss number-out-of-range State.a 1
 * report: loss number-out-of-range State.b 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int64_t a;
    int b;
} State;
#else
typedef struct State {
    int32_t a;
    uint8_t b;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 5000000000;
    s->b = 300;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 300);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == INT32_MAX && s->b == 255);
    return true;
}
#endif

CASE_MAIN
