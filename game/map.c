/* The land: chunks of tiles, rock and water, and the walking distance home from every tile. */
#include "actions.h"
#include "vec2.h"

enum {
    ROCK_COUNT = 15,
    POND_COUNT = 3,
    STRAIGHT_COST = 2, /* of a step, in half tiles; a diagonal one is about 1.4 times as long */
    DIAGONAL_COST = 3,
    FAR_AWAY = UINT16_MAX
};

Tile *map_tile_at(const Map *map, int column, int row)
{
    column = column < 0 ? 0 : column >= MAP_WIDTH ? MAP_WIDTH - 1 : column;
    row = row < 0 ? 0 : row >= MAP_HEIGHT ? MAP_HEIGHT - 1 : row;
    Chunk *chunk = map->chunks[row / CHUNK_SIZE][column / CHUNK_SIZE];
    return &chunk->tiles[row % CHUNK_SIZE][column % CHUNK_SIZE];
}

Tile *map_tile(const Map *map, Vec2 place)
{
    return map_tile_at(map, (int)place.x / TILE_PIXELS, (int)place.y / TILE_PIXELS);
}

bool tile_is_solid(const Tile *tile)
{
    return tile->kind == TILE_ROCK || tile->kind == TILE_WALL || tile->kind == TILE_WATER;
}

Vec2 tile_centre(const Tile *tile)
{
    return (Vec2){((float)tile->column + 0.5f) * TILE_PIXELS,
                  ((float)tile->row + 0.5f) * TILE_PIXELS};
}

/* The tiles whose middle lies in the disc, into `tiles`, which has room for DISC_TILES. */
int map_disc(const Map *map, Vec2 centre, float radius, Tile **tiles)
{
    int reach = (int)(radius / TILE_PIXELS) + 1, count = 0;
    int column = (int)centre.x / TILE_PIXELS, row = (int)centre.y / TILE_PIXELS;
    for (int y = row - reach; y <= row + reach; y++) {
        for (int x = column - reach; x <= column + reach; x++) {
            if (x < 0 || y < 0 || x >= MAP_WIDTH || y >= MAP_HEIGHT || count == DISC_TILES)
                continue;
            Tile *tile = map_tile_at(map, x, y);
            if (vec2_near(tile_centre(tile), centre, radius))
                tiles[count++] = tile;
        }
    }
    return count;
}

static uint16_t *homeward_cell(const Map *map, int column, int row)
{
    Chunk *chunk = map->chunks[row / CHUNK_SIZE][column / CHUNK_SIZE];
    return &chunk->homeward[row % CHUNK_SIZE][column % CHUNK_SIZE];
}

uint16_t map_homeward(const Map *map, Vec2 place)
{
    int column = (int)place.x / TILE_PIXELS, row = (int)place.y / TILE_PIXELS;
    if (column < 0 || row < 0 || column >= MAP_WIDTH || row >= MAP_HEIGHT)
        return FAR_AWAY;
    return *homeward_cell(map, column, row);
}

/* Breadth first from the entrance. A tile enters the ring again when a shorter way to it turns up;
 * `waiting` keeps it from being there twice, so the ring never overflows. */
void map_update_homeward(Map *map, const Nest *nest)
{
    enum { TILES = MAP_WIDTH * MAP_HEIGHT };
    uint16_t ring[TILES];
    bool waiting[TILES] = {false};
    int head = 0, length = 0;

    for (int row = 0; row < MAP_HEIGHT; row++)
        for (int column = 0; column < MAP_WIDTH; column++)
            *homeward_cell(map, column, row) = FAR_AWAY;
    int x = (int)nest->centre.x / TILE_PIXELS, y = (int)nest->centre.y / TILE_PIXELS;
    *homeward_cell(map, x, y) = 0;
    ring[length++] = (uint16_t)(y * MAP_WIDTH + x);

    while (length > 0) {
        int tile = ring[head];
        head = (head + 1) % TILES;
        length--;
        waiting[tile] = false;
        x = tile % MAP_WIDTH;
        y = tile / MAP_WIDTH;
        int here = *homeward_cell(map, x, y);
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                int nx = x + dx, ny = y + dy;
                if (nx < 0 || ny < 0 || nx >= MAP_WIDTH || ny >= MAP_HEIGHT)
                    continue;
                uint16_t *cell = homeward_cell(map, nx, ny);
                int distance = here + (dx && dy ? DIAGONAL_COST : STRAIGHT_COST);
                if (distance >= *cell || tile_is_solid(map_tile_at(map, nx, ny)))
                    continue;
                *cell = (uint16_t)distance;
                int index = ny * MAP_WIDTH + nx;
                if (waiting[index])
                    continue;
                waiting[index] = true;
                ring[(head + length++) % TILES] = (uint16_t)index;
            }
        }
    }
    map->walls_changed = false;
}

/* A blob of overlapping discs, clear of the nest in the middle. */
static void map_scatter(Colony *colony, Map *map, TileKind kind, int lumps, float size)
{
    const Vec2 middle = {FIELD_WIDTH / 2.0f, FIELD_HEIGHT / 2.0f};
    Random *random = &colony->random;
    Vec2 centre;
    do {
        centre =
            random_in_rect(random, (Vec2){40, 40}, (Vec2){FIELD_WIDTH - 40, FIELD_HEIGHT - 40});
    } while (vec2_near(centre, middle, 210));

    for (int i = 0; i < lumps; i++) {
        float radius = random_between(random, size * 0.5f, size);
        Tile *tiles[DISC_TILES];
        int count = map_disc(map, centre, radius, tiles);
        for (int n = 0; n < count; n++)
            if (!vec2_near(tile_centre(tiles[n]), middle, 150))
                tiles[n]->kind = kind;
        centre = vec2_along(centre, random_direction(random), radius);
    }
}

static void map_shape(Colony *colony, Map *map)
{
    for (int row = 0; row < MAP_HEIGHT; row++) {
        for (int column = 0; column < MAP_WIDTH; column++) {
            Tile *tile = map_tile_at(map, column, row);
            tile->column = (uint8_t)column;
            tile->row = (uint8_t)row;
            tile->shade = (uint8_t)random_below(&colony->random, 256);
            bool rim = column == 0 || row == 0 || column == MAP_WIDTH - 1 || row == MAP_HEIGHT - 1;
            tile->kind = rim ? TILE_ROCK : TILE_SOIL;
        }
    }
    for (int i = 0; i < POND_COUNT; i++)
        map_scatter(colony, map, TILE_WATER, 5, 26);
    for (int i = 0; i < ROCK_COUNT; i++)
        map_scatter(colony, map, TILE_ROCK, 4, 17);
}

Map *map_create(Colony *colony)
{
    Map *map = molt_new(Map);
    if (!map)
        return NULL;
    for (int row = 0; row < CHUNKS_Y; row++) {
        for (int column = 0; column < CHUNKS_X; column++) {
            Chunk *chunk = molt_new(Chunk);
            if (!chunk) {
                map_destroy(map);
                return NULL;
            }
            chunk->column = (int16_t)column;
            chunk->row = (int16_t)row;
            map->chunks[row][column] = chunk;
        }
    }
    map_shape(colony, map);
    map->walls_changed = true;
    return map;
}

void map_destroy(Map *map)
{
    if (!map)
        return;
    while (map->piles) {
        FoodPile *pile = map->piles;
        map->piles = pile->next;
        molt_delete(pile);
    }
    for (int row = 0; row < CHUNKS_Y; row++)
        for (int column = 0; column < CHUNKS_X; column++)
            molt_delete(map->chunks[row][column]);
    molt_delete(map);
}
