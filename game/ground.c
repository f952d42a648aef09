/* The ground as one image: a pixel for each tile, coloured by what it is and how it smells. */
#include "ground.h"

static const MoltColor grounds[] = {
    [TILE_SOIL] = {40, 28, 19, 255},  [TILE_ROCK] = {92, 87, 84, 255},
    [TILE_WATER] = {24, 62, 92, 255}, [TILE_WALL] = {142, 94, 62, 255},
    [TILE_NEST] = {58, 40, 26, 255},
};

static uint32_t pack(int r, int g, int b)
{
    r = r > 255 ? 255 : r;
    g = g > 255 ? 255 : g;
    b = b > 255 ? 255 : b;
    return (uint32_t)r | (uint32_t)g << 8 | (uint32_t)b << 16 | 0xFF000000u;
}

/* Water shimmers slowly: every tile at its own time, by its grain. */
static int shimmer(const Tile *tile, uint64_t frame)
{
    unsigned phase = (tile->shade * 2u + (unsigned)(frame / 2)) % 256;
    return (int)(phase < 128 ? phase : 255 - phase) / 5;
}

static uint32_t tile_pixel(const Tile *tile, uint64_t frame, float food, float track, float alarm)
{
    MoltColor ground = grounds[tile->kind];
    int grain =
        tile->kind == TILE_ROCK || tile->kind == TILE_WALL ? tile->shade / 9 : tile->shade / 22;
    int r = ground.r + grain, g = ground.g + grain, b = ground.b + grain;
    if (tile->kind == TILE_WATER) {
        int glint = shimmer(tile, frame);
        g += glint;
        b += glint;
    }
    if (!tile->explored) {
        r = r * 5 / 8;
        g = g * 5 / 8;
        b = b * 5 / 8;
    }
    if (food > 0) {
        food *= 0.45f + 0.55f * food; /* the middle of a trail glows, its sides fade */
        r += (int)(food * 30);
        g += (int)(food * 150);
        b += (int)(food * 74);
    }
    if (track > 0) {
        r += (int)(track * 22);
        g += (int)(track * 20);
        b += (int)(track * 52);
    }
    if (alarm > 0) {
        r += (int)(alarm * 190);
        g += (int)(alarm * 26);
    }
    return pack(r, g, b);
}

static void paint_chunk(const Chunk *chunk, uint64_t frame, uint32_t *image)
{
    const ScentField *scents = chunk->scents;
    for (int y = 0; y < CHUNK_SIZE; y++) {
        const Tile *tiles = chunk->tiles[y];
        const float *food = scents[SCENT_FOOD].level[y];
        const float *track = scents[SCENT_TRACK].level[y];
        const float *alarm = scents[SCENT_ALARM].level[y];
        uint32_t *out = image + (ptrdiff_t)(chunk->row * CHUNK_SIZE + y) * MAP_WIDTH;
        out += (ptrdiff_t)chunk->column * CHUNK_SIZE;
        for (int x = 0; x < CHUNK_SIZE; x++)
            out[x] = tile_pixel(&tiles[x], frame, food[x], track[x], alarm[x]);
    }
}

/* What the parts of the picture have in common. Not a struct: it is no state. */
enum { PAINTED_COLONY, PAINTED_IMAGE, PAINTED_COUNT };

static void paint_part(void *context, uint32_t index)
{
    void **painted = context;
    const Colony *colony = painted[PAINTED_COLONY];
    const Chunk *chunk = colony->map->chunks[index / CHUNKS_X][index % CHUNKS_X];
    paint_chunk(chunk, colony->frame, painted[PAINTED_IMAGE]);
}

static void draw_crumbs(Canvas *canvas, const Tile *tile)
{
    MoltColor color = food_color(tile->pile->kind);
    float x = (float)tile->column * TILE_PIXELS, y = (float)tile->row * TILE_PIXELS;
    float size = tile->food > 80 ? 4 : tile->food > 25 ? 3 : 2;
    float shift = (float)(tile->shade % 3);
    canvas_rect(canvas, x + shift, y + 2 - shift / 2, size, size, color);
    if (tile->food > 50)
        canvas_rect(canvas, x + 3 - shift, y + 3, 2, 2, color_fade(color, 0.7f));
}

/* What stands up from the ground is sharp, with light on its upper edge and a shadow below. */
static void draw_relief(Canvas *canvas, const Map *map, const Tile *tile)
{
    float x = (float)tile->column * TILE_PIXELS, y = (float)tile->row * TILE_PIXELS;
    MoltColor ground = grounds[tile->kind];
    uint8_t grain = (uint8_t)(tile->shade / 9);
    MoltColor color = {(uint8_t)(ground.r + grain), (uint8_t)(ground.g + grain),
                       (uint8_t)(ground.b + grain), 255};
    canvas_rect(canvas, x, y, TILE_PIXELS, TILE_PIXELS, color);
    const Tile *above = map_tile_at(map, tile->column, tile->row - 1);
    const Tile *below = map_tile_at(map, tile->column, tile->row + 1);
    if (above->kind != tile->kind)
        canvas_rect(canvas, x, y, TILE_PIXELS, 2, (MoltColor){255, 245, 225, 70});
    if (!tile_is_solid(below))
        canvas_rect(canvas, x, y + TILE_PIXELS, TILE_PIXELS, 3, (MoltColor){0, 0, 0, 110});
}

void draw_ground(const Colony *colony, Canvas *canvas)
{
    const Map *map = colony->map;
    uint32_t image[MAP_WIDTH * MAP_HEIGHT];
    void *painted[PAINTED_COUNT] = {[PAINTED_COLONY] = (void *)colony, [PAINTED_IMAGE] = image};
    colony->api->parallel_for(colony->api, CHUNKS_X * CHUNKS_Y, paint_part, painted);
    colony->api->pixels(colony->api, 0, MAP_WIDTH, MAP_HEIGHT, image,
                        (MoltRect){0, 0, FIELD_WIDTH, FIELD_HEIGHT});

    for (int row = 0; row < MAP_HEIGHT; row++) {
        for (int column = 0; column < MAP_WIDTH; column++) {
            const Tile *tile = map_tile_at(map, column, row);
            if (tile->food)
                draw_crumbs(canvas, tile);
            else if (tile->kind == TILE_ROCK || tile->kind == TILE_WALL)
                draw_relief(canvas, map, tile);
        }
    }
    canvas_flush(canvas);
}
