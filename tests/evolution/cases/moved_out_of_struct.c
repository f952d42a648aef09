/* fields move out of structs and arrays; what is left there is dropped
 * expect: migrated
 * report: loss field-removed State.gone 1
 * report: loss elements-dropped State.list 1
 */
#include "case.h"

#if VERSION == 1
typedef struct Part {
    int a, b;
    int bits : 4;
} Part;
typedef struct State {
    Part kept;
    Part gone;
    int list[4];
    int pos[3];
    char *name;
    int *b;
    int *y;
    struct {
        char *text;
    } strings;
} State;
#else
typedef struct Part {
    int a;
} Part;
typedef struct State {
    int *y;
    long b_of_kept MOLT_MOVED("kept.b");
    int bits MOLT_MOVED("kept.bits");
    Part kept;
    int of_gone MOLT_MOVED("gone.b");
    int *b;
    int list[2];
    int third MOLT_MOVED("list[2]");
    float x MOLT_MOVED("pos[0]");
    int y_of MOLT_MOVED("pos[1]");
    int z MOLT_MOVED("pos[2]");
    char *name;
    char *text MOLT_MOVED("strings.text");
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->kept = (Part){1, 2, -3};
    s->gone = (Part){4, 5, 0};
    for (int i = 0; i < 4; i++)
        s->list[i] = 10 + i;
    for (int i = 0; i < 3; i++)
        s->pos[i] = 20 + i;
    s->b = &s->gone.b;
    s->y = &s->pos[1];
    s->name = s->strings.text = molt_strdup("ant");
    return s;
}

static bool check(State *s)
{
    CHECK(*s->b == 5);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->b == &s->of_gone && s->of_gone == 5 && s->y == &s->y_of && s->y_of == 21);
    CHECK(s->kept.a == 1 && s->b_of_kept == 2 && s->bits == -3);
    CHECK(s->list[0] == 10 && s->list[1] == 11 && s->third == 12);
    CHECK(s->x == 20.0f && s->z == 22 && s->text == s->name && strcmp(s->name, "ant") == 0);
    return true;
}
#endif

CASE_MAIN
