/* two sources each have a type of one name for themselves; a third one joins them
 * expect: migrated
 * with: private_types_other.c
 * report: info number-converted private_types.c:Cell.value
 * report: info number-converted private_types_other.c:Cell.name
 * undo: differs (version 2 goes on with the state)
 */
#include "case.h"

#if VERSION == 1
typedef struct Cell {
    int value;
} Cell;
#else
typedef struct Cell {
    struct Cell *next;
    double value;
} Cell;
#endif
/* Held by both sources alike, but made of types that differ. */
typedef struct List {
    Cell *cells;
} List;
typedef struct Kept {
    struct Kept *next;
    int id;
} Kept;
typedef struct State {
    List list;
    Kept *kept;
    void *other;
} State;
MOLT_ROOT(State);

void *other_make(void);
bool other_check(void *other);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->list.cells = molt_new_array(Cell, 3);
    s->list.cells[2].value = 22;
    s->kept = molt_new(Kept);
    s->kept->id = 3;
    s->other = other_make();
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->list.cells[2].value == 22 && s->kept->id == 3);
    Cell *more = molt_new(Cell);
    more->value = 5;
    CHECK(molt_count(s->list.cells) == 3);
    return other_check(s->other);
}

CASE_MAIN
