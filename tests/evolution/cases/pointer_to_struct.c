/* a block becomes part of the only object that points at it
 * expect: migrated
 * undo: renumbered an embedded block that returns is a new one
 * report: info struct-embedded Ant.body 0
 * dump: {"id":"Body:3","type":"Body"
 */
#include "case.h"

#if VERSION == 1
typedef struct Leg {
    int length;
    int *own;
} Leg;
typedef struct Body {
    Leg *leg;
    int v;
    char name[8];
} Body;
typedef struct Ant {
    Body *body;
} Ant;
#else
typedef struct Leg {
    int *own;
    int length;
} Leg;
typedef struct Body {
    int v MOLT_DEFAULT(6);
    char *name;
    Leg leg;
} Body;
typedef struct Ant {
    int added;
    Body body;
} Ant;
#endif
typedef struct State {
    Ant *ants[3];
    Body *apart;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 3; i++) {
        s->ants[i] = molt_new(Ant);
        s->ants[i]->body = molt_new(Body);
        s->ants[i]->body->leg = molt_new(Leg);
        s->ants[i]->body->leg->length = i;
        s->ants[i]->body->v = 10 + i;
        strcpy(s->ants[i]->body->name, "ant");
    }
    molt_delete(s->ants[2]->body->leg);
    s->ants[2]->body->leg = NULL;
    molt_delete(s->ants[1]->body->leg);
    molt_delete(s->ants[1]->body);
    s->ants[1]->body = NULL;
    s->apart = molt_new(Body);
    s->apart->v = 9;
    s->apart = molt_new(Body);
    s->apart->v = 9;
    return s;
}

static bool check(State *s)
{
    CHECK(s->ants[0]->body->v == 10);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->ants[0]->body.v == 10 && s->ants[2]->body.v == 12 && s->ants[1]->body.v == 6);
    CHECK(s->ants[0]->body.leg.length == 0 && !s->ants[1]->body.name);
    CHECK(strcmp(s->ants[2]->body.name, "ant") == 0);
    CHECK(s->apart->v == 9);
    return true;
}
#endif

CASE_MAIN
