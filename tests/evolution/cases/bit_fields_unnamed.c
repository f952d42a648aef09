/* unnamed and zero-width bit-fields are padding; storage units and order are free
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    unsigned a : 3;
    unsigned : 0;
    long b : 37;
    int : 9;
    signed char c : 4;
    bool d : 1;
} State;
#else
typedef struct State {
    int : 5;
    bool d : 1;
    int c : 10;
    long b : 60;
    unsigned : 0;
    unsigned char : 1;
    unsigned a : 5;
} __attribute__((packed)) State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = 6;
    s->b = -60000000000;
    s->c = -8;
    s->d = true;
    return s;
}

static bool check(State *s)
{
    CHECK(s->c == -8);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 6 && s->b == -60000000000 && s->c == -8 && s->d);
    return true;
}
#endif

CASE_MAIN
