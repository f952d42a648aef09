/* structs that are declared and never defined, references to each other and to themselves
 * expect: migrated
 */
#include "case.h"

struct Hidden;
typedef struct Left Left;
typedef struct Right Right;
struct Left {
#if VERSION == 2
    int extra;
#endif
    Left *self;
    Right *other;
};
struct Right {
    Left *other;
    Right **self;
    Right *held;
};
typedef struct State {
    struct Hidden *hidden;
    const struct Hidden *(*find)(struct Hidden *, Left *);
    Left *left;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->left = molt_new(Left);
    s->left->self = s->left;
    s->left->other = molt_new(Right);
    s->left->other->other = s->left;
    s->left->other->held = s->left->other;
    s->left->other->self = &s->left->other->held;
    return s;
}
#endif

static bool check(State *s)
{
    Left *left = s->left;
    CHECK(left->self == left && left->other->other == left && s->hidden == NULL);
    CHECK(left->other->self == &left->other->held && *left->other->self == left->other);
    return true;
}

CASE_MAIN
