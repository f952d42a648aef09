/* a note that what memory is seen to hold contradicts does not say what it was
 * expect: refused untyped-memory plain_pool_contradicted.c:43 (make)
 */
#include "case.h"

#include <stdlib.h>

#if VERSION == 1
#undef MOLT_POOL
#define MOLT_POOL(Type)
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
    size_t size;
} State;
MOLT_ROOT(State);

static bool check(State *s)
{
    CHECK(s->leaf == s->pool && s->leaf->w > 3);
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
    return s;
}
#endif

CASE_MAIN
