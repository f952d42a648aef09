/* wrappers of wrappers, static ones of one name in two sources, and calls at the end of functions
 * expect: migrated
 * cflags: -O2 -fno-inline
 * with: plain_wrappers_part.c
 */
#include "case.h"

#include <stdlib.h>

#include "plain_wrappers.h"

#if VERSION == 1
/* Gives on what it gets, two steps away from malloc. */
static void *take(size_t size)
{
    void *block = checked(size);
    memset(block, 0, size);
    return block;
}

static void *take_many(size_t count, size_t size)
{
    return take(count * size);
}

static Bee *new_bee(int number)
{
    Bee *bee = take(sizeof(Bee));
    bee->number = number;
    return bee;
}

static State *make(void)
{
    State *s = take(sizeof *s);
    s->ants = take_many(6, sizeof *s->ants);
    s->bees = take_many(4, sizeof(Bee *));
    for (int i = 0; i < 4; i++)
        s->bees[i] = new_bee(i);
    for (int i = 0; i < 6; i++)
        s->ants[i].number = 10 + i;
    s->wasp = make_wasp(77);
    return s;
}
#endif

static bool check(State *s)
{
    for (int i = 0; i < 6; i++)
        CHECK(s->ants[i].number == 10 + i);
    for (int i = 0; i < 4; i++)
        CHECK(s->bees[i]->number == i);
    CHECK(s->wasp->number == 77 && s->wasp->bee.number == 78);
    return true;
}

CASE_MAIN
