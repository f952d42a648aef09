#include "molt/globals.h"

#include <stdlib.h>
#include <string.h>

#include "descent.h"
#include "globals_map.h"

static void *resize(const MoltAllocator *allocator, void *block, size_t old_size, size_t size)
{
    return allocator->resize(allocator->context, block, old_size, size);
}

/* ---- the type ------------------------------------------------------------------------------- */

MoltTypeId molt_schema_globals(const MoltSchema *schema)
{
    MoltTypeId id = molt_schema_find(schema, MOLT_GLOBALS_TYPE);
    return id != MOLT_NO_TYPE && (molt_type(schema, id)->flags & MOLT_TYPE_GLOBALS) != 0
               ? id
               : MOLT_NO_TYPE;
}

static bool has_globals(const MoltTables *tables)
{
    for (uint32_t t = 0; t < tables->type_count; t++) {
        if (tables->types[t].flags & MOLT_TYPE_GLOBALS)
            return true;
    }
    return false;
}

/* Roots stand in the order of their names. */
static uint32_t insert_root(const MoltTables *tables, MoltRoot *roots, MoltRoot root,
                            const char *name)
{
    uint32_t at = 0;
    while (at < tables->root_count && strcmp(tables->strings + tables->roots[at].name, name) < 0)
        at++;
    if (tables->root_count > 0) {
        memcpy(roots, tables->roots, at * sizeof *roots);
        memcpy(roots + at + 1, tables->roots + at, (tables->root_count - at) * sizeof *roots);
    }
    roots[at] = root;
    return tables->root_count + 1;
}

/* Three tables with one entry more; the others are those of `tables`. */
static MoltStatus extend(const MoltTables *tables, const MoltAllocator *allocator, void *room,
                         MoltSchema **out, MoltError *error)
{
    static const char names[] = MOLT_GLOBALS_TYPE "\0" MOLT_GLOBALS_ROOT;
    MoltTables more = *tables;
    MoltType *types = room;
    MoltRoot *roots = (MoltRoot *)(types + tables->type_count + 1);
    char *strings = (char *)(roots + tables->root_count + 1);
    if (tables->type_count > 0)
        memcpy(types, tables->types, tables->type_count * sizeof *types);
    types[tables->type_count] = (MoltType){.name = tables->string_size,
                                           .kind = MOLT_KIND_STRUCT,
                                           .flags = MOLT_TYPE_GLOBALS,
                                           .size = 16,
                                           .align = 16,
                                           .elem = MOLT_NO_TYPE};
    memcpy(strings, tables->strings, tables->string_size);
    memcpy(strings + tables->string_size, names, sizeof names);
    MoltRoot root = {tables->string_size + (uint32_t)sizeof MOLT_GLOBALS_TYPE, tables->type_count};
    more.root_count = insert_root(tables, roots, root, MOLT_GLOBALS_ROOT);
    more.type_count++;
    more.string_size += (uint32_t)sizeof names;
    more.types = types;
    more.roots = roots;
    more.strings = strings;
    /* their hashes are made when the schema is */
    return molt__schema_make(&more, false, allocator, out, error);
}

MoltStatus molt_schema_with_globals(const MoltTables *tables, const MoltAllocator *allocator,
                                    MoltSchema **out, MoltError *error)
{
    MoltSchema *plain = NULL;
    MoltStatus status = molt_schema_copy(tables, allocator, &plain, error);
    if (status != MOLT_OK)
        return status;
    if (has_globals(&plain->tables)) {
        *out = plain;
        return MOLT_OK;
    }
    if (!allocator)
        allocator = molt_allocator_default();
    tables = &plain->tables;
    size_t size = (tables->type_count + 1) * sizeof(MoltType) +
                  (tables->root_count + 1) * sizeof(MoltRoot) + tables->string_size +
                  sizeof MOLT_GLOBALS_TYPE + sizeof MOLT_GLOBALS_ROOT;
    void *room = resize(allocator, NULL, 0, size);
    if (!room) {
        molt_schema_free(plain);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for a schema of %u types.",
                          tables->type_count);
    }
    status = extend(tables, allocator, room, out, error);
    resize(allocator, room, size, 0);
    molt_schema_free(plain);
    return status;
}

/* ---- the places ----------------------------------------------------------------------------- */

const MoltField *molt__globals_field(const MoltGlobals *globals, uint32_t index)
{
    const MoltType *type = molt_type(globals->schema, globals->type);
    return &globals->schema->tables.fields[type->first + index];
}

static uint64_t offset_of(const MoltGlobals *globals, uint32_t index)
{
    return molt__globals_field(globals, index)->bit_offset / 8;
}

static uint64_t size_of(const MoltGlobals *globals, uint32_t index)
{
    return molt_type(globals->schema, molt__globals_field(globals, index)->type)->size;
}

MoltStatus molt_globals_create(const MoltSchema *schema, const MoltAllocator *allocator,
                               MoltGlobals **out, MoltError *error)
{
    MoltTypeId type = molt_schema_globals(schema);
    if (type == MOLT_NO_TYPE)
        return molt_error(error, MOLT_INVALID, "The schema has no type of globals.");
    if (!allocator)
        allocator = molt_allocator_default();
    MoltGlobals *globals = resize(allocator, NULL, 0, sizeof *globals);
    if (!globals)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the library's variables.");
    *globals = (MoltGlobals){.allocator = *allocator,
                             .schema = schema,
                             .type = type,
                             .count = molt_type(schema, type)->count};
    size_t slots = (size_t)globals->count + 1, size = (size_t)molt_type(schema, type)->size;
    globals->places = resize(allocator, NULL, 0, slots * sizeof *globals->places);
    globals->initial = resize(allocator, NULL, 0, size);
    globals->held = resize(allocator, NULL, 0, slots * sizeof *globals->held);
    globals->by_address = resize(allocator, NULL, 0, slots * sizeof *globals->by_address);
    if (!globals->places || !globals->initial || !globals->held || !globals->by_address) {
        molt_globals_free(globals);
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the library's variables.");
    }
    memset(globals->places, 0, slots * sizeof *globals->places);
    memset(globals->initial, 0, size);
    memset(globals->held, 0, slots * sizeof *globals->held);
    *out = globals;
    return MOLT_OK;
}

void molt_globals_free(MoltGlobals *globals)
{
    if (!globals)
        return;
    const MoltAllocator allocator = globals->allocator;
    size_t slots = (size_t)globals->count + 1;
    if (globals->places)
        resize(&allocator, globals->places, slots * sizeof *globals->places, 0);
    if (globals->initial)
        resize(&allocator, globals->initial,
               (size_t)molt_type(globals->schema, globals->type)->size, 0);
    if (globals->held)
        resize(&allocator, globals->held, slots * sizeof *globals->held, 0);
    if (globals->by_address)
        resize(&allocator, globals->by_address, slots * sizeof *globals->by_address, 0);
    resize(&allocator, globals, sizeof *globals, 0);
}

void molt_globals_settle(MoltGlobals *globals)
{
    globals->placed = 0;
    for (uint32_t g = 0; g < globals->count; g++) {
        if (!globals->places[g])
            continue;
        memcpy(globals->initial + offset_of(globals, g), globals->places[g],
               (size_t)size_of(globals, g));
        uint32_t at = globals->placed++;
        for (; at > 0 && (uintptr_t)globals->places[globals->by_address[at - 1]] >
                             (uintptr_t)globals->places[g];
             at--)
            globals->by_address[at] = globals->by_address[at - 1];
        globals->by_address[at] = g;
    }
}

/* ---- the mirror ----------------------------------------------------------------------------- */

unsigned char *molt__globals_mirror(const MoltHeap *heap)
{
    if (!heap->schema || !heap->globals)
        return NULL;
    for (uint32_t r = 0; r < heap->root_count; r++) {
        if (molt_type(heap->schema, heap->schema->tables.roots[r].type)->flags & MOLT_TYPE_GLOBALS)
            return heap->roots[r];
    }
    return NULL;
}

MoltStatus molt_heap_set_globals(MoltHeap *heap, MoltGlobals *globals, MoltError *error)
{
    const MoltTables *tables = &heap->schema->tables;
    heap->globals = globals;
    for (uint32_t r = 0; r < tables->root_count; r++) {
        if (tables->roots[r].type != globals->type || heap->roots[r])
            continue;
        heap->roots[r] = molt_heap_new(heap, globals->type, 1);
        if (!heap->roots[r]) {
            heap->globals = NULL;
            return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the library's variables.");
        }
    }
    molt_heap_gather_globals(heap);
    return MOLT_OK;
}

void molt_heap_gather_globals(const MoltHeap *heap)
{
    unsigned char *mirror = molt__globals_mirror(heap);
    const MoltGlobals *globals = heap->globals;
    for (uint32_t g = 0; mirror && g < globals->count; g++) {
        if (globals->places[g])
            memcpy(mirror + offset_of(globals, g), globals->places[g], (size_t)size_of(globals, g));
    }
}

void molt_heap_scatter_globals(const MoltHeap *heap)
{
    const unsigned char *mirror = molt__globals_mirror(heap);
    const MoltGlobals *globals = heap->globals;
    for (uint32_t g = 0; mirror && g < globals->count; g++) {
        if (globals->places[g])
            memcpy(globals->places[g], mirror + offset_of(globals, g), (size_t)size_of(globals, g));
    }
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* The end of one variable is the begin of the next: it means the end when only that fits. */
static bool means_end(const MoltSchema *schema, MoltTypeId ends, MoltTypeId begins,
                      MoltTypeId pointee)
{
    return pointee != MOLT_NO_TYPE && molt_type(schema, pointee)->kind != MOLT_KIND_VOID &&
           !molt__type_begins_with(schema, begins, pointee) &&
           (ends == pointee || molt__type_ends_with(schema, ends, pointee));
}

bool molt__globals_find(const MoltGlobals *globals, uintptr_t address, MoltTypeId pointee,
                        uint32_t *field, uint64_t *offset)
{
    uint32_t low = 0, high = globals->placed;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)globals->places[globals->by_address[middle]] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    uint32_t found = globals->by_address[low - 1];
    if (low > 1 && address == (uintptr_t)globals->places[found]) {
        uint32_t other = globals->by_address[low - 2];
        if ((uintptr_t)globals->places[other] + size_of(globals, other) == address &&
            means_end(globals->schema, molt__globals_field(globals, other)->type,
                      molt__globals_field(globals, found)->type, pointee))
            found = other;
    }
    *field = found;
    *offset = address - (uintptr_t)globals->places[found];
    return *offset <= size_of(globals, found);
}

uint32_t molt__globals_over(const MoltSchema *schema, MoltTypeId type, uint64_t offset)
{
    const MoltType *globals = molt_type(schema, type);
    for (uint32_t g = 0; g < globals->count; g++) {
        const MoltField *field = &schema->tables.fields[globals->first + g];
        uint64_t begin = field->bit_offset / 8;
        if (offset >= begin && offset <= begin + molt_type(schema, field->type)->size)
            return g;
    }
    return UINT32_MAX;
}

uintptr_t molt__globals_image(const MoltGlobals *globals, uint64_t offset)
{
    uint32_t field = molt__globals_over(globals->schema, globals->type, offset);
    if (field == UINT32_MAX || !globals->places[field])
        return 0;
    return (uintptr_t)globals->places[field] + offset - offset_of(globals, field);
}

uintptr_t molt_heap_mirror(const MoltHeap *heap, uintptr_t address, MoltTypeId pointee)
{
    const unsigned char *mirror = molt__globals_mirror(heap);
    uint32_t field;
    uint64_t offset;
    if (!mirror || !molt__globals_find(heap->globals, address, pointee, &field, &offset))
        return 0;
    return (uintptr_t)mirror + offset_of(heap->globals, field) + offset;
}
