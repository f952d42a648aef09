#include "thread_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "thread_moment.h"

typedef enum PlaceKind {
    PLACE_NONE, /* NULL */
    PLACE_LIBRARY,
    PLACE_VARIABLE, /* of the main thread alone */
    PLACE_BLOCK,
    PLACE_LOST /* not there in another process */
} PlaceKind;

/* Byte for byte in the file, which the same program reads. */
typedef struct Place {
    uint32_t kind;
    uint32_t type;   /* BLOCK: of the schema; VARIABLE: which field of its globals */
    uint64_t serial; /* BLOCK */
    uint64_t offset; /* from the base of the library, the begin of the variable, or that of the block */
} Place;

typedef struct Record {
    char name[MOLT_THREAD_NAME];
    uint32_t own;
    Place step, context;
} Record;

/* ---- places ---------------------------------------------------------------------------------- */

static uint64_t variable_size(const MoltGlobals *globals, uint32_t index)
{
    const MoltTables *tables = &globals->schema->tables;
    const MoltType *type = &tables->types[globals->type];
    return tables->types[tables->fields[type->first + index].type].size;
}

static bool find_variable(const MoltGlobals *globals, uintptr_t address, Place *out)
{
    for (uint32_t i = 0; globals != NULL && i < globals->count; i++) {
        uintptr_t at = (uintptr_t)globals->places[i];
        if (at != 0 && address >= at && address - at < variable_size(globals, i)) {
            *out = (Place){.kind = PLACE_VARIABLE, .type = i, .offset = address - at};
            return true;
        }
    }
    return false;
}

static Place describe(const MoltLibrary *library, const MoltHeap *heap, uintptr_t address)
{
    MoltPlace place;
    Place variable;
    if (address == 0) {
        return (Place){.kind = PLACE_NONE};
    }
    if (address >= library->begin && address < library->end) {
        return (Place){.kind = PLACE_LIBRARY, .offset = address - library->base};
    }
    molt_heap_locate(heap, (const void *)address, &place); /* NOLINT: an address of the state */
    if (place.kind == MOLT_PLACE_BLOCK) {
        return (Place){.kind = PLACE_BLOCK,
                       .type = place.block.type,
                       .serial = place.block.serial,
                       .offset = address - (uintptr_t)place.block.start};
    }
    return find_variable(library->globals, address, &variable) ? variable
                                                               : (Place){.kind = PLACE_LOST};
}

static uintptr_t find_block(const MoltHeap *heap, const Place *place)
{
    uint64_t cursor = 0;
    MoltBlock block;
    while (molt_heap_next(heap, place->type, &cursor, &block)) {
        if (block.serial == place->serial) {
            return (uintptr_t)block.start + place->offset;
        }
    }
    return 0;
}

/* False when it is nowhere in this process. */
static bool resolve(const MoltLibrary *library, const MoltHeap *heap, const Place *place,
                    uintptr_t *out)
{
    const MoltGlobals *globals = library->globals;
    *out = 0;
    switch ((PlaceKind)place->kind) {
    case PLACE_NONE: return true;
    case PLACE_LIBRARY: *out = library->base + place->offset; break;
    case PLACE_VARIABLE:
        if (place->type < globals->count && globals->places[place->type] != NULL) {
            *out = (uintptr_t)globals->places[place->type] + place->offset;
        }
        break;
    case PLACE_BLOCK: *out = find_block(heap, place); break;
    case PLACE_LOST: break;
    }
    return *out != 0;
}

/* ---- the file -------------------------------------------------------------------------------- */

bool molt__thread_record_write(const char *path, MoltThreads *threads, const MoltLibrary *library,
                               const MoltHeap *heap)
{
    MoltThreadMoment moment = {0};
    if (!molt__thread_moment_take(&moment, threads)) {
        return false;
    }
    FILE *file = fopen(path, "wb");
    bool good = file != NULL;
    for (uint32_t i = 0; i < moment.count && good; i++) {
        const MoltThreadMark *mark = &moment.items[i];
        Record record = {.own = mark->own,
                         .step = describe(library, heap, (uintptr_t)mark->step),
                         .context = describe(library, heap, (uintptr_t)mark->context)};
        memcpy(record.name, mark->name, sizeof record.name);
        good = fwrite(&record, sizeof record, 1, file) == 1;
    }
    good = file != NULL && fclose(file) == 0 && good;
    molt__thread_moment_clear(&moment);
    return good;
}

static bool start(const Record *record, MoltThreads *threads, const MoltLibrary *library,
                  const MoltHeap *heap)
{
    uintptr_t address, context;
    MoltStep step;
    if (!resolve(library, heap, &record->step, &address) || address == 0 ||
        !resolve(library, heap, &record->context, &context)) {
        return false;
    }
    memcpy(&step, &address, sizeof step);
    return record->own ? molt_threads_start(threads, record->name, step, (void *)context) /* NOLINT */
                       : molt_threads_job_start(threads, record->name, step,
                                                (void *)context); /* NOLINT: as above */
}

static void note_missing(const Record *record, char *missing, size_t size)
{
    size_t length = strlen(missing);
    snprintf(missing + length, size - length, "%s the %s %s", length == 0 ? "Not started again:" : ",",
             record->own ? "thread" : "job", record->name);
}

void molt__thread_record_start(const char *path, MoltThreads *threads, const MoltLibrary *library,
                               const MoltHeap *heap, char *missing, size_t size)
{
    Record record;
    missing[0] = 0;
    FILE *file = threads != NULL ? fopen(path, "rb") : NULL;
    while (file != NULL && fread(&record, sizeof record, 1, file) == 1) {
        record.name[sizeof record.name - 1] = 0;
        if (!start(&record, threads, library, heap)) {
            note_missing(&record, missing, size);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}
