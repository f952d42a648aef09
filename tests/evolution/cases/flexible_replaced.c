/* another flexible array takes the place of the old one: its elements are dropped by name
 * expect: migrated
 * report: loss field-removed Bag.old 2
 */
#include "case.h"

typedef struct Bag {
    int n;
#if VERSION == 1
    int old[];
#else
    double fresh[];
#endif
} Bag;
typedef struct State {
    Bag *bags[3];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 3; i++) {
        s->bags[i] = molt_new_flexible(Bag, old, 4);
        s->bags[i]->n = 4;
        s->bags[i]->old[2] = s->bags[i]->old[3] = i;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->bags[2]->old[2] == 2);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 3; i++) {
        CHECK(s->bags[i]->n == 4 && molt_count(s->bags[i]) == 4);
        for (int k = 0; k < 4; k++)
            CHECK(s->bags[i]->fresh[k] == 0);
    }
    return true;
}
#endif

CASE_MAIN
