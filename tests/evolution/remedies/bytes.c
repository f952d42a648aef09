/* bytes in a struct have the address of an object that moves
 * refused: address-in-bytes Slot.bytes
 * remedy: keep the pointer in a field of its own beside the bytes, and clear them, in end_reload()
 * alone: end_reload() moves the pointer
 */
#include "remedy.h"

typedef struct Slot {
    char bytes[sizeof(Ant *)];
    REMEDY(Ant *ant;)
} Slot;
typedef struct State {
    Slot *slot;
} State;
MOLT_ROOT(State);

static Ant *held(State *s)
{
    Ant *ant;
#if REMEDIED
    ant = s->slot->ant;
#else
    memcpy(&ant, s->slot->bytes, sizeof ant);
#endif
    return ant;
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    Ant *ant = malloc(sizeof *ant);
    s->slot = calloc(1, sizeof *s->slot);
    *ant = (Ant){.hp = 1, .x = 2};
    memcpy(s->slot->bytes, &ant, sizeof ant);
    return s;
}
#endif

#if VERSION == 3
void end_reload(void *state)
{
    State *s = state;
    memcpy(&s->slot->ant, s->slot->bytes, sizeof s->slot->ant);
    memset(s->slot->bytes, 0, sizeof s->slot->bytes);
}
#endif

static bool check(State *s)
{
    return held(s)->hp == 1 && held(s)->x == 2;
}

CASE_MAIN
