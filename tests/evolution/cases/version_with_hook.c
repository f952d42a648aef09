/* a struct whose MOLT_VERSION changed is carried over by its hook; undoing it returns the values
 * expect: migrated
 * report: info hook-ran Temperature 1
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Temperature {
    int degrees; /* Celsius */
} MOLT_VERSION(1) Temperature;
#else
typedef struct Temperature {
    int degrees; /* Fahrenheit */
} MOLT_VERSION(2) Temperature;

MOLT_MIGRATE(Temperature)(const MoltOld *old, Temperature *now)
{
    now->degrees = (int)molt_old_int(old, "degrees") * 9 / 5 + 32;
    return true;
}
#endif
typedef struct State {
    Temperature inside;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->inside.degrees = 20;
    return s;
}

static bool check(State *s)
{
    CHECK(s->inside.degrees == 20);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->inside.degrees == 68);
    return true;
}
#endif

CASE_MAIN
