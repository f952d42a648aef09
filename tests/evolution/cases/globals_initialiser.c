/* an edited initialiser counts for a variable that the game has not set
 * expect: migrated
 * report: info initialiser-taken globals_initialiser.c:gravity
 * report: info initialiser-taken globals_initialiser.c:fall():speed
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

typedef struct Tuning {
    int low, high;
} Tuning;

/* Their arrays gain elements, which have a default only where the game has set the array. */
typedef struct Slot {
    int n;
#if VERSION == 2
    int weight MOLT_DEFAULT(5);
#endif
} Slot;
static Slot used[VERSION + 1], unused[VERSION + 1];

#if VERSION == 1
static int gravity = 10;
static int wind = 3;
static Tuning tuning = {1, 2};
static const char *title = "old";
#else
static int gravity = 12;
static int wind = 4;
static Tuning tuning = {5, 6};
static const char *title = "new";
static int added = 77;
#endif

static int fall(void)
{
#if VERSION == 1
    static int speed = 1;
#else
    static int speed = 2;
#endif
    return speed;
}

#if VERSION == 1
static State *make(void)
{
    wind = 30;
    tuning.high = 20;
    used[1].n = 6;
    return molt_new(State);
}

static bool check(State *s)
{
    (void)s;
    CHECK(used[1].n == 6 && unused[1].n == 0);
    CHECK(gravity == 10 && wind == 30 && tuning.low == 1 && tuning.high == 20 && fall() == 1);
    CHECK(strcmp(title, "old") == 0);
    return true;
}
#else
static bool check(State *s)
{
    (void)s;
    CHECK(used[1].n == 6 && used[1].weight == 5 && used[2].weight == 5);
    CHECK(unused[1].weight == 0 && unused[2].weight == 0);
    CHECK(gravity == 12 && wind == 30 && tuning.low == 1 && tuning.high == 20 && fall() == 2);
    CHECK(strcmp(title, "new") == 0 && added == 77);
    return true;
}
#endif

CASE_MAIN
