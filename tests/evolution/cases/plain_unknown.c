/* a block whose size names no type is carried byte for byte, and refuses an edit of what it may hold
 * expect: refused untyped-memory plain_unknown.c:32 (make)
 */
#include "case.h"

#include <stdlib.h>

typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int hp;
} Ant;
typedef struct Room {
    int number;
    Ant *first;
} Room;
typedef struct State {
    Room *room;
    size_t room_size;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->room = calloc(1, sizeof *s->room);
    s->room->number = 3;
    s->room_size = 10 * sizeof(Ant);
    size_t bytes = s->room_size;
    s->room->first = malloc(bytes);
    s->room->first[9].hp = 109;
    return s;
}

static bool check(State *s)
{
    CHECK(s->room->number == 3 && s->room->first[9].hp == 109);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->room == NULL);
    return true;
}
#endif

CASE_MAIN
