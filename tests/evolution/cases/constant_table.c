/* pointers into constant tables of the library follow by name; rows by the enumerator that designates
 * them, by the text that they begin with, else by index
 * expect: migrated
 */
#include "case.h"

typedef struct Caste {
#if VERSION == 2
    double weight;
#endif
    int speed;
    int size;
} Caste;
typedef struct Item {
    const char *name;
#if VERSION == 1
    int price, weight;
#else
    int weight, price;
    const char *picture;
#endif
} Item;
typedef struct Level {
    int waves[2];
    float light;
} Level;
typedef struct Plain { /* as it was */
    int a, b;
} Plain;
enum Tool {
#if VERSION == 2
    TOOL_SHOVEL,
#endif
    TOOL_AXE,
    TOOL_ROPE,
    TOOL_COUNT
};
typedef struct State {
#if VERSION == 2
    int more;
#endif
    const Caste *caste;
    const int *speed, *limit, *last_limit;
    const Item *sword, *shield, *renamed;
    const int *price;
    const Level *level, *level_end;
    const void *any;
    const Plain *axe, *rope, *marked;
    const Plain *inner, *shared, *cell;
    const Item *items_end;
} State;
MOLT_ROOT(State);

static const Caste castes[] = {
    {.speed = 1 * VERSION, .size = 10},
    {.speed = 2 * VERSION, .size = 20},
    {.speed = 3 * VERSION, .size = 30},
#if VERSION == 2
    {.speed = 4, .size = 40},
#endif
};
static const int limits[] = {
    5, 6 * VERSION, 7,
#if VERSION == 2
    8,
#endif
};
static const Item items[] = {
#if VERSION == 2
    {.name = "bow", .price = 12},
    {.name = "arrow", .price = 1},
#endif
    {.name = "sword", .price = 10 * VERSION},
    {.name = "shield", .price = 20},
};
#if VERSION == 1
#define SIGN "a sing"
#else
#define SIGN "a sign"
#endif
static const Item signs[] = {{.name = SIGN, .price = VERSION}, {.name = "none"}};
static const Level levels[3] = {{.waves = {1, 2}}, {.waves = {3, 4}, .light = VERSION}};
static const Plain tools[TOOL_COUNT] = {[TOOL_AXE] = {1, VERSION}, [TOOL_ROPE] = {2, VERSION}};
static const Plain marked[TOOL_COUNT] MOLT_INDEX(Tool) = {
#if VERSION == 2
    {0, 0},
#endif
    {1, 1},
    {2, 2},
};
static const Plain grid[2][VERSION + 1] = {{{1, 1}}, {{2, 1}, {2, 2}}};
const Plain everywhere[] = {
    {7, VERSION},
#if VERSION == 2
    {8, 8},
#endif
};

static const Plain *inside(int which)
{
    static const Plain table[] = {
        {5, 5},
        {6, VERSION},
#if VERSION == 2
        {7, 7},
#endif
    };
    return &table[which];
}

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    *s = (State){.caste = &castes[2],
                 .speed = &castes[1].speed,
                 .limit = &limits[1],
                 .last_limit = &limits[3],
                 .sword = &items[0],
                 .shield = &items[1],
                 .renamed = &signs[0],
                 .price = &items[1].price,
                 .level = &levels[1],
                 .level_end = &levels[3],
                 .any = &castes[1],
                 .axe = &tools[TOOL_AXE],
                 .rope = &tools[TOOL_ROPE],
                 .marked = &marked[TOOL_ROPE],
                 .inner = inside(1),
                 .shared = &everywhere[0],
                 .cell = &grid[1][1],
                 .items_end = &items[2]};
    return s;
}
#endif

static bool check(State *s)
{
    CHECK(s->caste == &castes[2] && s->caste->speed == 3 * VERSION && s->caste->size == 30);
    CHECK(s->speed == &castes[1].speed && s->limit == &limits[1] && *s->limit == 6 * VERSION);
    CHECK(s->last_limit == limits + sizeof limits / sizeof *limits);
    CHECK(s->sword == &items[2 * VERSION - 2] && strcmp(s->sword->name, "sword") == 0);
    CHECK(s->sword->price == 10 * VERSION && s->shield == &items[2 * VERSION - 1]);
    CHECK(s->price == &items[2 * VERSION - 1].price && *s->price == 20);
    CHECK(s->level == &levels[1] && s->level_end == &levels[3] && s->any == &castes[1]);
    CHECK(s->axe == &tools[TOOL_AXE] && s->rope == &tools[TOOL_ROPE] && s->rope->b == VERSION);
    CHECK(s->marked == &marked[TOOL_ROPE] && s->marked->a == 2);
    CHECK(s->inner == inside(1) && s->inner->b == VERSION);
    CHECK(s->shared == &everywhere[0] && s->shared->b == VERSION);
    CHECK(s->cell == &grid[1][1] && s->cell->b == 2);
    CHECK(s->items_end == items + sizeof items / sizeof *items);
    CHECK(s->renamed == &signs[0] && s->renamed->price == VERSION);
    return true;
}

CASE_MAIN
