/* what no rule converts inside of a struct is handled by the hook of that struct, at any depth
 * expect: migrated
 * report: info hook-ran State 1
 * report: info enumerator-removed State.kind 1
 * report: info shape-changed Part.m 1
 * undo: differs
 *
 * The attic keeps nothing of an arm that is gone: its tag returns, and selects zero.
 */
#include <molt/hook.h>

#include "case.h"

#if VERSION == 1
typedef struct Part {
    int m[2][2];
} Part;
typedef struct State {
    enum Kind { KIND_F, KIND_I } kind;
    union {
        float f;
        int i;
    } u MOLT_TAG(kind);
    Part parts[2];
} State;
#else
typedef struct Part {
    int m[4];
} Part;
typedef struct State {
    enum Kind { KIND_I = 1 } kind;
    union {
        int i;
    } u MOLT_TAG(kind);
    Part parts[2];
} State;

MOLT_MIGRATE(State)(const MoltOld *old, State *now)
{
    if (strcmp(molt_old_enum(old, "kind"), "KIND_F") == 0) {
        now->kind = KIND_I;
        now->u.i = (int)(10 * molt_old_double(old, "u.f"));
    }
    for (int p = 0; p < 2; p++) {
        for (int i = 0; i < 4; i++)
            now->parts[p].m[i] = (int)molt_old_int(old, "parts[%d].m[%d][%d]", p, i / 2, i % 2);
    }
    return true;
}
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->kind = KIND_F;
    s->u.f = 2.5f;
    s->parts[1].m[1][0] = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->kind == KIND_F && s->u.f == 2.5f && s->parts[1].m[1][0] == 7);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kind == KIND_I && s->u.i == 25 && s->parts[1].m[2] == 7);
    return true;
}
#endif

CASE_MAIN
