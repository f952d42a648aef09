/* _Atomic changes no value: it comes, goes, and widens like the number it holds
 * expect: migrated
 * report: info number-converted State.wide
 */
#include "case.h"

#include <stdatomic.h>

enum Mode { MODE_OFF, MODE_ON = VERSION * 4 };

#if VERSION == 1
typedef struct State {
    char first;
    _Atomic int gone;
    int comes;
    _Atomic short wide;
    _Atomic bool flag;
    _Atomic enum Mode mode;
    _Atomic int ring[3];
    unsigned bits : 5;
    atomic_flag lock;
} State;
#else
typedef struct State {
    atomic_flag lock;
    int gone;
    _Atomic int comes;
    _Atomic long wide;
    bool flag;
    _Atomic enum Mode mode;
    _Atomic long ring[4];
    _Atomic unsigned bits;
    char first;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->gone = 3;
    s->comes = -4;
    s->wide = -300;
    s->flag = true;
    s->mode = MODE_ON;
    s->ring[2] = 7;
    s->bits = 17;
    atomic_flag_test_and_set(&s->lock);
    return s;
}

static bool check(State *s)
{
    CHECK(s->gone == 3);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->gone == 3 && s->comes == -4 && s->wide == -300 && s->flag && s->mode == MODE_ON);
    CHECK(s->ring[2] == 7 && s->ring[3] == 0 && s->bits == 17);
    CHECK(atomic_flag_test_and_set(&s->lock));
    return true;
}
#endif

CASE_MAIN
