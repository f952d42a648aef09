/* a pointer that becomes a void * goes on to its field, whatever that field becomes
 * expect: migrated
 */
#include "case.h"

typedef struct E {
    long first;
#if VERSION == 1
    float x;
#else
    double x;
#endif
} E;
typedef struct State {
    E *e;
#if VERSION == 1
    float *x;
#else
    void *x;
#endif
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->e = molt_new(E);
    s->x = &s->e->x;
    *s->x = 1.5f;
    return s;
}

static bool check(State *s)
{
    CHECK(s->x == &s->e->x);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->x == (void *)&s->e->x && s->e->x == 1.5);
    return true;
}
#endif

CASE_MAIN
