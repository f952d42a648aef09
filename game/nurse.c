/* Nurses: from the granary to the brood next on the rota, and a few at the queen's court. */
#include "actions.h"
#include "vec2.h"

static void fetch(Colony *colony, Ant *ant);
static void feed(Colony *colony, Ant *ant);
static void attend(Colony *colony, Ant *ant);

enum { MEAL_CRUMBS = 1 };

/* Takes the next brood that nobody is on her way to. */
static bool take_charge(Nest *nest, Ant *ant)
{
    for (int tries = 0; tries < 4 && nest->rota != &nest->brood; tries++) {
        Brood *brood = brood_of_link(nest->rota);
        nest->rota = brood->link.next;
        if (brood->nurse)
            continue;
        brood->nurse = ant;
        ant->charge = brood;
        return true;
    }
    if (nest->rota == &nest->brood)
        nest->rota = nest->brood.next;
    return false;
}

static bool join_court(Nest *nest, Ant *ant)
{
    for (int i = 0; i < QUEEN_ATTENDANTS; i++) {
        if (nest->queen->attendants[i])
            continue;
        nest->queen->attendants[i] = ant;
        return true;
    }
    return false;
}

static void attend(Colony *colony, Ant *ant)
{
    const Queen *queen = ant->nest->queen;
    Vec2 out = vec2_toward(queen->position, ant->position, ant->heading);
    Vec2 next = vec2_rotate(out, (Vec2){0.8f, 0.6f});
    ant_face(ant, vec2_along(queen->position, next, 19), 0.6f);
    ant_turn(ant, random_between(&colony->random, -0.1f, 0.1f));
}

static void fetch(Colony *colony, Ant *ant)
{
    Nest *nest = ant->nest;
    const Chamber *granary = nest_chamber(nest, CHAMBER_GRANARY);
    if (vec2_near(ant->position, granary->centre, granary->radius * 0.6f)) {
        if (join_court(nest, ant)) {
            ant->behave = attend;
            return;
        }
        if (nest->food >= MEAL_CRUMBS && take_charge(nest, ant)) {
            nest->food -= MEAL_CRUMBS;
            ant->cargo.kind = CARGO_MEAL;
            ant->cargo.amount = MEAL_CRUMBS;
            ant->behave = feed;
            return;
        }
    }
    ant_face(ant, granary->centre, 0.3f);
    ant_turn(ant, random_between(&colony->random, -0.4f, 0.4f));
}

static void feed(Colony *colony, Ant *ant)
{
    Brood *brood = ant->charge;
    if (brood && !vec2_near(ant->position, brood->place, 4)) {
        ant_face(ant, brood->place, 0.4f);
        ant_turn(ant, random_between(&colony->random, -0.2f, 0.2f));
        return;
    }
    if (brood) {
        brood->meals = (uint8_t)(brood->meals + (brood->meals < UINT8_MAX));
        brood->growth += 0.08f;
        brood->nurse = NULL;
        ant->charge = NULL;
    }
    ant->cargo = (Cargo){.kind = CARGO_NONE};
    ant->behave = fetch;
}

const Behaviour *nurse_behaviours(void)
{
    static const Behaviour list[] = {
        {fetch, "going to the granary"},
        {feed, "feeding the brood"},
        {attend, "at the queen's court"},
        {NULL, NULL},
    };
    return list;
}
