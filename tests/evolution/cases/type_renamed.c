/* MOLT_WAS on a struct, together with an edit of it
 * expect: migrated
 * report: info type-renamed Enemy
 */
#include "case.h"

#if VERSION == 1
typedef struct Mob {
    char kind;
    int hp;
    struct Mob *leader;
    union {
        int number;
        float fraction;
    };
    struct Pos {
        short x, y;
    } parts[2];
    union {
        struct Pos pos;
        unsigned char bytes[4];
    } where[2];
} Mob;
typedef struct State {
    Mob *m;
    void *any;
} State;
#else
typedef struct Enemy {
    char kind;
    double speed;
    struct Enemy *leader;
    int hp;
    union {
        struct Place {
            short x, y;
        } MOLT_WAS("Pos") pos;
        unsigned char bytes[4];
    } where[2];
    struct Place parts[2];
    union {
        int number;
        float fraction;
    };
} MOLT_WAS("Mob") Enemy;
typedef struct State {
    Enemy *m;
    void *any;
} State;
#endif
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->m = molt_new(Mob);
    s->m->hp = 9;
    s->m->fraction = 1.5f;
    s->m->where[1].pos.y = 8;
    s->m->parts[1].x = 7;
    s->m->leader = s->m;
    s->any = s->m;
    return s;
}

static bool check(State *s)
{
    CHECK(s->m->hp == 9);
    return true;
}
#else
static bool check(State *s)
{
    CHECK(s->m->hp == 9 && s->m->leader == s->m && s->any == s->m && s->m->speed == 0);
    CHECK(s->m->fraction == 1.5f && s->m->where[1].pos.y == 8 && s->m->parts[1].x == 7);
    return true;
}
#endif

CASE_MAIN
