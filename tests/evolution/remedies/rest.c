/* a block whose rest a note could not explain
 * refused: untyped-memory (make)
 * says: it holds Item
 * remedy: and copy what is there into a new block in end_reload(), in a save before the edit
 * alone: end_reload() makes the block anew
 */
#include "remedy.h"

typedef struct Item {
    ADDED int a;
    void *rest;
} Item;
typedef struct State {
    void *block;
    Item *first;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    size_t size = 4 * sizeof(Item) + 5;
    size += 0 * size;
    s->block =
        malloc(size);
    memset(s->block, 1, size);
    s->first = s->block;
    for (int i = 0; i < 4; i++)
        s->first[i] = (Item){.a = i};
    return s;
}
#endif

#if VERSION == 3
void end_reload(void *state)
{
    State *s = state;
    Item *items = malloc(4 * sizeof(Item));
    memcpy(items, s->block, 4 * sizeof(Item));
    free(s->block);
    s->block = s->first = items;
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 4; i++)
        CHECK(s->first[i].a == i);
    return s->block == s->first;
}

CASE_MAIN
