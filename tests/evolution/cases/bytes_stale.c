/* an address in bytes of what moves refuses, whatever holds the bytes
 * expect: refused untyped-memory bytes_stale.c:40 (make)
 * report: refuse address-in-bytes State.data
 * report: refuse address-in-bytes Note.text
 * report: refuse address-in-bytes bytes_stale.c:stash
 * remedy: keep the pointer in a field of its own beside the bytes, and clear them, in end_reload()
 * json: no, the addresses in the bytes would mean nothing
 */
#include "case.h"

#include <stdlib.h>

typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int hp;
} Ant;
typedef struct Note {
    short length;
    char text[];
} Note;
typedef struct State {
    unsigned char *arena;
    char data[2][16];
    Note *note;
    Ant *ants;
} State;
MOLT_ROOT(State);

static char stash[40];

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->ants = calloc(4, sizeof(Ant));
    s->note = malloc(sizeof(Note) + 20);
    memset(s->note, 0, sizeof(Note) + 20);
    s->arena = malloc(100);
    Ant *ant = &s->ants[2];
    ant->hp = 7;
    memcpy(s->arena + 16, &ant, sizeof ant);
    memcpy(s->data[1], &ant, sizeof ant);
    memcpy(s->note->text, &ant, sizeof ant);
    memcpy(stash + 8, &ant, sizeof ant);
    return s;
}
#endif

static bool check(State *s)
{
    Ant *ant;
    memcpy(&ant, s->arena + 16, sizeof ant);
    CHECK(ant == &s->ants[2] && ant->hp == 7);
    memcpy(&ant, s->data[1], sizeof ant);
    CHECK(ant == &s->ants[2]);
    memcpy(&ant, s->note->text, sizeof ant);
    CHECK(ant == &s->ants[2]);
    memcpy(&ant, stash + 8, sizeof ant);
    CHECK(ant == &s->ants[2]);
    return true;
}

CASE_MAIN
