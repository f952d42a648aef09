/* a struct that begins with another one: the size says which was allocated, whatever pointer takes it
 * expect: migrated
 */
#include "case.h"

#include <stdlib.h>

typedef struct Entity {
    int kind;
#if VERSION == 2
    int flags;
#endif
    struct Entity *next;
} Entity;
typedef struct Ant {
    Entity base;
#if VERSION == 2
    float hunger;
#endif
    int hp;
} Ant;
typedef struct State {
    Entity *first;
    Ant *kept;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static Entity *entity_new(size_t size, int kind)
{
    Entity *e = calloc(1, size);
    if (!e)
        abort();
    e->kind = kind;
    return e;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    for (int i = 0; i < 10; i++) {
        Ant *ant = (Ant *)entity_new(sizeof(Ant), 1);
        Entity *rock = entity_new(sizeof *rock, 2);
        ant->hp = i;
        rock->next = s->first;
        ant->base.next = rock;
        s->first = &ant->base;
        s->kept = ant;
    }
    return s;
}
#endif

static bool check(State *s)
{
    int ants = 0, rocks = 0;
    for (Entity *e = s->first; e; e = e->next) {
        CHECK(e->kind == 1 || e->kind == 2);
        if (e->kind == 1)
            CHECK(((Ant *)e)->hp == 9 - ants);
        ants += e->kind == 1;
        rocks += e->kind == 2;
    }
    CHECK(ants == 10 && rocks == 10);
    CHECK(&s->kept->base == s->first && s->kept->hp == 9);
    return true;
}

CASE_MAIN
