/* elements of an array reach the struct around the array
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Slot {
    int n;
} Slot;
typedef struct Box {
    Slot slots[3];
    int shared;
} Box;
#else
typedef struct Slot {
    int n;
    short all MOLT_MOVED("^.shared");
} Slot;
typedef struct Box {
    int added;
    Slot slots[3];
    Slot fresh[2];
} Box;
#endif
typedef struct State {
    Box boxes[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int b = 0; b < 2; b++) {
        s->boxes[b].shared = 7 + b;
        for (int i = 0; i < 3; i++)
            s->boxes[b].slots[i].n = i;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->boxes[1].shared == 8);
    return true;
}
#else
static bool check(State *s)
{
    for (int b = 0; b < 2; b++) {
        for (int i = 0; i < 3; i++)
            CHECK(s->boxes[b].slots[i].n == i && s->boxes[b].slots[i].all == 7 + b);
        CHECK(s->boxes[b].fresh[1].all == 7 + b && s->boxes[b].fresh[1].n == 0);
    }
    return true;
}
#endif

CASE_MAIN
