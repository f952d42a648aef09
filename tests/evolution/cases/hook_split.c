/* a field goes into a struct of its own, which the hook makes for each object
 * expect: migrated
 * report: info hook-ran Player 2
 * report: info field-removed Player.gold 2
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Player {
    int hp;
    int gold;
} Player;
#else
typedef struct Wallet {
    int gold;
} Wallet;
typedef struct Player {
    int hp;
    Wallet *wallet;
} Player;

MOLT_MIGRATE(Player)(const MoltOld *old, Player *now)
{
    now->wallet = molt_new(Wallet);
    if (!now->wallet)
        return molt_old_fail(old, "no memory for a wallet");
    now->wallet->gold = (int)molt_old_int(old, "gold");
    return true;
}
#endif
typedef struct State {
    Player *players[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 2; i++) {
        s->players[i] = molt_new(Player);
        s->players[i]->hp = 7 + i;
        s->players[i]->gold = 50 + i;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->players[0]->gold == 50 && s->players[1]->gold == 51);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 2; i++) {
        CHECK(s->players[i]->hp == 7 + i && s->players[i]->wallet->gold == 50 + i);
        CHECK(molt_count(s->players[i]->wallet) == 1);
    }
    CHECK(s->players[0]->wallet != s->players[1]->wallet);
    return true;
}
#endif

CASE_MAIN
