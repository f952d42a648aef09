/* msgpack-c: an array for each ant, one after the other in a buffer. */
#include <msgpack.h>

#include "round_trip.h"

enum { FIELDS = 16 };

static msgpack_sbuffer buffer;

static void pack(msgpack_packer *packer, const AntBefore *ants, const AntBefore *ant)
{
    msgpack_pack_array(packer, FIELDS);
    msgpack_pack_uint32(packer, bench_ant_number(ants, ant->next));
    msgpack_pack_uint32(packer, bench_ant_number(ants, ant->prey));
    msgpack_pack_float(packer, ant->x);
    msgpack_pack_float(packer, ant->y);
    msgpack_pack_float(packer, ant->heading_x);
    msgpack_pack_float(packer, ant->heading_y);
    msgpack_pack_int32(packer, ant->energy);
    msgpack_pack_float(packer, ant->hunger);
    msgpack_pack_uint64(packer, ant->born);
    msgpack_pack_uint32(packer, ant->id);
    msgpack_pack_uint32(packer, ant->nest);
    msgpack_pack_int16(packer, ant->caste);
    msgpack_pack_int16(packer, ant->task);
    msgpack_pack_array(packer, 4);
    for (int i = 0; i < 4; i++)
        msgpack_pack_int32(packer, ant->load[i]);
    msgpack_pack_double(packer, ant->age);
    msgpack_pack_double(packer, ant->speed);
}

static void take(const msgpack_object *of, AntAfter *ants, AntAfter *ant)
{
    AntBefore was = {.x = (float)of[2].via.f64,
                     .y = (float)of[3].via.f64,
                     .heading_x = (float)of[4].via.f64,
                     .heading_y = (float)of[5].via.f64,
                     .energy = (int32_t)of[6].via.i64,
                     .hunger = (float)of[7].via.f64,
                     .born = of[8].via.u64,
                     .id = (uint32_t)of[9].via.u64,
                     .nest = (uint32_t)of[10].via.u64,
                     .caste = (int16_t)of[11].via.i64,
                     .task = (int16_t)of[12].via.i64,
                     .age = of[14].via.f64,
                     .speed = of[15].via.f64};
    for (int i = 0; i < 4; i++)
        was.load[i] = (int32_t)of[13].via.array.ptr[i].via.i64;
    bench_ant_take(ants, ant, &was, (uint32_t)of[0].via.u64, (uint32_t)of[1].via.u64);
}

static bool run(const AntBefore *before, AntAfter *after, uint32_t count)
{
    msgpack_packer packer;
    msgpack_unpacked one;
    size_t offset = 0;
    bool ok = true;
    msgpack_sbuffer_clear(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    for (uint32_t i = 0; i < count; i++)
        pack(&packer, before, &before[i]);
    msgpack_unpacked_init(&one);
    for (uint32_t i = 0; ok && i < count; i++) {
        ok = msgpack_unpack_next(&one, buffer.data, buffer.size, &offset) ==
                 MSGPACK_UNPACK_SUCCESS &&
             one.data.type == MSGPACK_OBJECT_ARRAY && one.data.via.array.size == FIELDS &&
             one.data.via.array.ptr[13].type == MSGPACK_OBJECT_ARRAY &&
             one.data.via.array.ptr[13].via.array.size == 4;
        if (ok)
            take(one.data.via.array.ptr, after, &after[i]);
    }
    msgpack_unpacked_destroy(&one);
    return ok;
}

static void forget(void)
{
    msgpack_sbuffer_destroy(&buffer);
    msgpack_sbuffer_init(&buffer);
}

const RoundTrip bench_msgpack = {"msgpack-c", 25, run, forget};
