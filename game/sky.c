/* Day and night: an hour that turns, and the light that comes of it. */
#include "actions.h"

enum { DAY_SECONDS = 240 };

static const float dawn = 6, dusk = 20; /* hours in the middle of twilight */
static const float twilight = 2;        /* hours that it takes */

/* 0 to 1 around the hour `middle`. */
static float rise(float hour, float middle)
{
    float part = (hour - middle) / twilight + 0.5f;
    return part < 0 ? 0 : part > 1 ? 1 : part;
}

void sky_step(Sky *sky)
{
    sky->hour += 24.0f / (DAY_SECONDS * MOLT_FRAMES_PER_SECOND);
    if (sky->hour >= 24) {
        sky->hour -= 24;
        sky->days++;
    }
    sky->light = rise(sky->hour, dawn) * (1 - rise(sky->hour, dusk));
}

void sky_begin(Sky *sky)
{
    sky->hour = 9;
    sky->light = 1;
}
