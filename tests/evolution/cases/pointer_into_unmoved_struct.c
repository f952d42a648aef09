/* pointers in a struct that stays follow what moves
 * expect: migrated
 * report: info field-added Moving.extra
 */
#include "case.h"

#if VERSION == 1
typedef struct Moving {
    char kind;
    int v;
} Moving;
#else
typedef struct Moving {
    char kind;
    long extra;
    int v;
} Moving;
#endif
typedef struct Holder {
    Moving *m;
    int *v;
    void *any;
    struct Holder *next;
} Holder;
typedef struct State {
    Holder *holders[3];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 3; i++) {
        Holder *h = s->holders[i] = molt_new(Holder);
        h->m = molt_new(Moving);
        h->m->v = i;
        h->v = &h->m->v;
        h->any = h->m;
        h->next = h;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->holders[2]->m->v == 2);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 3; i++) {
        Holder *h = s->holders[i];
        CHECK(h->m->v == i && h->v == &h->m->v && h->any == h->m && h->next == h &&
              h->m->extra == 0);
    }
    return true;
}
#endif

CASE_MAIN
