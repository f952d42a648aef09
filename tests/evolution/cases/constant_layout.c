/* a pointer into a constant whose layout changed refuses, also behind one to its bytes, which is followed
 * expect: refused library-data-missing State.legs
 */
#include "case.h"

#if VERSION == 1
typedef struct Species {
    int legs, eyes;
} Species;
#else
typedef struct Species {
    int eyes, legs;
} Species;
#endif
typedef struct State {
    const unsigned char *bytes;
    const int *legs;
} State;
static const Species table[2] = {{.legs = 6, .eyes = 5}, {.legs = 8, .eyes = 4}};
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->legs = &table[1].legs;
    s->bytes = (const unsigned char *)s->legs;
    return s;
}

static bool check(State *s)
{
    CHECK(*s->legs == 8);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->legs == &table[1].legs && s->bytes == (const unsigned char *)&table[1]);
    return true;
}
#endif

CASE_MAIN
