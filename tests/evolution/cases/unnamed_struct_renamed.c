/* a struct without a name goes with the field that holds it
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    struct {
        int a;
        struct {
            int x;
        } deep;
    } old;
} State;
#else
typedef struct State {
    struct {
        long a;
        struct {
            int x;
            int y;
        } deeper MOLT_WAS("deep");
    } new MOLT_WAS("old");
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->old.a = 4;
    s->old.deep.x = 5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->old.a == 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->new.a == 4 && s->new.deeper.x == 5 && s->new.deeper.y == 0);
    return true;
}
#endif

CASE_MAIN
