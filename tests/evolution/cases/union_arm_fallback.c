/* the fallback of a removed enumerator takes its own arm at its default
 * expect: migrated
 * report: loss enumerator-removed State.kind 1
 * report: loss union-arm-removed State::u.f 1
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
typedef enum Kind { KIND_I MOLT_FALLBACK } Kind;
typedef struct State {
    Kind kind;
    union {
        int i MOLT_DEFAULT(3);
    } u MOLT_TAG(kind);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->kind = KIND_F;
    s->u.f = 2.5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->u.f == 2.5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_I && s->u.i == 3);
    return true;
}
#endif

CASE_MAIN
