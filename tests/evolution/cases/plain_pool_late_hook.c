/* a hook is called for objects in memory whose type came late, and follows pointers to and from it
 * expect: migrated
 * report: info hook-ran Ant
 * json: no, the addresses in the bytes would mean nothing
 * undo: differs the block has its type by then
 * through-file: differs where memory was allocated is not kept
 */
#include "case.h"

#include <stdlib.h>

#if VERSION == 2
#include <molt/hook.h>
#else
#undef MOLT_POOL
#define MOLT_POOL(Type)
#endif

typedef struct Ant {
    struct Ant *mate;
#if VERSION == 2
    char *title;
    long hp;
#else
    int hp;
#endif
} Ant;
typedef struct State {
    void *pool MOLT_POOL(Ant);
    Ant *queen;
} State;
MOLT_ROOT(State);

#if VERSION == 2
MOLT_MIGRATE(Ant)(const MoltOld *old, Ant *now)
{
    const MoltOld *mate = molt_old_follow(old, "mate");
    now->hp = 1000 * molt_old_int(mate, "hp") + molt_old_int(old, "hp");
    now->mate = molt_old_pointer(old, "mate");
    now->title = molt_strdup("ant");
    return now->title != NULL;
}
#endif

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    size_t size = 4 * sizeof(Ant);
    size += s->queen ? 1 : 0;
    s->pool = malloc(size);
    Ant *ants = s->pool;
    for (int i = 0; i < 4; i++)
        ants[i] = (Ant){.mate = &ants[i ^ 1], .hp = i};
    s->queen = &ants[2];
    return s;
}
#endif

static bool check(State *s)
{
    const Ant *ants = s->pool;
    CHECK(s->queen == &ants[2]);
    for (int i = 0; i < 4; i++) {
        CHECK(ants[i].mate == &ants[i ^ 1]);
#if VERSION == 2
        CHECK(ants[i].hp == 1000 * (i ^ 1) + i && strcmp(ants[i].title, "ant") == 0);
#endif
    }
    return true;
}

CASE_MAIN
