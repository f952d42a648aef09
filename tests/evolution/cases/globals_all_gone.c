/* the last variable goes, and is back with its value when the edit is undone
 * expect: migrated
 * report: loss field-removed globals_all_gone.c:latest 1
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *latest;
static State *make(void)
{
    return latest = molt_new(State);
}

static bool check(State *s)
{
    CHECK(latest == s);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 0);
    return true;
}
#endif

CASE_MAIN
