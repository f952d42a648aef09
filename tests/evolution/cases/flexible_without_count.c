/* molt_new cannot know how long the array at the end is
 * expect: codegen-error use molt_new_flexible(Bag, data, n)
 */
#include "case.h"

typedef struct Bag {
    int n;
    int data[];
} Bag;
typedef struct State {
    Bag *bag;
} State;
MOLT_ROOT(State);

static State *make(void)
{
    State *s = molt_new(State);
    s->bag = molt_new(Bag);
    return s;
}

static bool check(State *s)
{
    (void)s;
    return true;
}

CASE_MAIN
