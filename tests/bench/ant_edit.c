#include "ant_edit.h"

#include <string.h>

static const Member before_members[] = {
    {"next", "Ant *", offsetof(AntBefore, next)},
    {"prey", "Ant *", offsetof(AntBefore, prey)},
    {"x", "float", offsetof(AntBefore, x)},
    {"y", "float", offsetof(AntBefore, y)},
    {"heading_x", "float", offsetof(AntBefore, heading_x)},
    {"heading_y", "float", offsetof(AntBefore, heading_y)},
    {"energy", "int", offsetof(AntBefore, energy)},
    {"hunger", "float", offsetof(AntBefore, hunger)},
    {"born", "unsigned long", offsetof(AntBefore, born)},
    {"id", "unsigned int", offsetof(AntBefore, id)},
    {"nest", "unsigned int", offsetof(AntBefore, nest)},
    {"caste", "short", offsetof(AntBefore, caste)},
    {"task", "short", offsetof(AntBefore, task)},
    {"load", "int[4]", offsetof(AntBefore, load)},
    {"age", "double", offsetof(AntBefore, age)},
    {"speed", "double", offsetof(AntBefore, speed)},
};

static const Member after_members[] = {
    {"next", "Ant *", offsetof(AntAfter, next)},
    {"prey", "Ant *", offsetof(AntAfter, prey)},
    {"age", "double", offsetof(AntAfter, age)},
    {"speed", "double", offsetof(AntAfter, speed)},
    {"x", "float", offsetof(AntAfter, x)},
    {"y", "float", offsetof(AntAfter, y)},
    {"heading_x", "float", offsetof(AntAfter, heading_x)},
    {"heading_y", "float", offsetof(AntAfter, heading_y)},
    {"energy", "long", offsetof(AntAfter, energy)},
    {"hunger", "double", offsetof(AntAfter, hunger)},
    {"wounds", "unsigned int", offsetof(AntAfter, wounds)},
    {"fear", "float", offsetof(AntAfter, fear)},
    {"born", "unsigned long", offsetof(AntAfter, born)},
    {"caste", "short", offsetof(AntAfter, caste)},
    {"task", "short", offsetof(AntAfter, task)},
    {"id", "unsigned int", offsetof(AntAfter, id)},
    {"nest", "unsigned int", offsetof(AntAfter, nest)},
    {"load", "int[4]", offsetof(AntAfter, load)},
};

const Struct bench_ant_before = {"Ant", before_members,
                                 sizeof before_members / sizeof *before_members, sizeof(AntBefore)};
const Struct bench_ant_after = {"Ant", after_members, sizeof after_members / sizeof *after_members,
                                sizeof(AntAfter)};

/* ---- the objects ---------------------------------------------------------------------------- */

AntBefore bench_ant(uint64_t number)
{
    uint64_t chance = number * 0x9e3779b97f4a7c15u + 88172645463325252u;
    bench_chance(&chance);
    return (AntBefore){.x = (float)(number % 1280),
                       .y = (float)(number % 720),
                       .heading_x = (float)(chance % 100) / 64,
                       .heading_y = 1,
                       .energy = (int32_t)number,
                       .hunger = (float)(chance % 1000),
                       .born = chance,
                       .id = (uint32_t)number,
                       .nest = (uint32_t)(chance % 4),
                       .caste = (int16_t)(number % 4),
                       .task = (int16_t)(chance % 9),
                       .load = {1, 0, (int32_t)(chance % 77), -3},
                       .age = (double)number,
                       .speed = (double)(chance % 5000) / 64};
}

bool bench_ant_is(const AntAfter *ant, uint64_t number)
{
    const AntBefore was = bench_ant(number);
    return ant->x == was.x && ant->y == was.y && ant->heading_x == was.heading_x &&
           ant->heading_y == was.heading_y && ant->energy == was.energy &&
           ant->hunger == (double)was.hunger && ant->born == was.born && ant->id == was.id &&
           ant->nest == was.nest && ant->caste == was.caste && ant->task == was.task &&
           memcmp(ant->load, was.load, sizeof was.load) == 0 && ant->age == was.age &&
           ant->speed == was.speed && ant->wounds == 0 && ant->fear == 0;
}

static AntBefore linked_ant(uint64_t number, AntBefore *last)
{
    AntBefore ant = bench_ant(number);
    ant.next = last;
    ant.prey = number % 3 == 0 ? last : NULL;
    return ant;
}

bool bench_ants_fill(MoltHeap *heap, uint64_t count)
{
    MoltTypeId type = molt_schema_find(molt_heap_schema(heap), "Ant");
    AntBefore *last = NULL;
    for (uint64_t i = 0; i < count; i++) {
        AntBefore *ant = molt_heap_new(heap, type, 1);
        if (!ant)
            return false;
        *ant = linked_ant(i, last);
        last = ant;
    }
    molt_heap_set_root(heap, 0, last);
    return true;
}

bool bench_ants_right(const MoltHeap *heap, uint64_t count)
{
    uint64_t id = count;
    for (const AntAfter *ant = molt_heap_root(heap, 0); ant; ant = ant->next) {
        id--;
        if (!bench_ant_is(ant, id) || ant->prey != (id % 3 == 0 ? ant->next : NULL))
            return false;
    }
    return id == 0;
}

/* ---- by hand -------------------------------------------------------------------------------- */

void bench_ants_fill_array(AntBefore *ants, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        ants[i] = linked_ant(i, i > 0 ? &ants[i - 1] : NULL);
}

static AntAfter *follow(const AntBefore *before, AntAfter *after, const AntBefore *pointer)
{
    return pointer ? after + (pointer - before) : NULL;
}

void bench_ants_convert(const AntBefore *before, AntAfter *after, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const AntBefore *was = &before[i];
        AntAfter *is = &after[i];
        is->next = follow(before, after, was->next);
        is->prey = follow(before, after, was->prey);
        is->age = was->age;
        is->speed = was->speed;
        is->x = was->x;
        is->y = was->y;
        is->heading_x = was->heading_x;
        is->heading_y = was->heading_y;
        is->energy = was->energy;
        is->hunger = was->hunger;
        is->wounds = 0;
        is->fear = 0;
        is->born = was->born;
        is->caste = was->caste;
        is->task = was->task;
        is->id = was->id;
        is->nest = was->nest;
        memcpy(is->load, was->load, sizeof is->load);
    }
    /* Keeps the result, which nobody may read. */
    __asm__ volatile("" : : "r"(after) : "memory");
}
