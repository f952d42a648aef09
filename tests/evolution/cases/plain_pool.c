/* MOLT_POOL says what the game cuts a block into
 * expect: migrated
 */
#include "case.h"

#include <stdlib.h>

typedef struct Ant {
    struct Ant *next;
#if VERSION == 2
    int hunger MOLT_DEFAULT(7);
#endif
    int hp;
} Ant;
typedef struct State {
    char *pool MOLT_POOL(Ant);
    size_t used;
    Ant *first;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static Ant *take(State *s)
{
    Ant *ant = (Ant *)(void *)(s->pool + s->used);
    s->used += sizeof(Ant);
    return ant;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->pool = malloc(1000);
    for (int i = 0; i < 10; i++) {
        Ant *ant = take(s);
        *ant = (Ant){.next = s->first, .hp = i};
        s->first = ant;
    }
    return s;
}
#endif

static bool check(State *s)
{
    int expected = 9;
    for (Ant *ant = s->first; ant; ant = ant->next, expected--) {
        CHECK(ant->hp == expected);
#if VERSION == 2
        CHECK(ant->hunger == 7);
#endif
    }
    CHECK(expected == -1 && (char *)&s->first[-9] == s->pool);
    return true;
}

CASE_MAIN
