/* tagged unions in structs, in arrays, in an arm of another, and pointers into arms
 * expect: migrated
 */
#include "case.h"

typedef enum Inner { INNER_N, INNER_AT } Inner;
typedef enum Kind { KIND_BOX, KIND_REAL } Kind;
typedef struct Box {
#if VERSION == 2
    char added;
#endif
    Inner inner;
    union {
        int n;
        int *at;
    } u MOLT_TAG(inner);
} Box;
typedef struct Cell {
#if VERSION == 2
    double added;
    Kind what MOLT_WAS("kind");
    union {
        Box crate MOLT_WAS("box");
        double real;
    } u MOLT_TAG(what);
#else
    Kind kind;
    union {
        Box box;
        float real;
    } u MOLT_TAG(kind);
#endif
} Cell;
typedef struct Row {
    Cell cells[3];
} Row;
typedef struct State {
    Row rows[2];
    int *into;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->rows[0].cells[0] = (Cell){KIND_BOX, {.box = {INNER_N, {.n = 5}}}};
    s->rows[1].cells[1] = (Cell){KIND_REAL, {.real = 2.5f}};
    s->into = &s->rows[0].cells[0].u.box.u.n;
    s->rows[1].cells[2] = (Cell){KIND_BOX, {.box = {INNER_AT, {.at = s->into}}}};
    return s;
}

static bool check(State *s)
{
    CHECK(s->rows[0].cells[0].u.box.u.n == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->rows[0].cells[0].what == KIND_BOX && s->rows[0].cells[0].u.crate.u.n == 5);
    CHECK(s->rows[1].cells[1].what == KIND_REAL && s->rows[1].cells[1].u.real == 2.5);
    CHECK(s->into == &s->rows[0].cells[0].u.crate.u.n);
    CHECK(s->rows[1].cells[2].u.crate.inner == INNER_AT);
    CHECK(s->rows[1].cells[2].u.crate.u.at == s->into);
    return true;
}
#endif

CASE_MAIN
