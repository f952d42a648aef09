/* an array becomes a struct with names
 * expect: migrated
 * report: info hook-ran Body 3
 * report: info kind-changed Body.pos 2
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Body {
    float pos[3];
} Body;
#else
typedef struct Vec {
    float x, y, z;
} Vec;
typedef struct Body {
    Vec pos;
} Body;

MOLT_MIGRATE(Body)(const MoltOld *old, Body *now)
{
    now->pos.x = (float)molt_old_double(old, "pos[0]");
    now->pos.y = (float)molt_old_double(old, "pos[1]");
    now->pos.z = (float)molt_old_double(old, "pos[2]");
    return molt_old_count(old, "pos") == 3 && !molt_old_has(old, "pos[3]");
}
#endif
typedef struct State {
    Body *bodies;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->bodies = molt_new_array(Body, 3);
    for (int i = 0; i < 2; i++)
        s->bodies[i].pos[i] = 1.5f;
    return s;
}

static bool check(State *s)
{
    CHECK(s->bodies[1].pos[1] == 1.5f && s->bodies[2].pos[2] == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->bodies[0].pos.x == 1.5f && s->bodies[1].pos.y == 1.5f && s->bodies[2].pos.z == 0);
    return true;
}
#endif

CASE_MAIN
