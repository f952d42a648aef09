/* a header and its items in one block, without a flexible array; the header changes as well
 * refused: untyped-memory (make)
 * remedy: or MOLT_POOL(T, H) if one H comes first
 */
#include "remedy.h"

typedef struct Head {
    ADDED int count;
    const char *name;
} Head;
typedef struct State {
    Head *bag REMEDY(MOLT_POOL(Ant, Head));
} State;
MOLT_ROOT(State);

#define ITEMS(head) ((Ant *)(void *)((head) + 1))

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->bag = malloc(8 * sizeof(Ant) + sizeof(Head));
    *s->bag = (Head){.count = 8, .name = "bag"};
    for (int i = 0; i < 8; i++)
        ITEMS(s->bag)[i] = (Ant){.hp = i, .x = 2};
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->bag->count == 8 && strcmp(s->bag->name, "bag") == 0);
    for (int i = 0; i < 8; i++)
        CHECK(ITEMS(s->bag)[i].hp == i && ITEMS(s->bag)[i].x == 2);
    return true;
}

CASE_MAIN
