/* a hook sees the variables as the game left them, pointers among them lead to new objects, and what it
 * writes there stays, also when the edit is undone
 * expect: migrated
 * report: info hook-ran Coin 3
 * undo: differs
 * back: "sum":6
 */
#include <molt/hook.h>

#include "case.h"

typedef struct Coin {
#if VERSION == 1
    int worth;
#else
    long worth;
    struct Coin *best_before;
#endif
} Coin;
typedef struct State {
    Coin *coins; /* an array */
} State;
MOLT_ROOT(State);

int sum = 1;
static int factor = 1;
static Coin *best;
static State *game;
static int *inside;

static int next_number(int more)
{
    static int number = 10;
    number += more;
    return number;
}

#if VERSION == 2
static Coin *added;
static const char *note;
static int same_again = 5;

MOLT_MIGRATE(Coin)(const MoltOld *old, Coin *now)
{
    if (factor != 100 || !game || best != &game->coins[2])
        return molt_old_fail(old, "a variable is not what the game made of it");
    now->worth = factor * (long)molt_old_int(old, "worth");
    now->best_before = best;
    sum += (int)molt_old_int(old, "worth") > 1;
    *inside += 1; /* the same variable, through a pointer */
    if (!added) {
        added = molt_new(Coin);
        added->worth = next_number(1);
        note = molt_strdup("made");
        same_again = 5;
    }
    return true;
}
#endif

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->coins = molt_new_array(Coin, 3);
    for (int i = 0; i < 3; i++)
        s->coins[i].worth = i + 1;
    game = s;
    best = &s->coins[2];
    inside = &sum;
    factor = 100;
    next_number(20);
    return s;
}

static bool check(State *s)
{
    CHECK(s == game && best == &s->coins[2] && sum == 1 && next_number(0) == 30);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s == game && best == &s->coins[2] && inside == &sum && factor == 100);
    for (int i = 0; i < 3; i++)
        CHECK(s->coins[i].worth == 100 * (i + 1) && s->coins[i].best_before == best);
    CHECK(sum == 1 + 2 + 3);
    CHECK(added && added->worth == 31 && next_number(0) == 31 && strcmp(note, "made") == 0);
    return true;
}
#endif

CASE_MAIN
