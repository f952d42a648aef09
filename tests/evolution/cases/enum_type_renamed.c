/* MOLT_WAS on an enum
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { A, B } Kind;
#else
enum Sort { B, A } MOLT_WAS("Kind");
typedef enum Sort Kind;
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
    CHECK(s->k == B && s->row[0] == A);
    return true;
}
#endif

CASE_MAIN
