/* a bit-field of an enum goes by name
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    enum Mood { CALM, ANGRY } mood : 2;
    unsigned rest : 6;
} State;
#else
typedef struct State {
    unsigned rest : 6;
    enum Mood { ANGRY, CALM, GLAD } mood : 3;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->mood = ANGRY;
    s->rest = 33;
    return s;
}

static bool check(State *s)
{
    CHECK(s->mood == ANGRY);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->mood == ANGRY && s->rest == 33);
    return true;
}
#endif

CASE_MAIN
