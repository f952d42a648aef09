/* The ant before and after the edit that most rows are stated for, in C and in C++. It must never know
 * Molt. */
#ifndef MOLT_BENCH_ANT_H
#define MOLT_BENCH_ANT_H

#include <stdint.h>
#include <string.h>

typedef struct AntBefore {
    struct AntBefore *next, *prey;
    float x, y, heading_x, heading_y;
    int32_t energy;
    float hunger;
    uint64_t born;
    uint32_t id, nest;
    int16_t caste, task;
    int32_t load[4];
    double age, speed;
} AntBefore;

typedef struct AntAfter {
    struct AntAfter *next, *prey;
    double age, speed;
    float x, y, heading_x, heading_y;
    int64_t energy;
    double hunger;
    uint32_t wounds;
    float fear;
    uint64_t born;
    int16_t caste, task;
    uint32_t id, nest;
    int32_t load[4];
} AntAfter;

/* Number of an ant in its array, from 1; 0 for NULL. For formats that have no pointers. */
static inline uint32_t bench_ant_number(const AntBefore *ants, const AntBefore *ant)
{
    return ant ? (uint32_t)(ant - ants) + 1 : 0;
}

/* *is becomes what *was is, whose pointers are given as numbers. */
static inline void bench_ant_take(AntAfter *ants, AntAfter *is, const AntBefore *was, uint32_t next,
                                  uint32_t prey)
{
    is->next = next ? ants + (next - 1) : NULL;
    is->prey = prey ? ants + (prey - 1) : NULL;
    is->age = was->age;
    is->speed = was->speed;
    is->x = was->x;
    is->y = was->y;
    is->heading_x = was->heading_x;
    is->heading_y = was->heading_y;
    is->energy = was->energy;
    is->hunger = (double)was->hunger;
    is->wounds = 0;
    is->fear = 0;
    is->born = was->born;
    is->caste = was->caste;
    is->task = was->task;
    is->id = was->id;
    is->nest = was->nest;
    memcpy(is->load, was->load, sizeof is->load);
}

#endif
