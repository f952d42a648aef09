/* Piles of food: crumbs lie on tiles, and every tile with crumbs points at its pile. */
#include "actions.h"
#include "vec2.h"

#include <stdio.h>

enum {
    PILE_GOAL = 9,    /* the land grows food until there are so many */
    PILE_PAUSE = 240, /* frames between two piles that grow */
    LEAF_PAUSE = 90,  /* frames until a plant puts forth again */
    LEAF_CRUMBS = 6,  /* that it puts forth at once */
    ROT_DELAY = 1800, /* frames that a carcass keeps */
    ROT_PAUSE = 4,    /* frames for a crumb to rot */
    TILE_CRUMBS_MAX = 250
};

static const struct {
    const char *name;
    MoltColor color;
} foods[] = {
    [FOOD_NONE] = {"nothing", {190, 40, 40, 255}}, [FOOD_SEED] = {"seeds", {236, 196, 92, 255}},
    [FOOD_LEAF] = {"leaves", {124, 206, 86, 255}}, [FOOD_SUGAR] = {"sugar", {240, 232, 250, 255}},
    [FOOD_MEAT] = {"carcass", {214, 96, 98, 255}},
};

const char *food_name(FoodKind kind)
{
    return foods[kind].name;
}

MoltColor food_color(FoodKind kind)
{
    return foods[kind].color;
}

int32_t food_sow(FoodPile *pile, Tile *tile, int32_t crumbs)
{
    if (tile_is_solid(tile) || tile->kind == TILE_NEST || (tile->pile && tile->pile != pile))
        return 0;
    int32_t room = TILE_CRUMBS_MAX - tile->food;
    if (crumbs > room)
        crumbs = room;
    tile->food = (uint16_t)(tile->food + crumbs);
    tile->pile = pile;
    pile->amount += crumbs;
    return crumbs;
}

/* A new pile, thick in the middle; NULL when memory is out or nothing found room. */
FoodPile *food_drop(Colony *colony, FoodKind kind, Vec2 place, float radius, int32_t per_tile)
{
    Map *map = colony->map;
    FoodPile *pile = molt_new(FoodPile);
    if (!pile)
        return NULL;
    pile->kind = kind;
    pile->centre = place;
    pile->radius = radius + TILE_PIXELS;
    snprintf(pile->label, sizeof pile->label, "%s", food_name(kind));

    Tile *tiles[DISC_TILES];
    int count = map_disc(map, place, radius, tiles);
    for (int i = 0; i < count; i++) {
        float edge = vec2_distance(tile_centre(tiles[i]), place) / radius;
        if (edge > random_between(&colony->random, 0.7f, 1))
            continue;
        float crumbs = (float)per_tile * (1.15f - edge);
        food_sow(pile, tiles[i], (int32_t)crumbs);
    }
    if (pile->amount == 0) {
        molt_delete(pile);
        return NULL;
    }
    if (kind == FOOD_LEAF) {
        pile->fate = PILE_REGROWS;
        pile->regrowth = (Regrowth){.fullness = pile->amount};
    }
    if (kind == FOOD_MEAT) {
        pile->fate = PILE_ROTS;
        pile->rot = (Rot){.since = colony->frame + ROT_DELAY};
    }
    pile->next = map->piles;
    map->piles = pile;
    map->pile_count++;
    return pile;
}

/* Only tiles with crumbs point at the pile, so once it is empty nothing does. */
static void food_remove(Colony *colony, FoodPile *pile)
{
    Map *map = colony->map;
    FoodPile **link = &map->piles;
    while (*link != pile)
        link = &(*link)->next;
    *link = pile->next;
    map->pile_count--;
    event_post(colony, EVENT_FOOD_GONE, pile->centre, (int32_t)pile->loads, pile->label);
    molt_delete(pile);
}

int32_t food_take(Colony *colony, Tile *tile, int32_t crumbs)
{
    FoodPile *pile = tile->pile;
    if (!pile)
        return 0;
    if (!pile->known) {
        pile->known = true;
        event_post(colony, EVENT_FOOD_FOUND, pile->centre, pile->amount, pile->label);
    }
    if (crumbs > tile->food)
        crumbs = tile->food;
    tile->food = (uint16_t)(tile->food - crumbs);
    if (tile->food == 0)
        tile->pile = NULL;
    pile->amount -= crumbs;
    pile->loads++;
    if (pile->amount == 0)
        food_remove(colony, pile);
    return crumbs;
}

static bool food_has_room(const Colony *colony, Vec2 place)
{
    if (vec2_near(place, colony->nest->centre, colony->nest->radius + 60))
        return false;
    if (tile_is_solid(map_tile(colony->map, place)))
        return false;
    for (const FoodPile *pile = colony->map->piles; pile; pile = pile->next)
        if (vec2_near(place, pile->centre, pile->radius + 90))
            return false;
    return map_homeward(colony->map, place) != UINT16_MAX;
}

/* A plant that was grazed to the ground is gone; from any other one leaves sprout near its middle. */
static void food_regrow(Colony *colony, FoodPile *pile)
{
    Regrowth *regrowth = &pile->regrowth;
    if (colony->frame < regrowth->next_frame || pile->amount >= regrowth->fullness)
        return;
    regrowth->next_frame = colony->frame + LEAF_PAUSE;
    Vec2 place = random_in_disc(&colony->random, pile->centre, pile->radius - TILE_PIXELS);
    regrowth->grown += (uint32_t)food_sow(pile, map_tile(colony->map, place), LEAF_CRUMBS);
}

/* Takes a crumb from anywhere on the pile; removes the pile with its last one. */
static void food_rot(Colony *colony, FoodPile *pile)
{
    if (colony->frame < pile->rot.since || colony->frame % ROT_PAUSE != 0)
        return;
    Tile *tile = map_tile(colony->map, random_in_disc(&colony->random, pile->centre, pile->radius));
    if (tile->pile != pile)
        return;
    pile->rot.lost++;
    tile->food--;
    pile->amount--;
    if (tile->food == 0)
        tile->pile = NULL;
    if (pile->amount == 0)
        food_remove(colony, pile);
}

void food_step(Colony *colony)
{
    Map *map = colony->map;
    Random *random = &colony->random;
    for (FoodPile *pile = map->piles, *next; pile; pile = next) {
        next = pile->next;
        if (pile->fate == PILE_REGROWS)
            food_regrow(colony, pile);
        else if (pile->fate == PILE_ROTS)
            food_rot(colony, pile);
    }
    if (map->pile_count >= PILE_GOAL || colony->frame < map->next_pile_frame)
        return;
    Vec2 place =
        random_in_rect(random, (Vec2){60, 110}, (Vec2){FIELD_WIDTH - 60, FIELD_HEIGHT - 60});
    if (!food_has_room(colony, place))
        return;
    FoodKind kind = (FoodKind)(FOOD_SEED + (int)random_below(random, 3));
    food_drop(colony, kind, place, random_between(random, 24, 44), 130);
    map->next_pile_frame = colony->frame + PILE_PAUSE;
}

/* Some piles within a short walk and some farther off. */
void food_start(Colony *colony)
{
    Random *random = &colony->random;
    const float near = colony->nest->radius + 75;
    for (int tries = 0; colony->map->pile_count < PILE_GOAL && tries < 4000; tries++) {
        float far = colony->map->pile_count < 4 ? near + 45 : 520;
        float distance = random_between(random, near, far);
        Vec2 place = vec2_along(colony->nest->centre, random_direction(random), distance);
        bool inside = place.x > 60 && place.x < FIELD_WIDTH - 60 && place.y > 110 &&
                      place.y < FIELD_HEIGHT - 60;
        if (!inside || !food_has_room(colony, place))
            continue;
        FoodKind kind = (FoodKind)(FOOD_SEED + colony->map->pile_count % 3);
        food_drop(colony, kind, place, random_between(random, 26, 44), 130);
    }
}
