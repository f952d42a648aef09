/* a retyped pointer that is NULL passes
 * expect: migrated
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
    A *none;
    A *a;
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
    B *none;
    A *a;
    B *keep;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->keep = molt_new(B);
    s->keep->b = 4;
    return s;
}

static bool check(State *s)
{
    CHECK(s->keep->b == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->none == NULL && s->a == NULL && s->keep->b == 4);
    return true;
}
#endif

CASE_MAIN
