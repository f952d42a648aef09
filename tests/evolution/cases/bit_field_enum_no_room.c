/* an enumerator that no longer fits its bits refuses
 * expect: refused enum-without-room State.mood
 * cflags: -Wno-error
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    enum Mood { CALM, ANGRY, GLAD, SAD } mood : 2;
} State;
#else
typedef struct State {
    unsigned spare : 1;
    enum Mood { CALM, ANGRY, GLAD, SAD = 6 } mood : 2;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->mood = SAD;
    return s;
}

static bool check(State *s)
{
    CHECK(s->mood == SAD);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->mood == SAD);
    return true;
}
#endif

CASE_MAIN
