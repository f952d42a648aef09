/* a flexible array grows with its elements; the field that counts is widened and renamed
 * expect: migrated
 * report: info field-renamed Bag.count
 * undo: differs (version 2 goes on with the state)
 */
#include "case.h"

#if VERSION == 1
typedef struct Bag {
    int n;
    int data[] MOLT_COUNT(n);
} Bag;
#else
typedef struct Bag {
    long count MOLT_WAS("n");
    long data[] MOLT_COUNT(count);
} Bag;
#endif
typedef struct State {
    Bag *bag;
    Bag *empty;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->bag = molt_new_flexible(Bag, data, 3);
    s->bag->n = 3;
    for (int i = 0; i < 3; i++)
        s->bag->data[i] = i + 1;
    s->empty = molt_new_flexible(Bag, data, 0);
    return s;
}

static bool check(State *s)
{
    CHECK(s->bag->n == 3 && molt_count(s->bag) == 3 && molt_count(s->empty) == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->bag->count == 3 && molt_count(s->bag) == 3 && molt_count(s->empty) == 0);
    CHECK(s->bag->data[0] == 1 && s->bag->data[1] == 2 && s->bag->data[2] == 3);
    s->bag = molt_resize(s->bag, 2000);
    CHECK(s->bag->count == 3 && s->bag->data[2] == 3 && s->bag->data[1999] == 0);
    s->bag = molt_resize(s->bag, 1);
    CHECK(molt_count(s->bag) == 1 && s->bag->data[0] == 1);
    s->empty = molt_resize(s->empty, 2);
    CHECK(s->empty->count == 0 && s->empty->data[1] == 0);
    molt_delete(s->bag);
    return true;
}
#endif

CASE_MAIN
