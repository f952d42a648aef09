/* an inline struct that becomes a pointer refuses when it holds something
 * expect: refused kind-changed State.b
 */
#include "case.h"

#if VERSION == 1
typedef struct B {
    int v;
} B;
typedef struct State {
    B b;
} State;
#else
typedef struct B {
    int v;
} B;
typedef struct State {
    B *b;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->b.v = 5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b.v == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->b == NULL);
    return true;
}
#endif

CASE_MAIN
