/* Scouts: fast, alone, to ground that nobody has seen; what they find they lay a trail from. */
#include "actions.h"
#include "vec2.h"

static void explore(Colony *colony, Ant *ant);
static void report(Colony *colony, Ant *ant);
static void rest(Colony *colony, Ant *ant);

/* A tile to walk to: the first unexplored one of a few tries, else the last tried. */
static Tile *choose_target(Colony *colony)
{
    Tile *tile = NULL;
    for (int tries = 0; tries < 6; tries++) {
        int column = (int)random_below(&colony->random, MAP_WIDTH);
        int row = (int)random_below(&colony->random, MAP_HEIGHT);
        tile = map_tile_at(colony->map, column, row);
        if (!tile->explored && !tile_is_solid(tile))
            break;
    }
    return tile;
}

static void go_out(Colony *colony, Ant *ant)
{
    ant->target = choose_target(colony);
    ant->patience = random_between(&colony->random, 12, 30);
    ant->behave = explore;
    if (ant->target)
        ant_face(ant, tile_centre(ant->target), 1);
}

static void rest(Colony *colony, Ant *ant)
{
    ant->resting = true;
    if (ant->patience > 0)
        return;
    ant->resting = false;
    go_out(colony, ant);
}

static void report(Colony *colony, Ant *ant)
{
    if (vec2_near(ant->position, ant->nest->centre, 16)) {
        if (ant->cargo.kind != CARGO_NONE)
            nest_deliver(colony, ant);
        ant->resting = true;
        ant->patience = random_between(&colony->random, 1, 8);
        ant->behave = rest;
        return;
    }
    ant_flee(colony, ant);
    ant_follow_home(colony, ant);
    if (ant->cargo.kind == CARGO_NEWS) {
        pheromone_lay(colony->map, SCENT_FOOD, ant->position, ant->cargo.freshness);
        ant->cargo.freshness *= 0.992f;
    }
}

static bool taste(Colony *colony, Ant *ant)
{
    Tile *tile = map_tile(colony->map, ant->position);
    if (!tile->food)
        return false;
    ant->cargo.kind = CARGO_NEWS;
    ant->cargo.food = tile->pile->kind;
    ant->cargo.place = ant->position;
    ant->cargo.freshness = 1;
    ant->cargo.amount = (uint16_t)food_take(colony, tile, 1);
    return true;
}

static void explore(Colony *colony, Ant *ant)
{
    if (ant_flee(colony, ant))
        return;
    if (taste(colony, ant) || ant->patience <= 0) {
        ant->target = NULL;
        ant->behave = report;
        return;
    }
    if (ant->target == map_tile(colony->map, ant->position))
        go_out(colony, ant);
    if (ant->target && ant->steps > 30)
        ant_face(ant, tile_centre(ant->target), 0.6f);
    if (ant->id % 3 == colony->frame % 3)
        ant_follow_scent(colony, ant, SCENT_FOOD);
    pheromone_lay(colony->map, SCENT_TRACK, ant->position, 0.8f);
}

const Behaviour *scout_behaviours(void)
{
    static const Behaviour list[] = {
        {rest, "telling tales"},
        {explore, "exploring"},
        {report, "running home"},
        {NULL, NULL},
    };
    return list;
}
