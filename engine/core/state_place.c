#include "state_place.h"

#include <string.h>

static uint64_t variable_size(const MoltGlobals *globals, uint32_t index)
{
    const MoltTables *tables = &globals->schema->tables;
    const MoltType *type = &tables->types[globals->type];
    return tables->types[tables->fields[type->first + index].type].size;
}

static bool find_variable(const MoltGlobals *globals, uintptr_t address, MoltStatePlace *out)
{
    for (uint32_t i = 0; globals != NULL && i < globals->count; i++) {
        uintptr_t at = (uintptr_t)globals->places[i];
        if (at != 0 && address >= at && address - at < variable_size(globals, i)) {
            *out = (MoltStatePlace){
                .kind = MOLT__STATE_VARIABLE, .type = i, .offset = address - at};
            return true;
        }
    }
    return false;
}

MoltStatePlace molt__state_place(const MoltLibrary *library, const MoltHeap *heap, uintptr_t address)
{
    MoltPlace place;
    MoltStatePlace variable;
    if (address == 0) {
        return (MoltStatePlace){.kind = MOLT__STATE_NONE};
    }
    if (address >= library->begin && address < library->end) {
        return (MoltStatePlace){.kind = MOLT__STATE_LIBRARY, .offset = address - library->base};
    }
    molt_heap_locate(heap, (const void *)address, &place); /* NOLINT: an address of the state */
    if (place.kind == MOLT_PLACE_BLOCK) {
        return (MoltStatePlace){.kind = MOLT__STATE_BLOCK,
                                .type = place.block.type,
                                .serial = place.block.serial,
                                .offset = address - (uintptr_t)place.block.start};
    }
    return find_variable(library->globals, address, &variable)
               ? variable
               : (MoltStatePlace){.kind = MOLT__STATE_ELSEWHERE, .offset = address};
}

/* Blocks of a type come in the order of their numbers. */
static uintptr_t find_block(const MoltHeap *heap, const MoltStatePlace *place, MoltStateSearch *search)
{
    MoltStateSearch own = {0};
    search = search != NULL ? search : &own;
    if (!search->any || search->type != place->type || search->block.serial > place->serial) {
        *search = (MoltStateSearch){.type = place->type};
        search->any = molt_heap_next(heap, place->type, &search->cursor, &search->block);
    }
    while (search->any && search->block.serial < place->serial) {
        search->any = molt_heap_next(heap, place->type, &search->cursor, &search->block);
    }
    return search->any && search->block.serial == place->serial
               ? (uintptr_t)search->block.start + place->offset
               : 0;
}

bool molt__state_place_find(const MoltLibrary *library, const MoltHeap *heap,
                            const MoltStatePlace *place, MoltStateSearch *search, uintptr_t *out)
{
    const MoltGlobals *globals = library->globals;
    *out = 0;
    switch ((MoltStatePlaceKind)place->kind) {
    case MOLT__STATE_NONE: return true;
    case MOLT__STATE_LIBRARY: *out = library->base + place->offset; break;
    case MOLT__STATE_VARIABLE:
        if (place->type < globals->count && globals->places[place->type] != NULL) {
            *out = (uintptr_t)globals->places[place->type] + place->offset;
        }
        break;
    case MOLT__STATE_BLOCK: *out = find_block(heap, place, search); break;
    case MOLT__STATE_ELSEWHERE: break;
    }
    return *out != 0;
}
