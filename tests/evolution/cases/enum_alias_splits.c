/* two names of one value that part are kept under the first, with a loss
 * expect: migrated
 * report: loss enum-renumbered State.k 1
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { NONE, A = 1, B = 1 } Kind;
#else
typedef enum Kind { NONE, A = 1, B = 3 } Kind;
#endif
typedef struct State {
    Kind k;
    Kind row[3];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->k = B;
    return s;
}

static bool check(State *s)
{
    CHECK(s->k == B);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->k == A && s->row[0] == NONE);
    return true;
}
#endif

CASE_MAIN
