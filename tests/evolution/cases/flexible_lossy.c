/* what a flexible array's elements and the struct before them lose comes back element by element
 * expect: migrated
 * report: loss number-out-of-range Item.weight 1
 * report: loss field-removed Item.owner 1
 * report: loss field-removed Bag.label 1
 */
#include "case.h"

typedef struct Bag Bag;
typedef struct Item {
#if VERSION == 1
    int weight;
    Bag *owner;
    double price;
#else
    double price;
    signed char weight;
#endif
} Item;
struct Bag {
    int n;
#if VERSION == 1
    char label[12];
#endif
    Item items[] MOLT_COUNT(n);
};
typedef struct State {
    Bag *bag;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->bag = molt_new_flexible(Bag, items, 700);
    s->bag->n = 700;
    strcpy(s->bag->label, "full");
    for (int i = 0; i < 700; i++)
        s->bag->items[i] = (Item){.weight = i, .price = i / 2.0, .owner = i % 3 ? s->bag : NULL};
    return s;
}

static bool check(State *s)
{
    CHECK(s->bag->items[699].weight == 699);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->bag->items[100].weight == 100 && s->bag->items[699].weight == 127);
    CHECK(s->bag->items[699].price == 349.5);
    return true;
}
#endif

CASE_MAIN
