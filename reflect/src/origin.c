#include "origin.h"

#include <stdio.h>
#include <string.h>

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

static size_t text_size(const MoltOrigin *origin)
{
    return strlen(origin->file) + strlen(origin->function) + strlen(origin->reason) + 3;
}

static void free_sites(const MoltAllocator *allocator, MoltOrigins *origins)
{
    if (origins->of_site)
        resize(allocator, origins->of_site, origins->site_count * sizeof *origins->of_site, 0);
    origins->of_site = NULL;
    origins->site_count = 0;
    origins->sites = NULL;
}

void molt__origins_free(const MoltAllocator *allocator, MoltOrigins *origins)
{
    free_sites(allocator, origins);
    for (uint32_t i = 1; i < origins->count; i++) /* the three texts lie one after the other */
        resize(allocator, (char *)origins->items[i].file, text_size(&origins->items[i]), 0);
    if (origins->items)
        resize(allocator, origins->items, origins->slots * sizeof *origins->items, 0);
    *origins = (MoltOrigins){0};
}

bool molt__origins_use(const MoltAllocator *allocator, MoltOrigins *origins,
                       const MoltCallSites *sites)
{
    uint32_t *of_site = NULL;
    size_t bytes = molt_call_sites_count(sites) * sizeof *of_site;
    if (bytes > 0) {
        of_site = resize(allocator, NULL, 0, bytes);
        if (!of_site)
            return false;
        memset(of_site, 0, bytes);
    }
    free_sites(allocator, origins);
    origins->sites = sites;
    origins->of_site = of_site;
    origins->site_count = molt_call_sites_count(sites);
    return true;
}

static bool is_equal(const MoltOrigin *a, const MoltOrigin *b)
{
    return a->line == b->line && strcmp(a->file, b->file) == 0 &&
           strcmp(a->function, b->function) == 0 && strcmp(a->reason, b->reason) == 0;
}

static bool make_room(const MoltAllocator *allocator, MoltOrigins *origins)
{
    if (origins->count < origins->slots)
        return true;
    uint32_t slots = origins->slots > 0 ? origins->slots * 2 : 32;
    MoltOrigin *items =
        resize(allocator, origins->items, origins->slots * sizeof *items, slots * sizeof *items);
    if (!items)
        return false;
    if (origins->count == 0)
        items[origins->count++] = (MoltOrigin){.file = "", .function = "", .reason = ""};
    origins->items = items;
    origins->slots = slots;
    return true;
}

uint32_t molt__origins_add(const MoltAllocator *allocator, MoltOrigins *origins, MoltOrigin origin)
{
    for (uint32_t i = 1; i < origins->count; i++)
        if (is_equal(&origins->items[i], &origin))
            return i;
    char *text =
        make_room(allocator, origins) ? resize(allocator, NULL, 0, text_size(&origin)) : NULL;
    if (!text)
        return 0;
    size_t file = strlen(origin.file) + 1, function = strlen(origin.function) + 1;
    memcpy(text, origin.file, file);
    memcpy(text + file, origin.function, function);
    memcpy(text + file + function, origin.reason, strlen(origin.reason) + 1);
    origin.file = text;
    origin.function = text + file;
    origin.reason = text + file + function;
    origins->items[origins->count] = origin;
    return origins->count++;
}

MoltOrigin molt__origin_of(const MoltCallSite *site)
{
    return (MoltOrigin){
        .file = site->file, .function = site->function, .reason = site->reason, .line = site->line};
}

uint32_t molt__origins_of(const MoltAllocator *allocator, MoltOrigins *origins, uint32_t site)
{
    if (site >= origins->site_count)
        return 0;
    if (origins->of_site[site] == 0) {
        const MoltCallSite *known = molt_call_sites_at(origins->sites, site);
        origins->of_site[site] = molt__origins_add(allocator, origins, molt__origin_of(known));
    }
    return origins->of_site[site];
}

const char *molt__origin_text(const MoltOrigin *origin, char *buffer, size_t size)
{
    if (!origin || origin->file[0] == '\0')
        snprintf(buffer, size, "a place that is not known");
    else
        snprintf(buffer, size, "%s:%u (%s)", origin->file, origin->line, origin->function);
    return buffer;
}
