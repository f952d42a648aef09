/* a struct of 40,000 bytes grows
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Big {
    int a[10000];
} Big;
#else
typedef struct Big {
    int first;
    int a[10000];
} Big;
#endif
typedef struct State {
    Big *big[3];
    Big *row;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 3; i++) {
        s->big[i] = molt_new(Big);
        s->big[i]->a[9999] = i;
    }
    s->row = molt_new_array(Big, 5);
    s->row[4].a[123] = 9;
    return s;
}

static bool check(State *s)
{
    CHECK(s->big[2]->a[9999] == 2);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 3; i++)
        CHECK(s->big[i]->a[9999] == i && s->big[i]->first == 0);
    CHECK(s->row[4].a[123] == 9 && molt_count(s->row) == 5);
    return true;
}
#endif

CASE_MAIN
