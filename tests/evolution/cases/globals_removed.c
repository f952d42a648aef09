/* a removed variable is a loss if the game had set it, and returns with the next edit
 * expect: migrated
 * report: loss possible-rename globals_removed.c:first():calls 1
 * report: loss field-removed globals_removed.c:title 1
 * report: info field-removed globals_removed.c:unset
 * report: loss field-removed globals_removed.c:cleared 1
 * report: info field-added globals_removed.c:second():calls
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static char title[6];
static int unset = 3;
static int cleared[2] = {5, 6};
static int first(void)
{
    static int calls;
    return ++calls;
}

static State *make(void)
{
    first();
    cleared[0] = cleared[1] = 0; /* set, to what is no default here */
    strcpy(title, "old");
    return molt_new(State);
}

static bool check(State *s)
{
    CHECK(cleared[0] == 0 && cleared[1] == 0);
    CHECK(s->a == 0 && unset == 3 && strcmp(title, "old") == 0);
    return true;
}
#else
static int second(void)
{
    static int calls;
    return ++calls;
}

static bool check(State *s)
{
    CHECK(s->a == 0 && second() == 1);
    return true;
}
#endif

CASE_MAIN
