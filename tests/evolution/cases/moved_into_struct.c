/* fields move into a new struct, with pointers to them, and change their types
 * expect: migrated
 * report: info field-moved V.x 0
 */
#include "case.h"

#if VERSION == 1
typedef struct T {
    float x, y, z;
    unsigned low : 3, high : 5;
} T;
#else
typedef struct V {
    float x MOLT_MOVED("^.x");
    double y MOLT_MOVED("^.y");
    float z MOLT_MOVED("z");
    unsigned high : 7 MOLT_MOVED("^.high");
    int low MOLT_MOVED("^low");
} V;
typedef struct T {
    int added;
    V pos;
} T;
#endif
typedef struct Row {
    int n;
    T items[] MOLT_COUNT(n);
} Row;
typedef struct State {
    Row *row;
    T own;
    T *all;
    float *x;
    float *z;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->all = molt_new_array(T, 5);
    for (int i = 0; i < 5; i++) {
        float f = (float)i;
        s->all[i] = (T){f + 0.25f, f + 0.5f, f + 0.75f, (unsigned)i, (unsigned)i + 20};
    }
    s->own = s->all[4];
    s->row = molt_new_flexible(Row, items, 3);
    s->row->n = 3;
    s->row->items[2] = s->own;
    s->x = &s->own.x;
    s->z = &s->all[3].z;
    return s;
}

static bool check(State *s)
{
    CHECK(*s->x == 4.25f);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 5; i++) {
        const V *v = &s->all[i].pos;
        float f = (float)i;
        CHECK(v->x == f + 0.25f && v->y == f + 0.5f && v->z == f + 0.75f);
        CHECK(v->low == i && v->high == (unsigned)i + 20);
    }
    CHECK(s->row->n == 3 && s->row->items[2].pos.y == 4.5 && s->row->items[2].pos.high == 24);
    CHECK(s->own.pos.z == 4.75f && s->x == &s->own.pos.x && s->z == &s->all[3].pos.z);
    return true;
}
#endif

CASE_MAIN
