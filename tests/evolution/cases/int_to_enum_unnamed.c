/* a number that names no enumerator refuses
 * expect: refused enum-unnamed-value State.b
 * report: refuse enum-unnamed-value State.wide 1
 * report: refuse enum-unnamed-value State.large 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int b;
    __int128 wide;
    unsigned long large;
} State;
#else
typedef enum Kind { A = 3, B } Kind;
typedef struct State {
    Kind b;
    Kind wide;
    enum { NONE = -1, SOME } large;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->b = 9;
    s->wide = ((__int128)1 << 64) + 3; /* its low half is A */
    s->large = UINT64_MAX;             /* and these the bits of NONE */
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 9);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->b == A);
    return true;
}
#endif

CASE_MAIN
