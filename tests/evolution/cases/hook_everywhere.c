/* a hook runs for every object of its struct, wherever it lies, in the order of their addresses
 * expect: migrated
 * report: info hook-ran Slot 8
 */
#include <molt/hook.h>

#include "case.h"

typedef enum Kind { EMPTY, SWORD, SHIELD } Kind;
#if VERSION == 1
typedef struct Slot {
    Kind kind;
    unsigned count : 5;
} Slot;
#else
typedef struct Slot {
    unsigned count : 5;
    Kind kind;
    int weight;
} Slot;

static int last MOLT_TRANSIENT;

MOLT_MIGRATE(Slot)(const MoltOld *old, Slot *now)
{
    bool sword = strcmp(molt_old_enum(old, "kind"), "SWORD") == 0;
    now->weight = (sword ? 10 : 100) * (int)molt_old_uint(old, "count");
    if (now->kind != (Kind)molt_old_int(old, "kind"))
        return molt_old_fail(old, "the rules come first");
    last++;
    return true;
}
#endif
typedef struct Box {
    Slot lid;
    Slot slots[2][2];
} Box;
typedef struct Bag {
    int n;
    Slot items[] MOLT_COUNT(n);
} Bag;
typedef struct State {
    Slot *one;
    Box *box;
    Bag *bag;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->one = molt_new(Slot);
    s->box = molt_new(Box);
    s->bag = molt_new_flexible(Bag, items, 2);
    s->bag->n = 2;
    *s->one = (Slot){SWORD, 1};
    s->box->lid = (Slot){SWORD, 2};
    for (unsigned i = 0; i < 4; i++)
        s->box->slots[i / 2][i % 2] = (Slot){i % 2 ? SHIELD : SWORD, 3 + i};
    for (unsigned i = 0; i < 2; i++)
        s->bag->items[i] = (Slot){SHIELD, 7 + i};
    return s;
}

static bool check(State *s)
{
    CHECK(s->bag->items[1].count == 8);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(last == 8);
    CHECK(s->one->weight == 10 && s->box->lid.weight == 20);
    CHECK(s->box->slots[0][0].weight == 30 && s->box->slots[0][1].weight == 400);
    CHECK(s->box->slots[1][1].weight == 600 && s->bag->items[1].weight == 800);
    return true;
}
#endif

CASE_MAIN
