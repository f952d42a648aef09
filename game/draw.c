/* The field: ground, nest, ants, spiders and what the player points at. */
#include "ground.h"
#include "vec2.h"

#include <stdio.h>

enum { EVENT_RING_FRAMES = 45 };

static const MoltColor white = {255, 255, 255, 255};

/* A wave between 0 and 1 with the given period, for looks. */
static float wave(const Colony *colony, int frames)
{
    float turn = (float)(colony->frame % (uint64_t)frames) / (float)frames;
    return 0.5f + 0.5f * sinf(turn * 6.2831853f);
}

/* ---- the nest ------------------------------------------------------------------------------- */

static void draw_granary(Canvas *canvas, const Nest *nest, const Chamber *chamber)
{
    float full = (float)(nest->food / nest->capacity);
    int grains = (int)(6 + full * 160);
    for (int i = 0; i < grains; i++) { /* a sunflower of grains */
        float angle = (float)i * 2.39996f;
        float radius = sqrtf((float)i / 166) * (chamber->radius - 5);
        Vec2 at = vec2_along(chamber->centre, vec2_direction(angle), radius);
        MoltColor color = food_color((FoodKind)(FOOD_SEED + i % 3));
        canvas_rect(canvas, at.x - 1, at.y - 1, 2.5f, 2.5f, color);
    }
}

static void draw_brood(Canvas *canvas, Nest *nest)
{
    static const MoltColor colors[] = {
        [BROOD_EGG] = {240, 236, 226, 255},
        [BROOD_LARVA] = {246, 222, 170, 255},
        [BROOD_PUPA] = {206, 160, 110, 255},
    };
    for (Link *link = nest->brood.next; link != &nest->brood; link = link->next) {
        const Brood *brood = brood_of_link(link);
        float size = 2 + (float)brood->stage * 0.8f;
        canvas_rect(canvas, brood->place.x - size / 2, brood->place.y - size / 2, size, size + 0.5f,
                    colors[brood->stage]);
    }
}

static void draw_queen(Canvas *canvas, const Colony *colony, const Queen *queen)
{
    float pulse = wave(colony, 80);
    Vec2 p = queen->position;
    MoltColor glow = {255, 190, 80, (uint8_t)(40 + 60 * pulse)};
    canvas_disc(canvas, p, 24 + 5 * pulse, glow, color_fade(glow, 0));
    canvas_disc(canvas, (Vec2){p.x + 7, p.y}, 7.5f + pulse, (MoltColor){214, 150, 60, 255},
                (MoltColor){140, 80, 30, 255});
    canvas_disc(canvas, (Vec2){p.x - 4, p.y}, 4.5f, (MoltColor){196, 120, 50, 255},
                (MoltColor){120, 66, 28, 255});
    canvas_disc(canvas, (Vec2){p.x - 11, p.y}, 3.5f, (MoltColor){196, 120, 50, 255},
                (MoltColor){120, 66, 28, 255});
}

/* Above the queen; without the file she goes bare-headed. */
static void draw_crown(const Colony *colony, Vec2 queen)
{
    const MoltPlatformApi *api = colony->api;
    const MoltImage *crown = api->image(api, "crown.bmp");
    if (!crown)
        return;
    MoltRect box = {queen.x - (float)crown->width / 2, queen.y - 10 - (float)crown->height,
                    (float)crown->width, (float)crown->height};
    api->pixels(api, 1, crown->width, crown->height, crown->rgba, box);
}

static void draw_nest(Canvas *canvas, const Colony *colony)
{
    static const MoltColor mound = {86, 60, 38, 255}, shade = {52, 36, 24, 255};
    static const MoltColor room = {22, 14, 10, 255}, rim = {34, 23, 16, 255};
    Nest *nest = colony->nest;
    canvas_disc(canvas, nest->centre, nest->radius + 16, shade, color_fade(shade, 0));
    canvas_disc(canvas, nest->centre, nest->radius, mound, shade);
    for (int i = 1; i < CHAMBER_COUNT; i++)
        canvas_stroke(canvas, nest->centre, nest->chambers[i].centre, 11, room);
    for (int i = 0; i < CHAMBER_COUNT; i++) {
        const Chamber *chamber = &nest->chambers[i];
        canvas_disc(canvas, chamber->centre, chamber->radius + 2, color_fade(mound, 1), shade);
        canvas_disc(canvas, chamber->centre, chamber->radius, room, rim);
    }
    float pulse = wave(colony, 120);
    MoltColor light = {255, 170, 90, (uint8_t)(26 + 30 * pulse)};
    canvas_disc(canvas, nest->centre, 30 + 6 * pulse, light, color_fade(light, 0));
    canvas_flush(canvas);

    for (int i = 0; i < CHAMBER_COUNT; i++)
        if (nest->chambers[i].kind == CHAMBER_GRANARY)
            draw_granary(canvas, nest, &nest->chambers[i]);
    draw_brood(canvas, nest);
    draw_queen(canvas, colony, nest->queen);
    canvas_flush(canvas);
    draw_crown(colony, nest->queen->position);
}

/* ---- ants ----------------------------------------------------------------------------------- */

static void draw_ant(Canvas *canvas, const Ant *ant, MoltColor color)
{
    float size = ant->caste == CASTE_GUARD ? 1.3f : 1;
    Vec2 p = ant->position, h = ant->heading;
    Vec2 tip = {p.x + h.x * 3.6f * size, p.y + h.y * 3.6f * size};
    Vec2 tail = {p.x - h.x * 2.6f * size, p.y - h.y * 2.6f * size};
    Vec2 side = {-h.y * 1.5f * size, h.x * 1.5f * size};
    canvas_triangle(canvas, tip, vec2_add(tail, side), vec2_sub(tail, side), color);
    if (ant->cargo.kind == CARGO_FOOD || ant->cargo.kind == CARGO_NEWS)
        canvas_rect(canvas, tip.x - 1, tip.y - 1, 2.5f, 2.5f, food_color(ant->cargo.food));
}

static void draw_ants(Canvas *canvas, const Colony *colony)
{
    MoltColor colors[CASTE_COUNT];
    for (int i = 0; i < CASTE_COUNT; i++)
        colors[i] = caste_color((Caste)i);
    for (uint32_t i = 0; i < colony->ant_count; i++) {
        const Ant *ant = colony->ants[i];
        if (!ant->resting)
            draw_ant(canvas, ant, colors[ant->caste]);
    }
    canvas_flush(canvas);
}

/* Text that stays readable on any ground. */
static void draw_label(const Canvas *canvas, Vec2 at, MoltColor color, const char *text)
{
    float y = fminf(at.y, FIELD_HEIGHT - 10);
    canvas_text(canvas, at.x + 1, y + 1, 1, (MoltColor){0, 0, 0, 190}, "%s", text);
    canvas_text(canvas, at.x, y, 1, color, "%s", text);
}

static void draw_notables(const Canvas *canvas, const Colony *colony)
{
    for (const Notable *notable = colony->nest->notables; notable; notable = notable->next) {
        const Ant *ant = notable->ant;
        if (ant->resting)
            continue;
        draw_label(canvas, (Vec2){ant->position.x + 5, ant->position.y - 10},
                   (MoltColor){255, 240, 190, 230}, notable->name);
    }
}

/* ---- spiders -------------------------------------------------------------------------------- */

static void draw_leg(Canvas *canvas, const Spider *spider, int pair, float side)
{
    static const MoltColor color = {16, 12, 16, 255};
    float swing = sinf(spider->gait + (float)pair * 1.9f + (side > 0 ? 1.6f : 0)) * 0.22f;
    float angle = side * (0.55f + (float)pair * 0.58f + swing);
    Vec2 way = vec2_rotate(spider->heading, vec2_direction(angle));
    Vec2 bent = vec2_rotate(spider->heading, vec2_direction(angle + side * 0.35f));
    Vec2 hip = vec2_along(spider->position, way, 4);
    Vec2 knee = vec2_along(spider->position, way, 13);
    canvas_stroke(canvas, hip, knee, 2.4f, color);
    canvas_stroke(canvas, knee, vec2_along(knee, bent, 9), 1.5f, color);
}

static void draw_spider(Canvas *canvas, const Spider *spider)
{
    static const MoltColor light = {86, 60, 78, 255}, dark = {24, 16, 24, 255};
    static const MoltColor eye = {255, 60, 40, 255};
    Vec2 p = spider->position, h = spider->heading;
    MoltColor shadow = {0, 0, 0, 120};
    canvas_disc(canvas, (Vec2){p.x + 3, p.y + 5}, 24, shadow, color_fade(shadow, 0));
    for (int pair = 0; pair < 4; pair++) {
        draw_leg(canvas, spider, pair, 1);
        draw_leg(canvas, spider, pair, -1);
    }
    canvas_disc(canvas, vec2_along(p, h, -7), 9, light, dark);
    canvas_disc(canvas, vec2_along(p, h, 4), 5.5f, light, dark);
    for (int side = -1; side <= 1; side += 2) {
        Vec2 at = vec2_along(vec2_along(p, h, 8), (Vec2){-h.y, h.x}, (float)side * 2);
        canvas_disc(canvas, at, 1.3f, eye, eye);
    }
    canvas_flush(canvas);
    canvas_rect(canvas, p.x - 16, p.y - 28, 32, 4, (MoltColor){0, 0, 0, 160});
    canvas_rect(canvas, p.x - 15, p.y - 27, 30 * fmaxf(spider->health, 0), 2,
                (MoltColor){255, 80, 60, 255});
    canvas_flush(canvas);
}

/* ---- above all ------------------------------------------------------------------------------ */

static void draw_sparks(Canvas *canvas, const Colony *colony)
{
    for (int i = 0; i < SPARK_COUNT; i++) {
        const Spark *spark = &colony->sparks[i];
        if (spark->life > 0)
            canvas_rect(canvas, spark->position.x - 1, spark->position.y - 1, 2.5f, 2.5f,
                        color_fade(food_color(spark->food), spark->life));
    }
    canvas_flush(canvas);
}

/* A ring that opens where something has just happened. */
static void draw_event_rings(const Colony *colony)
{
    const MoltPlatformApi *api = colony->api;
    for (const Event *event = colony->events.oldest; event; event = event->next) {
        uint64_t age = colony->frame - event->frame;
        if (age >= EVENT_RING_FRAMES || event->kind == EVENT_BIRTHS || event->kind == EVENT_DEATHS)
            continue;
        float part = (float)age / EVENT_RING_FRAMES;
        for (int i = 0; i < 2; i++)
            api->circle(api, event->place.x, event->place.y, 6 + part * 34 + (float)i,
                        color_fade(event_color(event), 1 - part), false);
    }
}

static void draw_piles(const Canvas *canvas, const Colony *colony)
{
    for (const FoodPile *pile = colony->map->piles; pile; pile = pile->next) {
        if (!pile->known)
            continue;
        char text[NAME_LENGTH + 12];
        snprintf(text, sizeof text, "%s %d", pile->label, pile->amount);
        draw_label(canvas, (Vec2){pile->centre.x - 44, pile->centre.y + pile->radius + 2},
                   food_color(pile->kind), text);
    }
}

/* Over everything on the ground; names and rings shine above it. */
static void draw_night(Canvas *canvas, const Sky *sky)
{
    MoltColor night = {8, 10, 40, (uint8_t)(120 * (1 - sky->light))};
    if (night.a == 0)
        return;
    canvas_rect(canvas, 0, 0, FIELD_WIDTH, FIELD_HEIGHT, night);
    canvas_flush(canvas);
}

static void draw_cursor(const Canvas *canvas, const Colony *colony)
{
    const MoltPlatformApi *api = colony->api;
    const Player *player = &colony->player;
    if (player->selected) {
        const Ant *ant = player->selected;
        float radius = 9 + 2 * wave(colony, 30);
        api->circle(api, ant->position.x, ant->position.y, radius, white, false);
        draw_label(canvas, (Vec2){ant->position.x + 12, ant->position.y + 4}, white,
                   behaviour_name(ant->behave));
    }
    if (!player->hover)
        return;
    float radius = player->tool == TOOL_LOOK     ? 6
                   : player->tool == TOOL_SPIDER ? 22
                                                 : player->brush * TILE_PIXELS;
    api->circle(api, player->cursor.x, player->cursor.y, radius, color_fade(white, 0.7f), false);
}

void draw_field(const Colony *colony)
{
    Canvas canvas;
    canvas_begin(&canvas, colony->api);
    colony->api->clear(colony->api, (MoltColor){12, 9, 7, 255});
    draw_ground(colony, &canvas);
    draw_nest(&canvas, colony);
    draw_ants(&canvas, colony);
    for (const Spider *spider = colony->spiders; spider; spider = spider->next)
        draw_spider(&canvas, spider);
    draw_sparks(&canvas, colony);
    draw_night(&canvas, &colony->sky);
    draw_piles(&canvas, colony);
    draw_notables(&canvas, colony);
    draw_event_rings(colony);
    draw_cursor(&canvas, colony);
}
