/* MOLT_MOVED onto a bit-field: a number goes there, a text cannot
 * expect: migrated
 * report: info field-moved State.level 0
 * report: loss moved-source-missing State.name 0
 * report: loss field-removed State.inner 1
 */
#include "case.h"

#if VERSION == 1
typedef struct Inner {
    int level;
    char *name;
} Inner;
typedef struct State {
    Inner inner;
} State;
#else
typedef struct State {
    unsigned level : 5 MOLT_MOVED("inner.level");
    unsigned name : 3 MOLT_MOVED("inner.name");
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->inner.level = 21;
    s->inner.name = molt_strdup("north");
    return s;
}

static bool check(State *s)
{
    CHECK(s->inner.level == 21 && strcmp(s->inner.name, "north") == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->level == 21 && s->name == 0);
    return true;
}
#endif

CASE_MAIN
