/* a transient variable starts anew, an external one keeps its bits
 * expect: code
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

static int cache MOLT_TRANSIENT = 4;
static void *handle MOLT_EXTERNAL;
static int kept;

#if VERSION == 1
static State *make(void)
{
    cache = 40;
    handle = (void *)0x1234;
    kept = 1;
    return molt_new(State);
}

static bool check(State *s)
{
    (void)s;
    CHECK((cache == 40 || cache == 4) && handle == (void *)0x1234 && kept == 1);
    return true;
}
#else
static bool check(State *s)
{
    (void)s;
    CHECK(cache == 4 && handle == (void *)0x1234 && kept == 1);
    return true;
}
#endif

CASE_MAIN
