/* a hook reads other old objects, links new ones, and writes objects that did not change
 * expect: migrated
 * report: info hook-ran Ant 3
 * report: info field-removed Ant.next 2
 * undo: differs
 *
 * Going back leaves the total that the hook wrote in the nest.
 */
#include <molt/hook.h>

#include "case.h"

typedef struct Nest { /* unchanged */
    int total;
    struct Ant *first;
    struct Link *links;
} Nest;
typedef struct Link {
    struct Ant *from, *to;
    struct Link *next;
} Link;
typedef int Act(int);

#if VERSION == 1
typedef struct Ant {
    struct Ant *next;
    int load;
    const char *name;
    char tag[4];
    Act *act;
    Nest *nest;
} Ant;
#else
typedef struct Ant {
    Nest *nest;
    Act *act;
    char *label;
    int load, behind;
    const char *name;
    char tag[4];
} Ant;
#endif

static int twice(int n)
{
    return 2 * n * VERSION;
}

#if VERSION == 2
MOLT_MIGRATE(Ant)(const MoltOld *old, Ant *now)
{
    for (const MoltOld *next = molt_old_follow(old, "next"); next;
         next = molt_old_follow(next, "next"))
        now->behind += (int)molt_old_int(next, "load");
    if (molt_old_now(old) != now || molt_old_pointer(old, "nest") != now->nest)
        return molt_old_fail(old, "the new object is another one");
    if ((Act *)molt_old_function(old, "act") != twice)
        return molt_old_fail(old, "the function is another one");
    Link *link = molt_new(Link);
    link->from = now;
    link->to = molt_old_pointer(old, "next");
    link->next = now->nest->links;
    now->nest->links = link;
    now->nest->total += now->load;
    char label[32];
    snprintf(label, sizeof label, "%s-%s", molt_old_text(old, "name"), molt_old_text(old, "tag"));
    now->label = molt_strdup(label);
    if (molt_old_has(old, "next->next->load") != (molt_old_count(old, "next") > 0 &&
                                                  molt_old_count(old, "next->next") > 0))
        return molt_old_fail(old, "paths through pointers");
    return true;
}
#endif
typedef struct State {
    Nest *nest;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    static const char *const names[] = {"ann", "bob", "cy"};
    State *s = molt_new(State);
    s->nest = molt_new(Nest);
    for (int i = 0; i < 3; i++) {
        Ant *ant = molt_new(Ant);
        ant->load = 1 << i;
        ant->name = names[i];
        memcpy(ant->tag, "abcd", 4);
        ant->act = twice;
        ant->nest = s->nest;
        ant->next = s->nest->first;
        s->nest->first = ant;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->nest->first->load == 4 && s->nest->first->next->load == 2);
    CHECK(s->nest->first->act(1) == 2);
    return true;
}
#else
static bool check(State *s)
{
    const Ant *first = s->nest->first;
    CHECK(s->nest->total == 7 && first->load == 4 && first->behind == 3);
    CHECK(strcmp(first->label, "cy-abcd") == 0 && strcmp(first->name, "cy") == 0);
    CHECK(first->act(1) == 4);
    int links = 0;
    for (const Link *link = s->nest->links; link; link = link->next, links++)
        CHECK(link->to ? link->to->load * 2 == link->from->load : link->from->load == 1);
    CHECK(links == 3 && s->nest->links->from == first);
    return true;
}
#endif

CASE_MAIN
