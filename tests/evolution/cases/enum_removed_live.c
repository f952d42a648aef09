/* an enumerator that is live must not vanish
 * expect: refused enumerator-removed State.k
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { A, B, C } Kind;
#else
typedef enum Kind { A, B } Kind;
#endif
typedef struct State {
    Kind k;
    Kind row[3];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->k = C;
    s->row[1] = B;
    return s;
}

static bool check(State *s)
{
    CHECK(s->k == C);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->k == A);
    return true;
}
#endif

CASE_MAIN
