/* a text at the end of a struct; pointers to it are pointers to text
 * expect: migrated
 */
#include "case.h"

typedef struct Name {
#if VERSION == 2
    long id;
#endif
    short length;
    char text[];
} Name;
typedef struct State {
    Name *name;
    char *text;
    const char *middle;
    Name *renamed;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->name = molt_new_flexible(Name, text, 8);
    strcpy(s->name->text, "colony");
    s->text = s->name->text;
    s->middle = s->text + 3;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(strcmp(s->name->text, "colony") == 0 && s->text == s->name->text);
    CHECK(s->middle == s->text + 3 && s->renamed == NULL);
    return true;
}

CASE_MAIN
