/* objects in a block of bytes refuse: nothing would convert them
 * expect: refused unknown-target State.first
 */
#include "case.h"

#if VERSION == 1
typedef struct Ant {
    int hp;
} Ant;
#else
typedef struct Ant {
    int hunger;
    int hp;
} Ant;
#endif
typedef struct State {
    Ant *first;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->first = (Ant *)(void *)molt_new_array(unsigned char, 10 * sizeof(Ant));
    s->first[3].hp = 103;
    return s;
}

static bool check(State *s)
{
    CHECK(s->first[3].hp == 103);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->first == NULL);
    return true;
}
#endif

CASE_MAIN
