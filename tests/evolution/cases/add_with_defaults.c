/* defaults of every kind: constants, expressions, text, braces, bit-fields
 * expect: migrated
 * undo: differs (version 2 writes on the text, which is kept for when its field returns)
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    int hp;
} State;
#else
typedef struct State {
    int hp;
    int level MOLT_DEFAULT(42);
    int minutes MOLT_DEFAULT(60 * 5 + 1);
    double ratio MOLT_DEFAULT(-2.5);
    bool on MOLT_DEFAULT(true);
    char letter MOLT_DEFAULT('m');
    uint64_t big MOLT_DEFAULT(18446744073709551615u);
    char name[16] MOLT_DEFAULT("grunt");
    char *title MOLT_DEFAULT("queen");
    int three[3] MOLT_DEFAULT({1, 2});
    unsigned bits : 5 MOLT_DEFAULT(21);
    signed few : 4 MOLT_DEFAULT(-3);
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->hp = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->hp == 7 && s->level == 42 && s->minutes == 301 && s->ratio == -2.5 && s->on);
    CHECK(s->letter == 'm' && s->big == UINT64_MAX);
    CHECK(strcmp(s->name, "grunt") == 0 && strcmp(s->title, "queen") == 0);
    CHECK(s->three[0] == 1 && s->three[1] == 2 && s->three[2] == 0);
    CHECK(s->bits == 21 && s->few == -3);
    s->title[0] = 'Q'; /* the text is on the heap, a copy of its own */
    CHECK(strcmp(s->title, "Queen") == 0);
    return true;
}
#endif

CASE_MAIN
