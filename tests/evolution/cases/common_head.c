/* structs that begin alike, looked at through the one that has no more than that
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
#define HEAD int refs; int type;
#else
#define HEAD long flags; int type; int refs;
#endif
typedef struct Obj { HEAD } Obj;
typedef struct Number { HEAD long value; } Number;
typedef struct Text { HEAD char *text; int length; } Text;

typedef struct State {
    Obj *objects[2];
    Text *text;
    Number inner;
    Obj *to_inner;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    Number *number = molt_new(Number);
    Text *text = molt_new(Text);
    *number = (Number){.refs = 1, .type = 10, .value = 42};
    *text = (Text){.refs = 2, .type = 20, .text = molt_strdup("hey"), .length = 3};
    s->objects[0] = (Obj *)(void *)number;
    s->objects[1] = (Obj *)(void *)text;
    s->text = text;
    s->inner = (Number){.refs = 3, .type = 10, .value = 43};
    s->to_inner = (Obj *)(void *)&s->inner;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->objects[0]->refs == 1 && s->objects[0]->type == 10);
    CHECK(((Number *)(void *)s->objects[0])->value == 42);
    CHECK(s->objects[1]->refs == 2 && s->objects[1]->type == 20);
    CHECK((void *)s->objects[1] == (void *)s->text && s->text->length == 3);
    CHECK((void *)s->to_inner == (void *)&s->inner && s->to_inner->refs == 3);
    return true;
}

CASE_MAIN
