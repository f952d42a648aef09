/* the old layout as a plain struct, from the header that the generator writes
 * expect: migrated
 * old: Player
 * report: info hook-ran Player 1
 * report: info field-removed Player.gold 1
 * report: info kind-changed Player.pos 1
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Vec {
    float x, y;
} Vec;
typedef struct Player {
    struct Player *other;
    char name[6];
    Vec pos;
    unsigned armed : 1, level : 4;
    int gold;
} Player;
#else
#include "old.h"

typedef struct Player {
    struct Player *other;
    float pos[2];
    char name[6];
    int worth;
} Player;

MOLT_MIGRATE_FROM(Player, Player_old)(const MoltOld *old, Player *now)
{
    const Player_old *was = molt_old_struct(old, Player_old);
    if (!was)
        return false;
    now->pos[0] = was->pos.x;
    now->pos[1] = was->pos.y;
    now->worth = was->gold * (int)was->level + (was->armed ? 1000 : 0);
    return was->other != NULL && strcmp(was->name, "ann") == 0;
}
#endif
typedef struct State {
    Player *player;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->player = molt_new(Player);
    *s->player = (Player){s->player, "ann", {1.5f, 2.5f}, 1, 9, 5};
    return s;
}

static bool check(State *s)
{
    CHECK(s->player->gold == 5 && s->player->level == 9 && s->player->pos.y == 2.5f);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->player->pos[0] == 1.5f && s->player->pos[1] == 2.5f);
    CHECK(s->player->worth == 1045 && s->player->other == s->player);
    return true;
}
#endif

CASE_MAIN
