/* The nest: chambers, the store, the queen, her brood and the ants that made a name. */
#include "actions.h"
#include "vec2.h"

#include <stdio.h>
#include <string.h>

static const float stage_seconds = 9; /* egg, larva and pupa each, unfed */
static const float upkeep = 0.030f;   /* crumbs an ant eats a second */
static const float egg_crumbs = 2;
static const float most_eggs = 0.9f;    /* laid a frame */
static const unsigned famous_trips = 5; /* loads that make a name */

static const char *const queen_names[] = {"Aurelia", "Boadicea", "Calliope", "Despina",
                                          "Eudora",  "Philippa", "Galatea",  "Hermione"};
static const char *const ant_names[] = {
    "Ada",   "Bela", "Cleo", "Dita",  "Edda", "Fenja",   "Gwen", "Hedda", "Ines",  "Juno", "Kaia",
    "Lotte", "Mira", "Nora", "Odile", "Pia",  "Quirine", "Runa", "Sanna", "Tilda", "Ulla", "Vera"};
static const char *const titles[] = {"the Strong",         "the Steady",  "Longstride",
                                     "Sugartooth",         "the Lucky",   "Earlybird",
                                     "the Keen",           "of the Hill", "Friend of the Granary",
                                     "Walker of Far Roads"};
enum {
    QUEEN_NAMES = sizeof queen_names / sizeof queen_names[0],
    ANT_NAMES = sizeof ant_names / sizeof ant_names[0],
    TITLES = sizeof titles / sizeof titles[0],
    STARVING_FRAMES = 30 /* between two deaths in a famine */
};

_Static_assert((int)ANT_NAMES > (int)NOTABLE_LIMIT, "free_name() must find one");

static const Chamber plan[CHAMBER_COUNT] = {
    /* around the entrance */
    {CHAMBER_HALL, {0, 0}, 24},        {CHAMBER_THRONE, {-12, -72}, 28},
    {CHAMBER_NURSERY, {64, -44}, 35},  {CHAMBER_NURSERY, {66, 42}, 33},
    {CHAMBER_NURSERY, {-74, -18}, 31}, {CHAMBER_GRANARY, {-6, 76}, 29},
    {CHAMBER_GRANARY, {-66, 48}, 24},
};

/* ---- making --------------------------------------------------------------------------------- */

static void nest_dig(Nest *nest, Map *map)
{
    for (int row = 0; row < MAP_HEIGHT; row++) {
        for (int column = 0; column < MAP_WIDTH; column++) {
            Tile *tile = map_tile_at(map, column, row);
            if (!vec2_near(tile_centre(tile), nest->centre, nest->radius))
                continue;
            tile->kind = TILE_NEST;
            tile->explored = true;
        }
    }
    for (int i = 0; i < CHAMBER_COUNT; i++) {
        nest->chambers[i] = plan[i];
        nest->chambers[i].centre = vec2_add(nest->centre, plan[i].centre);
    }
}

static Queen *queen_create(Colony *colony, Nest *nest)
{
    char name[32];
    Queen *queen = molt_new(Queen);
    if (!queen)
        return NULL;
    snprintf(name, sizeof name, "Queen %s",
             queen_names[random_below(&colony->random, QUEEN_NAMES)]);
    queen->name = molt_strdup(name);
    if (!queen->name) {
        molt_delete(queen);
        return NULL;
    }
    queen->nest = nest;
    queen->vigour = 1;
    queen->position = nest_chamber(nest, CHAMBER_THRONE)->centre;
    return queen;
}

Nest *nest_create(Colony *colony)
{
    Nest *nest = molt_new(Nest);
    if (!nest)
        return NULL;
    nest->centre = (Vec2){FIELD_WIDTH / 2.0f, FIELD_HEIGHT / 2.0f + 8};
    nest->radius = 118;
    nest->food = 12000;
    nest->capacity = 60000;
    nest->brood.next = nest->brood.prev = &nest->brood;
    nest->rota = &nest->brood;
    nest_dig(nest, colony->map);
    nest->queen = queen_create(colony, nest);
    if (!nest->queen) {
        molt_delete(nest);
        return NULL;
    }
    return nest;
}

const Chamber *nest_chamber(const Nest *nest, ChamberKind kind)
{
    for (int i = 0; i < CHAMBER_COUNT; i++)
        if (nest->chambers[i].kind == kind)
            return &nest->chambers[i];
    return &nest->chambers[0];
}

/* ---- brood ---------------------------------------------------------------------------------- */

Brood *brood_of_link(Link *link)
{
    return (Brood *)(void *)((char *)link - offsetof(Brood, link));
}

Brood *nest_lay(Colony *colony, BroodStage stage)
{
    Nest *nest = colony->nest;
    Brood *brood = molt_new(Brood);
    if (!brood)
        return NULL;
    int nursery = 2 + (int)random_below(&colony->random, 3);
    const Chamber *chamber = &nest->chambers[nursery];
    brood->stage = stage;
    brood->place = random_in_disc(&colony->random, chamber->centre, chamber->radius - 5);
    brood->destiny = caste_most_wanted(nest);
    brood->link.prev = nest->brood.prev;
    brood->link.next = &nest->brood;
    nest->brood.prev->next = &brood->link;
    nest->brood.prev = &brood->link;
    nest->brood_count++;
    return brood;
}

static void brood_remove(Nest *nest, Brood *brood)
{
    if (nest->rota == &brood->link)
        nest->rota = brood->link.next;
    if (brood->nurse)
        brood->nurse->charge = NULL;
    brood->link.prev->next = brood->link.next;
    brood->link.next->prev = brood->link.prev;
    nest->brood_count--;
    molt_delete(brood);
}

static void brood_hatch(Colony *colony, Brood *brood)
{
    Ant *ant = ant_create(colony, caste_most_wanted(colony->nest), brood->place);
    if (!ant)
        return; /* it waits for room */
    colony->stats.births++;
    brood_remove(colony->nest, brood);
}

static void nest_grow_brood(Colony *colony)
{
    Nest *nest = colony->nest;
    const float step = 1 / (stage_seconds * MOLT_FRAMES_PER_SECOND);
    for (Link *link = nest->brood.next, *next; link != &nest->brood; link = next) {
        Brood *brood = brood_of_link(link);
        next = link->next;
        brood->growth += step;
        if (brood->growth < 1)
            continue;
        if (brood->stage == BROOD_PUPA) {
            brood_hatch(colony, brood);
            continue;
        }
        brood->growth -= 1;
        brood->stage = brood->stage == BROOD_EGG ? BROOD_LARVA : BROOD_PUPA;
        brood->destiny = caste_most_wanted(nest);
    }
}

static void queen_step(Colony *colony, Queen *queen)
{
    Nest *nest = queen->nest;
    float fed = nest->famine ? 0.15f : 1;
    queen->vigour += (fed - queen->vigour) * 0.004f;

    int32_t missing = START_ANTS + START_BROOD - (int32_t)colony->ant_count - nest->brood_count;
    if (missing <= 0)
        return;
    float eggs = (float)missing * 0.02f * queen->vigour;
    eggs = (eggs > most_eggs ? most_eggs : eggs) * colony->tuning.eggs;
    queen->eggs.due += (double)eggs;
    for (; queen->eggs.due >= 1; queen->eggs.due -= 1) {
        if (nest->food < (double)egg_crumbs || !nest_lay(colony, BROOD_EGG))
            continue;
        nest->food -= (double)egg_crumbs;
        queen->eggs.laid++;
    }
}

/* At midnight. */
static void queen_count_eggs(Laying *eggs)
{
    uint32_t today = (uint32_t)(eggs->laid - eggs->laid_before);
    if (today > eggs->record)
        eggs->record = today;
    eggs->laid_before = eggs->laid;
}

/* Nobody is fed: chance says who goes. */
static void nest_starve(Colony *colony)
{
    if (colony->ant_count == 0 || colony->frame % STARVING_FRAMES != 0)
        return;
    uint32_t slot = random_below(&colony->random, colony->ant_count);
    ant_die(colony, colony->ants[slot], CAUSE_HUNGER);
}

/* ---- fame ----------------------------------------------------------------------------------- */

static bool name_is_taken(const Nest *nest, const char *name)
{
    for (const Notable *notable = nest->notables; notable; notable = notable->next)
        if (strcmp(notable->name, name) == 0)
            return true;
    return false;
}

/* There are more names than notables. */
static const char *free_name(Colony *colony)
{
    uint32_t index = random_below(&colony->random, ANT_NAMES);
    while (name_is_taken(colony->nest, ant_names[index]))
        index = (index + 1) % ANT_NAMES;
    return ant_names[index];
}

void nest_promote(Colony *colony, Ant *ant)
{
    Nest *nest = colony->nest;
    Notable *notable = molt_new(Notable);
    if (!notable)
        return;
    notable->name = molt_strdup(free_name(colony));
    if (!notable->name) {
        molt_delete(notable);
        return;
    }
    snprintf(notable->title, sizeof notable->title, "%s",
             titles[random_below(&colony->random, TITLES)]);
    notable->ant = ant;
    notable->since = (uint32_t)colony->frame;
    Notable **end = &nest->notables;
    while (*end)
        end = &(*end)->next;
    *end = notable;
    nest->notable_count++;
    ant->fame = notable;
    ant->traits = (AntTraits)((unsigned)ant->traits | TRAIT_VETERAN);
    event_post(colony, EVENT_PROMOTED, ant->position, 0, notable->name);
}

static void notable_destroy(Nest *nest, Notable *notable)
{
    Notable **link = &nest->notables;
    while (*link != notable)
        link = &(*link)->next;
    *link = notable->next;
    nest->notable_count--;
    molt_delete(notable->name);
    molt_delete(notable);
}

void nest_forget_ant(Colony *colony, Ant *ant)
{
    Nest *nest = ant->nest;
    if (ant->charge)
        ant->charge->nurse = NULL;
    for (int i = 0; i < QUEEN_ATTENDANTS; i++)
        if (nest->queen->attendants[i] == ant)
            nest->queen->attendants[i] = NULL;
    if (ant->fame) {
        event_post(colony, EVENT_HERO_DIED, ant->position, ant->trips, ant->fame->name);
        notable_destroy(nest, ant->fame);
        ant->fame = NULL;
    }
}

/* ---- one frame ------------------------------------------------------------------------------ */

void nest_deliver(Colony *colony, Ant *ant)
{
    Nest *nest = ant->nest;
    nest->delivered += ant->cargo.amount;
    nest->food += (double)ant->cargo.amount;
    if (nest->food > nest->capacity)
        nest->food = nest->capacity;
    ant->cargo = (Cargo){.kind = CARGO_NONE};
    if (ant->trips < 4095)
        ant->trips++;
    if (ant->trips >= famous_trips && !ant->fame && nest->notable_count < NOTABLE_LIMIT)
        nest_promote(colony, ant);
}

void nest_step(Colony *colony)
{
    Nest *nest = colony->nest;
    nest->food -= (double)(upkeep / MOLT_FRAMES_PER_SECOND * (float)colony->ant_count);
    if (nest->food < 0)
        nest->food = 0;
    bool famine = nest->food < 100;
    if (famine && !nest->famine)
        event_post(colony, EVENT_FAMINE, nest->centre, 0, NULL);
    if (famine || nest->food > 1000)
        nest->famine = famine;
    if (nest->famine)
        nest_starve(colony);
    nest_grow_brood(colony);
    queen_step(colony, nest->queen);
    if (colony->sky.days > nest->days) {
        nest->days = colony->sky.days;
        queen_count_eggs(&nest->queen->eggs);
    }
}

/* Ants are gone by now, so no notable is left either. */
void nest_destroy(Nest *nest)
{
    if (!nest)
        return;
    while (nest->brood.next != &nest->brood)
        brood_remove(nest, brood_of_link(nest->brood.next));
    molt_delete(nest->queen->name);
    molt_delete(nest->queen);
    molt_delete(nest);
}
