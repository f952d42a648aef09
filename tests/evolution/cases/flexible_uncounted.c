/* without a note the heap knows the count; the array may begin in the struct's padding
 * expect: migrated
 * report: loss number-out-of-range Bag.data 1
 */
#include "case.h"

#if VERSION == 1
typedef struct Bag {
    long n;
    char kind;
    short data[];
} Bag;
#else
typedef struct Bag {
    char kind;
    int n;
    float weight MOLT_DEFAULT(1.5);
    char label[3];
    signed char data[];
} Bag;
#endif
typedef struct State {
    Bag *bags[20];
    Bag *large;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 20; i++) {
        s->bags[i] = molt_new_flexible(Bag, data, i);
        s->bags[i]->n = i;
        for (int k = 0; k < i; k++)
            s->bags[i]->data[k] = (short)(i + k);
    }
    s->large = molt_new_flexible(Bag, data, 10000);
    s->large->data[9999] = 300;
    s->large->data[256] = -5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->large->data[9999] == 300);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 20; i++) {
        CHECK(molt_count(s->bags[i]) == (size_t)i && s->bags[i]->n == i);
        CHECK(s->bags[i]->weight == 1.5f);
        for (int k = 0; k < i; k++)
            CHECK(s->bags[i]->data[k] == i + k);
    }
    CHECK(s->large->data[9999] == 127 && s->large->data[256] == -5 && s->large->data[257] == 0);
    return true;
}
#endif

CASE_MAIN
