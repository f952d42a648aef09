/* the first variables of a game, and the last ones when the edit is undone
 * expect: migrated
 * report: info field-added counter
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    return molt_new(State);
}
#else
int counter = 3;
static State *latest;
#endif

static bool check(State *s)
{
    CHECK(s->a == 0);
#if VERSION == 2
    CHECK(counter == 3 && latest == NULL);
    latest = s;
#endif
    return true;
}

CASE_MAIN
