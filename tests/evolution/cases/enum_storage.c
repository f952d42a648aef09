/* the storage of an enum may change
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef enum __attribute__((packed)) Kind { A, B } Kind;
#else
typedef enum Kind { A, B, WIDE = 1 << 20 } Kind;
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
    s->row[2] = B;
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
    CHECK(s->k == B && s->row[0] == A && s->row[2] == B);
    return true;
}
#endif

CASE_MAIN
