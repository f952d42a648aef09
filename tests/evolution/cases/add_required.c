/* a required field without a source refuses
 * expect: refused field-without-source State.id
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
typedef struct State {
    int hp;
    int id MOLT_REQUIRED;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->id == 0);
    return true;
}
#endif

CASE_MAIN
