/* an arena that is an array of wide numbers
 * refused: untyped-memory array.c:arena
 * says: was unsigned long[64]
 * remedy: move them there and clear this array in end_reload()
 * alone: end_reload() moves them
 */
#include "remedy.h"

typedef struct State {
    unsigned at[8];
} State;
MOLT_ROOT(State);

static uint64_t arena[64];
#if REMEDIED
static Ant ants[8];
#endif

static Ant *ant(State *s, int i)
{
#if REMEDIED
    (void)s, (void)arena;
    return &ants[i];
#else
    return (Ant *)(void *)((char *)arena + s->at[i]);
#endif
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    for (unsigned i = 0; i < 8; i++) {
        s->at[i] = i * sizeof(Ant);
        *ant(s, (int)i) = (Ant){.hp = (int)i, .x = 2};
    }
    return s;
}
#endif

#if VERSION == 3
void end_reload(void *state)
{
    (void)state;
    memcpy(ants, arena, sizeof ants);
    memset(arena, 0, sizeof arena);
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 8; i++)
        CHECK(ant(s, i)->hp == i && ant(s, i)->x == 2);
    return true;
}

CASE_MAIN
