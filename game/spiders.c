/* Spiders roam, hunt what they notice and flee when the guards have bitten them enough. */
#include "actions.h"
#include "vec2.h"

#include <stdio.h>

static const float reach = 15;           /* pixels, of its jaws */
static const float bite_harm = 0.00025f; /* health that one ant's bite costs */
static const float heal = 0.0002f;       /* health a frame, away from guards */
static const float timid_health = 0.22f;
enum {
    BITE_PAUSE = 16,     /* frames */
    ARRIVAL_FRAMES = 900 /* on average until a spider comes when there is none */
};

static const char *const spider_names[] = {"Old Eightlegs", "Shelob Jr",  "Grim Weaver",
                                           "Silkfang",      "Tarantella", "The Widow"};
enum { SPIDER_NAMES = sizeof spider_names / sizeof spider_names[0] };

Spider *spider_create(Colony *colony, Vec2 place)
{
    if (colony->spider_count >= SPIDER_LIMIT)
        return NULL;
    Spider *spider = molt_new(Spider);
    if (!spider)
        return NULL;
    snprintf(spider->name, sizeof spider->name, "%s",
             spider_names[random_below(&colony->random, SPIDER_NAMES)]);
    spider->position = place;
    spider->heading = random_direction(&colony->random);
    spider->health = 1;
    spider->next = colony->spiders;
    colony->spiders = spider;
    colony->spider_count++;
    return spider;
}

static void spider_remove(Colony *colony, Spider *spider)
{
    Spider **link = &colony->spiders;
    while (*link != spider)
        link = &(*link)->next;
    *link = spider->next;
    colony->spider_count--;
    ants_forget_spider(colony, spider);
    molt_delete(spider);
}

/* The nearest ant that it noticed since its last step is its prey. */
void spider_notice(Spider *spider, Ant *ant)
{
    if (!spider->prey || vec2_distance(ant->position, spider->position) <
                             vec2_distance(spider->prey->position, spider->position))
        spider->prey = ant;
}

void spider_bitten(Spider *spider)
{
    spider->health -= bite_harm;
}

void spiders_forget_ant(Colony *colony, const Ant *ant)
{
    for (Spider *spider = colony->spiders; spider; spider = spider->next)
        if (spider->prey == ant)
            spider->prey = NULL;
}

static void spider_eat(Colony *colony, Spider *spider)
{
    Ant *prey = spider->prey;
    if (!prey || spider->cooldown > 0 || !vec2_near(prey->position, spider->position, reach))
        return;
    spider->cooldown = BITE_PAUSE;
    sparks_burst(colony, prey->position, FOOD_NONE, 5);
    if ((prey->traits & TRAIT_HARDY) && random_chance(&colony->random, 0.5f))
        return;
    spider->eaten++;
    spider->health += 0.004f;
    colony->stats.eaten++;
    ant_die(colony, prey, CAUSE_SPIDER); /* clears spider->prey too */
}

static bool spider_near_edge(const Spider *spider, float margin)
{
    Vec2 p = spider->position;
    return p.x < margin || p.y < margin || p.x > FIELD_WIDTH - margin ||
           p.y > FIELD_HEIGHT - margin;
}

/* The way straight to the nearest edge. */
static Vec2 spider_escape(const Spider *spider)
{
    Vec2 p = spider->position;
    float right = FIELD_WIDTH - p.x, down = FIELD_HEIGHT - p.y;
    float across = p.x < right ? p.x : right, along = p.y < down ? p.y : down;
    if (across < along)
        return (Vec2){p.x < right ? -1.0f : 1.0f, 0};
    return (Vec2){0, p.y < down ? -1.0f : 1.0f};
}

static void spider_turn(Spider *spider, Vec2 way, float share)
{
    Vec2 blend = vec2_along(spider->heading, vec2_sub(way, spider->heading), share);
    spider->heading = vec2_toward((Vec2){0, 0}, blend, way);
}

static float spider_steer(Colony *colony, Spider *spider)
{
    Random *random = &colony->random;
    if (spider->health < timid_health)
        spider->mood = SPIDER_FLEEING;
    else if (spider->mood != SPIDER_FLEEING || spider->health > 0.6f)
        spider->mood = spider->prey ? SPIDER_HUNTING : SPIDER_ROAMING;

    if (spider->mood == SPIDER_FLEEING) {
        spider_turn(spider, spider_escape(spider), 0.1f);
        return 1.25f;
    }
    if (spider->mood == SPIDER_HUNTING) {
        Vec2 way = vec2_toward(spider->position, spider->prey->position, spider->heading);
        spider_turn(spider, way, 0.12f);
        return spider->cooldown > 0 ? 0.35f : 1.05f;
    }
    float wobble = random_between(random, -0.12f, 0.12f);
    spider->heading = vec2_rotate(spider->heading, vec2_direction(wobble));
    if (spider_near_edge(spider, 40)) {
        Vec2 middle = {FIELD_WIDTH / 2.0f, FIELD_HEIGHT / 2.0f};
        spider_turn(spider, vec2_toward(spider->position, middle, spider->heading), 0.1f);
    }
    return 0.7f;
}

/* Spiders climb over rock and walls; only the edge of the map holds them. */
static void spider_walk(Colony *colony, Spider *spider)
{
    float speed = spider_steer(colony, spider) * colony->tuning.spider_speed;
    Vec2 next = vec2_along(spider->position, spider->heading, speed);
    next.x = fminf(fmaxf(next.x, 4), FIELD_WIDTH - 4);
    next.y = fminf(fmaxf(next.y, 4), FIELD_HEIGHT - 4);
    spider->position = next;
    spider->gait += speed * 0.22f;
    if (spider->cooldown > 0)
        spider->cooldown--;
    if (spider->health < 1)
        spider->health += heal;
    float length = sqrtf(vec2_square(spider->heading));
    spider->heading = (Vec2){spider->heading.x / length, spider->heading.y / length};
}

static void spider_die(Colony *colony, Spider *spider)
{
    event_post(colony, EVENT_SLAIN, spider->position, (int32_t)spider->eaten, spider->name);
    sparks_burst(colony, spider->position, FOOD_NONE, 60);
    food_drop(colony, FOOD_MEAT, spider->position, 20, 220);
    spider_remove(colony, spider);
}

static void spider_arrive(Colony *colony)
{
    Random *random = &colony->random;
    float y = random_between(random, 40, FIELD_HEIGHT - 40);
    spider_create(colony, (Vec2){random_chance(random, 0.5f) ? 8 : FIELD_WIDTH - 8, y});
}

void spiders_step(Colony *colony)
{
    if (!colony->spiders && random_below(&colony->random, ARRIVAL_FRAMES) == 0)
        spider_arrive(colony);
    for (Spider *spider = colony->spiders, *next; spider; spider = next) {
        next = spider->next;
        spider_walk(colony, spider);
        spider_eat(colony, spider);
        if (colony->frame % ANT_THINK_FRAMES == 0)
            spider->prey = NULL; /* those that are still near will be noticed again */
        if (spider->health <= 0)
            spider_die(colony, spider);
        else if (spider->mood == SPIDER_FLEEING && spider_near_edge(spider, 6))
            spider_remove(colony, spider);
    }
}
