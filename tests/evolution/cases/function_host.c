/* a function of libc stays the function it is
 * expect: migrated
 * through-file: wrong a file holds no function of libc
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    size_t (*length)(const char *);
} State;
#else
typedef struct State {
    int more;
    size_t (*length)(const char *);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->length = strlen;
    return s;
}

static bool check(State *s)
{
    CHECK(s->length == strlen);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->length == strlen && s->length("four") == 4);
    return true;
}
#endif

CASE_MAIN
