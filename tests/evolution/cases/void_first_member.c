/* a pointer without a type to where a struct and its first member begin, which an edit parts: the heap
 * knows the struct, and it follows that, unless its new declaration says more; the strict policy has nothing
 * against it; undoing the edit finds every place again
 * expect: migrated
 * report: info pointer-ambiguous State.mob 1
 * report: info pointer-ambiguous State.bytes 1
 * report: info pointer-ambiguous Watch.at 1
 */
#include "case.h"

#if VERSION == 1
typedef struct Mob {
    int hp;
    int mana;
} Mob;
#else
typedef struct Mob {
    int mana;
    int hp;
} Mob;
#endif
typedef struct Watch {
    void *at;
    void *second;
} Watch;
typedef struct State {
    Mob *m;
    void *mob;
    void *mana;
    unsigned char *bytes;
#if VERSION == 1
    void *typed;
#else
    Mob *typed;
#endif
    int *hp;
    Watch *watch;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m = molt_new(Mob);
    s->m->hp = 5;
    s->m->mana = 9;
    s->mob = s->typed = s->m;
    s->bytes = (unsigned char *)s->m;
    s->mana = &s->m->mana;
    s->hp = &s->m->hp;
    s->watch = molt_new(Watch);
    s->watch->at = &s->m->hp;
    s->watch->second = &s->m->mana;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->m->hp == 5 && s->m->mana == 9);
    CHECK(s->mob == s->m && s->typed == s->m && s->bytes == (unsigned char *)s->m);
    CHECK(s->mana == &s->m->mana && s->hp == &s->m->hp);
    CHECK(s->watch->at == s->m && s->watch->second == &s->m->mana);
    return true;
}

CASE_MAIN
