#include "code_patches.h"

#include <string.h>

#define ROOM_LEAST ((uint64_t)4096)

typedef struct Batch {
    unsigned char *first;
    uint64_t stride, n;
} Batch;

/* Batches begin at multiples of 8. */
static uint64_t bytes_of(uint64_t n)
{
    return sizeof(Batch) + (n + 7) / 8 * 8;
}

uint8_t molt__code_patches_place(MoltCodePatches *patches, uintptr_t place)
{
    for (uint32_t p = 1; p <= patches->place_count; p++)
        if (patches->places[p] == place)
            return (uint8_t)p;
    if (patches->place_count == MOLT__CODE_PLACES - 1)
        return 0;
    patches->places[++patches->place_count] = place;
    return (uint8_t)patches->place_count;
}

uint8_t *molt__code_patches_begin(MoltCodePatches *patches, const MoltAllocator *allocator,
                                  unsigned char *first, uint64_t stride, uint64_t n)
{
    const Batch batch = {first, stride, n};
    uint64_t size = patches->size + bytes_of(n);
    if (size > patches->room) {
        uint64_t room = patches->room > 0 ? patches->room * 2 : ROOM_LEAST;
        room = room < size ? size : room;
        unsigned char *bytes =
            allocator->resize(allocator->context, patches->bytes, patches->room, room);
        if (!bytes)
            return NULL;
        patches->bytes = bytes;
        patches->room = room;
    }
    unsigned char *at = patches->bytes + patches->size;
    memcpy(at, &batch, sizeof batch);
    memset(at + sizeof batch, 0, size - patches->size - sizeof batch);
    patches->size = size;
    return at + sizeof batch;
}

void molt__code_patches_write(const MoltCodePatches *patches)
{
    for (uint64_t at = 0; at < patches->size;) {
        Batch batch;
        memcpy(&batch, patches->bytes + at, sizeof batch);
        const uint8_t *numbers = patches->bytes + at + sizeof batch;
        unsigned char *to = batch.first;
        for (uint64_t i = 0; i < batch.n; i++, to += batch.stride)
            if (numbers[i] != 0)
                memcpy(to, &patches->places[numbers[i]], sizeof(uintptr_t));
        at += bytes_of(batch.n);
    }
}

void molt__code_patches_stretches(const MoltCodePatches *patches,
                                  void (*visit)(void *context, uintptr_t begin, uintptr_t end),
                                  void *context)
{
    uintptr_t begin = 0, end = 0;
    for (uint64_t at = 0; at < patches->size;) {
        Batch batch;
        memcpy(&batch, patches->bytes + at, sizeof batch);
        uintptr_t first = (uintptr_t)batch.first;
        uintptr_t last = first + batch.stride * (batch.n - 1) + sizeof(uintptr_t);
        if (first < end || first - end > MOLT__CODE_GAP) {
            if (end > begin)
                visit(context, begin, end);
            begin = first;
        }
        end = last;
        at += bytes_of(batch.n);
    }
    if (end > begin)
        visit(context, begin, end);
}

void molt__code_patches_free(MoltCodePatches *patches, const MoltAllocator *allocator)
{
    if (patches->bytes)
        allocator->resize(allocator->context, patches->bytes, patches->room, 0);
    patches->bytes = NULL;
    patches->size = patches->room = 0;
}
