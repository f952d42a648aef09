/* bool and int
 * expect: migrated
 * report: loss bool-collapsed State.b 1
 * report: loss bool-collapsed State.d 1
 * report: loss bool-collapsed State.e 1
 * report: loss bool-collapsed State.f 1
 * report: loss bool-collapsed State.h 1
 * report: loss bool-collapsed State.i 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    bool a;
    int b;
    int c;
    bool d, e, f, g, h, i, j;
} State;
#else
typedef enum Answer { NO, YES, MAYBE } Answer;
typedef enum Set { FIRST = 1, SECOND = 2 } MOLT_FLAGS Set;
typedef struct State {
    int a;
    bool b;
    bool c;
    int d;
    unsigned e : 3;
    float f;
    bool g;
    Answer h;
    Set i;
    Answer j;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->a = true;
    s->b = 7;
    s->c = 1;
    static const unsigned char seven = 7; /* as a read of a file may leave a bool */
    memcpy(&s->d, &seven, 1);
    memcpy(&s->e, &seven, 1);
    memcpy(&s->f, &seven, 1);
    memcpy(&s->g, &seven, 1);
    memcpy(&s->h, &seven, 1);
    memcpy(&s->i, &seven, 1);
    s->j = true;
    return s;
}

static bool check(State *s)
{
    CHECK(s->a);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->a == 1 && s->b && s->c && s->d == 1 && s->e == 1 && s->f == 1);
    CHECK(s->h == YES && s->i == FIRST && s->j == YES);
    return true;
}
#endif

CASE_MAIN
