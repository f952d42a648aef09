/* blocks of several objects cannot become objects of several elements
 * expect: refused shape-changed Bag.data
 */
#include "case.h"

typedef struct Bag {
    int n;
#if VERSION == 2
    int data[];
#endif
} Bag;
typedef struct State {
    Bag *bags;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->bags = molt_new_array(Bag, 3);
    s->bags[2].n = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->bags[2].n == 7);
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
