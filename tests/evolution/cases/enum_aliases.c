/* an alias that stays keeps the value
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { A, B, OLD_B = B } Kind;
#else
typedef enum Kind { OLD_B, A } Kind;
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
    CHECK(s->k == OLD_B && s->row[0] == A);
    return true;
}
#endif

CASE_MAIN
