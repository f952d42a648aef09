/* a struct changed inside of arrays of thousands
 * expect: migrated
 */
#include "case.h"

#if VERSION == 1
typedef struct Vec {
    float x, y;
} Vec;
typedef struct Tile {
    Vec at;
    int food;
} Tile;
#else
typedef struct Vec {
    double y;
    float z;
    double x;
} Vec;
typedef struct Tile {
    long food;
    bool wet MOLT_DEFAULT(true);
    Vec at;
} Tile;
#endif
typedef struct State {
    Tile tiles[2][500];
    Tile *heap;
} State;
MOLT_ROOT(State);

#if VERSION == 1
static State *make(void)
{
    State *s = molt_new(State);
    s->heap = molt_new_array(Tile, 3000);
    for (int i = 0; i < 3000; i++)
        s->heap[i] = (Tile){{(float)i, 2.0f}, i};
    for (int i = 0; i < 1000; i++)
        s->tiles[i / 500][i % 500].food = i;
    return s;
}

static bool check(State *s)
{
    CHECK(s->heap[9].food == 9);
    return true;
}
#else
static bool check(State *s)
{
    for (int i = 0; i < 3000; i++)
        CHECK(s->heap[i].at.x == i && s->heap[i].at.y == 2 && s->heap[i].at.z == 0 &&
              s->heap[i].food == i && s->heap[i].wet);
    for (int i = 0; i < 1000; i++)
        CHECK(s->tiles[i / 500][i % 500].food == i);
    CHECK(molt_count(s->heap) == 3000);
    return true;
}
#endif

CASE_MAIN
