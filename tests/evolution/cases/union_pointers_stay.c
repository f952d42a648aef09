/* a union that stays is patched where its arm points at what moves
 * expect: migrated
 * dump: {"kind":"KIND_TARGET","u":{"target":{"ref":"Target:0"}}}
 * json: no, a number that is an address means nothing in a state that was read
 */
#include "case.h"

#if VERSION == 1
typedef struct Target {
    int hp;
} Target;
#else
typedef struct Target {
    double hunger;
    int hp;
} Target;
#endif
typedef struct Value {
    enum { KIND_NUMBER, KIND_TARGET } kind;
    union {
        unsigned long number;
        Target *target;
    } u MOLT_TAG(kind);
} Value;
typedef struct State {
    Value values[2];
    Value *link;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->link = molt_new(Value);
    s->link->kind = KIND_TARGET;
    s->link->u.target = molt_new(Target);
    s->link->u.target->hp = 9;
    s->values[0] = *s->link;
    s->values[1] = *s->link;
    s->values[1].kind = KIND_NUMBER;
    return s;
}

static bool check(State *s)
{
    CHECK(s->values[1].u.number == (unsigned long)(uintptr_t)s->link->u.target);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->link->u.target->hp == 9 && s->values[0].u.target == s->link->u.target);
    CHECK(s->values[1].kind == KIND_NUMBER);
    CHECK(s->values[1].u.number != (unsigned long)(uintptr_t)s->link->u.target);
    return true;
}
#endif

CASE_MAIN
