#include "molt/call_site.h"

#include <string.h>

/* Invariant: slots holds for each item its index + 1 at the first free slot from its hash on; there
 * are at least twice as many slots, a power of two, as items. */
struct MoltCallSites {
    MoltAllocator allocator;
    MoltCallSite *items;
    uint32_t *slots;
    char *text;
    uint32_t count, slot_count;
    size_t text_size;
};

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

static uint32_t hash_of(uintptr_t address)
{
    return (uint32_t)(((uint64_t)address * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static void insert(MoltCallSites *sites, uint32_t index)
{
    uint32_t mask = sites->slot_count - 1;
    uint32_t slot = hash_of(sites->items[index].address) & mask;
    while (sites->slots[slot] != 0)
        slot = (slot + 1) & mask;
    sites->slots[slot] = index + 1;
}

static const char *keep_text(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *kept = *at;
    memcpy(kept, text, size);
    *at += size;
    return kept;
}

static size_t text_of(const MoltCallSite *site)
{
    return strlen(site->file) + strlen(site->function) + strlen(site->reason) + 3;
}

MoltStatus molt_call_sites_create(const MoltAllocator *allocator, const MoltCallSite *items,
                                  uint32_t count, MoltCallSites **out, MoltError *error)
{
    allocator = allocator ? allocator : molt_allocator_default();
    MoltCallSites *sites = resize(allocator, NULL, 0, sizeof *sites);
    if (!sites || count > UINT32_MAX / 8)
        goto failed;
    *sites = (MoltCallSites){.allocator = *allocator, .count = count, .slot_count = 4};
    while (sites->slot_count < 2 * count)
        sites->slot_count *= 2;
    for (uint32_t i = 0; i < count; i++)
        sites->text_size += text_of(&items[i]);
    sites->slots = resize(allocator, NULL, 0, sites->slot_count * sizeof *sites->slots);
    if (count > 0) {
        sites->items = resize(allocator, NULL, 0, count * sizeof *sites->items);
        sites->text = resize(allocator, NULL, 0, sites->text_size);
    }
    if (!sites->slots || (count > 0 && (!sites->items || !sites->text)))
        goto failed;
    memset(sites->slots, 0, sites->slot_count * sizeof *sites->slots);
    char *at = sites->text;
    for (uint32_t i = 0; i < count; i++) {
        sites->items[i] = items[i];
        sites->items[i].file = keep_text(&at, items[i].file);
        sites->items[i].function = keep_text(&at, items[i].function);
        sites->items[i].reason = keep_text(&at, items[i].reason);
        insert(sites, i);
    }
    *out = sites;
    return MOLT_OK;

failed:
    molt_call_sites_free(sites);
    return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for %u allocation sites.", count);
}

void molt_call_sites_free(MoltCallSites *sites)
{
    if (!sites)
        return;
    const MoltAllocator allocator = sites->allocator;
    if (sites->slots)
        resize(&allocator, sites->slots, sites->slot_count * sizeof *sites->slots, 0);
    if (sites->items)
        resize(&allocator, sites->items, sites->count * sizeof *sites->items, 0);
    if (sites->text)
        resize(&allocator, sites->text, sites->text_size, 0);
    resize(&allocator, sites, sizeof *sites, 0);
}

uint32_t molt_call_sites_count(const MoltCallSites *sites)
{
    return sites ? sites->count : 0;
}

const MoltCallSite *molt_call_sites_at(const MoltCallSites *sites, uint32_t index)
{
    return &sites->items[index];
}

uint32_t molt_call_sites_find(const MoltCallSites *sites, uintptr_t address)
{
    if (!sites)
        return UINT32_MAX;
    uint32_t mask = sites->slot_count - 1;
    for (uint32_t slot = hash_of(address) & mask; sites->slots[slot] != 0; slot = (slot + 1) & mask)
        if (sites->items[sites->slots[slot] - 1].address == address)
            return sites->slots[slot] - 1;
    return UINT32_MAX;
}
