/* protobuf-c: one message with all ants, packed into a buffer and unpacked from it. */
#include <stdlib.h>

#include "ant.pb-c.h"
#include "round_trip.h"

static uint8_t *buffer;
static size_t capacity;

static void fill(const AntBefore *ants, const AntBefore *ant, Bench__Ant *message)
{
    bench__ant__init(message);
    message->next = bench_ant_number(ants, ant->next);
    message->prey = bench_ant_number(ants, ant->prey);
    message->x = ant->x;
    message->y = ant->y;
    message->heading_x = ant->heading_x;
    message->heading_y = ant->heading_y;
    message->energy = ant->energy;
    message->hunger = ant->hunger;
    message->born = ant->born;
    message->id = ant->id;
    message->nest = ant->nest;
    message->caste = ant->caste;
    message->task = ant->task;
    message->n_load = 4;
    message->load = (int32_t *)(uintptr_t)ant->load; /* is only read */
    message->age = ant->age;
    message->speed = ant->speed;
}

static void take(const Bench__Ant *message, AntAfter *ants, AntAfter *ant)
{
    AntBefore was = {.x = message->x,
                     .y = message->y,
                     .heading_x = message->heading_x,
                     .heading_y = message->heading_y,
                     .energy = message->energy,
                     .hunger = message->hunger,
                     .born = message->born,
                     .id = message->id,
                     .nest = message->nest,
                     .caste = (int16_t)message->caste,
                     .task = (int16_t)message->task,
                     .age = message->age,
                     .speed = message->speed};
    for (size_t i = 0; i < message->n_load && i < 4; i++)
        was.load[i] = message->load[i];
    bench_ant_take(ants, ant, &was, message->next, message->prey);
}

static size_t pack(const AntBefore *before, uint32_t count)
{
    size_t length = 0;
    Bench__Ant *messages = malloc(count * sizeof *messages);
    Bench__Ant **list = malloc(count * sizeof *list);
    if (messages && list) {
        Bench__Ants all = BENCH__ANTS__INIT;
        for (uint32_t i = 0; i < count; i++) {
            fill(before, &before[i], &messages[i]);
            list[i] = &messages[i];
        }
        all.n_ants = count;
        all.ants = list;
        length = bench__ants__get_packed_size(&all);
        if (length > capacity) {
            free(buffer);
            buffer = malloc(length);
            capacity = buffer ? length : 0;
        }
        length = buffer ? bench__ants__pack(&all, buffer) : 0;
    }
    free(messages);
    free(list);
    return length;
}

static bool run(const AntBefore *before, AntAfter *after, uint32_t count)
{
    size_t length = pack(before, count);
    Bench__Ants *read = length > 0 ? bench__ants__unpack(NULL, length, buffer) : NULL;
    bool ok = read && read->n_ants == count;
    for (uint32_t i = 0; ok && i < count; i++)
        take(read->ants[i], after, &after[i]);
    if (read)
        bench__ants__free_unpacked(read, NULL);
    return ok;
}

static void forget(void)
{
    free(buffer);
    buffer = NULL;
    capacity = 0;
}

const RoundTrip bench_protobuf = {"protobuf-c", 25, run, forget};
