/* a hook runs for structs that leave their object or become part of one, where they are in the end
 * expect: migrated
 * report: info hook-ran Body 2
 * report: info struct-allocated Ant.body 0
 * report: info struct-embedded Bee.body 0
 * undo: renumbered the block that is made again gets another number
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Body {
    int grams;
    struct Body *other;
} Body;
typedef struct Ant {
    int n;
    Body body;
} Ant;
typedef struct Bee {
    int n;
    Body *body;
} Bee;
#else
typedef struct Body {
    struct Body *other;
    int grams;
    double kilos;
} Body;
typedef struct Ant {
    int n;
    Body *body;
} Ant;
typedef struct Bee {
    int n;
    Body body;
} Bee;

MOLT_MIGRATE(Body)(const MoltOld *old, Body *now)
{
    now->kilos = (double)molt_old_int(old, "grams") / 1000;
    if (molt_old_now(old) != now)
        return molt_old_fail(old, "the new one is elsewhere");
    return molt_old_pointer(old, "other") == now->other;
}
#endif
typedef struct State {
    Ant *ant;
    Bee *bee;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ant = molt_new(Ant);
    s->bee = molt_new(Bee);
    s->bee->body = molt_new(Body);
    s->ant->body.grams = 500;
    s->bee->body->grams = 250;
    s->bee->body->other = &s->ant->body;
    return s;
}

static bool check(State *s)
{
    CHECK(s->bee->body->other->grams == 500);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->ant->body->kilos == 0.5 && s->bee->body.kilos == 0.25);
    CHECK(s->bee->body.other == s->ant->body);
    return true;
}
#endif

CASE_MAIN
