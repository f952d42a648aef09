/* an arm that is active cannot go
 * expect: refused union-arm-removed State::u.f
 */
#include "case.h"

typedef enum Kind { KIND_I, KIND_F } Kind;
#if VERSION == 1
typedef struct State {
    Kind kind;
    union {
        int i;
        float f;
    } u MOLT_TAG(kind);
} State;
#else
typedef struct State {
    Kind kind;
    union {
        int i;
    } u MOLT_TAG(kind);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->kind = KIND_F;
    s->u.f = 0;
    return s;
}

static bool check(State *s)
{
    CHECK(s->u.f == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(!s);
    return true;
}
#endif

CASE_MAIN
