/* an object in an array of bytes of a struct: nothing would convert it
 * expect: refused unknown-target State.first
 * remedy: allocate the object under its own type, or declare the bytes that it lies in as an array of it
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
