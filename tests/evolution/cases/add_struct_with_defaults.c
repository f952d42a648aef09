/* an added struct takes its fields' defaults, in arrays too
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
enum { START = 9 };
typedef struct Gear {
    int weight MOLT_DEFAULT(START + 1);
    struct {
        float wear MOLT_DEFAULT(0.25);
    } state;
} Gear;
typedef struct State {
    Gear gear[3];
    int hp;
    Gear spare;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->hp == 7);
    for (int i = 0; i < 3; i++)
        CHECK(s->gear[i].weight == 10 && s->gear[i].state.wear == 0.25f);
    CHECK(s->spare.weight == 10);
    return true;
}
#endif

CASE_MAIN
