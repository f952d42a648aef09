/* one past an array that ends its struct stays at the array's end
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct T {
    int n;
    int items[4];
} T;
typedef struct Text {
    char nm[4];
} Text;
#else
typedef struct T {
    int n;
    int items[4];
    int tail;
} T;
typedef struct Text {
    int front;
    char nm[4];
} Text;
#endif
typedef struct State {
    T *one;
    T *many;
    T row[3];
    Text *text;
    int *end, *many_end, *last_end, *row_end;
    int *first;
    char *text_end;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->one = molt_new(T);
    s->many = molt_new_array(T, 3);
    s->text = molt_new(Text);
    s->end = s->one->items + 4;
    s->many_end = s->many[0].items + 4;
    s->last_end = s->many[2].items + 4;
    s->row_end = s->row[1].items + 4;
    s->first = &s->many[1].n;
    s->text_end = s->text->nm + 4;
    return s;
}

static bool check(State *s)
{
    CHECK(s->end == s->one->items + 4);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->end == s->one->items + 4);
    CHECK(s->last_end == s->many[2].items + 4);
    CHECK(s->text_end == s->text->nm + 4);
    /* where the next element begins with an int, that is what the pointer means */
    CHECK(s->many_end == &s->many[1].n && s->first == &s->many[1].n);
    CHECK(s->row_end == &s->row[2].n);
    return true;
}
#endif

CASE_MAIN
