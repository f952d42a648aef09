#include "molt/code_names.h"

#include <string.h>
#include <xxhash.h>

#include "code_target.h"

/* Behind the 48 bits that a process uses, so that there is no memory; and hardly a number or a text has
 * such bytes. */
#define FIRST_ADDRESS ((uintptr_t)0x0001a5c300000000u)
#define ADDRESSES ((uintptr_t)1 << 32)
#define STEP ((uintptr_t)16)

_Static_assert(sizeof(uintptr_t) == 8, "the range lies behind what a process uses of 64 bits");

/* Name number i has the address FIRST_ADDRESS + i * STEP. Its strings are one allocation, `file`. */
typedef struct Name {
    MoltCodeTarget target;
    uint64_t hash;
    char *strings;
    size_t size; /* of strings */
} Name;

/* Invariant: slot_count is a power of two and more than twice `count`, or both are 0; each name is in
 * exactly one slot, as its number plus one. */
struct MoltCodeNames {
    MoltAllocator allocator;
    MoltCodeMap map;
    Name *items;
    uint32_t *slots;
    uint32_t count, slot_count;
};

static void *resize(const MoltCodeNames *names, void *block, size_t old_size, size_t size)
{
    return names->allocator.resize(names->allocator.context, block, old_size, size);
}

/* ---- one name -------------------------------------------------------------------------------- */

/* What a snapshot file can say of a place in a library. */
static bool is_sayable(const MoltCodeTarget *target)
{
    switch (target->kind) {
    case MOLT_CODE_LITERAL: return target->offset == 0 && molt__code_ends_literal(target);
    case MOLT_CODE_FUNCTION: return target->offset == 0 && target->name[0] != '\0';
    case MOLT_CODE_DATA: return target->name[0] != '\0';
    }
    return false;
}

static uint64_t hash_of(const MoltCodeTarget *target)
{
    uint64_t seed = target->offset * 4 + (uint64_t)target->kind;
    if (target->kind == MOLT_CODE_LITERAL)
        return XXH3_64bits_withSeed(target->bytes, target->size, seed);
    seed = XXH3_64bits_withSeed(target->file, strlen(target->file), seed);
    return XXH3_64bits_withSeed(target->name, strlen(target->name), seed);
}

static bool is_same(const MoltCodeTarget *a, const MoltCodeTarget *b)
{
    if (a->kind != b->kind || a->offset != b->offset)
        return false;
    if (a->kind == MOLT_CODE_LITERAL)
        return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
    return strcmp(a->file, b->file) == 0 && strcmp(a->name, b->name) == 0;
}

static bool copy(const MoltCodeNames *names, const MoltCodeTarget *target, Name *out)
{
    bool literal = target->kind == MOLT_CODE_LITERAL;
    size_t file = literal ? 0 : strlen(target->file) + 1;
    size_t name = literal ? target->size : strlen(target->name) + 1;
    size_t value = literal ? 0 : target->value_size;
    out->size = file + name + value;
    out->strings = resize(names, NULL, 0, out->size);
    if (!out->strings)
        return false;
    memcpy(out->strings, target->file, file);
    memcpy(out->strings + file, literal ? target->bytes : target->name, name);
    if (value > 0)
        memcpy(out->strings + file + name, target->value, value);
    out->target = *target;
    out->target.file = literal ? "" : out->strings;
    out->target.name = literal ? "" : out->strings + file;
    out->target.bytes = literal ? out->strings : NULL;
    out->target.value = value > 0 ? out->strings + file + name : NULL;
    out->target.value_size = (uint32_t)value;
    return true;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* The slot of the name, or the empty one where it belongs. */
static uint32_t find(const MoltCodeNames *names, const MoltCodeTarget *target, uint64_t hash)
{
    uint32_t mask = names->slot_count - 1, slot = (uint32_t)hash & mask;
    for (; names->slots[slot] != 0; slot = (slot + 1) & mask) {
        const Name *item = &names->items[names->slots[slot] - 1];
        if (item->hash == hash && is_same(&item->target, target))
            break;
    }
    return slot;
}

static bool grow(MoltCodeNames *names)
{
    uint32_t count = names->slot_count ? names->slot_count * 2 : 64;
    uint32_t *slots = resize(names, NULL, 0, count * sizeof *slots);
    if (!slots)
        return false;
    Name *items = resize(names, names->items, names->slot_count / 2 * sizeof *items,
                         count / 2 * sizeof *items);
    if (!items) {
        resize(names, slots, count * sizeof *slots, 0);
        return false;
    }
    memset(slots, 0, count * sizeof *slots);
    for (uint32_t i = 0; i < names->count; i++) {
        uint32_t slot = (uint32_t)items[i].hash & (count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (count - 1);
        slots[slot] = i + 1;
    }
    if (names->slots)
        resize(names, names->slots, names->slot_count * sizeof *slots, 0);
    names->items = items;
    names->slots = slots;
    names->slot_count = count;
    return true;
}

static uintptr_t resolve(void *context, const MoltCodeTarget *target)
{
    MoltCodeNames *names = context;
    if (!is_sayable(target) || names->count >= ADDRESSES / STEP)
        return 0;
    if (((uint64_t)names->count + 1) * 2 >= names->slot_count && !grow(names))
        return 0;
    uint64_t hash = hash_of(target);
    uint32_t slot = find(names, target, hash);
    if (names->slots[slot] == 0) {
        Name *item = &names->items[names->count];
        if (!copy(names, target, item))
            return 0;
        item->hash = hash;
        names->slots[slot] = ++names->count;
    }
    return FIRST_ADDRESS + (names->slots[slot] - 1) * STEP;
}

static bool describe(void *context, uintptr_t address, MoltCodeTarget *out)
{
    const MoltCodeNames *names = context;
    uintptr_t distance = address - FIRST_ADDRESS;
    if (distance % STEP != 0 || distance / STEP >= names->count)
        return false;
    *out = names->items[distance / STEP].target;
    return true;
}

/* ---- public ---------------------------------------------------------------------------------- */

MoltCodeNames *molt_code_names_create(const MoltAllocator *allocator)
{
    MoltAllocator used = allocator ? *allocator : *molt_allocator_default();
    MoltCodeNames *names = used.resize(used.context, NULL, 0, sizeof *names);
    if (!names)
        return NULL;
    *names = (MoltCodeNames){.allocator = used,
                             .map = {.context = names,
                                     .begin = FIRST_ADDRESS,
                                     .end = FIRST_ADDRESS + ADDRESSES,
                                     .describe = describe,
                                     .resolve = resolve,
                                     .stays = true}};
    return names;
}

void molt_code_names_free(MoltCodeNames *names)
{
    if (!names)
        return;
    for (uint32_t i = 0; i < names->count; i++)
        resize(names, names->items[i].strings, names->items[i].size, 0);
    if (names->slots) {
        resize(names, names->items, names->slot_count / 2 * sizeof *names->items, 0);
        resize(names, names->slots, names->slot_count * sizeof *names->slots, 0);
    }
    resize(names, names, sizeof *names, 0);
}

const MoltCodeMap *molt_code_names_map(const MoltCodeNames *names)
{
    return &names->map;
}
