/* MOLT_POOL(T, H): blocks that begin with a header, which a pointer leads to or is hidden before it
 * expect: migrated
 * report: info untyped-memory State.bag 1
 * report: info untyped-memory State.ants 1
 * json: no, the addresses in the bytes would mean nothing
 * undo: differs the blocks have other numbers
 * through-file: differs a file does not say what bytes hold
 */
#include "case.h"

#include <stdlib.h>

typedef struct Ant {
    struct Ant *next;
#if VERSION == 2
    int hunger MOLT_DEFAULT(7);
#endif
    int hp;
} Ant;
typedef struct Head {
    int count;
#if VERSION == 2
    int version MOLT_DEFAULT(3);
#endif
    const char *name;
} Head;
typedef struct State {
    Head *bag MOLT_POOL(Ant, Head);
    Ant *ants MOLT_POOL(Ant, Head), *last;
    const char **name;
} State;
MOLT_ROOT(State);

#define ITEMS(head) ((Ant *)(void *)((head) + 1))
#define HEAD(items) ((Head *)(void *)(items)-1)

#if VERSION == 1
static Head *make_bag(int count, const char *name)
{
    Head *head = malloc((size_t)count * sizeof(Ant) + sizeof(Head));
    *head = (Head){.count = count, .name = name};
    for (int i = 0; i < count; i++)
        ITEMS(head)[i] = (Ant){.next = i > 0 ? &ITEMS(head)[i - 1] : NULL, .hp = i};
    return head;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->bag = make_bag(300, "bag");
    s->ants = ITEMS(make_bag(5, "ants"));
    s->ants[0].next = ITEMS(s->bag);
    s->last = s->ants + 4;
    s->name = &s->bag->name;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->bag->count == 300 && strcmp(*s->name, "bag") == 0 && s->name == &s->bag->name);
    CHECK(HEAD(s->ants)->count == 5 && strcmp(HEAD(s->ants)->name, "ants") == 0);
    for (int i = 0; i < 300; i++)
        CHECK(ITEMS(s->bag)[i].hp == i &&
              (i == 0 || ITEMS(s->bag)[i].next == &ITEMS(s->bag)[i - 1]));
    CHECK(s->last == s->ants + 4 && s->last->hp == 4 && s->ants[0].next == ITEMS(s->bag));
#if VERSION == 2
    CHECK(s->bag->version == 3 && s->last->hunger == 7);
#endif
    return true;
}

CASE_MAIN
