/* a hook for a struct with a flexible array sees all elements, old and new
 * expect: migrated
 * report: info hook-ran Bag 2
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Bag {
    int n;
    short items[] MOLT_COUNT(n);
} Bag;
#else
typedef struct Bag {
    int n;
    long total;
    float items[] MOLT_COUNT(n);
} Bag;

MOLT_MIGRATE(Bag)(const MoltOld *old, Bag *now)
{
    if (molt_old_count(old, "items") != (uint64_t)now->n || molt_old_has(old, "items[%d]", now->n))
        return molt_old_fail(old, "%d elements", now->n);
    now->total = 0; /* after an undo it has its value again */
    for (int i = 0; i < now->n; i++) {
        if (now->items[i] != (float)molt_old_int(old, "items[%d]", i))
            return molt_old_fail(old, "element %d", i);
        now->total += molt_old_int(old, "items[%d]", i);
    }
    now->items[0] = -1;
    return molt_old_now(old) == now;
}
#endif
typedef struct State {
    Bag *bags[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int b = 0; b < 2; b++) {
        s->bags[b] = molt_new_flexible(Bag, items, 300 + b);
        s->bags[b]->n = 300 + b;
        for (int i = 0; i < 300 + b; i++)
            s->bags[b]->items[i] = (short)i;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->bags[1]->items[0] == 0 && s->bags[1]->items[300] == 300);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->bags[0]->total == 299 * 300 / 2 && s->bags[1]->total == 300 * 301 / 2);
    CHECK(s->bags[1]->items[0] == -1 && s->bags[1]->items[300] == 300);
    return true;
}
#endif

CASE_MAIN
