/* a void * that holds a function cannot become a pointer to a struct
 * expect: refused pointee-type-changed State.any
 *
 * also where another pointer to the function was followed before
 */
#include "case.h"

typedef struct State {
    void *same;
#if VERSION == 1
    void *any;
#else
    struct State *any;
#endif
    void (*act)(void);
} State;
MOLT_ROOT(State);

static __attribute__((used)) void act(void)
{
}

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->any = __extension__(void *)act;
    s->same = s->any;
    s->act = act;
    return s;
}

static bool check(State *s)
{
    CHECK(s->any == __extension__(void *)s->act);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->any == NULL && s->same == __extension__(void *)s->act);
    return true;
}
#endif

CASE_MAIN
