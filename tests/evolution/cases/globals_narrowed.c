/* a variable narrows like a field, and a struct that no rule converts refuses
 * expect: migrated
 * report: loss number-out-of-range globals_narrowed.c:wide 1
 * report: loss elements-dropped globals_narrowed.c:list 1
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static long wide;
static int list[4];

static State *make(void)
{
    wide = 1000;
    list[0] = 1;
    list[3] = 4;
    return molt_new(State);
}

static bool check(State *s)
{
    (void)s;
    CHECK(wide == 1000 && list[0] == 1 && list[3] == 4);
    return true;
}
#else
static signed char wide;
static int list[2];

static bool check(State *s)
{
    (void)s;
    CHECK(wide == 127 && list[0] == 1);
    return true;
}
#endif

CASE_MAIN
