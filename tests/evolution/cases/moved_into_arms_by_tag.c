/* fields of which a kind says which one counts become arms
 * expect: migrated
 * report: loss field-removed Thing.count 1
 */
#include "case.h"

#if VERSION == 1
enum Kind { KIND_COUNT, KIND_NAME, KIND_PAIR };
typedef struct Thing {
    enum Kind kind;
    int count;
    char *name;
    struct {
        int a, b;
    } pair;
} Thing;
#else
enum Kind { KIND_PAIR, KIND_NAME, KIND_COUNT };
typedef struct Thing {
    enum Kind kind;
    union {
        struct {
            int b, a;
        } pair MOLT_MOVED("pair") MOLT_ARM(KIND_PAIR);
        char *name MOLT_MOVED("name") MOLT_ARM(KIND_NAME);
        long count MOLT_MOVED("count") MOLT_ARM(KIND_COUNT);
    } MOLT_TAG(kind);
} Thing;
#endif
typedef struct State {
    Thing things[4];
    char *name;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->name = molt_strdup("ant");
    s->things[0].count = -5;
    s->things[1].kind = s->things[3].kind = KIND_NAME;
    s->things[1].name = s->things[3].name = s->name;
    s->things[2].kind = KIND_PAIR;
    s->things[2].pair.a = 1;
    s->things[2].pair.b = 2;
    s->things[3].count = 9; /* left over from another kind */
    return s;
}

static bool check(State *s)
{
    CHECK(s->things[0].count == -5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->things[0].kind == KIND_COUNT && s->things[0].count == -5);
    CHECK(s->things[1].kind == KIND_NAME && s->things[1].name == s->name);
    CHECK(s->things[2].kind == KIND_PAIR && s->things[2].pair.a == 1 && s->things[2].pair.b == 2);
    CHECK(s->things[3].name == s->name);
    return true;
}
#endif

CASE_MAIN
