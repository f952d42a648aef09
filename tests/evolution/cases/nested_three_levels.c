/* a leaf widens three levels down
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Leaf {
    char tag;
    int value;
} Leaf;
#else
typedef struct Leaf {
    char tag;
    long value;
} Leaf;
#endif
typedef struct Twig {
    int before;
    Leaf leaf;
    int after;
} Twig;
typedef struct Branch {
    Twig twigs[2];
    char end;
} Branch;
typedef struct State {
    Branch branch;
    int last;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->branch.twigs[1] = (Twig){1, {'t', 5}, 2};
    s->branch.end = 'e';
    s->last = 8;
    return s;
}

static bool check(State *s)
{
    CHECK(s->last == 8);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->branch.twigs[1].before == 1 && s->branch.twigs[1].leaf.tag == 't');
    CHECK(s->branch.twigs[1].leaf.value == 5 && s->branch.twigs[1].after == 2);
    CHECK(s->branch.end == 'e' && s->last == 8);
    return true;
}
#endif

CASE_MAIN
