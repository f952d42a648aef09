/* a pointer to an element of a constant table of which struct and length change, the size of it all not
 * expect: code
 */
#include "case.h"

#if VERSION == 1
typedef struct K {
    int a, b, c;
} K;
#define COUNT 2
#else
typedef struct K {
    int a, b;
} K;
#define COUNT 3
#endif
typedef struct State {
    const K *one;
} State;
static const K table[COUNT] = {{.a = 1}, {.a = 2}};
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->one = &table[1];
    return s;
}

static bool check(State *s)
{
    CHECK(s->one->a == 2);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->one == &table[1]);
    return true;
}
#endif

CASE_MAIN
