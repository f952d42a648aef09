/* _Alignas: blocks and fields stand where the new declaration wants them
 * expect: migrated
 * undo: differs (version 2 goes on with the state)
 */
#include "case.h"

#include <stddef.h>

#if VERSION == 1
typedef struct Cell {
    int value;
    char name[5];
} Cell;
#else
typedef struct Cell {
    char name[5];
    _Alignas(64) int value;
} Cell;
#endif
typedef struct State {
    Cell *cells;
    Cell one;
    int *value;
    max_align_t most;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->cells = molt_new_array(Cell, 5);
    for (int i = 0; i < 5; i++)
        s->cells[i].value = i + 1;
    strcpy(s->one.name, "one");
    s->value = &s->cells[3].value;
    return s;
}

static bool check(State *s)
{
    CHECK(*s->value == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK((uintptr_t)s % 64 == 0 && (uintptr_t)s->cells % 64 == 0);
    CHECK(s->cells[4].value == 5 && s->value == &s->cells[3].value && *s->value == 4);
    CHECK(strcmp(s->one.name, "one") == 0);
    Cell *more = molt_new(Cell);
    CHECK((uintptr_t)more % 64 == 0);
    return true;
}
#endif

CASE_MAIN
