/* complex numbers part by part; what is real has no imaginary part, as in C
 * expect: migrated
 * report: loss elements-dropped State.cut 1
 */
#include "case.h"

#include <complex.h>

#if VERSION == 1
typedef struct State {
    float complex wider;
    double grown;
    double complex cut;
    double complex real_only;
    long double complex parts;
    double pair[2];
} State;
#else
typedef struct State {
    int extra;
    double complex pair;
    double complex wider;
    double complex grown;
    double cut;
    float real_only;
    double parts[2];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->wider = 1.5f - 2.5f * I;
    s->grown = 3;
    s->cut = 4 + 5 * I;
    s->real_only = 6;
    s->parts = 7 - 8 * I;
    s->pair[0] = 9;
    s->pair[1] = 10;
    return s;
}

static bool check(State *s)
{
    CHECK(s->grown == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(creal(s->wider) == 1.5 && cimag(s->wider) == -2.5);
    CHECK(creal(s->grown) == 3 && cimag(s->grown) == 0);
    CHECK(s->cut == 4 && s->real_only == 6 && s->parts[0] == 7 && s->parts[1] == -8);
    CHECK(creal(s->pair) == 9 && cimag(s->pair) == 10);
    return true;
}
#endif

CASE_MAIN
