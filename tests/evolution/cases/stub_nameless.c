/* values are refused in structs and unions without a name: the hook that the report offers is that of the
 * struct around them, and reaches them
 * expect: refused kind-changed State::inner.old
 * report: refuse kind-changed State::inner.old 1
 * report: refuse kind-changed State::rows::deep.q 1
 * report: refuse untagged-union-changed State::rows.<c,d> 1
 * report: refuse untagged-union-changed State.<u,f> 1
 * report: refuse kind-changed Bag::items.x 1
 */
#include "case.h"

#if VERSION == 1
typedef int Value;
typedef int Wide;
#else
typedef char *Value;
typedef double Wide;
#endif
typedef struct Bag {
    int n;
    struct {
        Value x;
    } items[];
} Bag;
typedef struct State {
    struct {
        Value old;
    } inner;
    struct {
        struct {
            Value q;
        } deep[2];
        union {
            Wide c;
            float d;
        };
    } rows[3];
    union {
        Wide u;
        float f;
    };
    Bag *bag;
    int kept;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->inner.old = 3;
    s->rows[2].deep[1].q = 4;
    s->rows[1].c = 5;
    s->u = 6;
    s->bag = molt_new_flexible(Bag, items, 2);
    s->bag->n = 2;
    s->bag->items[1].x = 7;
    s->kept = 8;
    return s;
}

static bool check(State *s)
{
    CHECK(s->inner.old == 3 && s->rows[2].deep[1].q == 4 && s->rows[1].c == 5 && s->u == 6);
    CHECK(s->bag->items[1].x == 7 && s->kept == 8);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->kept == 8);
    return true;
}
#endif

CASE_MAIN
