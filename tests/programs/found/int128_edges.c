/* the widest integers and the floats that are as large
 * expect: migrated
 */
#include "case.h"

#define TOP ((__extension__(unsigned __int128)1) << 127)

#if VERSION == 1
typedef struct State {
    double a;
    float b;
    __extension__ __int128 c;
    __extension__ unsigned __int128 d;
} State;
#else
typedef struct State {
    __extension__ unsigned __int128 a;
    __extension__ __int128 b;
    long double c;
    double d;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 0x1p127;
    s->b = -0x1p127f;
    s->d = TOP;
    memcpy(&s->c, &s->d, sizeof s->c);
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 0x1p127);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == TOP && (__extension__(unsigned __int128)s->b) == TOP);
    CHECK(s->c == -0x1p127L && s->d == 0x1p127);
    return true;
}
#endif

CASE_MAIN
