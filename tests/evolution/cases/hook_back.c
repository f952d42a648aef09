/* over undo and redo a hook runs once on the same data; what it made goes with the edit and comes again, and
 * what something else points at stays
 * expect: migrated
 * report: info hook-ran Ant 4
 * through-file: renumbered
 */
#include <stdlib.h>

#include <molt/hook.h>

#include "case.h"

typedef struct Leg {
    int bones;
} Leg;
typedef struct Name {
    char *text;
    struct Name *other; /* each other: a ring */
} Name;
typedef struct Ant {
    int id;
#if VERSION == 1
    int metres;
    char label[20];
#else
    long centimetres;
    Name *name;
    int *bare; /* of malloc */
#endif
    int legs;
    Leg *leg;
} Ant;
typedef struct Box {
    Ant inside[2];
    Ant *out[2];
    Name *spare;
} Box;
typedef struct State {
    Box *box;
} State;
MOLT_ROOT(State);

#if VERSION == 2
static Name *name_of(const char *text)
{
    Name *name = molt_new(Name), *other = molt_new(Name);
    name->text = molt_strdup(text);
    name->other = other;
    other->other = name;
    return name;
}

MOLT_MIGRATE(Ant)(const MoltOld *old, Ant *now)
{
    now->centimetres = 100 * (long)molt_old_int(old, "metres");
    now->legs *= 2; /* what the rules carried over, changed in place */
    now->name = name_of(molt_old_text(old, "label"));
    now->leg = molt_new(Leg);
    now->leg->bones = now->id;
    now->bare = malloc(2 * sizeof(int));
    now->bare[0] = now->bare[1] = now->id;
    return now->name->text && now->bare;
}
#endif

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->box = molt_new(Box);
    for (int i = 0; i < 4; i++) {
        Ant *ant = i < 2 ? &s->box->inside[i] : molt_new(Ant);
        if (i >= 2)
            s->box->out[i - 2] = ant;
        *ant = (Ant){.id = i, .metres = i + 1, .legs = 3};
        snprintf(ant->label, sizeof ant->label, "ant %d", i);
        ant->leg = molt_new(Leg);
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->box->out[1]->legs == 3 && s->box->inside[1].metres == 2);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 4; i++) {
        const Ant *ant = i < 2 ? &s->box->inside[i] : s->box->out[i - 2];
        CHECK(ant->id == i && ant->centimetres == 100 * (i + 1) && ant->legs == 6);
        CHECK(ant->name->text[4] == '0' + i && ant->name->other->other == ant->name);
        CHECK(ant->leg->bones == i && ant->bare[0] == i && ant->bare[1] == i);
    }
    return true;
}
#endif

CASE_MAIN
