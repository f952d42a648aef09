/* a pointer to constant data without a name refuses
 * expect: refused library-data-missing State.table
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    const int *table;
} State;
#else
typedef struct State {
    int more;
    const int *table;
} State;
#endif
#if VERSION == 1
static const int *const hidden = (const int[]){4, 5, 6};
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->table = hidden;
    return s;
}

static bool check(State *s)
{
    CHECK(s->table[1] == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->table == NULL);
    return true;
}
#endif

CASE_MAIN
