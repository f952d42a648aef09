/* char[N] becomes a heap string, and back
 * expect: migrated
 * report: loss string-truncated State.c 1
 */
#include "case.h"

#if VERSION == 1
typedef struct State {
    char a[16];
    char *b;
    char *c;
    char *none;
} State;
#else
typedef struct State {
    char *a;
    char b[16];
    char c[4];
    char none[8];
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    strcpy(s->a, "grunt");
    s->b = molt_strdup("scout");
    s->c = molt_strdup("worker");
    return s;
}

static bool check(State *s)
{
    CHECK(strcmp(s->b, "scout") == 0);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(strcmp(s->a, "grunt") == 0 && molt_count(s->a) == 6 && strcmp(s->b, "scout") == 0);
    CHECK(strcmp(s->c, "wor") == 0 && s->none[0] == 0);
    return true;
}
#endif

CASE_MAIN
