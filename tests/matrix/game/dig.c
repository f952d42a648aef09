#include "colony.h"

#if VERSION > 1
__attribute__((noinline)) static int first_of_dig(Ant *ant, int by)
{
    return ant->walked * by * 3;
}
int (*const volatile first_dig)(Ant *, int) = first_of_dig;
#endif

/* There is one in walk.c too. */
__attribute__((noinline)) static int move(Ant *ant, int by)
{
    return ant->walked - by * VERSION;
}

static int same_one(Ant *ant, int by)
{
    return ant->walked * 5 + by * 3;
}

static int same_two(Ant *ant, int by)
{
#if VERSION == 6
    by++;
#endif
    return ant->walked * 5 + by * 3;
}

#if VERSION == 1
void dig_fill(State *state)
{
    state->dig_move = move;
    state->same_one = same_one;
    state->same_two = same_two;
    state->kinds[1] = walkers;
}
#endif

bool dig_check(State *state)
{
#if VERSION != 4 && VERSION != 5
    Ant *ant = state->ants[1];
    CHECK(state->dig_move == move && state->dig_move != state->walk_move);
    CHECK(state->dig_move(ant, 2) == 1 - 2 * VERSION && state->walk_move(ant, 2) == 1 + 2 * VERSION);
    CHECK(state->same_one == same_one && state->same_one(ant, 2) == 11);
    CHECK(state->same_two == same_two && state->same_two(ant, 2) == (VERSION == 6 ? 14 : 11));
    CHECK(state->kinds[1] == walkers && state->kinds[1]->step(ant, 2) == state->walk_move(ant, 2));
    CHECK(strcmp(state->kinds[1]->name, "ant") == 0);
#else
    CHECK(state->same_one != NULL || move(NULL, 0) || same_one(NULL, 0) || same_two(NULL, 0));
#endif
    return true;
}
