/* elements follow their enumerators, in an array whose layout stays too, and in variables
 * expect: migrated
 * report: info elements-moved Same.counts 0
 * report: info elements-moved State.all 0
 * report: info elements-moved index_renumbered.c:stock 0
 * report: info elements-moved index_renumbered.c:limit 0
 */
#include "case.h"

#if VERSION == 1
typedef enum Caste { CASTE_WORKER, CASTE_SCOUT, CASTE_NURSE, CASTE_COUNT } Caste;
#else
typedef enum Caste {
    CASTE_GUARD,
    CASTE_NURSE,
    CASTE_FORAGER MOLT_WAS("CASTE_WORKER"),
    CASTE_SCOUT,
    CASTE_COUNT
} Caste;
#endif
typedef struct Stat {
    int n;
#if VERSION == 2
    double added MOLT_DEFAULT(0.5);
#endif
} Stat;
typedef struct Same {
    short counts[4] MOLT_INDEX(Caste);
} Same;
typedef struct State {
    Same *same;
    Stat all[CASTE_COUNT] MOLT_INDEX(enum Caste);
    char letters[CASTE_COUNT] MOLT_INDEX(Caste);
    int grid[CASTE_COUNT][2] MOLT_INDEX(Caste);
    int plain[CASTE_COUNT];
    int *scout;
    Stat *nurse;
    Stat *end;
    short *count;
    int *cell;
    int *kept;
} State;
MOLT_ROOT(State);
static int stock[CASTE_COUNT] MOLT_INDEX(Caste);
#if VERSION == 1
static int limit[4] MOLT_INDEX(Caste) = {70, 71, 72, 73};
#else
static int limit[4] MOLT_INDEX(Caste) = {80, 81, 82, 83};
#endif

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->same = molt_new(Same);
    for (int i = 0; i < CASTE_COUNT; i++) {
        s->all[i].n = 10 + i;
        s->letters[i] = (char)('a' + i);
        s->grid[i][1] = 20 + i;
        s->plain[i] = 30 + i;
        s->same->counts[i] = (short)(40 + i);
    }
    s->scout = &s->all[CASTE_SCOUT].n;
    s->nurse = &s->all[CASTE_NURSE];
    s->end = s->all + CASTE_COUNT;
    s->count = &s->same->counts[CASTE_WORKER];
    s->cell = &s->grid[CASTE_NURSE][1];
    for (int i = 0; i < CASTE_COUNT; i++)
        stock[i] = 50 + i;
    s->kept = &stock[CASTE_NURSE];
    return s;
}

static bool check(State *s)
{
    CHECK(*s->scout == 11 && *s->kept == 52 && limit[CASTE_WORKER] == 70);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->all[CASTE_GUARD].n == 0 && s->all[CASTE_GUARD].added == 0.5);
    CHECK(s->all[CASTE_NURSE].n == 12 && s->all[CASTE_FORAGER].n == 10);
    CHECK(s->all[CASTE_SCOUT].n == 11);
    CHECK(s->letters[CASTE_GUARD] == 0 && s->letters[CASTE_NURSE] == 'c');
    CHECK(s->letters[CASTE_FORAGER] == 'a' && s->letters[CASTE_SCOUT] == 'b');
    CHECK(s->grid[CASTE_NURSE][1] == 22 && s->grid[CASTE_SCOUT][1] == 21);
    CHECK(s->plain[0] == 30 && s->plain[2] == 32 && s->plain[3] == 0);
    CHECK(s->same->counts[CASTE_FORAGER] == 40 && s->same->counts[CASTE_SCOUT] == 41);
    CHECK(s->same->counts[CASTE_NURSE] == 42 && s->same->counts[CASTE_GUARD] == 0);
    CHECK(s->scout == &s->all[CASTE_SCOUT].n && s->nurse == &s->all[CASTE_NURSE]);
    CHECK(s->end == s->all + CASTE_COUNT && s->count == &s->same->counts[CASTE_FORAGER]);
    CHECK(s->cell == &s->grid[CASTE_NURSE][1]);
    CHECK(stock[CASTE_FORAGER] == 50 && stock[CASTE_SCOUT] == 51 && stock[CASTE_GUARD] == 0);
    CHECK(s->kept == &stock[CASTE_NURSE] && *s->kept == 52);
    CHECK(limit[CASTE_GUARD] == 80 && limit[CASTE_FORAGER] == 82); /* the game has not set it */
    return true;
}
#endif

CASE_MAIN
