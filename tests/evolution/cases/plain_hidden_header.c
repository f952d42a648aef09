/* a header of the game's own in front of the pointer: the block has no type, the edit is refused
 * expect: refused untyped-memory plain_hidden_header.c:31 (vector_grow)
 */
#include "case.h"

#include <stdlib.h>

typedef struct Header {
    size_t length, capacity;
} Header;
typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int hp;
} Ant;
typedef struct State {
    Ant *ants;
} State;
MOLT_ROOT(State);

#define HEADER(vector) ((Header *)(void *)(vector) - 1)
#define PUSH(vector, value)                                                                        \
    ((vector) = vector_grow((vector), sizeof *(vector)),                                           \
     (vector)[HEADER(vector)->length++] = (value))

#if VERSION == 1
static void *vector_grow(void *vector, size_t size)
{
    size_t length = vector ? HEADER(vector)->length : 0;
    Header *header = realloc(vector ? HEADER(vector) : NULL, sizeof(Header) + (length + 1) * size);
    header->length = length;
    header->capacity = length + 1;
    return header + 1;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    for (int i = 0; i < 20; i++)
        PUSH(s->ants, (Ant){.hp = i});
    return s;
}

static bool check(State *s)
{
    CHECK(HEADER(s->ants)->length == 20);
    for (int i = 0; i < 20; i++)
        CHECK(s->ants[i].hp == i);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->ants == NULL);
    return true;
}
#endif

CASE_MAIN
