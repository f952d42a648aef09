/* structs in the bytes of another struct, with pointers to them
 * refused: unknown-target State.first
 * remedy: move the object into a block or an array of its own type, in end_reload()
 * alone: end_reload() moves them
 */
#include "remedy.h"

typedef struct Chunk {
    struct Chunk *next;
    unsigned char bytes[64];
} Chunk;
typedef struct State {
    Chunk *chunk;
    Ant *first;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->chunk = calloc(1, sizeof *s->chunk);
    s->first = (Ant *)(void *)s->chunk->bytes;
    for (int i = 0; i < 8; i++)
        s->first[i] = (Ant){.hp = i, .x = 2};
    return s;
}
#endif

#if VERSION == 3
void end_reload(void *state)
{
    State *s = state;
    Ant *ants = malloc(8 * sizeof(Ant));
    memcpy(ants, s->chunk->bytes, 8 * sizeof(Ant));
    memset(s->chunk->bytes, 0, sizeof s->chunk->bytes);
    s->first = ants;
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 8; i++)
        CHECK(s->first[i].hp == i && s->first[i].x == 2);
    return true;
}

CASE_MAIN
