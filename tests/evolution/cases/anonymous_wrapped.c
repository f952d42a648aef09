/* fields wrapped in an anonymous struct keep their names
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    float x, y;
    int k;
} State;
#else
typedef struct State {
    struct {
        float x, y;
        int extra;
    };
    int k;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->x = 1;
    s->y = 2;
    s->k = 3;
    return s;
}

static bool check(State *s)
{
    CHECK(s->k == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->x == 1 && s->y == 2 && s->k == 3 && s->extra == 0);
    return true;
}
#endif

CASE_MAIN
