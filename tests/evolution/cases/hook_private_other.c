/* The other source of hook_private. */
#include <molt/hook.h>

#include "case.h"

struct Cell {
    double x;
#if VERSION == 2
    double half;
#endif
};

void *other_make(void);
bool other_check(void *cell);

void *other_make(void)
{
    struct Cell *cell = molt_new(struct Cell);
    cell->x = 3;
    return cell;
}

#if VERSION == 2
MOLT_MIGRATE(struct Cell)(const MoltOld *old, struct Cell *now)
{
    now->half = molt_old_double(old, "x") / 2;
    return true;
}
#endif

bool other_check(void *state)
{
    struct Cell *cell = state;
    CHECK(cell->x == 3);
#if VERSION == 2
    CHECK(cell->half == 1.5);
#endif
    return true;
}
