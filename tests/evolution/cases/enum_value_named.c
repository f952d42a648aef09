/* values without a name get one: they stay, and the report says what they are called now
 * expect: migrated
 * report: info enum-unnamed-value State.k 1
 * report: info enum-unnamed-value State.moved 1
 * report: info enum-unnamed-value State.f 1
 */
#include "case.h"

#if VERSION == 1
typedef enum Kind { KA, KB } Kind;
typedef enum Moved { MA, MB } Moved;
typedef enum Flags { FA = 1 } MOLT_FLAGS Flags;
#else
typedef enum Kind { KA, KB, KC } Kind;
typedef enum Moved { MB, MA, MC = 7 } Moved;
typedef enum Flags { FA = 1, FB = 2 } MOLT_FLAGS Flags;
#endif
typedef struct State {
    Kind k, zero;
    Moved moved, named;
    Flags f;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->k = (Kind)2;
    s->moved = (Moved)7;
    s->named = MB;
    s->f = (Flags)3;
    return s;
}

static bool check(State *s)
{
    CHECK((int)s->k == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->k == KC && s->zero == KA && s->moved == MC && s->named == MB);
    CHECK((int)s->f == (FA | FB));
    return true;
}
#endif

CASE_MAIN
