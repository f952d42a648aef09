/* the widest numbers
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    long double a;
    double b;
    __extension__ __int128 c;
    int d;
} State;
#else
typedef struct State {
    double a;
    long double b;
    long c;
    __extension__ __int128 d;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 0.5L;
    s->b = 0.1;
    s->c = -9;
    s->d = -4;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 0.5L);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 0.5 && s->b == (long double)0.1 && s->c == -9 && s->d == -4);
    return true;
}
#endif

CASE_MAIN
