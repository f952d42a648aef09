/* a char[N] that holds more than text loses it with a word
 * expect: migrated
 * report: loss elements-dropped State.map 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    char map[16];
} State;
#else
typedef struct State {
    char map[12];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->map[0] = 1;
    s->map[15] = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->map[15] == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->map[0] == 1);
    return true;
}
#endif

CASE_MAIN
