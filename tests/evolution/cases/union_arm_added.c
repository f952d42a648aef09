/* a tagged union gets another arm; the active one stays
 * expect: migrated
 * dump: {"kind":"KIND_I","<f,i>":{"i":-7},"which":"KIND_I","named":{"i":8}}
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { KIND_I } Kind;
typedef struct State {
    Kind kind;
    union {
        int i;
    } MOLT_TAG(kind);
    Kind which;
    union {
        int i;
    } named MOLT_TAG(which);
} State;
#else
typedef enum Kind { KIND_F, KIND_I } Kind;
typedef struct State {
    Kind kind;
    union {
        double f;
        long i;
    } MOLT_TAG(kind);
    Kind which;
    union {
        int i MOLT_ARM(KIND_I);
        float f MOLT_ARM(KIND_F);
    } named MOLT_TAG(which);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->i = -7;
    s->named.i = 8;
    return s;
}

static bool check(State *s)
{
    CHECK(s->i == -7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_I && s->i == -7);
    CHECK(s->which == KIND_I && s->named.i == 8);
    return true;
}
#endif

CASE_MAIN
