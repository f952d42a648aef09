/* enumerators are values by name
 * expect: migrated
 * report: info enum-renumbered State.k
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { RED, GREEN, BLUE } Kind;
#else
typedef enum Kind { RED, BLUE, VIOLET, GREEN } Kind;
#endif
typedef struct State {
    Kind k;
    Kind row[3];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->k = GREEN;
    s->row[0] = BLUE;
    s->row[2] = RED;
    return s;
}

static bool check(State *s)
{
    CHECK(s->k == GREEN);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->k == GREEN && s->row[0] == BLUE && s->row[1] == RED && s->row[2] == RED);
    return true;
}
#endif

CASE_MAIN
