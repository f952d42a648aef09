/* a typed pointer leads into a block without a type
 * refused: untyped-memory (make)
 * remedy: say MOLT_POOL(T) on the field or variable that has the block's address
 */
#include "remedy.h"

typedef struct State {
    char *arena REMEDY(MOLT_POOL(Ant));
    Ant *last;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->arena =
        malloc(hidden(8 * sizeof(Ant)));
    s->last = (Ant *)(void *)s->arena + 7;
    for (int i = 0; i < 8; i++)
        s->last[i - 7] = (Ant){.hp = i, .x = 2};
    return s;
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 8; i++)
        CHECK(s->last[i - 7].hp == i && s->last[i - 7].x == 2);
    return (void *)s->arena == (void *)(s->last - 7);
}

CASE_MAIN
