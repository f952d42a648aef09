/* what a hook allocates with malloc and strdup has its type and goes on in the next reload; here that undoes
 * the edit, and the objects stay because something points at them
 * expect: migrated
 * report: info hook-ran Ant 1
 * undo: differs
 * back: {"id":"Coin:0","type":"Coin","align":16,"value":{"worth":7}}
 * back: "coin":{"ref":"Coin:0"},"text":{"ref":"char:0"}
 * back: "value":"a gift"
 */
#include <stdlib.h>
#include <string.h>

#include <molt/hook.h>

#include "case.h"

typedef struct Coin {
#if VERSION == 1
    int worth;
#else
    char *owner;
    long worth;
#endif
} Coin;
typedef struct Ant {
#if VERSION == 1
    int gold;
#else
    long gold;
#endif
} Ant;
typedef struct State {
    Ant *ant;
    Coin *coin;
    char *text;
} State;
MOLT_ROOT(State);

static State *game;

#if VERSION == 2
MOLT_MIGRATE(Ant)(const MoltOld *old, Ant *now)
{
    Coin *coin = malloc(sizeof *coin);
    if (!coin)
        return molt_old_fail(old, "no memory");
    coin->worth = (long)molt_old_int(old, "gold");
    coin->owner = NULL;
    game->coin = coin;
    game->text = strdup("a gift");
    now->gold = 0;
    return game->text != NULL;
}
#endif

#if VERSION == 1
static State *make(void)
{
    State *s = game = molt_new(State);
    s->ant = molt_new(Ant);
    s->ant->gold = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->ant->gold == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s == game && s->coin->worth == 7 && !s->coin->owner && s->ant->gold == 0);
    CHECK(strcmp(s->text, "a gift") == 0);
    return true;
}
#endif

CASE_MAIN
