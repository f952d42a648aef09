/* a block of bytes has the address of a function that goes
 * refused: untyped-memory (make)
 * remedy: or clear the bytes, in end_reload() of a save before the edit
 * alone: end_reload() clears them
 */
#include "remedy.h"

typedef struct State {
    void *queue;
} State;
MOLT_ROOT(State);

#if VERSION == 1 || VERSION == 3
__attribute__((used)) static int bite(int hp)
{
    return hp - 1;
}
#endif

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    uintptr_t function = (uintptr_t)bite;
    size_t size = hidden(32);
    s->queue =
        malloc(size);
    memset(s->queue, 0, size);
    memcpy(s->queue, &function, sizeof function);
    return s;
}
#endif

#if VERSION == 3
void end_reload(void *state)
{
    State *s = state;
    memset(s->queue, 0, 32);
}
#endif

static bool check(State *s)
{
    return s->queue != NULL;
}

CASE_MAIN
