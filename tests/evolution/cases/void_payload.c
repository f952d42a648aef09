/* what a void * leads to is of a type that the new code takes out of there, and no more allocates
 * expect: migrated
 * report: info field-added Spell.cost
 * report: info number-converted Item.weight
 * report: info field-added Item.kind
 */
#include "case.h"

#if VERSION == 1
typedef struct Spell {
    int power;
} Spell;
typedef struct Item {
    int weight;
    struct Item *next;
} Item;
#else
typedef struct Spell {
    int power;
    float cost;
} Spell;
typedef struct Item {
    char kind;
    struct Item *next;
    long weight;
} Item;
#endif
typedef struct State {
    void *spell;
    void *links; /* Item.next of the first item */
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    Spell *spell = molt_new(Spell);
    Item *item = molt_new(Item);
    spell->power = 7;
    item->weight = 3;
    item->next = molt_new(Item);
    item->next->weight = 4;
    s->spell = spell;
    s->links = &item->next;
    return s;
}

static bool check(State *s)
{
    CHECK(((Spell *)s->spell)->power == 7);
    return true;
}
#else
static bool check(State *s)
{
    const Spell *spell = s->spell;
    const Item *item = (Item *)(void *)((char *)s->links - offsetof(Item, next));
    CHECK(spell->power == 7 && spell->cost == 0);
    CHECK(item->weight == 3 && item->next->weight == 4 && !item->next->next);
    return true;
}
#endif

CASE_MAIN
