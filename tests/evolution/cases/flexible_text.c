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
typedef struct Labels {
    int n;
    struct {
        int id;
        char text[6];
    } labels[] MOLT_COUNT(n);
} Labels;
typedef struct Head {
    char name[4];
    char rest[];
} Head;
typedef struct State {
    Name *name;
    char *text;
    const char *middle;
    Name *renamed;
#if VERSION == 1
    const char *copied, *label, *none;
#else
    char copied[8], label[8], none[8];
#endif
    Labels *labels;
    Head *empty;
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
    s->labels = molt_new_flexible(Labels, labels, 3);
    strcpy(s->labels->labels[2].text, "queen");
    s->empty = molt_new_flexible(Head, rest, 0);
    strcpy(s->empty->name, "ant");
    s->copied = s->name->text + 2;
    s->label = s->labels->labels[2].text + 1;
    s->none = s->empty->name;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(strcmp(s->name->text, "colony") == 0 && s->text == s->name->text);
    CHECK(strcmp(s->copied, "lony") == 0 && strcmp(s->label, "ueen") == 0);
    CHECK(strcmp(s->none, "ant") == 0);
    CHECK(s->middle == s->text + 3 && s->renamed == NULL);
    return true;
}

CASE_MAIN
