/* integers that hold addresses of what moves are told, and stay as they are
 * expect: migrated
 * report: loss address-in-integer Index.keys[1] 1
 * report: loss address-in-integer State.handle 1
 * json: no, the objects have other addresses after it, and the integers name none
 */
#include "case.h"

typedef struct Ant {
#if VERSION == 2
    int hunger;
#endif
    int hp;
} Ant;
typedef struct Index {
    int used;
    uint64_t keys[4];
} Index;
typedef struct State {
    Ant *ants;
    uintptr_t handle;
    uint64_t number;
    Index *index;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->ants = molt_new_array(Ant, 10);
    s->ants[3].hp = 103;
    s->handle = (uintptr_t)&s->ants[3];
    s->number = 123456789;
    s->index = molt_new(Index);
    s->index->keys[1] = (uintptr_t)&s->ants[1];
    s->index->keys[2] = (uintptr_t)&s->ants[2];
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->ants[3].hp == 103 && s->number == 123456789);
    CHECK(s->handle != 0 && s->index->keys[2] == s->index->keys[1] + sizeof(int));
#if VERSION == 2
    CHECK(s->handle != (uintptr_t)&s->ants[3]);
#endif
    return true;
}

CASE_MAIN
