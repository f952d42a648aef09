/* Foragers: out along a food trail, home with a crumb, a rest now and then. */
#include "actions.h"
#include "vec2.h"

static void forage(Colony *colony, Ant *ant);
static void haul(Colony *colony, Ant *ant);
static void return_empty(Colony *colony, Ant *ant);
static void rest(Colony *colony, Ant *ant);

static void leave_nest(Colony *colony, Ant *ant)
{
    ant->resting = false;
    ant->heading = random_direction(&colony->random);
    ant->position = vec2_along(ant->nest->centre, ant->heading, 12);
    ant->patience = random_between(&colony->random, 25, 60);
    ant->behave = forage;
}

static void rest(Colony *colony, Ant *ant)
{
    ant->resting = true;
    if (ant->patience > 0)
        return;
    if (random_chance(&colony->random, 0.2f + 0.8f * colony->sky.light))
        leave_nest(colony, ant);
    else
        ant->patience = random_between(&colony->random, 1, 5); /* it is dark out there */
}

/* At the entrance: tired ones go in, the others turn on their heels and follow their own trail. `tired`
 * is the chance of a fresh one. */
static void turn_round(Colony *colony, Ant *ant, float tired)
{
    ant->patience = random_between(&colony->random, 25, 60);
    if (random_chance(&colony->random, fmaxf(tired, 0.9f - ant->stamina))) {
        ant->resting = true;
        ant->patience = random_between(&colony->random, 1, 9);
        ant->behave = rest;
        return;
    }
    ant->heading = (Vec2){-ant->heading.x, -ant->heading.y};
    ant->behave = forage;
}

static void haul(Colony *colony, Ant *ant)
{
    if (vec2_near(ant->position, ant->nest->centre, 16)) {
        nest_deliver(colony, ant);
        turn_round(colony, ant, 0.3f);
        return;
    }
    ant_flee(colony, ant);
    ant_follow_home(colony, ant);
    pheromone_lay(colony->map, SCENT_FOOD, ant->position, ant->cargo.freshness);
    ant->cargo.freshness *= 0.991f;
}

static void return_empty(Colony *colony, Ant *ant)
{
    if (vec2_near(ant->position, ant->nest->centre, 16))
        turn_round(colony, ant, 0.9f);
    else
        ant_follow_home(colony, ant);
}

static bool pick_up(Colony *colony, Ant *ant)
{
    Tile *tile = map_tile(colony->map, ant->position);
    if (!tile->food)
        return false;
    ant->cargo.kind = CARGO_FOOD;
    ant->cargo.food = tile->pile->kind;
    ant->cargo.place = ant->position;
    ant->cargo.freshness = 1;
    ant->cargo.amount = (uint16_t)food_take(colony, tile, 1);
    return true;
}

static void forage(Colony *colony, Ant *ant)
{
    if (ant_flee(colony, ant))
        return;
    if (pick_up(colony, ant)) {
        ant->heading = (Vec2){-ant->heading.x, -ant->heading.y};
        ant->behave = haul;
        return;
    }
    if (ant->patience <= 0) {
        ant->behave = return_empty;
        return;
    }
    ant_follow_scent(colony, ant, SCENT_FOOD);
    pheromone_lay(colony->map, SCENT_TRACK, ant->position, 0.5f);
}

const Behaviour *forager_behaviours(void)
{
    static const Behaviour list[] = {
        {rest, "resting in the nest"},
        {forage, "looking for food"},
        {haul, "carrying food home"},
        {return_empty, "going home empty"},
        {NULL, NULL},
    };
    return list;
}
