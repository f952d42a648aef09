/* MOLT_POOL(T, H): blocks that begin with a header, which a pointer leads to or is hidden before it; their
 * objects have such blocks, too; beside them an arena of such objects, which the header tells nothing about
 * expect: migrated
 * report: info untyped-memory Ant.kids 3
 * report: info untyped-memory State.bag 1
 * report: info untyped-memory State.ants 1
 * json: no, the addresses in the bytes would mean nothing
 * undo: differs the blocks have other numbers
 * through-file: differs a dump shows the addresses in the bytes
 */
#include "case.h"

#include <stdlib.h>

typedef struct Head {
    int count;
#if VERSION == 2
    int version MOLT_DEFAULT(3);
#endif
    const char *name;
} Head;
typedef struct Ant {
    struct Ant *next;
#if VERSION == 2
    int hunger MOLT_DEFAULT(7);
#endif
    int hp;
    struct Ant *kids MOLT_POOL(struct Ant, Head);
} Ant;
typedef struct State {
    char *arena MOLT_POOL(Ant);
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

/* An ant of the arena with two kids, of whom the second has one, which has one. */
static void make_family(State *s)
{
    size_t size = 3 * sizeof(Ant);
    s->arena = calloc(1, size);
    Ant *ants = (Ant *)(void *)s->arena;
    ants[1].kids = ITEMS(make_bag(2, "kids"));
    ants[1].kids[1].kids = ITEMS(make_bag(1, "kids"));
    ants[1].kids[1].kids[0].kids = ITEMS(make_bag(1, "kids"));
    ants[1].kids[1].kids[0].kids[0].next = &ants[2];
    ants[2].hp = 8;
}

static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    make_family(s);
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
    const Ant *ants = (const Ant *)(const void *)s->arena;
    const Ant *kid = &ants[1].kids[1], *last = kid->kids[0].kids;
    CHECK(kid->hp == 1 && strcmp(HEAD(ants[1].kids)->name, "kids") == 0 && HEAD(last)->count == 1);
    CHECK(last->next == &ants[2] && ants[2].hp == 8 && !last->kids);
#if VERSION == 2
    CHECK(last->hunger == 7 && HEAD(last)->version == 3);
    CHECK(s->bag->version == 3 && s->last->hunger == 7);
#endif
    return true;
}

CASE_MAIN
