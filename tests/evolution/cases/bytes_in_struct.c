/* an object in an array of bytes of a struct: nothing would convert it
 * expect: refused unknown-target State.first
 * remedy: move the object into a block or an array of its own type
 */
#include "case.h"

#include <stdlib.h>

typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int hp;
} Ant;
typedef struct State {
    Ant *first;
    _Alignas(Ant) char room[64];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->first = (Ant *)(void *)(s->room + 8);
    s->first->hp = 3;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->first->hp == 3);
    return true;
}

CASE_MAIN
