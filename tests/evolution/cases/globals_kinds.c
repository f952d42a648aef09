/* variables of every kind keep their values while their types change
 * expect: migrated
 * report: info number-converted score
 * report: info array-resized globals_kinds.c:levels
 * report: info number-converted globals_kinds.c:visit():seen
 */
#include "case.h"

typedef struct Ant {
    struct Ant *next;
    int id;
} Ant;
typedef struct State {
    Ant *first;
    int *score;
} State;
MOLT_ROOT(State);

typedef enum Mood {
    CALM,
#if VERSION == 2
    CURIOUS,
#endif
    ANGRY
} Mood;

#if VERSION == 1
typedef struct Weather {
    float wind;
    int rain;
} Weather;
short score = 3;
static int levels[3] = {1, 2, 3};
#else
typedef struct Weather {
    int rain;
    double gust;
    float wind;
} Weather;
long score = 3;
static int levels[5] = {1, 2, 3, 4, 5};
#endif
static Weather weather;
static Mood mood;
static Ant *favourite;
static char name[8] = "nobody";
static const char *title = "untouched";
static _Thread_local int frames;
static bool started;
static int never_set = 5;

static int visit(int add)
{
#if VERSION == 2
    static int before;
    static long seen;
    before++;
#else
    static short seen;
#endif
    seen += add;
    return (int)seen;
}

static int leave(int add)
{
    static int seen = 100;
    seen += add;
    return seen;
}

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    for (int i = 0; i < 3; i++) {
        Ant *ant = molt_new(Ant);
        ant->id = i;
        ant->next = s->first;
        s->first = ant;
    }
    score = 42;
    levels[1] = 20;
    weather = (Weather){.wind = 2.5f, .rain = 7};
    mood = ANGRY;
    favourite = s->first->next;
    strcpy(name, "Antonia");
    frames = 9;
    started = true;
    visit(6);
    leave(1);
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(score == 42 && weather.wind == 2.5f && weather.rain == 7 && mood == ANGRY);
    CHECK(levels[0] == 1 && levels[1] == 20 && levels[2] == 3);
    CHECK(favourite == s->first->next && favourite->id == 1);
    CHECK(strcmp(name, "Antonia") == 0 && strcmp(title, "untouched") == 0);
    CHECK(frames == 9 && started && never_set == 5);
    CHECK(visit(0) == 6 && leave(0) == 101);
#if VERSION == 2
    CHECK(levels[3] == 4 && weather.gust == 0);
#endif
    return true;
}

CASE_MAIN
