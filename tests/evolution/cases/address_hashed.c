/* a table whose places are computed from the addresses of objects that move; others are only looked at
 * expect: migrated
 * report: loss address-hashed Ant 8
 * remedy: fill the table anew in end_reload()
 */
#include "case.h"

#include <stdlib.h>

#if VERSION == 2
#define ADDED int added;
#else
#define ADDED
#endif

typedef struct Ant {
    int hp;
    ADDED
} Ant;
typedef struct Bee {
    int hp;
    ADDED
} Bee;
typedef struct Map {
    const void *keys[32];
    int values[32];
} Map;
typedef struct State {
    Map map;
    Ant *ants[8];
    Bee *bees[2];
    int aligned[2];
} State;
MOLT_ROOT(State);

static size_t hash(const void *key)
{
    uintptr_t bits = (uintptr_t)key;
    bits ^= bits >> 7;
    return (size_t)(bits * 31u >> 4);
}

static void put(Map *map, const void *key, int value)
{
    size_t slot = hash(key) & 31;
    while (map->keys[slot])
        slot = (slot + 1) & 31;
    map->keys[slot] = key;
    map->values[slot] = value;
}

static int get(const Map *map, const void *key)
{
    for (int slot = 0; slot < 32; slot++)
        if (map->keys[slot] == key)
            return map->values[slot];
    return -1;
}

void fill(State *s);
void fill(State *s)
{
    for (int i = 0; i < 8; i++) {
        s->ants[i] = calloc(1, sizeof *s->ants[i]);
        s->ants[i]->hp = i;
        put(&s->map, s->ants[i], i);
    }
    for (int i = 0; i < 2; i++) {
        s->bees[i] = calloc(1, sizeof *s->bees[i]);
        s->bees[i]->hp = i;
        s->aligned[i] = ((uintptr_t)s->bees[i] & 15) == 0;
    }
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    fill(s);
    return s;
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 8; i++)
        CHECK(s->ants[i]->hp == i && get(&s->map, s->ants[i]) == i);
    return s->bees[1]->hp == 1 && s->aligned[0];
}

CASE_MAIN
