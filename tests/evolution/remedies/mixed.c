/* MOLT_POOL on a field that leads to Ants in one object and to something else in another
 * refused: untyped-memory Pool.dense
 * says: (add) that it leads to may hold Speed, not Ant
 * remedy: name the type where each block is allocated
 * alone: end_reload() makes the blocks anew
 */
#include "remedy.h"

typedef struct Speed {
    float dx, dy;
} Speed;
typedef struct Pool {
    void *dense
#if VERSION == 2
        MOLT_POOL(Ant)
#endif
        ;
    size_t count, size;
} Pool;
typedef struct State {
    Pool ants, speeds;
} State;
MOLT_ROOT(State);

static void *add(Pool *pool)
{
    pool->dense = realloc(pool->dense, (pool->count + 1) * pool->size);
    return (char *)pool->dense + pool->size * pool->count++;
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->ants.size = sizeof(Ant);
    s->speeds.size = sizeof(Speed);
    for (int i = 0; i < 8; i++) {
        *(Ant *)add(&s->ants) = (Ant){.hp = i, .x = 2};
        *(Speed *)add(&s->speeds) = (Speed){(float)i, 3};
    }
    return s;
}
#endif

#if VERSION == 3
void end_reload(void *state)
{
    State *s = state;
    Ant *ants = malloc(s->ants.count * sizeof(Ant));
    Speed *speeds = malloc(s->speeds.count * sizeof(Speed));
    memcpy(ants, s->ants.dense, s->ants.count * sizeof(Ant));
    memcpy(speeds, s->speeds.dense, s->speeds.count * sizeof(Speed));
    free(s->ants.dense);
    free(s->speeds.dense);
    s->ants.dense = ants;
    s->speeds.dense = speeds;
}
#endif

static bool check(State *s)
{
    const Ant *ants = s->ants.dense;
    const Speed *speeds = s->speeds.dense;
    for (int i = 0; i < 8; i++) {
        CHECK(ants[i].hp == i && ants[i].x == 2);
        CHECK(speeds[i].dx == (float)i && speeds[i].dy == 3);
    }
    return true;
}

CASE_MAIN
