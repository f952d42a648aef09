/* fields that point into the library go with what they point at, and come back with it
 * expect: migrated
 * report: loss field-removed State.act 1
 * report: loss field-removed State.title 1
 * report: loss field-removed State.table 1
 * report: loss field-removed State.limit 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int a;
    int (*act)(int);
    const char *title;
    const char *table[2];
    const int *limit;
} State;
#else
typedef struct State {
    int a;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static const int limits[3] = {1, 2, 3};

static int twice(int value)
{
    return 2 * value;
}

static State *make(void)
{
    State *s = molt_new(State);
    s->a = 4;
    s->act = twice;
    s->title = "a literal that version 2 does not have";
    s->table[1] = "another one";
    s->limit = &limits[1];
    return s;
}

static bool check(State *s)
{
    CHECK(s->a == 4 && s->act(4) == 8 && *s->limit == 2);
    CHECK(strcmp(s->title, "a literal that version 2 does not have") == 0);
    CHECK(s->table[0] == NULL && strcmp(s->table[1], "another one") == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 4);
    return true;
}
#endif

CASE_MAIN
