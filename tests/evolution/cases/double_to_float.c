/* a double that rounds is a loss when it becomes a float, under the strict policy only when somebody
 * could tell by the number that is written
 * expect: migrated
 * report: loss number-rounded State.pi 1
 * report: loss number-rounded State.long_one 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    double half;
    double pi;
    long double long_one;
} State;
#else
typedef struct State {
    float half;
    float pi;
    double long_one;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->half = 0.5;
    s->pi = 3.14159265358979;
    s->long_one = 1 + 0x1p-60L;
    return s;
}

static bool check(State *s)
{
    CHECK(s->half == 0.5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->half == 0.5f && s->pi == 3.14159265358979f && s->long_one == 1.0);
    return true;
}
#endif

CASE_MAIN
