/* a block without a type that has the address of what moves refuses
 * expect: refused untyped-memory plain_address_inside.c:31 (make)
 * json: no, the address in the bytes would mean nothing
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
    void *registry;
    Ant *ant;
    size_t count;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->ant = malloc(sizeof *s->ant);
    s->ant->hp = 5;
    s->count = 3;
    size_t count = s->count;
    void *place = &s->ant;
    s->registry = malloc(count * 8);
    memcpy((char *)s->registry + 8, place, sizeof(void *));
    return s;
}

static bool check(State *s)
{
    CHECK(s->ant->hp == 5);
    CHECK(memcmp((char *)s->registry + 8, &s->ant, sizeof s->ant) == 0);
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
