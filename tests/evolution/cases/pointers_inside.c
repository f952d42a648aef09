/* element, field, one-past-the-end and void pointers follow
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct E {
    char kind;
    int hp;
    int bag[4];
    char name[8];
} E;
#else
typedef struct E {
    char kind;
    char name[16];
    double t;
    int bag[6];
    int hp;
} E;
#endif
typedef struct State {
    E own;
    E *all;
    E *current;
    E *end;
    int *hp;
    int *slot;
    int *bag_end;
    char *letter;
    void *any;
    void *state;
    int *own_hp;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->all = molt_new_array(E, 4);
    for (int i = 0; i < 4; i++)
        s->all[i].hp = i;
    strcpy(s->all[2].name, "abc");
    s->all[1].bag[3] = 77;
    s->current = &s->all[3];
    s->end = s->all + 4;
    s->hp = &s->all[2].hp;
    s->slot = &s->all[1].bag[3];
    s->bag_end = s->all[1].bag + 4;
    s->letter = &s->all[2].name[1];
    s->any = &s->all[2];
    s->state = s;
    s->own_hp = &s->own.hp;
    return s;
}

static bool check(State *s)
{
    CHECK(s->current == &s->all[3]);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->current == &s->all[3] && s->current->hp == 3 && s->end == s->all + 4);
    CHECK(s->hp == &s->all[2].hp && s->slot == &s->all[1].bag[3] && *s->slot == 77);
    CHECK(s->bag_end == s->all[1].bag + 6);
    CHECK(s->letter == &s->all[2].name[1] && *s->letter == 'b');
    CHECK(s->any == &s->all[2] && s->state == s && s->own_hp == &s->own.hp);
    return true;
}
#endif

CASE_MAIN
