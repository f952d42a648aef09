/* padding is no data: a packed twin has the same values
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    char c;
    int v;
    char d;
} State;
#else
typedef struct State {
    char c;
    int v __attribute__((packed));
    char d;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->c = 1;
    s->v = 0x11223344;
    s->d = 2;
    return s;
}

static bool check(State *s)
{
    CHECK(s->v == 0x11223344);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->c == 1 && s->v == 0x11223344 && s->d == 2);
    return true;
}
#endif

CASE_MAIN
