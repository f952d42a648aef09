/* Scents on the ground: ants lay them, they spread to the neighbours and fade. */
#include "actions.h"

#include <string.h>

enum { CHUNK_COUNT = CHUNKS_X * CHUNKS_Y, CHUNKS_A_FRAME = CHUNKS_X };

static const struct {
    float keep;   /* part that is left after one update at night */
    float sun;    /* part that full daylight takes of it besides */
    float spread; /* part that goes to each of four neighbours in one update */
} scents[SCENT_COUNT] = {
    [SCENT_FOOD] = {0.974f, 0.003f, 0.007f},
    [SCENT_TRACK] = {0.970f, 0.014f, 0.030f},
    [SCENT_ALARM] = {0.930f, 0.000f, 0.120f},
};

static const float floor_level = 0.004f; /* nobody smells less than this */

float *pheromone_cell(Map *map, Scent scent, Vec2 place)
{
    int x = (int)place.x / TILE_PIXELS, y = (int)place.y / TILE_PIXELS;
    x = x < 0 ? 0 : x >= MAP_WIDTH ? MAP_WIDTH - 1 : x;
    y = y < 0 ? 0 : y >= MAP_HEIGHT ? MAP_HEIGHT - 1 : y;
    Chunk *chunk = map->chunks[y / CHUNK_SIZE][x / CHUNK_SIZE];
    return &chunk->scents[scent].level[y % CHUNK_SIZE][x % CHUNK_SIZE];
}

float pheromone_at(const Map *map, Scent scent, Vec2 place)
{
    int x = (int)place.x / TILE_PIXELS, y = (int)place.y / TILE_PIXELS;
    if (x < 0 || y < 0 || x >= MAP_WIDTH || y >= MAP_HEIGHT)
        return 0;
    const Chunk *chunk = map->chunks[y / CHUNK_SIZE][x / CHUNK_SIZE];
    return chunk->scents[scent].level[y % CHUNK_SIZE][x % CHUNK_SIZE];
}

/* Moves the level half way up to `strength`, so that a trail rises toward its source however many
 * walk on it. */
void pheromone_lay(Map *map, Scent scent, Vec2 place, float strength)
{
    float *level = pheromone_cell(map, scent, place);
    if (*level < strength)
        *level += (strength - *level) * 0.5f;
}

/* The levels of a chunk with one row and column of its neighbours around. */
typedef float Halo[CHUNK_SIZE + 2][CHUNK_SIZE + 2];

static void halo_fill(const Map *map, const Chunk *chunk, Scent scent, Halo halo)
{
    const ScentField *field = &chunk->scents[scent];
    for (int y = 0; y < CHUNK_SIZE; y++)
        memcpy(&halo[y + 1][1], field->level[y], sizeof field->level[y]);

    int column = chunk->column, row = chunk->row;
    const Chunk *up = row > 0 ? map->chunks[row - 1][column] : chunk;
    const Chunk *down = row < CHUNKS_Y - 1 ? map->chunks[row + 1][column] : chunk;
    const Chunk *left = column > 0 ? map->chunks[row][column - 1] : chunk;
    const Chunk *right = column < CHUNKS_X - 1 ? map->chunks[row][column + 1] : chunk;
    for (int i = 0; i < CHUNK_SIZE; i++) {
        halo[0][i + 1] = up->scents[scent].level[up == chunk ? 0 : CHUNK_SIZE - 1][i];
        halo[CHUNK_SIZE + 1][i + 1] =
            down->scents[scent].level[down == chunk ? CHUNK_SIZE - 1 : 0][i];
        halo[i + 1][0] = left->scents[scent].level[i][left == chunk ? 0 : CHUNK_SIZE - 1];
        halo[i + 1][CHUNK_SIZE + 1] =
            right->scents[scent].level[i][right == chunk ? CHUNK_SIZE - 1 : 0];
    }
}

static void field_update(const Map *map, Chunk *chunk, Scent scent, float light)
{
    ScentField *field = &chunk->scents[scent];
    const float spread = scents[scent].spread;
    const float stay = scents[scent].keep - light * scents[scent].sun - 4 * spread;
    Halo halo;
    halo_fill(map, chunk, scent, halo);
    for (int y = 1; y <= CHUNK_SIZE; y++) {
        const float *up = halo[y - 1], *row = halo[y], *down = halo[y + 1];
        float *out = field->level[y - 1];
        for (int x = 1; x <= CHUNK_SIZE; x++) {
            float level = row[x] * stay + (up[x] + down[x] + row[x - 1] + row[x + 1]) * spread;
            if (level < floor_level)
                level = 0;
            out[x - 1] = level;
        }
    }
}

void pheromone_step(Colony *colony)
{
    Map *map = colony->map;
    int first = (int)(colony->frame % (CHUNK_COUNT / CHUNKS_A_FRAME)) * CHUNKS_A_FRAME;
    for (int i = first; i < first + CHUNKS_A_FRAME; i++) {
        Chunk *chunk = map->chunks[i / CHUNKS_X][i % CHUNKS_X];
        for (int scent = 0; scent < SCENT_COUNT; scent++)
            field_update(map, chunk, (Scent)scent, colony->sky.light);
    }
}
