/* a renamed variable keeps its value, in its scope or under its full name
 * expect: migrated
 * report: info field-renamed globals_renamed.c:points
 * report: info field-renamed globals_renamed.c:play():turns
 * report: info field-renamed globals_renamed.c:moved
 * report: info field-renamed shared
 */
#include "case.h"

typedef struct State {
    int *score;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static int score = 1;
static int once(void)
{
    static int calls;
    return ++calls;
}
static int hidden;
#else
static long points MOLT_WAS("score") = 1;
static int moved MOLT_WAS("globals_renamed.c:once():calls");
int shared MOLT_WAS("globals_renamed.c:hidden");
#endif

static int play(int add)
{
#if VERSION == 1
    static int rounds;
    return rounds += add;
#else
    static int turns MOLT_WAS("rounds");
    return turns += add;
#endif
}

#if VERSION == 1
static State *make(void)
{
    score = 9;
    hidden = 8;
    once();
    once();
    play(1);
    return molt_new(State);
}

static bool check(State *s)
{
    CHECK(s->score == NULL && score == 9 && hidden == 8);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->score == NULL && points == 9 && moved == 2 && shared == 8 && play(0) == 1);
    return true;
}
#endif

CASE_MAIN
