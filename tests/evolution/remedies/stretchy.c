/* a header hidden in front of the pointer, as in stb's stretchy buffers
 * refused: untyped-memory (grow)
 * remedy: or MOLT_POOL(T, H) if one H comes first
 */
#include "remedy.h"

typedef struct Length {
    size_t count, room;
} Length;
typedef struct State {
    Ant *ants REMEDY(MOLT_POOL(Ant, Length)), *last;
    int *numbers REMEDY(MOLT_POOL(int, Length));
} State;
MOLT_ROOT(State);

#define LENGTH(a) ((Length *)(a) - 1)

#if VERSION == 1
static void *grow(void *array, size_t size)
{
    size_t count = array ? LENGTH(array)->count : 0;
    Length *length = realloc(array ? LENGTH(array) : NULL, sizeof(Length) + (count + 1) * size);
    length->room = length->count = count + 1;
    return length + 1;
}
#define PUSH(a, value) ((a) = grow(a, sizeof *(a)), (a)[LENGTH(a)->count - 1] = (value))

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    for (int i = 0; i < 8; i++) {
        PUSH(s->ants, ((Ant){.hp = i, .x = 2}));
        PUSH(s->numbers, i);
    }
    s->last = s->ants + 7;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(LENGTH(s->ants)->count == 8 && LENGTH(s->numbers)->room == 8);
    for (int i = 0; i < 8; i++)
        CHECK(s->ants[i].hp == i && s->ants[i].x == 2 && s->numbers[i] == i);
    return s->last == s->ants + 7;
}

CASE_MAIN
