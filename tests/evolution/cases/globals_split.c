/* a variable that the compiler left out is named and refused when the library is loaded
 * expect: load-failed no place
 * variables: as-they-come
 * cflags: -O2 -Wno-unused-but-set-variable
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

#if VERSION == 2
static int written;
#endif

#if VERSION == 1
static State *make(void)
{
    return molt_new(State);
}
#endif

static bool check(State *s)
{
#if VERSION == 2
    written = s->a + 1; /* nobody reads it */
#endif
    CHECK(s->a == 0);
    return true;
}

CASE_MAIN
