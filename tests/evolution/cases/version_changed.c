/* a struct whose MOLT_VERSION changed while objects of it live needs a hook
 * expect: refused version-changed Temperature
 */
#include "case.h"

#if VERSION == 1
typedef struct Temperature {
    int degrees; /* Celsius */
} MOLT_VERSION(1) Temperature;
#else
typedef struct Temperature {
    int degrees; /* Fahrenheit */
} MOLT_VERSION(2) Temperature;
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
#endif

static bool check(State *s)
{
    CHECK(s->inside.degrees == 20);
    return true;
}

CASE_MAIN
