/* a value that moves into an arm sets the tag
 * expect: migrated
 */
#include "case.h"

enum Kind { KIND_NONE, KIND_V, KIND_S };
typedef struct Inner {
    int a;
#if VERSION == 2
    int b;
#endif
} Inner;

#if VERSION == 1
typedef struct State {
    int v;
    Inner *w;
    int *link;
} State;
#else
typedef struct State {
    union {
        int v MOLT_MOVED("v") MOLT_ARM(KIND_V);
        short s MOLT_ARM(KIND_S);
    } MOLT_TAG(kind);
    enum Kind kind;
    enum Kind other : 3;
    union {
        Inner *w MOLT_MOVED("w") MOLT_ARM(KIND_S);
        short s MOLT_ARM(KIND_V);
    } u MOLT_TAG(other);
    int *link;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->v = 7;
    s->w = molt_new(Inner);
    s->w->a = 8;
    s->link = &s->w->a;
    return s;
}

static bool check(State *s)
{
    CHECK(s->v == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_V && s->v == 7 && s->other == KIND_S && s->u.w->a == 8);
    CHECK(s->link == &s->u.w->a);
    return true;
}
#endif

CASE_MAIN
