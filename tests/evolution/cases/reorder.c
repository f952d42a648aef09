/* fields reordered keep their values, equal sizes notwithstanding
 * expect: migrated
 * report: info field-moved
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    double a;
    long b;
    double c;
} State;
#else
typedef struct State {
    double c;
    double a;
    long b;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 1;
    s->b = 3;
    s->c = 5;
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
    CHECK(s->a == 1 && s->b == 3 && s->c == 5);
    return true;
}
#endif

CASE_MAIN
