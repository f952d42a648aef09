/* every kind of number widens
 * expect: migrated
 * report: info number-converted State.e
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    uint8_t a;
    int16_t b;
    uint32_t c;
    int64_t d;
    float e;
} State;
#else
typedef struct State {
    uint16_t a;
    int32_t b;
    uint64_t c;
    int64_t d;
    double e;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->b = -2;
    s->c = 3;
    s->d = -4;
    s->e = 3.1f;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 1);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->b == -2 && s->c == 3 && s->d == -4 && s->e == (double)3.1f);
    return true;
}
#endif

CASE_MAIN
