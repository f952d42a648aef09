/* a bit-field becomes the first element of an array, and the first element becomes a bit-field
 * expect: migrated
 * report: loss elements-dropped State.b 1
 */
#include "case.h"

typedef struct State {
#if VERSION == 1
    int a : 6;
    long b[3];
    unsigned c : 4;
#else
    long a[3];
    long b : 20;
    unsigned char c[2][2];
#endif
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = -9;
    s->b[0] = 77;
    s->b[2] = 5;
    s->c = 11;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == -9 && s->b[0] == 77);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a[0] == -9 && s->a[1] == 0 && s->b == 77 && s->c[0][0] == 11 && s->c[1][1] == 0);
    return true;
}
#endif

CASE_MAIN
