/* types of one name that two sources had for themselves: one is renamed, the other has the name alone
 * expect: migrated
 * with: private_types_part_other.c
 * report: info number-converted Cell.value
 * report: info type-renamed Box
 */
#include "case.h"

#if VERSION == 1
typedef struct Cell {
    int value;
} Cell;
#else
typedef struct Cell {
    long value;
} Cell;
#endif
typedef struct State {
    Cell *cell;
    void *other;
} State;
MOLT_ROOT(State);

void *other_make(void);
bool other_check(void *other);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->cell = molt_new(Cell);
    s->cell->value = -5;
    s->other = other_make();
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->cell->value == -5);
    return other_check(s->other);
}

CASE_MAIN
