/* a value without a name is kept and reported
 * expect: migrated
 * report: loss enum-unnamed-value State.k 1
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { A, B } Kind;
#else
typedef enum Kind { B, A } Kind;
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
    s->k = (Kind)77;
    s->row[0] = A;
    return s;
}

static bool check(State *s)
{
    CHECK((int)s->k == 77);
    return true;
}
#else
static bool check(State *s)
{
    CHECK((int)s->k == 77 && s->row[0] == A);
    return true;
}
#endif

CASE_MAIN
