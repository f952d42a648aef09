/* only the sources show what a vector of void pointers holds
 * refused: untyped-memory (push)
 * remedy: say MOLT_POOL(T) on the field or variable that has the block's address
 */
#include "remedy.h"

typedef struct State {
    void *data REMEDY(MOLT_POOL(Ant));
    size_t count;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static void push(State *s, const void *item, size_t size)
{
    s->data = realloc(s->data,
                      (s->count + 1) * size);
    memcpy((char *)s->data + s->count++ * size, item, size);
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    for (int i = 0; i < 8; i++)
        push(s, &(Ant){.hp = i, .x = 2}, sizeof(Ant));
    return s;
}
#endif

static bool check(State *s)
{
    const Ant *ants = s->data;
    for (int i = 0; i < 8; i++)
        CHECK(ants[i].hp == i && ants[i].x == 2);
    return s->count == 8;
}

CASE_MAIN
