/* a hook takes in the object behind its own and deletes it: pointers that are left to it are NULL, its own
 * hook is not called, and it does not come back
 * expect: migrated
 * report: info hook-ran Drop 2
 * report: loss dangling-pointer Drop.next 1
 * report: loss dangling-pointer State.watched 1
 * undo: differs
 * back: "first":{"ref":"Drop:0"}
 * back: "watched":null
 * back: {"id":"Drop:2","type":"Drop","value":{"size":3,"next":null}}
 */
#include <molt/hook.h>

#include "case.h"

typedef struct Drop {
#if VERSION == 1
    int size;
    struct Drop *next;
#else
    double size;
    struct Drop *next;
    int taken;
#endif
} Drop;
typedef struct State {
    Drop *first;
    Drop *watched;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    Drop *drops[3];
    for (int i = 0; i < 3; i++) {
        drops[i] = molt_new(Drop);
        drops[i]->size = i + 1;
    }
    s->first = drops[0];
    drops[0]->next = drops[2];
    drops[2]->next = drops[1];
    s->watched = drops[1];
    return s;
}

static bool check(State *s)
{
    CHECK(s->first->size == 1 && s->first->next->size == 3);
    return true;
}
#else
MOLT_MIGRATE(Drop)(const MoltOld *old, Drop *now)
{
    if (molt_old_int(old, "size") != 1)
        return true;
    now->taken = (int)molt_old_int(old, "next->next->size");
    molt_delete(molt_old_pointer(old, "next->next"));
    return true;
}

static bool check(State *s)
{
    CHECK(s->first->taken == 2 && s->first->size == 1 && !s->watched);
    CHECK(s->first->next->size == 3 && !s->first->next->next);
    return true;
}
#endif

CASE_MAIN
