/* Arithmetic on points and directions. Must never know what they belong to. */
#ifndef VEC2_H
#define VEC2_H

#include <math.h>

#include "colony.h"

static inline Vec2 vec2_add(Vec2 a, Vec2 b)
{
    return (Vec2){a.x + b.x, a.y + b.y};
}

static inline Vec2 vec2_sub(Vec2 a, Vec2 b)
{
    return (Vec2){a.x - b.x, a.y - b.y};
}

/* a + b * scale */
static inline Vec2 vec2_along(Vec2 a, Vec2 b, float scale)
{
    return (Vec2){a.x + b.x * scale, a.y + b.y * scale};
}

static inline float vec2_square(Vec2 a)
{
    return a.x * a.x + a.y * a.y;
}

static inline float vec2_distance(Vec2 a, Vec2 b)
{
    return sqrtf(vec2_square(vec2_sub(a, b)));
}

static inline bool vec2_near(Vec2 a, Vec2 b, float radius)
{
    return vec2_square(vec2_sub(a, b)) < radius * radius;
}

static inline Vec2 vec2_direction(float angle)
{
    return (Vec2){cosf(angle), sinf(angle)};
}

/* `a` turned by the angle of the unit vector `turn`. */
static inline Vec2 vec2_rotate(Vec2 a, Vec2 turn)
{
    return (Vec2){a.x * turn.x - a.y * turn.y, a.x * turn.y + a.y * turn.x};
}

/* Unit vector from `from` to `to`; `otherwise` when they are one point. */
static inline Vec2 vec2_toward(Vec2 from, Vec2 to, Vec2 otherwise)
{
    Vec2 way = vec2_sub(to, from);
    float length = sqrtf(vec2_square(way));
    if (length < 1e-4f)
        return otherwise;
    return (Vec2){way.x / length, way.y / length};
}

#endif
