/* an edited initialiser counts for a variable that the game has not set, and for what others did not have
 * expect: migrated
 * report: info initialiser-taken globals_initialiser.c:gravity
 * report: info initialiser-taken globals_initialiser.c:fall():speed
 * report: info array-resized globals_initialiser.c:prices
 */
#include "case.h"

typedef struct State {
    int a;
} State;
MOLT_ROOT(State);

typedef struct Tuning {
    int low, high;
} Tuning;

typedef struct Row {
    int cost;
#if VERSION == 2
    unsigned tax : 5;
    double weight;
    int bonus MOLT_DEFAULT(4);
#endif
    char name[8];
} Row;

#if VERSION == 1
static int prices[3] = {10, 20, 30};
static int grid[2][2] = {{1, 2}, {3, 4}};
static Row rows[2] = {{100, "one"}, {200, "two"}};
static int single = 5;
static char label[4] = "abc";
static Row *chosen = &rows[1];
#else
static int prices[5] = {11, 21, 31, 41, 51};
static int grid[2][3] = {{1, 2, 7}, {3, 4, 8}};
static Row rows[3] = {{100, 9, 1.5, 0, "one"}, {200, 19, 2.5, 0, "two"}, {300, 29, 3.5, 1, "three"}};
static int single[2] = {6, 7};
static char label[8] = "abcdefg";
static Row *chosen = &rows[1];
#endif

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
    prices[1] = 25;
    grid[1][1] = 44;
    rows[0].cost = 111;
    single = 55;
    label[0] = 'X';
    chosen = &rows[0];
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
    CHECK(prices[0] == 10 && prices[1] == 25 && prices[2] == 30 && grid[1][1] == 44);
    CHECK(rows[0].cost == 111 && rows[1].cost == 200 && single == 55 && chosen == &rows[0]);
    CHECK(strcmp(label, "Xbc") == 0);
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
    CHECK(prices[0] == 10 && prices[1] == 25 && prices[2] == 30 && prices[3] == 41);
    CHECK(prices[4] == 51 && grid[0][1] == 2 && grid[0][2] == 7 && grid[1][1] == 44);
    CHECK(grid[1][2] == 8 && rows[0].cost == 111 && rows[1].cost == 200 && rows[2].cost == 300);
    CHECK(rows[0].tax == 9 && rows[1].tax == 19 && rows[2].tax == 29 && rows[0].bonus == 4);
    CHECK(rows[0].weight == 1.5 && rows[1].weight == 2.5 && rows[2].weight == 3.5);
    CHECK(strcmp(rows[0].name, "one") == 0 && strcmp(rows[2].name, "three") == 0);
    CHECK(single[0] == 55 && single[1] == 7 && chosen == &rows[0]);
    CHECK(strcmp(label, "Xbc") == 0 && label[5] == 0);
    return true;
}
#endif

CASE_MAIN
