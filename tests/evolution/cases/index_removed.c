/* the element of an enumerator that is gone is dropped, spare elements stay
 * expect: migrated
 * report: loss elements-dropped State.counts 1
 * remedy: the elements follow the names of Caste, which has no CASTE_SCOUT any more: keep it
 */
#include "case.h"

#if VERSION == 1
typedef enum Caste { CASTE_WORKER, CASTE_SCOUT, CASTE_NURSE } Caste;
#else
typedef enum Caste { CASTE_WORKER, CASTE_NURSE } Caste;
#endif
typedef struct State {
    int counts[8] MOLT_INDEX(Caste);
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 8; i++)
        s->counts[i] = 10 + i;
    return s;
}

static bool check(State *s)
{
    CHECK(s->counts[7] == 17);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->counts[CASTE_WORKER] == 10 && s->counts[CASTE_NURSE] == 12 && s->counts[2] == 0);
    for (int i = 3; i < 8; i++)
        CHECK(s->counts[i] == 10 + i);
    return true;
}
#endif

CASE_MAIN
