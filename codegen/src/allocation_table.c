#include "allocation_table.h"

#include <stdlib.h>
#include <string.h>

#include "path.h"

MoltWrapper *molt__wrapper(const MoltWrappers *wrappers, const char *name, const char *file)
{
    for (uint32_t i = 0; i < wrappers->count; i++) {
        if (strcmp(wrappers->items[i].name, name) == 0 &&
            strcmp(wrappers->items[i].file, file) == 0) {
            return &wrappers->items[i];
        }
    }
    return NULL;
}

static bool allocates(const MoltWrappers *wrappers, const MoltUnitAllocation *call)
{
    return call->libc || molt__wrapper(wrappers, call->callee, call->callee_file) != NULL;
}

static bool adds(const MoltWrappers *wrappers, const MoltUnitAllocation *call)
{
    const MoltWrapper *callee = call->libc ? NULL : molt__wrapper(wrappers, call->callee, call->callee_file);
    return callee != NULL && callee->adds;
}

/* True when the call makes a wrapper of its function, or shows more of one. */
static bool learn(MoltArena *arena, MoltWrappers *wrappers, const MoltUnitAllocation *call)
{
    if (!call->gives_on || !allocates(wrappers, call)) {
        return false;
    }
    MoltWrapper *known = molt__wrapper(wrappers, call->function, call->function_file);
    bool added = known == NULL;
    if (added) {
        wrappers->items = molt__arena_grow(arena, wrappers->items, wrappers->count,
                                           &wrappers->capacity, sizeof *wrappers->items);
        known = &wrappers->items[wrappers->count++];
        *known = (MoltWrapper){call->function, call->function_file, false};
    }
    if (!known->adds && (call->adds || adds(wrappers, call))) {
        known->adds = added = true;
    }
    return added;
}

/* A wrapper may call another one, so until nothing is added. */
MoltWrappers molt__wrappers_find(MoltArena *arena, const MoltLibraryNames *names)
{
    MoltWrappers wrappers = {0};
    for (bool added = true; added;) {
        added = false;
        for (uint32_t u = 0; u < names->unit_count; u++) {
            const MoltUnit *unit = &names->units[u];
            for (uint32_t i = 0; i < unit->allocation_count; i++) {
                added = learn(arena, &wrappers, &unit->allocations[i]) || added;
            }
        }
    }
    return wrappers;
}

/* Room behind a struct is not one more of it; of a flexible one it is more of its array. */
static bool has_room_behind(const MoltSchema *schema, MoltTypeId type)
{
    uint16_t kind = molt_type(schema, type)->kind;
    return (kind == MOLT_KIND_STRUCT || kind == MOLT_KIND_UNION || kind == MOLT_KIND_POINTER) &&
           molt_schema_tail(schema, type) == NULL;
}

static int compare_place(const MoltUnitAllocation *a, const MoltUnitAllocation *b)
{
    int order = strcmp(a->place.file, b->place.file);
    if (order == 0) {
        order = (a->place.line > b->place.line) - (a->place.line < b->place.line);
    }
    return order != 0 ? order
                      : (a->place.column > b->place.column) - (a->place.column < b->place.column);
}

static int compare_calls(const void *left, const void *right)
{
    const MoltUnitAllocation *a = left, *b = right;
    int order = compare_place(a, b);
    if (order == 0) {
        order = strcmp(a->callee, b->callee);
    }
    return order != 0 ? order : strcmp(a->type, b->type);
}

/* Calls of one place: of a header's function in several sources, or several in one macro. */
static void fold(MoltUnit *library)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < library->allocation_count; i++) {
        const MoltUnitAllocation *call = &library->allocations[i];
        MoltUnitAllocation *last = kept > 0 ? &library->allocations[kept - 1] : NULL;
        if (last == NULL || compare_place(last, call) != 0 ||
            strcmp(last->callee, call->callee) != 0) {
            library->allocations[kept++] = *call;
            continue;
        }
        if (strcmp(last->type, call->type) != 0) {
            last->type = "";
            last->reason = "calls of one place allocate different types";
        }
        last->gives_on = last->gives_on || call->gives_on;
        last->pool = last->pool && call->pool;
    }
    library->allocation_count = kept;
}

void molt__allocations_link(MoltArena *arena, const MoltLibraryNames *names,
                            const MoltWrappers *wrappers, MoltUnit *library)
{
    for (uint32_t u = 0; u < names->unit_count; u++) {
        const MoltUnit *unit = &names->units[u];
        for (uint32_t i = 0; i < unit->allocation_count; i++) {
            MoltUnitAllocation call = unit->allocations[i];
            MoltTypeId type =
                call.type[0] != '\0' ? molt_schema_find(unit->schema, call.type) : MOLT_NO_TYPE;
            if (!allocates(wrappers, &call)) {
                continue;
            }
            call.type = type != MOLT_NO_TYPE ? molt__library_name(names, u, type) : "";
            MoltTypeId view =
                call.view[0] != '\0' ? molt_schema_find(unit->schema, call.view) : MOLT_NO_TYPE;
            call.view = view != MOLT_NO_TYPE ? molt__library_name(names, u, view) : "";
            if (type != MOLT_NO_TYPE && !call.pool && adds(wrappers, &call) &&
                has_room_behind(unit->schema, type)) {
                call.type = "";
                call.reason = molt__arena_format(
                    arena, "the block is larger than the size that %s is given", call.callee);
            }
            library->allocations = molt__arena_grow(
                arena, library->allocations, library->allocation_count,
                &library->allocation_capacity, sizeof *library->allocations);
            library->allocations[library->allocation_count++] = call;
        }
    }
    if (library->allocation_count > 0) {
        qsort(library->allocations, library->allocation_count, sizeof *library->allocations,
              compare_calls);
        fold(library);
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Strings one after the other, equal ones once. */
typedef struct Pool {
    MoltArena *arena;
    const char **items;
    uint32_t *offsets;
    uint32_t count, capacity, offset_capacity, size;
} Pool;

static uint32_t intern(Pool *pool, const char *text)
{
    for (uint32_t i = 0; i < pool->count; i++) {
        if (strcmp(pool->items[i], text) == 0) {
            return pool->offsets[i];
        }
    }
    pool->items = molt__arena_grow(pool->arena, pool->items, pool->count, &pool->capacity,
                                   sizeof *pool->items);
    pool->offsets = molt__arena_grow(pool->arena, pool->offsets, pool->count,
                                     &pool->offset_capacity, sizeof *pool->offsets);
    pool->items[pool->count] = text;
    pool->offsets[pool->count++] = pool->size;
    pool->size += (uint32_t)strlen(text) + 1;
    return pool->size - (uint32_t)strlen(text) - 1;
}

static unsigned flags_of(const MoltUnitAllocation *call)
{
    return (call->gives_on ? MOLT_ALLOCATION_WRAPPER : 0u) |
           (call->pool ? MOLT_ALLOCATION_POOL : 0u);
}

bool molt__allocations_write(MoltText *text, const MoltUnit *library)
{
    Pool pool = {.arena = text->arena};
    if (library->allocation_count == 0) {
        return false;
    }
    intern(&pool, "");
    molt__text_add(text, "static const MoltAllocation allocations[] = {\n");
    for (uint32_t i = 0; i < library->allocation_count; i++) {
        const MoltUnitAllocation *call = &library->allocations[i];
        const char *file = molt__path_recorded(text->arena, library->base, call->place.file);
        MoltTypeId type =
            call->type[0] != '\0' ? molt_schema_find(library->schema, call->type) : MOLT_NO_TYPE;
        molt__text_add(text,
                       "    {.file = %u, .line = %u, .column = %u, .callee = %u, .function = %u,\n"
                       "     .reason = %u, .type = %uu, .flags = %u},\n",
                       intern(&pool, file), call->place.line, call->place.column,
                       intern(&pool, call->callee), intern(&pool, call->function),
                       intern(&pool, type == MOLT_NO_TYPE ? call->reason : ""), type,
                       flags_of(call));
    }
    molt__text_add(text, "};\n\nstatic const char allocation_text[] =\n");
    for (uint32_t i = 0; i < pool.count; i++) {
        molt__text_add(text, "    /* %u */ ", pool.offsets[i]);
        molt__text_add_literal(text, pool.items[i]);
        molt__text_add(text, "%s\n", i + 1 < pool.count ? " \"\\0\"" : ";");
    }
    molt__text_add(text, "\n");
    return true;
}
