/* where only a pointer to the first member says something, the block has no type
 * expect: refused untyped-memory plain_first_member_unknown.c:30 (make)
 */
#include "case.h"

#include <stdlib.h>

typedef struct Entity {
    int kind;
} Entity;
typedef struct Ant {
    Entity base;
#if VERSION == 2
    float hunger;
#endif
    int hp;
} Ant;
typedef struct State {
    Entity *entity;
    Ant *ant;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static const size_t sizes[] = {sizeof(Entity), sizeof(Ant)};

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->entity = malloc(sizes[1]);
    s->entity->kind = 1;
    s->ant = (Ant *)s->entity;
    s->ant->hp = 8;
    return s;
}

static bool check(State *s)
{
    CHECK(s->entity->kind == 1 && s->ant->hp == 8 && &s->ant->base == s->entity);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->entity == NULL);
    return true;
}
#endif

CASE_MAIN
