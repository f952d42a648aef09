/* an arm becomes a pointer where it is active
 * expect: migrated
 * redo: renumbered the blocks that are made once more are new ones
 */
#include "case.h"

enum Kind { KIND_NUMBER, KIND_BIG };
typedef struct Big {
    long a, b, c;
} Big;

#if VERSION == 1
typedef struct Value {
    enum Kind kind;
    union {
        int number;
        Big big;
    } MOLT_TAG(kind);
} Value;
#else
typedef struct Value {
    enum Kind kind;
    union {
        int number;
        Big *big;
    } MOLT_TAG(kind);
} Value;
#endif
typedef struct State {
    Value values[4];
    long *c;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 4; i++) {
        s->values[i].kind = i < 2 ? KIND_NUMBER : KIND_BIG;
        if (i < 2)
            s->values[i].number = i;
        else
            s->values[i].big = (Big){i, i, i};
    }
    s->c = &s->values[3].big.c;
    return s;
}

static bool check(State *s)
{
    CHECK(*s->c == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->values[0].number == 0 && s->values[1].number == 1);
    CHECK(s->values[2].big->b == 2 && s->c == &s->values[3].big->c && *s->c == 3);
    return true;
}
#endif

CASE_MAIN
