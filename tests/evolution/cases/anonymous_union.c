/* an anonymous union of plain values moves as one
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int kind;
    union {
        int i;
        float f;
    };
} State;
#else
#pragma pack(push, 1)
typedef struct State {
    double first;
    int kind;
    union { /* packed now, its bytes are the same */
        int i;
        float f;
    };
} State;
#pragma pack(pop)
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->kind = 1;
    s->f = 1.5f;
    return s;
}

static bool check(State *s)
{
    CHECK(s->f == 1.5f);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == 1 && s->f == 1.5f && s->first == 0);
    return true;
}
#endif

CASE_MAIN
