/* char[N] too small for its text is a loss and stays terminated
 * expect: migrated
 * report: loss string-truncated State.name 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    char name[16];
    char fits[16];
} State;
#else
typedef struct State {
    char name[8];
    char fits[8];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    strcpy(s->name, "abcdefghijklmno");
    strcpy(s->fits, "abcdefg");
    return s;
}

static bool check(State *s)
{
    CHECK(strlen(s->name) == 15);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(strcmp(s->name, "abcdefg") == 0 && strcmp(s->fits, "abcdefg") == 0);
    return true;
}
#endif

CASE_MAIN
