/* structs that two sources have for themselves under one name, each with a hook of its own
 * expect: migrated
 * with: hook_private_other.c
 * report: info hook-ran hook_private.c:Cell 1
 * report: info hook-ran hook_private_other.c:Cell 1
 */
#include <molt/hook.h>

#include "case.h"

struct Cell {
    int n;
#if VERSION == 2
    int twice;
#endif
};
typedef struct State {
    struct Cell *mine;
    void *other;
} State;
MOLT_ROOT(State);

void *other_make(void);
bool other_check(void *cell);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->mine = molt_new(struct Cell);
    s->mine->n = 4;
    s->other = other_make();
    return s;
}
#else
MOLT_MIGRATE(struct Cell)(const MoltOld *old, struct Cell *now)
{
    now->twice = 2 * (int)molt_old_int(old, "n");
    return true;
}
#endif

static bool check(State *s)
{
    CHECK(s->mine->n == 4 && other_check(s->other));
#if VERSION == 2
    CHECK(s->mine->twice == 8);
#endif
    return true;
}

CASE_MAIN
