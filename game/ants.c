/* What all castes share: birth and death, walking, smelling, fear. */
#include "actions.h"
#include "vec2.h"

static const float sensor_reach = 15;                    /* pixels ahead of the ant */
static const Vec2 sensor_left = {0.819152f, -0.573576f}; /* 35 degrees */
static const Vec2 sensor_right = {0.819152f, 0.573576f};
static const float turn_step = 0.45f; /* radians toward a scent at once */
static const float fear_range = 58;   /* pixels to a spider */
static const float tiring = 0.004f;   /* stamina that a second on its legs costs */
static const float recovery = 0.06f;  /* stamina that a second's rest gives back */

static bool ants_reserve(Colony *colony)
{
    if (colony->ant_count < colony->ant_capacity)
        return true;
    uint32_t capacity = colony->ant_capacity ? colony->ant_capacity * 2 : 4096;
    Ant **ants =
        colony->ants ? molt_resize(colony->ants, capacity) : molt_new_array(Ant *, capacity);
    if (!ants)
        return false;
    colony->ants = ants;
    colony->ant_capacity = capacity;
    return true;
}

static AntTraits traits_at_birth(Random *random)
{
    unsigned traits = TRAIT_NONE;
    if (random_chance(random, 0.15f))
        traits |= TRAIT_SWIFT;
    if (random_chance(random, 0.10f))
        traits |= TRAIT_BOLD;
    if (random_chance(random, 0.10f))
        traits |= TRAIT_HARDY;
    return (AntTraits)traits;
}

Ant *ant_create(Colony *colony, Caste caste, Vec2 place)
{
    if (!ants_reserve(colony))
        return NULL;
    Ant *ant = molt_new(Ant);
    if (!ant)
        return NULL;
    Random *random = &colony->random;
    ant->id = colony->next_id++;
    ant->slot = colony->ant_count;
    ant->caste = caste;
    ant->traits = traits_at_birth(random);
    ant->position = place;
    ant->heading = random_direction(random);
    ant->speed = caste_speed(caste) * random_between(random, 0.9f, 1.1f);
    if (ant->traits & TRAIT_SWIFT)
        ant->speed *= 1.25f;
    ant->lifespan = random_between(random, 240, 560);
    ant->patience = random_between(random, 0, 14);
    ant->stamina = 1;
    ant->behave = caste_first_behaviour(caste);
    ant->nest = colony->nest;
    ant->nest->census[caste]++;
    colony->ants[colony->ant_count++] = ant;
    return ant;
}

void ant_remove(Colony *colony, Ant *ant)
{
    Ant *last = colony->ants[--colony->ant_count];
    colony->ants[ant->slot] = last;
    last->slot = ant->slot;
    colony->ants[colony->ant_count] = NULL;

    ant->nest->census[ant->caste]--;
    nest_forget_ant(colony, ant);
    spiders_forget_ant(colony, ant);
    stats_forget_ant(colony, ant);
    molt_delete(ant);
}

void ant_die(Colony *colony, Ant *ant, Cause cause)
{
    colony->stats.deaths++;
    colony->stats.deaths_by[cause]++;
    ant_remove(colony, ant);
}

void ants_forget_spider(Colony *colony, const Spider *spider)
{
    for (uint32_t i = 0; i < colony->ant_count; i++)
        if (colony->ants[i]->foe == spider)
            colony->ants[i]->foe = NULL;
}

/* ---- walking -------------------------------------------------------------------------------- */

void ant_turn(Ant *ant, float angle)
{
    Vec2 heading = vec2_rotate(ant->heading, vec2_direction(angle));
    /* One Newton step keeps the length at 1 over thousands of turns. */
    float scale = 1.5f - 0.5f * vec2_square(heading);
    ant->heading = (Vec2){heading.x * scale, heading.y * scale};
    ant->steps = 0;
}

void ant_face(Ant *ant, Vec2 place, float share)
{
    Vec2 want = vec2_toward(ant->position, place, ant->heading);
    Vec2 blend = vec2_along(ant->heading, vec2_sub(want, ant->heading), share);
    ant->heading = vec2_toward((Vec2){0, 0}, blend, want);
    ant->steps = 0;
}

static float ant_pace(const Colony *colony, const Ant *ant)
{
    return ant->speed * (0.75f + 0.25f * ant->stamina) * colony->tuning.ant_speed;
}

static void ant_tire(Ant *ant)
{
    float change = (ant->resting ? recovery : -tiring) * ANT_THINK_SECONDS;
    ant->stamina = fminf(fmaxf(ant->stamina + change, 0), 1);
}

/* Walks on, or turns off when something solid is ahead. An ant under a new wall may leave. */
static void ant_move(Colony *colony, Ant *ant)
{
    Vec2 next = vec2_along(ant->position, ant->heading, ant_pace(colony, ant));
    Tile *tile = map_tile(colony->map, next);
    if (tile_is_solid(tile) && !tile_is_solid(map_tile(colony->map, ant->position))) {
        float angle = random_between(&colony->random, 1, 2.6f);
        ant_turn(ant, random_chance(&colony->random, 0.5f) ? angle : -angle);
        return;
    }
    if (next.x < 1 || next.y < 1 || next.x > FIELD_WIDTH - 1 || next.y > FIELD_HEIGHT - 1) {
        ant_turn(ant, 3);
        return;
    }
    ant->position = next;
    if (ant->steps < 511)
        ant->steps++;
    if (!tile->explored) {
        tile->explored = true;
        colony->map->explored++;
    }
}

/* ---- smelling ------------------------------------------------------------------------------- */

static Vec2 sensor_place(const Ant *ant, Vec2 turn)
{
    return vec2_along(ant->position, vec2_rotate(ant->heading, turn), sensor_reach);
}

static float smell(const Map *map, Scent scent, Vec2 place)
{
    const Tile *tile = map_tile(map, place);
    if (tile_is_solid(tile))
        return -1;
    if (scent == SCENT_FOOD && tile->food)
        return 2;
    return pheromone_at(map, scent, place);
}

/* Turns to the strongest of three readings; wanders where there is nothing to smell. */
void ant_follow_scent(Colony *colony, Ant *ant, Scent scent)
{
    const Map *map = colony->map;
    float ahead = smell(map, scent, vec2_along(ant->position, ant->heading, sensor_reach));
    float left = smell(map, scent, sensor_place(ant, sensor_left));
    float right = smell(map, scent, sensor_place(ant, sensor_right));
    float wander = random_between(&colony->random, -0.22f, 0.22f);
    if (left > ahead && left > right)
        wander -= turn_step;
    else if (right > ahead)
        wander += turn_step;
    ant_turn(ant, wander);
}

/* Where no walls are between, the ant knows the direction; else it follows the walking distance. */
void ant_follow_home(Colony *colony, Ant *ant)
{
    const Map *map = colony->map;
    int ahead = map_homeward(map, vec2_along(ant->position, ant->heading, sensor_reach));
    int left = map_homeward(map, sensor_place(ant, sensor_left));
    int right = map_homeward(map, sensor_place(ant, sensor_right));
    float wander = random_between(&colony->random, -0.12f, 0.12f);
    if (left < ahead && left < right)
        wander -= turn_step;
    else if (right < ahead)
        wander += turn_step;
    else if (ahead > map_homeward(map, ant->position))
        wander += turn_step * 2;
    ant_turn(ant, wander);
}

/* ---- fear ----------------------------------------------------------------------------------- */

Spider *ant_sense_spider(const Colony *colony, const Ant *ant, float range)
{
    Spider *nearest = NULL;
    for (Spider *spider = colony->spiders; spider; spider = spider->next) {
        if (!vec2_near(ant->position, spider->position, range))
            continue;
        range = vec2_distance(ant->position, spider->position);
        nearest = spider;
    }
    return nearest;
}

bool ant_flee(Colony *colony, Ant *ant)
{
    Spider *spider = ant_sense_spider(colony, ant, fear_range);
    if (!spider)
        return false;
    spider_notice(spider, ant);
    pheromone_lay(colony->map, SCENT_ALARM, ant->position, 1);
    if (ant->traits & TRAIT_BOLD)
        return false;
    ant_face(ant, spider->position, 1);
    ant->heading = (Vec2){-ant->heading.x, -ant->heading.y};
    return true;
}

/* ---- one frame ------------------------------------------------------------------------------ */

/* The ants take turns: each behaves in one frame of ANT_THINK_FRAMES and walks in all of them. */
void ants_step(Colony *colony)
{
    uint32_t turn = (uint32_t)(colony->frame % ANT_THINK_FRAMES);
    double walked = 0;
    for (uint32_t i = 0; i < colony->ant_count; i++) {
        Ant *ant = colony->ants[i];
        if (ant->id % ANT_THINK_FRAMES == turn) {
            ant->age += ANT_THINK_SECONDS;
            ant->patience -= ANT_THINK_SECONDS;
            if (ant->age > ant->lifespan) {
                ant_die(colony, ant, CAUSE_AGE);
                i--; /* another one stands there now */
                continue;
            }
            ant->behave(colony, ant);
            ant_tire(ant);
        }
        if (!ant->resting) {
            ant_move(colony, ant);
            walked += (double)ant_pace(colony, ant);
        }
    }
    colony->stats.distance += walked / TILE_PIXELS;
}
