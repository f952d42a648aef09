/* packed and #pragma pack: by value wherever the bytes lie, pointers in them followed
 * expect: migrated
 */
#include "case.h"

typedef struct Item {
    int id;
#if VERSION == 2
    double weight;
#endif
} Item;

#if VERSION == 1
typedef struct State {
    char tag;
    Item *item;
    double ratio;
    unsigned a : 7, b : 30;
    short numbers[3];
    Item held;
} State;
typedef struct Stays {
    char tag;
    Item *item;
} __attribute__((packed)) Stays;
#else
#pragma pack(push, 2)
typedef struct State {
    char tag;
    Item *item;
    float ratio;
    unsigned long long a : 9, b : 41;
    long numbers[3];
    Item held;
    struct Stays *stays;
} State;
#pragma pack(pop)
typedef struct Stays {
    char tag;
    Item *item;
} __attribute__((packed)) Stays;
#endif
typedef struct Root {
    State state;
    Stays *stays;
} __attribute__((packed)) Root;
MOLT_ROOT(Root);

#if VERSION == 1
static Root *make(void)
{
    Root *r = molt_new(Root);
    r->stays = molt_new_array(Stays, 3);
    Item *item = molt_new(Item);
    item->id = 5;
    r->state.item = r->stays[1].item = r->stays[2].item = item;
    r->state.tag = 'x';
    r->state.ratio = 0.25;
    r->state.a = 100;
    r->state.b = 1000000000;
    r->state.numbers[2] = -7;
    r->state.held.id = 9;
    return r;
}

static bool check(Root *r)
{
    CHECK(r->state.item->id == 5);
    return true;
}
#else
static bool check(Root *r)
{
    State s = r->state;
    CHECK(s.tag == 'x' && s.ratio == 0.25f && s.a == 100 && s.b == 1000000000);
    CHECK(s.numbers[2] == -7 && s.held.id == 9 && s.held.weight == 0 && s.stays == NULL);
    CHECK(s.item->id == 5 && r->stays[1].item == s.item && r->stays[2].item == s.item);
    CHECK(r->stays[0].item == NULL);
    return true;
}
#endif

CASE_MAIN
