/* One xorshift64* generator in the state: equal seeds play equal games. Never draw twice in one
 * expression: C leaves the order open, and compilers differ. */
#include "actions.h"
#include "vec2.h"

static const float tau = 6.2831853f;

static uint64_t random_next(Random *random)
{
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * 0x2545F4914F6CDD1Du;
}

void random_seed(Random *random, uint64_t seed)
{
    random->state = (seed + 1) * 0x9E3779B97F4A7C15u;
    if (random->state == 0)
        random->state = 1;
    for (int i = 0; i < 8; i++)
        random_next(random);
}

uint32_t random_below(Random *random, uint32_t limit)
{
    return (uint32_t)(((random_next(random) >> 32) * limit) >> 32);
}

float random_unit(Random *random)
{
    return (float)(random_next(random) >> 40) / (float)(1 << 24);
}

float random_between(Random *random, float low, float high)
{
    return low + (high - low) * random_unit(random);
}

bool random_chance(Random *random, float probability)
{
    return random_unit(random) < probability;
}

Vec2 random_direction(Random *random)
{
    return vec2_direction(random_unit(random) * tau);
}

Vec2 random_in_disc(Random *random, Vec2 centre, float radius)
{
    Vec2 way = random_direction(random);
    return vec2_along(centre, way, radius * sqrtf(random_unit(random)));
}

Vec2 random_in_rect(Random *random, Vec2 low, Vec2 high)
{
    float x = random_between(random, low.x, high.x);
    float y = random_between(random, low.y, high.y);
    return (Vec2){x, y};
}
