/* MOLT_POOL on a field that leads to its type in one object and to another type in another
 * expect: refused untyped-memory State.bag 1
 * report: refuse untyped-memory Pool.dense 2
 * report: refuse untyped-memory plain_pool_mixed.c:47 (add) 2
 * remedy: MOLT_POOL belongs on a pointer that leads to one type: name the type where each block is allocated
 * json: no, a dump does not say what bytes hold
 */
#include "case.h"

#include <stdlib.h>

#if VERSION == 2
#define LATE(Type) MOLT_POOL(Type)
#define ADDED int added;
#else
#define LATE(Type)
#define ADDED
#endif

typedef struct Ant {
    int hp;
    ADDED float x;
} Ant;
typedef struct Speed {
    float dx, dy;
} Speed;
typedef struct Head {
    int count, room;
} Head;
typedef struct Pool {
    void *dense LATE(Ant);
    uint32_t count;
    int kind;
} Pool;
typedef struct State {
    Pool pools[2];
    void *bag LATE(Ant);
} State;
MOLT_ROOT(State);

#define SIZE(pool) ((pool)->kind ? sizeof(Speed) : sizeof(Ant))

#if VERSION == 1
static void *add(Pool *pool)
{
    size_t size = SIZE(pool);
    pool->dense = realloc(pool->dense, (pool->count + 1) * size);
    return (char *)pool->dense + size * pool->count++;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    Head *bag = malloc(sizeof(Head) + 5 * sizeof(Ant));
    s->pools[1].kind = 1;
    for (int i = 0; i < 20; i++) {
        *(Ant *)add(&s->pools[0]) = (Ant){.hp = i};
        *(Speed *)add(&s->pools[1]) = (Speed){.dx = (float)i};
    }
    *bag = (Head){.count = 5, .room = 5};
    for (int i = 0; i < 5; i++)
        ((Ant *)(void *)(bag + 1))[i] = (Ant){.hp = i};
    s->bag = bag;
    return s;
}
#endif

static bool check(State *s)
{
    const Ant *ants = s->pools[0].dense;
    const Speed *speeds = s->pools[1].dense;
    const Head *bag = s->bag;
    for (int i = 0; i < 20; i++)
        CHECK(ants[i].hp == i && speeds[i].dx == (float)i);
    return bag->count == 5 && bag->room == 5;
}

CASE_MAIN
