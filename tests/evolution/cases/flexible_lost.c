/* a struct that loses its flexible array while objects of it live
 * expect: refused shape-changed Bag.data
 */
#include "case.h"

typedef struct Bag {
    int n;
#if VERSION == 1
    int data[];
#else
    int *data;
#endif
} Bag;
typedef struct State {
    Bag *bag;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->bag = molt_new_flexible(Bag, data, 3);
    s->bag->data[2] = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->bag->data[2] == 7);
    return true;
}
#else
static bool check(State *s)
{
    (void)s;
    return true;
}
#endif

CASE_MAIN
