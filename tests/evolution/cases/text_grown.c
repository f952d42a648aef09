/* char[N] grown is zero behind the text
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    char name[16];
} State;
#else
typedef struct State {
    char name[32];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    strcpy(s->name, "grunt");
    return s;
}

static bool check(State *s)
{
    CHECK(strcmp(s->name, "grunt") == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(strcmp(s->name, "grunt") == 0);
    for (int i = 6; i < 32; i++)
        CHECK(s->name[i] == 0);
    return true;
}
#endif

CASE_MAIN
