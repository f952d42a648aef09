/* an enum becomes its number, a number must name an enumerator
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { A = 3, B } Kind;
typedef struct State {
    Kind a;
    int b;
} State;
#else
typedef enum Kind { A = 3, B } Kind;
typedef struct State {
    int a;
    Kind b;
    Kind unused;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = B;
    s->b = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 4 && s->b == A);
    return true;
}
#endif

CASE_MAIN
