/* objects in a variable of bytes: pointers to them and between them follow the variable
 * expect: migrated
 * json: no, the addresses in the bytes would mean nothing
 * through-file: differs a file cannot keep the addresses
 * undo: differs the addresses in the bytes are of the library, which comes back elsewhere
 */
#include "case.h"

#include <stdlib.h>

#if VERSION == 2
int first_in_the_image = 4; /* so that nothing lies where it lay */
#endif

typedef struct Ant {
    struct Ant *next;
    int hp;
} Ant;
typedef struct State {
    Ant *first;
#if VERSION == 2
    int added;
#endif
    size_t used;
} State;
MOLT_ROOT(State);

#if VERSION == 2
static char arena[4096];
#else
static char arena[1024];
#endif

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->used = (size_t)(-(uintptr_t)arena % 8);
    for (int i = 0; i < 10; i++) {
        Ant *ant = (Ant *)(void *)(arena + s->used);
        s->used += sizeof(Ant);
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
        CHECK((char *)ant >= arena && (char *)ant < arena + s->used);
        CHECK(ant->hp == expected);
    }
    CHECK(expected == -1);
    return true;
}

CASE_MAIN
