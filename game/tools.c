/* The player: tools on keys and toolbar, painting with the mouse. */
#include "actions.h"
#include "vec2.h"

static const struct {
    const char *name;
    MoltKey key;
} tools[TOOL_COUNT] = {
    [TOOL_LOOK] = {"look", MOLT_KEY_1},     [TOOL_FOOD] = {"food", MOLT_KEY_2},
    [TOOL_WALL] = {"wall", MOLT_KEY_3},     [TOOL_DIG] = {"dig", MOLT_KEY_4},
    [TOOL_SPIDER] = {"spider", MOLT_KEY_5},
};

const char *tool_name(Tool tool)
{
    return tools[tool].name;
}

MoltRect tool_button(Tool tool)
{
    return (MoltRect){10 + (float)tool * 96, FIELD_HEIGHT + 8, 90, 32};
}

static bool inside(MoltRect rect, Vec2 place)
{
    return place.x >= rect.x && place.y >= rect.y && place.x < rect.x + rect.w &&
           place.y < rect.y + rect.h;
}

static void choose_tool(Player *player, const MoltInput *input)
{
    for (int tool = 0; tool < TOOL_COUNT; tool++) {
        bool clicked = input->mouse_pressed[MOLT_MOUSE_LEFT] &&
                       inside(tool_button((Tool)tool), player->cursor);
        if (clicked || input->key_pressed[tools[tool].key])
            player->tool = (Tool)tool;
    }
    player->brush += input->wheel * 0.5f;
    if (input->key_pressed[MOLT_KEY_PLUS])
        player->brush += 1;
    if (input->key_pressed[MOLT_KEY_MINUS])
        player->brush -= 1;
    player->brush = fminf(fmaxf(player->brush, 1), 8);
    if (input->key_pressed[MOLT_KEY_SPACE] || input->key_pressed[MOLT_KEY_P])
        player->paused = !player->paused;
}

static void select_ant(Colony *colony)
{
    Player *player = &colony->player;
    float nearest = 16;
    player->selected = NULL;
    for (uint32_t i = 0; i < colony->ant_count; i++) {
        Ant *ant = colony->ants[i];
        float distance = vec2_distance(ant->position, player->cursor);
        if (ant->resting || distance >= nearest)
            continue;
        nearest = distance;
        player->selected = ant;
    }
    stats_watch(colony, player->selected ? WATCH_SELECTED : WATCH_VIGOUR);
}

/* Calls `paint` for each tile under the brush. */
static void paint_tiles(Colony *colony, void (*paint)(Map *map, Tile *tile))
{
    const Player *player = &colony->player;
    Tile *tiles[DISC_TILES];
    int count = map_disc(colony->map, player->cursor, player->brush * TILE_PIXELS, tiles);
    for (int i = 0; i < count; i++)
        paint(colony->map, tiles[i]);
}

static void paint_wall(Map *map, Tile *tile)
{
    if (tile->kind != TILE_SOIL || tile->food)
        return;
    tile->kind = TILE_WALL;
    map->walls_changed = true;
}

static void paint_soil(Map *map, Tile *tile)
{
    bool rim = tile->column == 0 || tile->row == 0 || tile->column == MAP_WIDTH - 1 ||
               tile->row == MAP_HEIGHT - 1;
    if (rim || !tile_is_solid(tile))
        return;
    tile->kind = TILE_SOIL;
    map->walls_changed = true;
}

/* Adds to the player's sugar near by, or begins a new pile. */
static void paint_food(Colony *colony)
{
    const Player *player = &colony->player;
    float radius = player->brush * TILE_PIXELS;
    FoodPile *pile = colony->map->piles;
    while (pile && !(pile->kind == FOOD_SUGAR && vec2_near(pile->centre, player->cursor, 70)))
        pile = pile->next;
    if (!pile) {
        pile = food_drop(colony, FOOD_SUGAR, player->cursor, radius, 40);
        if (pile)
            pile->poured = (uint32_t)pile->amount;
        return;
    }
    for (int i = 0; i < 12; i++) {
        Vec2 place = random_in_disc(&colony->random, player->cursor, radius);
        pile->poured += (uint32_t)food_sow(pile, map_tile(colony->map, place), 20);
    }
    pile->radius = fmaxf(pile->radius, vec2_distance(pile->centre, player->cursor) + radius);
}

static void use_tool(Colony *colony, bool pressed)
{
    switch (colony->player.tool) {
    case TOOL_LOOK:
        if (pressed)
            select_ant(colony);
        break;
    case TOOL_FOOD: paint_food(colony); break;
    case TOOL_WALL: paint_tiles(colony, paint_wall); break;
    case TOOL_DIG: paint_tiles(colony, paint_soil); break;
    case TOOL_SPIDER:
        if (pressed)
            spider_create(colony, colony->player.cursor);
        break;
    case TOOL_COUNT: break;
    }
}

void tools_step(Colony *colony)
{
    Player *player = &colony->player;
    const MoltInput *input = colony->api->input(colony->api);
    player->cursor = (Vec2){input->mouse_x, input->mouse_y};
    choose_tool(player, input);

    MoltRect field = {0, 0, FIELD_WIDTH, FIELD_HEIGHT};
    bool over = input->mouse_inside && inside(field, player->cursor);
    player->hover = over ? map_tile(colony->map, player->cursor) : NULL;
    if (input->key_pressed[MOLT_KEY_TAB])
        stats_watch(colony, (Watch)((int)(colony->stats.watch + 1) % WATCH_COUNT));
    else if (over && colony->stats.watch == WATCH_SCENT)
        stats_watch(colony, WATCH_SCENT);
    if (!over || !input->mouse_down[MOLT_MOUSE_LEFT])
        return;
    bool pressed = input->mouse_pressed[MOLT_MOUSE_LEFT];
    player->strokes += pressed;
    use_tool(colony, pressed);
}
