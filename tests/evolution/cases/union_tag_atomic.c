/* an atomic enum is a tag like any other; it loses an enumerator that nobody holds
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
enum Kind { KIND_I, KIND_F, KIND_GONE };
typedef struct State {
    _Atomic enum Kind kind;
    union {
        int i;
        float f;
        short gone;
    } u MOLT_TAG(kind);
} State;
#else
enum Kind { KIND_F, KIND_I };
typedef struct State {
    union {
        double f;
        int i;
    } u MOLT_TAG(kind);
    _Atomic enum Kind kind;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->kind = KIND_F;
    s->u.f = 2.5f;
    return s;
}

static bool check(State *s)
{
    CHECK(s->u.f == 2.5f);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_F && s->u.f == 2.5);
    return true;
}
#endif

CASE_MAIN
