/* The second source of private_types_part.c. */
#include "case.h"

#if VERSION == 1
typedef struct Cell {
    char name[8];
    struct Cell *self;
} Cell;
#else
typedef struct Box {
    char name[12];
    struct Box *self;
} MOLT_WAS("Cell") Box;
typedef Box Cell;
#endif

void *other_make(void);
bool other_check(void *other);

void *other_make(void)
{
    Cell *cell = molt_new(Cell);
    strcpy(cell->name, "box");
    cell->self = cell;
    return cell;
}

bool other_check(void *other)
{
    Cell *cell = other;
    CHECK(strcmp(cell->name, "box") == 0 && cell->self == cell);
    return true;
}
