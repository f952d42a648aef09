/* narrowing keeps what fits, silently
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int64_t a;
    int b;
    double c;
} State;
#else
typedef struct State {
    int32_t a;
    uint8_t b;
    float c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = -5;
    s->b = 200;
    s->c = 0.5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 200);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == -5 && s->b == 200 && s->c == 0.5f);
    return true;
}
#endif

CASE_MAIN
