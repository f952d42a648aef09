/* arrays of pointers on the heap
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Ant {
    int id;
} Ant;
#else
typedef struct Ant {
    long more;
    int id;
} Ant;
#endif
typedef struct State {
    Ant **all;
    Ant ***where;
    Ant **third;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->all = molt_new_array(Ant *, 10);
    for (int i = 0; i < 10; i++) {
        s->all[i] = molt_new(Ant);
        s->all[i]->id = i;
    }
    s->third = &s->all[3];
    s->where = molt_new_array(Ant **, 2);
    s->where[1] = s->all;
    return s;
}

static bool check(State *s)
{
    CHECK((*s->third)->id == 3);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 10; i++)
        CHECK(s->all[i]->id == i && s->all[i]->more == 0);
    CHECK(s->third == &s->all[3] && (*s->third)->id == 3 && s->where[1] == s->all);
    return true;
}
#endif

CASE_MAIN
