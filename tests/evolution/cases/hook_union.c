/* a hook and the arms of a union: those that are not active may look like old addresses
 * expect: migrated
 * report: info hook-ran Value 4
 */
#include <molt/hook.h>

#include "case.h"

typedef enum Kind { KIND_NUMBER, KIND_TARGET } Kind;
#if VERSION == 1
typedef struct Target {
    int hp;
} Target;
typedef struct Value {
    Kind kind;
    union {
        unsigned long number MOLT_ARM(KIND_NUMBER);
        Target *target MOLT_ARM(KIND_TARGET);
    } u MOLT_TAG(kind);
    short weight;
} Value;
#else
typedef struct Target {
    double hunger;
    int hp;
} Target;
typedef struct Value {
    Kind kind;
    union {
        Target *target MOLT_ARM(KIND_TARGET);
        unsigned long number MOLT_ARM(KIND_NUMBER);
    } u MOLT_TAG(kind);
    char label[8];
} Value;

MOLT_MIGRATE(Value)(const MoltOld *old, Value *now)
{
    snprintf(now->label, sizeof now->label, "%lldg", (long long)molt_old_int(old, "weight"));
    if (now->kind == KIND_TARGET) {
        now->kind = KIND_NUMBER;
        now->u.number = (unsigned long)now->u.target->hp;
    }
    return true;
}
#endif
typedef struct State {
    Target *all;
    Value values[4];
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->all = molt_new_array(Target, 2);
    s->all[1].hp = 11;
    for (int i = 0; i < 4; i++) {
        s->values[i].weight = (short)(i * 100);
        s->values[i].kind = i % 2 ? KIND_TARGET : KIND_NUMBER;
        if (i % 2)
            s->values[i].u.target = &s->all[1];
        else
            s->values[i].u.number = (unsigned long)(uintptr_t)s->all;
    }
    return s;
}

static bool check(State *s)
{
    CHECK(s->values[1].u.target == &s->all[1] && s->values[3].weight == 300);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 4; i++)
        CHECK(s->values[i].kind == KIND_NUMBER && (i % 2 == 0 || s->values[i].u.number == 11));
    CHECK(s->values[0].u.number != 0 && strcmp(s->values[3].label, "300g") == 0);
    return true;
}
#endif

CASE_MAIN
