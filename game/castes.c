/* What sets the castes apart, in one table, and the names of all behaviours. */
#include "actions.h"

static const struct {
    const char *name;
    MoltColor color;
    float share; /* of all ants */
    float speed; /* pixels a frame */
    const Behaviour *(*behaviours)(void);
} castes[CASTE_COUNT] = {
    [CASTE_FORAGER] = {"foragers", {222, 150, 84, 255}, 0.75f, 1.00f, forager_behaviours},
    [CASTE_GUARD] = {"guards", {214, 64, 56, 255}, 0.09f, 1.10f, guard_behaviours},
    [CASTE_NURSE] = {"nurses", {236, 206, 176, 255}, 0.07f, 0.60f, nurse_behaviours},
    [CASTE_SCOUT] = {"scouts", {112, 178, 255, 255}, 0.09f, 1.35f, scout_behaviours},
};

const char *caste_name(Caste caste)
{
    return castes[caste].name;
}

MoltColor caste_color(Caste caste)
{
    return castes[caste].color;
}

float caste_share(Caste caste)
{
    return castes[caste].share;
}

float caste_speed(Caste caste)
{
    return castes[caste].speed;
}

AntBehaviour *caste_first_behaviour(Caste caste)
{
    return castes[caste].behaviours()[0].act;
}

/* The caste that is farthest below its share. */
Caste caste_most_wanted(const Nest *nest)
{
    int32_t total = 1;
    for (int i = 0; i < CASTE_COUNT; i++)
        total += nest->census[i];
    Caste wanted = CASTE_FORAGER;
    float most = 0;
    for (int i = 0; i < CASTE_COUNT; i++) {
        float missing = castes[i].share - (float)nest->census[i] / (float)total;
        if (missing > most) {
            most = missing;
            wanted = (Caste)i;
        }
    }
    return wanted;
}

const char *behaviour_name(AntBehaviour *behave)
{
    for (int i = 0; i < CASTE_COUNT; i++)
        for (const Behaviour *entry = castes[i].behaviours(); entry->act; entry++)
            if (entry->act == behave)
                return entry->name;
    return "lost in thought";
}
