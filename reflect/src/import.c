#include "molt/import.h"

#include <string.h>

#include "import_state.h"
#include "molt/globals.h"
#include "tables.h"

#define FORMAT_VERSION "1"

/* ---- memory ---------------------------------------------------------------------------------- */

void *molt__import_grow(MoltImport *import, void *items, uint64_t *slots, uint64_t need,
                        size_t size)
{
    uint64_t grown = need + need / 2 + 16;
    if (need <= *slots)
        return items;
    void *made = NULL;
    if (grown <= SIZE_MAX / size)
        made =
            import->allocator.resize(import->allocator.context, items, *slots * size, grown * size);
    if (!made) {
        molt__json_fail(&import->reader, MOLT_OUT_OF_MEMORY,
                        "no memory to read the state; %llu objects are read so far",
                        (unsigned long long)import->object_count);
        return NULL;
    }
    *slots = grown;
    return made;
}

const char *molt__import_copy(MoltImport *import, char **buffer, uint64_t *slots, MoltJsonText text)
{
    char *grown = molt__import_grow(import, *buffer, slots, text.length + 1, 1);
    if (!grown)
        return NULL;
    *buffer = grown;
    memcpy(grown, text.bytes, text.length);
    grown[text.length] = '\0';
    return grown;
}

static void *zeroed(MoltImport *import, uint64_t count, size_t size)
{
    void *made = import->allocator.resize(import->allocator.context, NULL, 0, (count + 1) * size);
    if (made)
        memset(made, 0, (count + 1) * size);
    else
        molt__json_fail(&import->reader, MOLT_OUT_OF_MEMORY, "no memory to read the state");
    return made;
}

static void free_items(MoltImport *import, void *items, uint64_t count, size_t size)
{
    if (items)
        import->allocator.resize(import->allocator.context, items, count * size, 0);
}

/* ---- the document ---------------------------------------------------------------------------- */

enum {
    HAS_VERSION = 1u << 0,
    HAS_SCHEMA = 1u << 1,
    HAS_ROOTS = 1u << 2,
    HAS_OBJECTS = 1u << 3,
    HAS_CONSTANTS = 1u << 4,
    HAS_UNTYPED = 1u << 5, /* of no use here: the heap's schema stays */
    NEEDED = HAS_VERSION | HAS_ROOTS | HAS_OBJECTS
};

static bool read_version(MoltImport *import)
{
    MoltJsonText version;
    if (!molt__json_number(&import->reader, &version))
        return false;
    if (!molt__json_is(version, FORMAT_VERSION))
        return molt__json_fail(
            &import->reader, MOLT_VERSION,
            "the text is of version %.*s of the format; this build reads version " FORMAT_VERSION,
            version.length > 20 ? 20 : (int)version.length, version.bytes);
    return true;
}

static bool read_roots(MoltImport *import)
{
    MoltJsonReader *reader = &import->reader;
    const MoltTables *tables = &import->schema->tables;
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t start = reader->mark;
    unsigned char *seen =
        molt__import_grow(import, import->seen, &import->seen_slots, tables->root_count + 1u, 1);
    if (!seen)
        return false;
    import->seen = seen;
    memset(seen, 0, tables->root_count);
    while (molt__json_next(reader)) {
        uint32_t root = 0;
        while (root < tables->root_count &&
               !molt__json_is(reader->key, molt_string(import->schema, tables->roots[root].name)))
            root++;
        if (root == tables->root_count)
            return molt__json_fail_key(reader, "the schema has no root of this name");
        if (seen[root])
            return molt__json_fail_key(reader, "this root stands here twice");
        seen[root] = 1;
        if (!molt__import_root(import, tables->roots[root].type, &import->roots[root]))
            return false;
    }
    reader->mark = start;
    for (uint32_t root = 0; root < tables->root_count && reader->status == MOLT_OK; root++) {
        if (molt__is_vacant(&tables->types[tables->roots[root].type]))
            import->roots[root] = molt__import_vacant(import, tables->roots[root].type);
        else if (!seen[root])
            molt__json_fail(reader, MOLT_INVALID, "the root %s is missing",
                            molt_string(import->schema, tables->roots[root].name));
    }
    return reader->status == MOLT_OK;
}

/* The value of the object at this position of the text, into its block. */
static bool read_object(MoltImport *import, uint64_t position)
{
    MoltJsonReader *reader = &import->reader;
    import->object = &import->objects[import->order[position]];
    import->block = molt__import_block(import, import->object);
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    while (molt__json_next(reader)) {
        if (!(molt__json_is(reader->key, "value") ? molt__import_value(import)
                                                  : molt__json_skip(reader, NULL)))
            return false;
    }
    import->object = NULL;
    return reader->status == MOLT_OK;
}

static bool read_objects(MoltImport *import, bool collect)
{
    uint64_t position = 0;
    if (!molt__json_enter(&import->reader, MOLT__JSON_LIST))
        return false;
    while (molt__json_next(&import->reader)) {
        const MoltJsonReader *reader = &import->reader;
        if (!(collect ? molt__import_collect(import) : read_object(import, position++)))
            return false;
        molt_progress_tell(&import->desc.progress, reader->at + (collect ? 0 : reader->length),
                           2 * (uint64_t)reader->length);
    }
    return import->reader.status == MOLT_OK;
}

static bool read_member(MoltImport *import, unsigned part, bool collect)
{
    MoltJsonText text;
    bool untyped;
    switch (part) {
    case HAS_VERSION: return read_version(import);
    case HAS_SCHEMA: return molt__json_string(&import->reader, &text);
    case HAS_UNTYPED: return molt__json_bool(&import->reader, &untyped);
    case HAS_CONSTANTS:
        return collect ? molt__import_constants(import) : molt__json_skip(&import->reader, NULL);
    case HAS_ROOTS: return collect ? molt__json_skip(&import->reader, NULL) : read_roots(import);
    default: return read_objects(import, collect);
    }
}

static bool read_document(MoltImport *import, bool collect)
{
    static const char *const keys[] = {"molt_dump", "schema",    "roots",
                                       "objects",   "constants", "untyped_memory"};
    enum { PARTS = sizeof keys / sizeof *keys };
    MoltJsonReader *reader = &import->reader;
    unsigned seen = 0;
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t start = reader->mark;
    while (molt__json_next(reader)) {
        unsigned part = 0;
        while (part < PARTS && !molt__json_is(reader->key, keys[part]))
            part++;
        if (part == PARTS)
            return molt__json_fail_key(
                reader, "a dump of a whole state has no such member; it has "
                        "molt_dump, schema, untyped_memory, roots, objects and constants");
        if (seen & 1u << part)
            return molt__json_fail_key(reader, "this member stands here twice");
        seen |= 1u << part;
        if (!read_member(import, 1u << part, collect))
            return false;
    }
    reader->mark = start;
    for (unsigned part = 0; part < PARTS && reader->status == MOLT_OK; part++) {
        if ((NEEDED & 1u << part) && !(seen & 1u << part))
            molt__json_fail(reader, MOLT_INVALID, "the member %s is missing", keys[part]);
    }
    return molt__json_end(reader);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* From here on nothing fails: every slot was made before. */
static void take_over(MoltImport *import)
{
    MoltHeap *heap = import->heap;
    molt_attic_clear(heap);
    molt__heap_switch(heap, import->schema, import->gone, import->roots);
    for (MoltTypeId type = 0; type < import->schema->tables.type_count; type++) {
        for (uint32_t s = import->type_spans[type]; s < import->type_spans[type + 1]; s++) {
            heap->types.serials[type] = import->spans[s].first_serial;
            molt__heap_adopt(heap, &import->spans[s], type);
        }
    }
    for (uint32_t s = import->type_spans[import->schema->tables.type_count]; s < import->span_count;
         s++)
        molt__heap_adopt(heap, &import->spans[s], heap->char_type);
    import->span_count = 0;
}

static bool make_tables(MoltImport *import)
{
    const MoltTables *tables = &import->schema->tables;
    import->roots = zeroed(import, tables->root_count, sizeof *import->roots);
    import->type_spans = zeroed(import, tables->type_count, sizeof *import->type_spans);
    import->gone = zeroed(import, tables->type_count, sizeof *import->gone);
    if (!import->roots || !import->type_spans || !import->gone)
        return false;
    memset(import->gone, 0xff, tables->type_count * sizeof *import->gone); /* MOLT_NO_TYPE */
    return true;
}

static void release(MoltImport *import)
{
    const MoltTables *tables = &import->schema->tables;
    for (uint32_t s = 0; s < import->span_count; s++)
        molt__span_release(import->heap, &import->spans[s]);
    free_items(import, import->spans, import->span_slots, sizeof *import->spans);
    free_items(import, import->objects, import->object_slots, sizeof *import->objects);
    free_items(import, import->order, import->object_count + 1, sizeof *import->order);
    free_items(import, import->roots, tables->root_count + 1u, sizeof *import->roots);
    free_items(import, import->type_spans, tables->type_count + 1u, sizeof *import->type_spans);
    free_items(import, import->gone, tables->type_count + 1u, sizeof *import->gone);
    free_items(import, import->seen, import->seen_slots, 1);
    free_items(import, import->unknown, import->unknown_slots, sizeof *import->unknown);
    free_items(import, import->arms, import->arm_slots, sizeof *import->arms);
    free_items(import, import->constants, import->constant_slots, sizeof *import->constants);
    free_items(import, import->name, import->name_slots, 1);
    free_items(import, import->target, import->target_slots, 1);
    free_items(import, import->path, import->path_slots, 1);
    free_items(import, import->notes, MOLT__IMPORT_NOTES, sizeof *import->notes);
    molt__json_release(&import->reader);
}

static bool read_twice(MoltImport *import, const char *text, size_t length, MoltError *error)
{
    MoltJsonReader *reader = &import->reader;
    if (!make_tables(import) || !read_document(import, true))
        return false;
    molt__import_sort_constants(import);
    if (!molt__import_add_vacant(import))
        return false;
    import->order = zeroed(import, import->object_count, sizeof *import->order);
    if (!import->order || !molt__import_place(import))
        return false;
    molt__json_release(reader);
    molt__json_open(reader, text, length, import->desc.name, &import->allocator, error);
    return read_document(import, false);
}

MoltStatus molt_import_json(MoltHeap *heap, const char *text, size_t length,
                            const MoltImportDesc *desc, MoltError *error)
{
    MoltImport import = {.heap = heap, .schema = heap->schema, .allocator = heap->allocator};
    if (!import.schema)
        return molt_error(error, MOLT_INVALID,
                          "the heap has no schema yet, so nothing says what the text means; load a "
                          "game before a state is read for it");
    if (desc)
        import.desc = *desc;
    molt_heap_gather_globals(heap);
    if (import.desc.limit == 0)
        import.desc.limit = molt_import_limit(length);
    molt__json_open(&import.reader, text, length, import.desc.name, &import.allocator, error);
    MoltStatus status = MOLT_OK;
    if (!read_twice(&import, text, length, error)) {
        status = import.reader.status;
    } else if (!molt__heap_reserve(heap, import.span_count, import.schema)) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the tables of %u spans",
                            import.span_count);
    } else {
        take_over(&import);
        molt_heap_scatter_globals(heap);
        molt__import_report(&import);
    }
    release(&import);
    return status;
}
