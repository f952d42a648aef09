/* an enum without negative values that gets some keeps its values by name
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { A, B, C } Kind;
#else
typedef enum Kind { A = -7, B = 0, C = -1 } Kind;
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
    s->k = C;
    s->row[1] = B;
    return s;
}

static bool check(State *s)
{
    CHECK(s->k == C && s->row[1] == B);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->k == C && s->row[0] == A && s->row[1] == B);
    return true;
}
#endif

CASE_MAIN
