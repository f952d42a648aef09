/* several renames without a note: every candidate is named, none is guessed
 * expect: migrated
 * report: loss possible-rename State.b 1
 * report: loss possible-rename State.c 1
 * report: loss field-removed State.a 1
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
    int d;
    double e;
    double f;
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
    CHECK(s->d == 0 && s->e == 0 && s->f == 0);
    return true;
}
#endif

CASE_MAIN
