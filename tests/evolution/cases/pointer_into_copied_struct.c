/* a pointer into a struct that is copied as a whole follows
 * expect: migrated
 */
#include "case.h"

typedef struct Inner {
    int a, b;
} Inner;

#if VERSION == 1
typedef struct State {
    Inner in;
    int *b;
} State;
#else
typedef struct State {
    double added;
    Inner in;
    int *b;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->in.b = 4;
    s->b = &s->in.b;
    return s;
}

static bool check(State *s)
{
    CHECK(*s->b == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->b == &s->in.b && *s->b == 4);
    return true;
}
#endif

CASE_MAIN
