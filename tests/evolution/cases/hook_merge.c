/* what stood in an object of its own goes into the one that pointed at it
 * expect: migrated
 * report: info hook-ran Player 2
 * report: info type-removed Wallet
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Wallet {
    int gold;
} Wallet;
typedef struct Player {
    int hp;
    Wallet *wallet;
} Player;
#else
typedef struct Player {
    int hp;
    int gold;
} Player;

MOLT_MIGRATE(Player)(const MoltOld *old, Player *now)
{
    const MoltOld *wallet = molt_old_follow(old, "wallet");
    now->gold = wallet ? (int)molt_old_int(wallet, "gold") : -1;
    return !wallet || strcmp(molt_old_type(wallet), "Wallet") == 0;
}
#endif
typedef struct State {
    Player players[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->players[0].wallet = molt_new(Wallet);
    s->players[0].wallet->gold = 50;
    return s;
}

static bool check(State *s)
{
    CHECK(s->players[1].wallet == NULL);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->players[0].gold == 50 && s->players[1].gold == -1);
    return true;
}
#endif

CASE_MAIN
