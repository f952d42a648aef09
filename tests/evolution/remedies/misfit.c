/* a pointer says another struct than the place that allocated the block
 * refused: untyped-memory (make)
 * remedy: correct the pointer, or what says the type of the block
 * alone: end_reload() makes the block anew
 */
#include "remedy.h"

typedef struct Bee {
    int hp;
    float x;
} Bee;
typedef struct State {
    Ant *ant;
    Bee *bee;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->ant = malloc(sizeof(Bee));
    *s->ant = (Ant){.hp = 1, .x = 2};
    return s;
}
#endif

#if VERSION == 3
void end_reload(void *state)
{
    State *s = state;
    Ant *ant = malloc(sizeof(Ant));
    *ant = *s->ant;
    free(s->ant);
    s->ant = ant;
}
#endif

static bool check(State *s)
{
    return s->ant->hp == 1 && s->ant->x == 2;
}

CASE_MAIN
