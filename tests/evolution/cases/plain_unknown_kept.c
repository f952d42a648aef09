/* blocks without a type stay as they are while other structs change
 * expect: migrated
 * report: info untyped-memory plain_unknown_kept.c:38 (make) 1
 * report: info untyped-memory plain_unknown_kept.c:40 (make) 1
 * json: no, the addresses in the bytes would mean nothing
 * through-file: differs a file cannot keep the addresses in the bytes
 */
#include "case.h"

#include <stdlib.h>

typedef struct Ant {
    int hp;
    struct Ant *next;
} Ant;
typedef struct Room {
    int number;
#if VERSION == 2
    int floor;
#endif
} Room;
typedef struct State {
    Ant *first;
    void *bytes;
    Room *room;
    size_t size;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->room = malloc(sizeof(Room));
    s->room->number = 3;
    s->size = 5 * sizeof(Ant);
    size_t size = s->size;
    s->bytes = malloc(200);
    memset(s->bytes, 0x5a, 200);
    s->first = malloc(size);
    for (int i = 0; i < 5; i++)
        s->first[i] = (Ant){.hp = i, .next = i < 4 ? &s->first[i + 1] : s->first};
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->room->number == 3);
    for (int i = 0; i < 5; i++)
        CHECK(s->first[i].hp == i && s->first[i].next == &s->first[(i + 1) % 5]);
    for (int i = 0; i < 200; i++)
        CHECK(((unsigned char *)s->bytes)[i] == 0x5a);
    return true;
}

CASE_MAIN
