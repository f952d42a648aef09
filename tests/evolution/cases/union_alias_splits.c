/* two names of one tag value part; the arm stays with the first of them
 * expect: migrated
 * report: loss enum-renumbered State.kind 1
 * dump: "kind":"KIND_I","u":{"i":-7}
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { KIND_NONE, KIND_I, KIND_WHOLE = KIND_I, KIND_F } Kind;
#else
typedef enum Kind { KIND_NONE, KIND_I, KIND_WHOLE, KIND_F } Kind;
#endif
typedef struct State {
#if VERSION == 2
    double added;
#endif
    Kind kind;
    union {
        int i MOLT_ARM(KIND_I);
        float f MOLT_ARM(KIND_F);
    } u MOLT_TAG(kind);
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->kind = KIND_I;
    s->u.i = -7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->kind == KIND_I && s->u.i == -7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_I && s->u.i == -7);
    return true;
}
#endif

CASE_MAIN
