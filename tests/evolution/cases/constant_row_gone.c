/* a row that the new library lacks goes on as a copy; one that has no name is known by its index, which is
 * said where another row holds its content by now
 * expect: code
 * report: loss constant-copied State.gone 1
 * report: loss constant-copied State.gone_table 1
 * report: loss constant-copied Holder.gone_weight 1
 * report: loss constant-shifted State.shifted 1
 * report: info field-added Item.mass
 * json: no, what was a row is an object by then
 */
#include "case.h"

typedef struct Item {
    const char *name;
#if VERSION == 2
    double mass MOLT_DEFAULT(1.5);
#endif
    int weight;
    const struct Item *made_of;
} Item;
typedef struct Plain {
    int a, b;
} Plain;
typedef struct Holder { /* stays as it is */
    const int *gone_weight;
} Holder;
typedef struct State {
    const Item *gone, *stays;
    const Plain *gone_table, *shifted;
    Holder *holder;
} State;
MOLT_ROOT(State);

extern const Item items[];
const Item items[] = {
#if VERSION == 1
    {.name = "club", .weight = 9, .made_of = &items[1]},
#endif
    {.name = "wood", .weight = 2 * VERSION},
};
#if VERSION == 1
static const Plain table[] = {{1, 2}, {3, 4}};
#endif
static const Plain shifts[] = {
#if VERSION == 2
    {0, 0},
#endif
    {1, 1},
    {2, 2},
};

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->holder = molt_new(Holder);
    s->holder->gone_weight = &items[0].weight;
    s->gone = &items[0];
    s->stays = &items[1];
    s->gone_table = &table[1];
    s->shifted = &shifts[1];
    return s;
}

static bool check(State *s)
{
    CHECK(s->gone == &items[0] && s->stays == &items[1] && s->gone_table == &table[1]);
    CHECK(s->holder->gone_weight == &items[0].weight && s->shifted == &shifts[1]);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->stays == &items[0] && s->stays->weight == 4);
    CHECK(strlen(s->gone->name) == 4 && s->gone->name[0] == 'c' && s->gone->weight == 9);
    CHECK(s->gone->mass == 1.5 && s->gone->made_of == &items[0]);
    CHECK(s->holder->gone_weight == &s->gone->weight);
    CHECK(s->gone_table->a == 3 && s->gone_table->b == 4 && s->shifted == &shifts[1]);
    return true;
}
#endif

CASE_MAIN
