/* a pointer to a field that goes refuses, also where MOLT_MOVED keeps what the field began with
 * expect: refused interior-target-removed State.hp
 * report: refuse interior-target-removed State.part 1
 * report: refuse interior-target-removed State.any 1
 */
#include "case.h"

typedef struct Part {
    int a;
    long b;
} Part;
typedef struct Box {
    int first;
#if VERSION == 1
    Part part;
#else
    int a MOLT_MOVED("part.a");
#endif
} Box;
#if VERSION == 1
typedef struct E {
    int hp;
    int x;
} E;
#else
typedef struct E {
    int x;
} E;
#endif
typedef struct State {
    E *e;
    int *hp;
    Box box;
    Part *part, *other;
    void *any;
    int *a; /* this one follows */
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->e = molt_new(E);
    s->hp = &s->e->hp;
    s->any = s->part = &s->box.part;
    s->a = &s->box.part.a;
    return s;
}

static bool check(State *s)
{
    CHECK(s->hp == &s->e->hp);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->e->x == 0);
    return true;
}
#endif

CASE_MAIN
