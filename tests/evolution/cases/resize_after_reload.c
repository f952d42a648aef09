/* the heap goes on working: resize and delete what was migrated
 * expect: migrated
 * undo: differs (version 2 goes on with the state)
 */
#include "case.h"

#if VERSION == 1
typedef struct P {
    int x;
} P;
#else
typedef struct P {
    double w;
    int x;
} P;
#endif
typedef struct State {
    P *points;
    char *name;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->points = molt_new_array(P, 10);
    for (int i = 0; i < 10; i++)
        s->points[i].x = i;
    s->name = molt_strdup("grunt");
    return s;
}

static bool check(State *s)
{
    CHECK(s->points[9].x == 9);
    return true;
}
#else
static bool check(State *s)
{
    s->points = molt_resize(s->points, 5000);
    for (int i = 0; i < 5000; i++)
        CHECK(s->points[i].x == (i < 10 ? i : 0) && s->points[i].w == 0);
    molt_delete(s->name);
    s->name = molt_strdup("a longer name than before");
    CHECK(strcmp(s->name, "a longer name than before") == 0);
    return true;
}
#endif

CASE_MAIN
