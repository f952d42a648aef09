/* a pointer to another type refuses, NULL passes
 * expect: refused pointee-type-changed State.t
 */
#include "case.h"

#if VERSION == 1
typedef struct A {
    int a;
} A;
typedef struct B {
    int b;
} B;
typedef struct State {
    A *t;
    A *none;
    B *keep;
} State;
#else
typedef struct A {
    int a;
} A;
typedef struct B {
    int b;
} B;
typedef struct State {
    B *t;
    B *none;
    B *keep;
    A *also;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->t = molt_new(A);
    s->keep = molt_new(B);
    return s;
}

static bool check(State *s)
{
    CHECK(s->t->a == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->t == NULL);
    return true;
}
#endif

CASE_MAIN
