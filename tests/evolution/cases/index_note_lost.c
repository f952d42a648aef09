/* MOLT_INDEX goes in the edit that gives its enum other values: nobody says which is meant
 * expect: migrated
 * report: loss elements-moved State.stock
 */
#include "case.h"

#if VERSION == 1
typedef enum Good { FOOD, WOOD, STONE } Good;
typedef struct State {
    Good best;
    int stock[3] MOLT_INDEX(Good);
} State;
#else
typedef enum Good { STONE, FOOD, WOOD } Good;
typedef struct State {
    Good best;
    int stock[3];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *state = molt_new(State);
    *state = (State){.best = WOOD, .stock = {1, 2, 3}};
    return state;
}
#endif

static bool check(State *state)
{
    CHECK(state->best == WOOD);
    CHECK(state->stock[0] == 1 && state->stock[1] == 2 && state->stock[2] == 3);
    return true;
}

CASE_MAIN
