/* notes that what memory is seen to hold contradicts do not say what it was
 * expect: refused untyped-memory plain_pool_contradicted.c:48 (make)
 * report: refuse untyped-memory plain_pool_contradicted.c:51 (make)
 */
#include "case.h"

#include <stdlib.h>

#if VERSION == 1
#undef MOLT_POOL
#undef MOLT_COUNT
#define MOLT_POOL(Type)
#define MOLT_COUNT(field)
#endif

typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int hp;
    int speed;
} Ant;
typedef struct Leaf {
    float x, y, z, w;
} Leaf;
typedef struct State {
    void *pool MOLT_POOL(Ant);
    Leaf *leaf; /* there are no leaves in ants */
    Ant *ant;
    int count;
    float *heights MOLT_COUNT(count);
    size_t size;
} State;
MOLT_ROOT(State);

static bool check(State *s)
{
    CHECK(s->leaf == s->pool && s->leaf->w > 3 && s->ant->hp == 9);
    return true;
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    size_t size = 64;
    size += s->size;
    s->pool = malloc(size);
    s->leaf = s->pool;
    s->leaf->w = 4;
    void *mixed = malloc(size); /* heights, and an ant behind them */
    s->heights = mixed;
    s->heights[0] = 1;
    s->ant = (Ant *)(void *)(s->heights + 2);
    s->ant->hp = 9;
    return s;
}
#endif

CASE_MAIN
