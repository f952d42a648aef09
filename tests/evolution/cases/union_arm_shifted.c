/* an enumerator in front of the others would give each value the arm of another
 * expect: refused union-arm-changed State::u.i
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { KIND_I, KIND_F } Kind;
typedef struct State {
    Kind kind;
    union {
        int i;
        float f;
    } u MOLT_TAG(kind);
} State;
#else
typedef enum Kind { KIND_NONE, KIND_I, KIND_F } Kind;
typedef struct State {
    Kind kind;
    union {
        int i;
        float f;
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
    CHECK(!s);
    return true;
}
#endif

CASE_MAIN
