/* variables that become pointers or parts, and unions with tags in them
 * expect: migrated
 * undo: renumbered an embedded block that returns is a new one
 */
#include "case.h"

typedef struct Goal {
    int x, y;
} Goal;
typedef struct State {
    Goal *first;
    Goal *best;
} State;
MOLT_ROOT(State);

typedef enum Kind { NUMBER, GOAL } Kind;
typedef struct Wish {
    Kind kind;
#if VERSION == 2
    short added;
#endif
    union {
        int number;
        Goal *goal;
    } as MOLT_TAG(kind);
} Wish;

static int before;
#if VERSION == 1
static Goal goal;
static Goal *other;
static Goal unset_goal = {1, 1};
static int list[2] = {1, 2};
#else
static long inserted = 8;
static Goal *goal;
static Goal other;
static Goal *unset_goal;
static int list[3] = {1, 2, 3};
#endif
static Wish wish;
static Wish wishes[2];

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->first = molt_new(Goal);
    s->first->x = 3;
    other = molt_new(Goal);
    other->y = 5;
    goal = (Goal){7, 8};
    s->best = &goal;
    before = 2;
    list[0] = 9;
    wish = (Wish){.kind = GOAL, .as.goal = s->first};
    wishes[1] = (Wish){.kind = NUMBER, .as.number = 44};
    return s;
}

static bool check(State *s)
{
    CHECK(list[0] == 9 && list[1] == 2);
    CHECK(goal.x == 7 && s->best == &goal && other->y == 5 && before == 2 && unset_goal.x == 1);
    CHECK(wish.kind == GOAL && wish.as.goal == s->first && wishes[1].as.number == 44);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(list[0] == 9 && list[1] == 2 && list[2] == 3);
    CHECK(goal && goal->x == 7 && goal->y == 8 && s->best == goal);
    CHECK(other.y == 5 && before == 2 && inserted == 8 && unset_goal == NULL);
    CHECK(wish.kind == GOAL && wish.as.goal == s->first && s->first->x == 3);
    CHECK(wishes[1].kind == NUMBER && wishes[1].as.number == 44 && wishes[0].kind == NUMBER);
    return true;
}
#endif

CASE_MAIN
