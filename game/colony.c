/* The game's entry points and the order of one frame. */
#include "actions.h"
#include "vec2.h"

enum { HOMEWARD_FRAMES = 15 }; /* between two updates while walls change */

static bool colony_populate(Colony *colony)
{
    Nest *nest = colony->nest;
    Random *random = &colony->random;
    for (int i = 0; i < START_ANTS; i++) {
        Caste caste = caste_most_wanted(nest);
        float radius = caste == CASTE_GUARD ? nest->radius + 100 : nest->radius * 0.5f;
        Ant *ant = ant_create(colony, caste, random_in_disc(random, nest->centre, radius));
        if (!ant)
            return false;
        ant->age = random_between(random, 0, ant->lifespan);
    }
    for (int i = 0; i < START_BROOD; i++) {
        Brood *brood = nest_lay(colony, (BroodStage)random_below(random, 3));
        if (!brood)
            return false;
        brood->growth = random_unit(random);
    }
    return true;
}

static bool colony_found(Colony *colony)
{
    random_seed(&colony->random, colony->api->seed(colony->api));
    sky_begin(&colony->sky);
    tuning_begin(colony);
    colony->player.brush = 2.5f;
    colony->player.tool = TOOL_FOOD;
    colony->sparks = molt_new_array(Spark, SPARK_COUNT);
    colony->next_spark = colony->sparks;
    colony->map = map_create(colony);
    if (!colony->sparks || !colony->map || !stats_create(&colony->stats))
        return false;
    colony->nest = nest_create(colony);
    if (!colony->nest)
        return false;
    map_update_homeward(colony->map, colony->nest);
    food_start(colony);
    stats_watch(colony, WATCH_VIGOUR);
    spider_create(colony, (Vec2){FIELD_WIDTH - 60, FIELD_HEIGHT - 60});
    return colony_populate(colony);
}

void *start_up(const MoltPlatformApi *api)
{
    Colony *colony = molt_new(Colony);
    if (!colony)
        return NULL;
    colony->api = api;
    if (!colony_found(colony)) {
        shut_down(colony);
        return NULL;
    }
    api->log(api, "a colony is founded");
    return colony;
}

static void colony_step(Colony *colony)
{
    if (colony->map->walls_changed && colony->frame % HOMEWARD_FRAMES == 0)
        map_update_homeward(colony->map, colony->nest);
    sky_step(&colony->sky);
    food_step(colony);
    pheromone_step(colony);
    ants_step(colony);
    spiders_step(colony);
    nest_step(colony);
    sparks_step(colony);
    events_step(colony);
    stats_step(colony);
    colony->frame++;
}

bool main_loop(void *state)
{
    Colony *colony = state;
    tuning_step(colony);
    tools_step(colony);
    if (!colony->player.paused)
        colony_step(colony);
    if (colony->api->visible(colony->api)) {
        draw_field(colony);
        draw_panel(colony);
    }
    return true;
}

/* Also undoes a founding that stopped half way. */
void shut_down(void *state)
{
    Colony *colony = state;
    while (colony->ant_count > 0)
        ant_remove(colony, colony->ants[colony->ant_count - 1]);
    while (colony->spiders) {
        Spider *spider = colony->spiders;
        colony->spiders = spider->next;
        molt_delete(spider);
    }
    nest_destroy(colony->nest);
    map_destroy(colony->map);
    events_clear(&colony->events);
    molt_delete(colony->ants);
    molt_delete(colony->sparks);
    molt_delete(colony->stats.samples);
    molt_delete(colony);
}
