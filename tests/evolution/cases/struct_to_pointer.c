/* an inline struct becomes a block of its own, and pointers into it follow
 * expect: migrated
 * undo: differs version 2 allocates, and what was moved into a block of its own does not come back out of it
 * report: info struct-allocated Ant.body 0
 * through-file: renumbered blocks that the edit makes get numbers in another order
 */
#include "case.h"

#if VERSION == 1
typedef struct Leg {
    int length;
} Leg;
typedef struct Body {
    Leg leg;
    int v;
    struct Body *self;
} Body;
typedef struct Ant {
    int speed;
    Body body;
} Ant;
#else
typedef struct Leg {
    int length;
} Leg;
typedef struct Body {
    double weight MOLT_DEFAULT(2.5);
    struct Body *self;
    Leg *leg;
    long v;
    int speed MOLT_MOVED("^.speed");
} Body;
typedef struct Ant {
    char added;
    Body *body;
} Ant;
#endif
typedef struct State {
    Ant *ants;
    int *length;
    Body *body;
    Leg *leg;
    Ant pair[2];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ants = molt_new_array(Ant, 300);
    for (int i = 0; i < 300; i++) {
        s->ants[i].speed = 1000 + i;
        s->ants[i].body = (Body){{i}, -i, &s->ants[299 - i].body};
    }
    s->length = &s->ants[9].body.leg.length;
    s->body = &s->ants[8].body;
    s->leg = &s->ants[7].body.leg;
    s->pair[1].body.v = 5;
    return s;
}

static bool check(State *s)
{
    CHECK(*s->length == 9);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 300; i++) {
        const Body *body = s->ants[i].body;
        CHECK(body && body->leg && body->leg->length == i && body->v == -i);
        CHECK(body->weight == 2.5 && body->self == s->ants[299 - i].body);
        CHECK(body->speed == 1000 + i);
    }
    CHECK(s->length == &s->ants[9].body->leg->length);
    CHECK(s->body == s->ants[8].body && s->leg == s->ants[7].body->leg);
    CHECK(s->pair[0].body && s->pair[0].body->v == 0 && s->pair[1].body->v == 5);
    CHECK(molt_count(s->body) == 1);
    Ant *more = molt_new(Ant);
    more->body = molt_new(Body);
    molt_delete(s->ants[100].body);
    CHECK(more->body && more->body->v == 0);
    return true;
}
#endif

CASE_MAIN
