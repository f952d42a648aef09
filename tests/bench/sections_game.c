/* A game library as hot reloaders that copy sections want it: all of its state is in variables. It knows no
 * Molt, and does nothing. */
#include <stdbool.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT void *start_up(const void *api);
EXPORT bool main_loop(void *state);
EXPORT void shut_down(void *state);

static unsigned char world[BENCH_STATE_BYTES];
static volatile int frames = 1;

void *start_up(const void *api)
{
    (void)api;
    memset(world, 1, sizeof world);
    return world;
}

bool main_loop(void *state)
{
    frames++;
    return state == world && world[sizeof world - 1] == 1;
}

void shut_down(void *state)
{
    (void)state;
}
