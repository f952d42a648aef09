/* Guards: rounds about the nest, an ear for alarm, and at the spider's legs when one comes. */
#include "actions.h"
#include "vec2.h"

static void patrol(Colony *colony, Ant *ant);
static void charge(Colony *colony, Ant *ant);
static void rest(Colony *colony, Ant *ant);

static const float sight = 95;      /* pixels to a spider */
static const float bite_reach = 13; /* pixels */

static void bite(Colony *colony, Ant *ant, Spider *spider)
{
    if (!spider->fought) {
        spider->fought = true;
        event_post(colony, EVENT_FIGHT, spider->position, 1, spider->name);
    }
    spider_bitten(spider);
    if (ant->bites < 1023)
        ant->bites++;
    if (random_chance(&colony->random, 0.08f))
        sparks_burst(colony, spider->position, FOOD_NONE, 1);
}

static void charge(Colony *colony, Ant *ant)
{
    Spider *spider = ant->foe;
    if (!spider || !vec2_near(ant->position, spider->position, sight * 1.6f)) {
        ant->foe = NULL;
        ant->behave = patrol;
        return;
    }
    spider_notice(spider, ant);
    ant_face(ant, spider->position, 0.7f);
    ant_turn(ant, random_between(&colony->random, -0.5f, 0.5f));
    pheromone_lay(colony->map, SCENT_ALARM, ant->position, 0.9f);
    if (vec2_near(ant->position, spider->position, bite_reach))
        bite(colony, ant, spider);
}

static void rest(Colony *colony, Ant *ant)
{
    if (ant->patience > 0)
        return;
    ant->resting = false;
    ant->patience = random_between(&colony->random, 30, 90);
    ant->behave = patrol;
}

static void patrol(Colony *colony, Ant *ant)
{
    ant->foe = ant_sense_spider(colony, ant, sight);
    if (ant->foe) {
        ant->behave = charge;
        return;
    }
    if (pheromone_at(colony->map, SCENT_ALARM, ant->position) > 0.02f) {
        ant_follow_scent(colony, ant, SCENT_ALARM);
        return;
    }
    /* Its own circle, by id, so that the guards cover the ground around the nest. */
    float ring = ant->nest->radius + 12 + (float)(ant->id % 7) * 22;
    Vec2 out = vec2_toward(ant->nest->centre, ant->position, ant->heading);
    Vec2 next = vec2_rotate(out, ant->id % 2 ? (Vec2){0.96f, 0.28f} : (Vec2){0.96f, -0.28f});
    ant_face(ant, vec2_along(ant->nest->centre, next, ring), 0.25f);
    ant_turn(ant, random_between(&colony->random, -0.5f, 0.5f));
    if (ant->patience <= 0 && vec2_near(ant->position, ant->nest->centre, ant->nest->radius + 20)) {
        ant->resting = true;
        ant->patience = random_between(&colony->random, 3, 9);
        ant->behave = rest;
    }
}

const Behaviour *guard_behaviours(void)
{
    static const Behaviour list[] = {
        {patrol, "on patrol"},
        {charge, "fighting a spider"},
        {rest, "off duty"},
        {NULL, NULL},
    };
    return list;
}
