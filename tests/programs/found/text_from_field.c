/* a char * into a char[N] field is text too when it becomes a char[M]
 * expect: migrated
 */
#include "case.h"

typedef struct E {
    int n;
    char name[2][8];
} E;
typedef struct State {
#if VERSION == 1
    char *title;
    char *full;
#else
    char title[16];
    char full[16];
#endif
    E *e;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->e = molt_new_array(E, 2);
    strcpy(s->e[1].name[1], "scout");
    memcpy(s->e[1].name[0], "no end..", 8);
    s->title = &s->e[1].name[1][1];
    s->full = s->e[1].name[0];
    return s;
}

static bool check(State *s)
{
    CHECK(strcmp(s->title, "cout") == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(strcmp(s->title, "cout") == 0 && strcmp(s->full, "no end..") == 0);
    return true;
}
#endif

CASE_MAIN
