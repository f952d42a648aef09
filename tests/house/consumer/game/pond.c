#include <molt/molt.h>
#include <molt/platform_api.h>

typedef struct Fish {
    struct Fish *next;
    float x, y;
    int age MOLT_DEFAULT(1);
} Fish;

typedef struct Pond {
    const MoltPlatformApi *api MOLT_EXTERNAL;
    Fish *first;
    uint64_t frames;
} Pond;

MOLT_ROOT(Pond);

void *start_up(const MoltPlatformApi *api)
{
    Pond *pond = molt_new(Pond);
    if (!pond)
        return NULL;
    pond->api = api;
    for (int i = 0; i < 10; i++) {
        Fish *fish = molt_new(Fish);
        if (!fish)
            return NULL;
        fish->x = (float)i;
        fish->next = pond->first;
        pond->first = fish;
    }
    return pond;
}

bool main_loop(void *state)
{
    Pond *pond = state;
    pond->frames++;
    for (Fish *fish = pond->first; fish; fish = fish->next)
        fish->age++;
    return true;
}

void shut_down(void *state)
{
    Pond *pond = state;
    while (pond->first) {
        Fish *fish = pond->first;
        pond->first = fish->next;
        molt_delete(fish);
    }
    molt_delete(pond);
}
