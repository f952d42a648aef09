/* each object of an array follows the pointers of its own arm
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Target {
    int hp;
} Target;
typedef enum Kind { KIND_NONE, KIND_NUMBER, KIND_TARGET, KIND_PAIR } Kind;
typedef struct Value {
    Kind kind;
    union {
        unsigned long number MOLT_ARM(KIND_NUMBER);
        Target *target MOLT_ARM(KIND_TARGET);
        struct {
            short first;
            Target *second;
        } pair MOLT_ARM(KIND_PAIR);
    } MOLT_TAG(kind);
} Value;
#else
typedef struct Target {
    double hunger;
    int hp;
} Target;
typedef enum Kind { KIND_PAIR, KIND_TARGET MOLT_WAS("KIND_AIM"), KIND_NUMBER, KIND_NONE } Kind;
typedef struct Value {
    int added;
    union {
        struct {
            Target *second;
            int first;
        } pair;
        Target *aim MOLT_WAS("target");
        unsigned long number;
    } MOLT_TAG(kind);
    Kind kind;
} Value;
#endif
typedef struct State {
#if VERSION == 2
    const char *label MOLT_DEFAULT("of an edit"); /* undone, the text goes too */
#endif
    struct {
        Kind kind;
        union {
#if VERSION == 1
            int lone MOLT_ARM(KIND_NUMBER);
#else
            int alone MOLT_WAS("lone") MOLT_ARM(KIND_NUMBER); /* the union has another name, too */
#endif
        } MOLT_TAG(kind);
    } one;
    Value values[3];
    Value *more;
    Target *end;
    unsigned long *number;
    Target **link;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    Target *all = molt_new_array(Target, 2);
    all[0].hp = 10;
    all[1].hp = 11;
    s->more = molt_new_array(Value, 300);
    for (int i = 0; i < 300; i++) {
        s->more[i].kind = (Kind)(i / 7 % 4);
        if (s->more[i].kind == KIND_NUMBER)
            s->more[i].number = (unsigned long)(uintptr_t)all; /* looks like a pointer, is none */
        else if (s->more[i].kind == KIND_TARGET)
            s->more[i].target = &all[i % 2];
        else if (s->more[i].kind == KIND_PAIR)
            s->more[i].pair.first = (short)-i, s->more[i].pair.second = all + 1;
    }
    for (int i = 0; i < 3; i++)
        s->values[i] = s->more[7 * (i + 1)];
    s->number = &s->more[7].number;
    s->link = &s->more[21].pair.second;
    s->end = all;
    s->one.kind = KIND_NUMBER;
    s->one.lone = 7;
    return s;
}

static bool check(State *s)
{
    CHECK(s->more[14].target == s->end && (*s->link)->hp == 11);
    return true;
}
#else
static bool check(State *s)
{
    unsigned long number = s->more[7].number;
    CHECK(s->number == &s->more[7].number && number != (unsigned long)(uintptr_t)s->end);
    CHECK(s->link == &s->more[21].pair.second && (*s->link)->hp == 11);
    for (int i = 0; i < 300; i++) {
        const Kind kinds[] = {KIND_NONE, KIND_NUMBER, KIND_TARGET, KIND_PAIR};
        const Value *v = &s->more[i];
        CHECK(v->kind == kinds[i / 7 % 4]);
        CHECK(v->kind != KIND_NUMBER || v->number == number);
        CHECK(v->kind != KIND_TARGET || (v->aim == s->end + i % 2 && v->aim->hp == 10 + i % 2));
        CHECK(v->kind != KIND_PAIR || (v->pair.first == -i && v->pair.second->hp == 11));
    }
    CHECK(s->values[0].number == number && s->values[1].aim == s->end);
    CHECK(s->one.kind == KIND_NUMBER && s->one.alone == 7);
    CHECK(s->values[2].pair.second == s->end + 1 && strcmp(s->label, "of an edit") == 0);
    return true;
}
#endif

CASE_MAIN
