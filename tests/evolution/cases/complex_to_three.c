/* an array of three is no complex number
 * expect: refused kind-changed State.z
 */
#include "case.h"

#include <complex.h>

typedef struct State {
#if VERSION == 1
    double complex z;
#else
    double z[3];
#endif
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->z = I;
    return s;
}
#endif

static bool check(State *s)
{
    (void)s;
    return true;
}

CASE_MAIN
