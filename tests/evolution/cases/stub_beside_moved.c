/* a value is refused beside others that annotations carry: the hook that the report offers leaves those
 * alone, and reads only what is refused
 * expect: refused shape-changed State.m
 * report: refuse shape-changed State.m 1
 * report: refuse kind-changed Box.wide 1
 * report: info field-moved State.a0 0
 * report: info field-moved In.sub 0
 * report: loss possible-rename State.pos 1
 * report: info number-converted Box.n 0
 */
#include "case.h"

#if VERSION == 2
typedef struct In {
    int sub MOLT_MOVED("^.sub");
} In;
typedef struct Halves {
    int high;
    int low MOLT_DEFAULT(8);
} Halves;
#endif
typedef struct Box {
#if VERSION == 1
    __int128 wide;
    int n;
#else
    Halves wide;
    float n;
#endif
} Box;
typedef struct State {
#if VERSION == 1
    int hp;
    int m[2][2];
    int pos;
    int arr[2];
    int sub;
#else
    int health MOLT_WAS("hp");
    int m[4];
    int a0 MOLT_MOVED("arr[1]");
    In in;
    int fresh MOLT_DEFAULT(50);
#endif
    Box box;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 9;
    s->m[0][1] = 3;
    s->pos = 4;
    s->arr[1] = 6;
    s->sub = 7;
    s->box.wide = (__int128)1 << 80;
    s->box.n = 5;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == 9 && s->pos == 4 && s->arr[1] == 6 && s->sub == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->health == 9 && s->a0 == 6 && s->in.sub == 7 && s->fresh == 50 && s->box.n == 5);
    return true;
}
#endif

CASE_MAIN
