/* What the sources of the game do for each other, by the file that defines it. All state is in
 * colony.h; nothing here keeps any. */
#ifndef ACTIONS_H
#define ACTIONS_H

#include "colony.h"

/* ---- random.c: chance, from the state alone ---- */
void random_seed(Random *random, uint64_t seed);
uint32_t random_below(Random *random, uint32_t limit); /* 0 to limit - 1 */
float random_unit(Random *random);                     /* 0 to 1, 1 excluded */
float random_between(Random *random, float low, float high);
bool random_chance(Random *random, float probability);
Vec2 random_direction(Random *random); /* unit vector */
Vec2 random_in_disc(Random *random, Vec2 centre, float radius);
Vec2 random_in_rect(Random *random, Vec2 low, Vec2 high);

/* ---- map.c: tiles ---- */
Map *map_create(Colony *colony); /* NULL when memory is out */
void map_destroy(Map *map);
Tile *map_tile(const Map *map, Vec2 place);             /* nearest tile, never NULL */
Tile *map_tile_at(const Map *map, int column, int row); /* clamped, never NULL */
bool tile_is_solid(const Tile *tile);                   /* nobody walks there */
Vec2 tile_centre(const Tile *tile);
enum { DISC_TILES = 400 }; /* most that map_disc() gives */
int map_disc(const Map *map, Vec2 centre, float radius, Tile **tiles); /* how many */
uint16_t map_homeward(const Map *map, Vec2 place);
void map_update_homeward(Map *map, const Nest *nest);

/* ---- food.c: piles and crumbs ---- */
FoodPile *food_drop(Colony *colony, FoodKind kind, Vec2 place, float radius, int32_t per_tile);
int32_t food_sow(FoodPile *pile, Tile *tile, int32_t crumbs);  /* crumbs that found room */
int32_t food_take(Colony *colony, Tile *tile, int32_t crumbs); /* crumbs taken */
void food_start(Colony *colony);
void food_step(Colony *colony); /* new piles now and then */
const char *food_name(FoodKind kind);
MoltColor food_color(FoodKind kind);

/* ---- pheromone.c: scents ---- */
float pheromone_at(const Map *map, Scent scent, Vec2 place);
float *pheromone_cell(Map *map, Scent scent, Vec2 place); /* inside a chunk, never NULL */
void pheromone_lay(Map *map, Scent scent, Vec2 place, float strength);
void pheromone_step(Colony *colony); /* a seventh of the map a frame; fades faster by day */

/* ---- ants.c: what all castes share ---- */
Ant *ant_create(Colony *colony, Caste caste, Vec2 place); /* NULL when memory is out */
void ant_remove(Colony *colony, Ant *ant);                /* and every pointer to it */
void ant_die(Colony *colony, Ant *ant, Cause cause);      /* the same, and counts it */
void ant_turn(Ant *ant, float angle);
void ant_face(Ant *ant, Vec2 place, float share); /* share 1: at once */
void ant_follow_scent(Colony *colony, Ant *ant, Scent scent);
void ant_follow_home(Colony *colony, Ant *ant);
Spider *ant_sense_spider(const Colony *colony, const Ant *ant, float range);
bool ant_flee(Colony *colony, Ant *ant); /* true when it has to */
void ants_step(Colony *colony);
void ants_forget_spider(Colony *colony, const Spider *spider);

enum { ANT_THINK_FRAMES = 4 }; /* an ant behaves once in so many frames */
#define ANT_THINK_SECONDS ((float)ANT_THINK_FRAMES / MOLT_FRAMES_PER_SECOND)

/* ---- castes.c: what sets them apart ---- */
const char *caste_name(Caste caste);
MoltColor caste_color(Caste caste);
float caste_share(Caste caste); /* wanted part of all ants */
float caste_speed(Caste caste); /* pixels a frame */
AntBehaviour *caste_first_behaviour(Caste caste);
Caste caste_most_wanted(const Nest *nest);
const char *behaviour_name(AntBehaviour *behave);

/* ---- forager.c, guard.c, nurse.c, scout.c: behaviours; NULL ends the list ---- */
typedef struct Behaviour {
    AntBehaviour *act;
    const char *name;
} Behaviour;
const Behaviour *forager_behaviours(void); /* the first is how a life begins */
const Behaviour *guard_behaviours(void);
const Behaviour *nurse_behaviours(void);
const Behaviour *scout_behaviours(void);

/* ---- nest.c: queen, brood, store ---- */
Nest *nest_create(Colony *colony); /* NULL when memory is out */
void nest_destroy(Nest *nest);
Brood *nest_lay(Colony *colony, BroodStage stage); /* NULL when memory is out */
Brood *brood_of_link(Link *link);
void nest_deliver(Colony *colony, Ant *ant); /* its cargo into the store */
void nest_promote(Colony *colony, Ant *ant);
void nest_forget_ant(Colony *colony, Ant *ant);
const Chamber *nest_chamber(const Nest *nest, ChamberKind kind);
void nest_step(Colony *colony);

/* ---- spiders.c ---- */
Spider *spider_create(Colony *colony, Vec2 place); /* NULL when memory is out, or enough */
void spider_notice(Spider *spider, Ant *ant);      /* it is there, for the taking */
void spider_bitten(Spider *spider);
void spiders_step(Colony *colony);
void spiders_forget_ant(Colony *colony, const Ant *ant);

/* ---- events.c: the log; text never needs more than 40 bytes ---- */
void event_post(Colony *colony, EventKind kind, Vec2 place, int32_t amount, const char *who);
void event_text(const Event *event, char *text, size_t size);
MoltColor event_color(const Event *event);
void events_step(Colony *colony);
void events_clear(EventQueue *events);

/* ---- sky.c: day and night ---- */
void sky_begin(Sky *sky); /* in the morning */
void sky_step(Sky *sky);

/* ---- sparks.c: crumbs and blood that fly ---- */
void sparks_burst(Colony *colony, Vec2 place, FoodKind food, int count);
void sparks_step(Colony *colony);

/* ---- stats.c ---- */
bool stats_create(Stats *stats); /* false when memory is out */
void stats_step(Colony *colony);
void stats_watch(Colony *colony, Watch watch);
void stats_forget_ant(Colony *colony, const Ant *ant);
const char *watch_name(Watch watch);

/* ---- tuning.c: the player's file ---- */
void tuning_begin(Colony *colony);
void tuning_step(Colony *colony); /* takes it when it was saved */

/* ---- tools.c: the player ---- */
const char *tool_name(Tool tool);
MoltRect tool_button(Tool tool); /* on the toolbar */
void tools_step(Colony *colony);

/* ---- draw.c the field, panel.c the numbers: read the state, never change it ---- */
void draw_field(const Colony *colony);
void draw_panel(const Colony *colony);

#endif
