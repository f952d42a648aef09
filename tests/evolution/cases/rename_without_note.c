/* a rename without a note drops and adds, with a hint
 * expect: migrated
 * report: loss possible-rename State.b 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    long a;
    double b;
    double c;
} State;
#else
typedef struct State {
    long a;
    double d;
    double c;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->b = 2;
    s->c = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->b == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->d == 0 && s->c == 3);
    return true;
}
#endif

CASE_MAIN
