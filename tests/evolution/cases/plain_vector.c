/* values in memory of which only the sources show what it holds: behind void pointers with a size of their
 * elements, in blocks and arrays of bytes
 * expect: refused untyped-memory plain_vector.c:65 (vec_push) 1
 * report: refuse untyped-memory plain_vector.c:77 (bytes_push) 1
 * report: refuse unknown-target Slot.item 1
 * report: refuse untyped-memory Slot.payload 1
 * report: refuse untyped-memory plain_vector.c:arena 1
 * remedy: neither the size nor the pointer names a type: say MOLT_POOL(T) on the field
 * json: no, a dump does not say what bytes hold
 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#if VERSION == 2
#define ADDED int added;
#else
#define ADDED
#endif

typedef enum Mood {
#if VERSION == 2
    ASLEEP,
#endif
    CALM,
    ANGRY
} Mood;
typedef struct Point {
    int x;
    ADDED int y;
} Point;
typedef struct Cell {
    ADDED Mood mood;
} Cell;
typedef struct Item {
    short kind;
    ADDED short count;
} Item;
typedef struct Wall {
    ADDED int length;
} Wall;
typedef struct Vec {
    void *data;
    size_t size, count;
} Vec;
typedef struct Bytes {
    char *data;
    size_t used;
} Bytes;
typedef struct Slot {
    int used;
    _Alignas(8) unsigned char payload[16];
    Item *item;
} Slot;
typedef struct State {
    Vec points;
    Bytes cells;
    Slot *slot;
} State;
MOLT_ROOT(State);

static void vec_push(Vec *v, const void *value)
{
    void *data = realloc(v->data, (v->count + 1) * v->size);
    if (!data)
        abort();
    v->data = data;
    memcpy((char *)v->data + v->count++ * v->size, value, v->size);
}
static void vec_get(const Vec *v, size_t i, void *out)
{
    memcpy(out, (const char *)v->data + i * v->size, v->size);
}
static void *bytes_push(Bytes *b, size_t size)
{
    b->data = realloc(b->data, b->used + size);
    if (!b->data)
        abort();
    b->used += size;
    return b->data + b->used - size;
}
static unsigned char arena[64];

static bool check(State *s)
{
    Point point;
    Wall wall;
    vec_get(&s->points, 1, &point);
    memcpy(&wall, arena + 8, sizeof wall);
    CHECK(point.x == 3 && point.y == 4 && wall.length == 7);
    CHECK(((Cell *)(void *)s->cells.data)[1].mood == ANGRY);
    CHECK(((Item *)(void *)s->slot->payload)->count == 6 && s->slot->item->kind == 5);
    return true;
}

#if VERSION == 1
static State *make(void)
{
    State *s = calloc(1, sizeof *s);
    s->slot = calloc(1, sizeof *s->slot);
    s->points.size = sizeof(Point);
    Point first = {.x = 1, .y = 2};
    vec_push(&s->points, &first);
    vec_push(&s->points, &(Point){.x = 3, .y = 4});
    for (int i = 0; i < 2; i++) {
        Cell *cell = bytes_push(&s->cells, sizeof *cell);
        *cell = (Cell){.mood = i == 0 ? CALM : ANGRY};
    }
    Item item = {.kind = 5, .count = 6};
    memcpy(s->slot->payload, &item, sizeof item);
    s->slot->item = (Item *)(void *)s->slot->payload;
    Wall wall = {.length = 7};
    memcpy(arena + 8, &wall, sizeof wall);
    return s;
}
#endif

CASE_MAIN
