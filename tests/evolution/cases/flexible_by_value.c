/* a flexible array inside of another struct has no room
 * expect: codegen-error 'State.bag' holds 'Bag' by value, whose flexible array would have no room
 */
#include "case.h"

typedef struct Bag {
    int n;
    int data[];
} Bag;
__extension__ typedef struct State {
    int first;
    Bag bag;
} State;
MOLT_ROOT(State);

static State *make(void)
{
    return molt_new(State);
}

static bool check(State *s)
{
    (void)s;
    return true;
}

CASE_MAIN
