/* a number that names no enumerator refuses
 * expect: refused enum-unnamed-value State.b
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int b;
} State;
#else
typedef enum Kind { A = 3, B } Kind;
typedef struct State {
    Kind b;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->b = 9;
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
