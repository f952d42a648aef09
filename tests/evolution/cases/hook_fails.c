/* a hook that fails in the middle refuses the reload, whatever it wrote until then
 * expect: refused hook-failed Player
 */
#include <molt/hook.h>

#include "case.h"

typedef struct World { /* unchanged: it stays where it is, and hooks can write it */
    int seen;
    struct Player *first;
    char *name;
} World;

#if VERSION == 1
typedef struct Player {
    int hp;
    World *world;
} Player;
#else
typedef struct Player {
    World *world;
    long hp;
} Player;

MOLT_MIGRATE(Player)(const MoltOld *old, Player *now)
{
    now->world->seen++;
    now->world->name[0] = 'X';
    now->world->first = molt_new(Player);
    if (molt_old_int(old, "hp") == 3)
        return molt_old_fail(old, "%d is no good", 3);
    return true;
}
#endif
typedef struct State {
    World *world;
    Player players[5];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->world = molt_new(World);
    s->world->name = molt_strdup("name");
    s->world->first = &s->players[1];
    for (int i = 0; i < 5; i++) {
        s->players[i].hp = i;
        s->players[i].world = s->world;
    }
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->world->seen == 0 && strcmp(s->world->name, "name") == 0);
    CHECK(s->world->first == &s->players[1] && s->world->first->hp == 1);
    return true;
}

CASE_MAIN
