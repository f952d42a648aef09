/* a block without a type leads to an object that moves
 * refused: untyped-memory (make)
 * says: the address of a block of Ant
 * remedy: say MOLT_POOL(T) on the field or variable that has the block's address
 */
#include "remedy.h"

typedef struct Seat {
    Ant *who;
} Seat;
typedef struct State {
    void *seats REMEDY(MOLT_POOL(Seat));
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->seats = malloc(hidden(8 * sizeof(Seat)));
    for (int i = 0; i < 8; i++) {
        Ant *ant = ((Seat *)s->seats)[i].who = malloc(sizeof(Ant));
        *ant = (Ant){.hp = i, .x = 2};
    }
    return s;
}
#endif

static bool check(State *s)
{
    const Seat *seats = s->seats;
    for (int i = 0; i < 8; i++)
        CHECK(seats[i].who->hp == i && seats[i].who->x == 2);
    return true;
}

CASE_MAIN
