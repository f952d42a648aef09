/* a block whose site says one struct while a pointer to it says another of its size
 * expect: refused untyped-memory plain_misfit.c:31 (make)
 * json: no, a dump does not say where a block with a type was allocated
 */
#include "case.h"

#include <stdlib.h>

typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int hp, x;
} Ant;
typedef struct Bee {
    int honey, y;
} Bee;
typedef struct State {
    Ant *ant;
    Ant *other;
    Bee *bee;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->ant = malloc(sizeof(Ant));
    *s->ant = (Ant){.hp = 1};
    s->bee = (Bee *)(void *)malloc(sizeof(Ant)); /* should have been sizeof(Bee) */
    *s->bee = (Bee){.honey = 2};
    return s;
}

static bool check(State *s)
{
    CHECK(s->ant->hp == 1 && s->bee->honey == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->ant == NULL);
    return true;
}
#endif

CASE_MAIN
