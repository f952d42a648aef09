/* pointers to a struct that is gone become objects of another one by a hook that looks at nothing else
 * expect: migrated
 * report: info hook-ran Player 3
 * report: loss type-removed Wallet 2
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Wallet {
    int gold;
} Wallet;
typedef struct Player {
    int hp;
    Wallet *owned;
} Player;
#else
typedef struct Purse {
    long silver;
} Purse;
typedef struct Player {
    int hp;
    Purse *owned;
} Player;

MOLT_MIGRATE(Player)(const MoltOld *old, Player *now)
{
    now->owned = molt_old_count(old, "owned") > 0 ? molt_new(Purse) : NULL;
    return true;
}
#endif
typedef struct State {
    Player players[3];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 3; i += 2)
        s->players[i].owned = molt_new(Wallet);
    return s;
}

static bool check(State *s)
{
    (void)s;
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->players[0].owned != NULL && s->players[2].owned != s->players[0].owned);
    CHECK(s->players[2].owned->silver == 0 && s->players[1].owned == NULL);
    return true;
}
#endif

CASE_MAIN
