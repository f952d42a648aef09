/* bytes that the tag gives no meaning stay while the union does
 * expect: migrated
 * dump: "kind":"KIND_NONE","same":{"bytes":"07000000"},"changed":{"bytes":"0000000000000000"}}
 * report: loss union-bytes-dropped State.changed 1
 */
#include "case.h"

typedef enum Kind { KIND_NONE, KIND_I, KIND_F } Kind;
#if VERSION == 1
typedef struct State {
    Kind kind;
    union {
        int i MOLT_ARM(KIND_I);
        float f MOLT_ARM(KIND_F);
    } same MOLT_TAG(kind);
    union {
        int i MOLT_ARM(KIND_I);
        float f MOLT_ARM(KIND_F);
    } changed MOLT_TAG(kind);
} State;
#else
typedef struct State {
    double added;
    Kind kind;
    union {
        int i MOLT_ARM(KIND_I);
        float f MOLT_ARM(KIND_F);
    } same MOLT_TAG(kind);
    union {
        int i MOLT_ARM(KIND_I);
        double f MOLT_ARM(KIND_F);
    } changed MOLT_TAG(kind);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->same.i = 7;
    s->changed.i = 8;
    return s;
}

static bool check(State *s)
{
    CHECK(s->changed.i == 8);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_NONE && s->same.i == 7 && s->changed.f == 0);
    return true;
}
#endif

CASE_MAIN
