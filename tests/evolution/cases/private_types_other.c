/* The second source of private_types.c. */
#include "case.h"

#if VERSION == 1
typedef struct Cell {
    long name;
    struct Cell *next;
} Cell;
#else
typedef struct Cell {
    struct Cell *next;
    short name;
} Cell;
typedef struct Kept {
    char name[8];
} Kept;
#endif
typedef struct List {
    Cell *cells;
} List;

void *other_make(void);
bool other_check(void *other);

void *other_make(void)
{
    List *list = molt_new(List);
    list->cells = molt_new(Cell);
    list->cells->name = 77;
    list->cells->next = list->cells;
    return list;
}

bool other_check(void *other)
{
    List *list = other;
    CHECK(list->cells->name == 77 && list->cells->next == list->cells);
#if VERSION == 2
    Kept *kept = molt_new(Kept);
    strcpy(kept->name, "new");
#endif
    return true;
}
