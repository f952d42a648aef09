/* pointers to variables, thread-locals and their ends follow where nothing else changes
 * expect: code
 */
#include "case.h"

typedef struct State {
    int *frames, *levels, *end;
    struct State *self;
} State;
MOLT_ROOT(State);

static const char moves_the_others[VERSION << 12] = "x";
static int levels[4] = {1, 2, 3, 4};
static _Thread_local int frames;

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    frames = 7;
    levels[3] = 40;
    *s = (State){&frames, levels, levels + 4, s};
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(moves_the_others[0] == 'x');
    CHECK(s->self == s && s->frames == &frames && s->levels == levels && s->end == levels + 4);
    CHECK(*s->frames == 7 && s->end[-1] == 40);
    return true;
}

CASE_MAIN
