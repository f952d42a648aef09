/* an arm that nothing uses goes with its enumerator
 * expect: migrated
 * report: info field-removed State::u.f
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { KIND_I, KIND_F } Kind;
typedef struct State {
    Kind kind;
    union {
        int i;
        double f;
    } u MOLT_TAG(kind);
} State;
#else
typedef enum Kind { KIND_I } Kind;
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
    s->u.i = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->u.i == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_I && s->u.i == 7);
    return true;
}
#endif

CASE_MAIN
