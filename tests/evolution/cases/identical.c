/* identical declarations are a code-only reload
 * expect: code
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
    float x;
    char *name;
} State;
#else
typedef struct State {
    int hp;
    float x;
    char *name;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 7;
    s->x = 1.5f;
    s->name = molt_strdup("grunt");
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->hp == 7 && s->x == 1.5f && strcmp(s->name, "grunt") == 0);
    return true;
}
#endif

CASE_MAIN
