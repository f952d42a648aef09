/* what active arms lose in an edit returns with its undoing, in arrays and unions within unions too
 * expect: migrated
 * report: loss field-removed Hit.by 2
 * report: loss number-out-of-range Hit.damage 1
 * report: loss string-truncated Hit.text 2
 * report: loss field-removed Move.path 1
 * report: loss number-out-of-range Move.speed 1
 */
#include "case.h"

enum Kind { KIND_NONE, KIND_HIT, KIND_MOVE };
enum How { HOW_SLOW, HOW_FAST };
typedef struct Ant {
    int n;
#if VERSION == 2
    int added;
#endif
} Ant;
typedef struct Hit {
#if VERSION == 1
    Ant *by;
    int damage;
    char text[12];
#else
    char text[4];
    signed char damage;
#endif
} Hit;
typedef struct Move {
    enum How how;
    union {
        int steps;
#if VERSION == 1
        long speed;
#else
        short speed;
#endif
    } MOLT_TAG(how);
#if VERSION == 1
    int path[3];
#endif
} Move;
typedef struct Event {
    unsigned far : 5;
    enum Kind kind : 3;
    union {
        Hit hits[2] MOLT_ARM(KIND_HIT);
        Move move MOLT_ARM(KIND_MOVE);
    } u MOLT_TAG(kind);
} Event;
typedef struct State {
    Event events[5];
    Event *more;
    Ant *ant;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->more = molt_new_array(Event, 6);
    s->ant = molt_new(Ant);
    for (int i = 1; i < 5; i++) {
        Event *e = i < 3 ? &s->events[i] : &s->more[i];
        e->kind = i % 2 == 0 ? KIND_HIT : KIND_MOVE;
        if (e->kind == KIND_HIT) {
            e->u.hits[0] = (Hit){s->ant, 5, "ab"};
            e->u.hits[1] = (Hit){s->ant, i == 2 ? 1000 : 6, "a longer one"};
        } else {
            e->u.move.how = i == 1 ? HOW_FAST : HOW_SLOW;
            e->u.move.path[2] = i == 1 ? 9 : 0;
            if (i == 1)
                e->u.move.speed = 1000000;
            else
                e->u.move.steps = 1000000;
        }
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->events[1].u.move.path[2] == 9);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->events[1].u.move.how == HOW_FAST && s->events[1].u.move.speed == 32767);
    CHECK(s->events[2].u.hits[1].damage == 127 && s->more[4].u.hits[0].damage == 5);
    CHECK(strcmp(s->more[4].u.hits[1].text, "a l") == 0);
    CHECK(s->more[3].u.move.steps == 1000000);
    return true;
}
#endif

CASE_MAIN
