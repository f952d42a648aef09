/* pointers between the heap and variables follow, into members, elements and past the end
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Cell {
    short id;
    int height;
    float water;
} Cell;
#else
typedef struct Cell {
    short id;
    float water;
    char kind;
    int height;
} Cell;
#endif
typedef struct State {
    int *count;
    Cell *cell;
    float *water;
    Cell *end;
    void *any;
    int *inner;
    char *text;
    struct State *self;
} State;
MOLT_ROOT(State);

#if VERSION == 2
static long inserted = 4;
#endif
static int count;
static Cell cells[4];
#if VERSION == 2
static Cell more[4];
#endif
static Cell *best = &cells[1];
static State *owner;
static int *alias;
static char label[16];

static int *tick(void)
{
#if VERSION == 2
    static char other;
    other++;
#endif
    static int ticks;
    ticks++;
    return &ticks;
}

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    count = 5;
    cells[2] = (Cell){.height = 8, .water = 0.5f};
    s->count = &count;
    s->cell = &cells[2];
    s->water = &cells[2].water;
    s->end = cells + 4;
    s->any = &cells[3];
    s->inner = tick();
    s->text = label + 3;
    s->self = s;
    strcpy(label, "ab:text");
    best = &cells[2];
    owner = s;
    alias = &cells[3].height;
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->count == &count && count == 5);
    CHECK(s->cell == &cells[2] && s->cell->height == 8 && s->water == &cells[2].water);
    CHECK(*s->water == 0.5f && s->end == cells + 4 && s->any == &cells[3]);
    CHECK(*s->inner >= 1 && s->inner == tick() && s->self == s);
    CHECK(strcmp(s->text, "text") == 0 && s->text == label + 3);
    CHECK(best == &cells[2] && owner == s && alias == &cells[3].height);
#if VERSION == 2
    CHECK(inserted == 4 && more[0].kind == 0);
#endif
    (*s->inner)--;
    return true;
}

CASE_MAIN
