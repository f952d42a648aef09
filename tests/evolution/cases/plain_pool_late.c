/* MOLT_POOL and MOLT_COUNT that come with the edit say what memory holds which was made before
 * expect: migrated
 * report: info untyped-memory State.arena 1
 * report: info untyped-memory Room.first 1
 * report: info untyped-memory State.chunks 2
 * report: info untyped-memory plain_pool_late.c:spare 1
 * remedied: untyped-memory plain_pool_late.c:61 (make)
 * json: no, the addresses in the bytes would mean nothing
 * undo: differs the blocks have their type by then
 * through-file: differs where memory was allocated is not kept
 */
#include "case.h"

#include <stdlib.h>

#if VERSION != 2
#undef MOLT_POOL
#undef MOLT_COUNT
#define MOLT_POOL(Type)
#define MOLT_COUNT(field)
#endif

typedef struct Ant {
    struct Ant *next;
#if VERSION >= 2
    int hunger MOLT_DEFAULT(7);
#endif
    int hp;
} Ant;
typedef struct Room {
    int count;
    Ant *first MOLT_COUNT(count);
} Room;
typedef struct State {
    char *arena MOLT_POOL(Ant);
    Room *room;
    void *chunks[3] MOLT_POOL(struct Ant);
    Ant *last;
    int *hp;
    char *end;
} State;
MOLT_ROOT(State);

static void *spare MOLT_POOL(Ant);

#if VERSION == 1
static void *bytes(size_t size)
{
    size_t rounded = size;
    rounded += 0 * size;
    return malloc(rounded);
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->room = calloc(1, sizeof *s->room);
    s->room->count = 5;
    size_t size = 5 * sizeof(Ant);
    size += (size_t)(s->room->count - 5);
    s->room->first = malloc(size);
    s->room->first[4].hp = 44;
    s->arena = malloc(1000); /* a part of an object is left over */
    for (int i = 0; i < 60; i++) {
        Ant *ant = (Ant *)(void *)(s->arena + (size_t)i * sizeof *ant);
        *ant = (Ant){.next = s->last, .hp = i};
        s->last = ant;
    }
    s->chunks[0] = bytes(2 * sizeof(Ant));
    s->chunks[2] = bytes(7 * sizeof(Ant));
    ((Ant *)s->chunks[2])[6] = (Ant){.next = &s->room->first[4], .hp = 6};
    spare = bytes(sizeof(Ant));
    ((Ant *)spare)->hp = 99;
    s->hp = &s->last->hp;
    s->end = s->arena + 60 * sizeof(Ant);
    return s;
}
#endif

static bool check(State *s)
{
    int expected = 59;
    Ant *arena = (Ant *)(void *)s->arena;
    for (Ant *ant = s->last; ant; ant = ant->next, expected--) {
        CHECK(ant == &arena[expected] && ant->hp == expected);
#if VERSION == 2
        CHECK(ant->hunger == 7);
#endif
    }
    CHECK(expected == -1 && s->hp == &s->last->hp && s->end == (char *)&arena[60]);
    CHECK(s->room->first[4].hp == 44);
    CHECK(((Ant *)s->chunks[2])[6].next == &s->room->first[4]);
    CHECK(((Ant *)s->chunks[2])[6].hp == 6 && ((Ant *)spare)->hp == 99);
    return true;
}

CASE_MAIN
