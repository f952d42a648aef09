/* pointers in, into and past a flexible array follow; its struct elements change
 * expect: migrated
 * report: info field-added Cell.weight
 */
#include "case.h"

typedef struct Grid Grid;
typedef struct Cell {
#if VERSION == 2
    double weight;
#endif
    int value;
    Grid *grid;
    const char *name;
} Cell;
struct Grid {
    int rows;
    int tag;
#if VERSION == 2
    Cell *first;
#endif
    Cell cells[];
};
/* Its own layout stays while what it points at moves. */
typedef struct Links {
    int n;
    Cell *to[];
} Links;
typedef struct State {
    Grid *grid;
    Grid *end;
    Cell *cell;
    Cell *past;
    int *value;
    int *tag;
    void *any;
    Links *links;
    bool (**hooks)(struct State *);
} State;
MOLT_ROOT(State);

static bool check(State *s);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    Grid *grid = molt_new_flexible(Grid, cells, 5);
    for (int i = 0; i < 5; i++) {
        grid->cells[i].value = i;
        grid->cells[i].grid = grid;
        grid->cells[i].name = "cell";
    }
    s->grid = grid;
    s->cell = &grid->cells[3];
    s->past = &grid->cells[5];
    s->value = &grid->cells[4].value;
    s->tag = &grid->tag;
    s->any = &grid->cells[2];
    s->links = molt_new_flexible(Links, to, 2);
    s->links->n = 2;
    s->links->to[0] = s->cell;
    s->links->to[1] = s->past;
    s->hooks = molt_new_array(__typeof__(*s->hooks), 2);
    s->hooks[1] = check;
    return s;
}
#endif

static bool check(State *s)
{
    Grid *grid = s->grid;
    CHECK(molt_count(grid) == 5);
    for (int i = 0; i < 5; i++) {
        CHECK(grid->cells[i].value == i && grid->cells[i].grid == grid);
        CHECK(strcmp(grid->cells[i].name, "cell") == 0);
    }
    CHECK(s->cell == &grid->cells[3] && s->past == &grid->cells[5]);
    CHECK(s->value == &grid->cells[4].value && s->tag == &grid->tag);
    CHECK(s->any == &grid->cells[2] && s->hooks[1] == check);
    CHECK(s->links->n == 2 && s->links->to[0] == s->cell && s->links->to[1] == s->past);
    return true;
}

CASE_MAIN
