#include "molt/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_block.h"
#include "dump_constant.h"
#include "heap_span.h"
#include "molt/globals.h"
#include "molt/kept_types.h"
#include "state_path.h"
#include "tables.h"

/* ---- the document ---------------------------------------------------------------------------- */

/* The hash does not tell whether the schema has the type that hosts add, the second member does. */
static void put_head(MoltDump *dump)
{
    char head[128];
    MoltHash hash = molt_schema_source_hash(dump->schema);
    bool untyped = hash.low != dump->schema->tables.hash.low;
    int length = snprintf(head, sizeof head, "{\"molt_dump\":1,\"schema\":\"%016llx%016llx\",%s\n",
                          (unsigned long long)hash.high, (unsigned long long)hash.low,
                          untyped ? "\"untyped_memory\":true," : "");
    molt__json_put(&dump->out, head, (size_t)length);
}

typedef struct Named {
    const char *name;
    MoltTypeId type;
} Named;

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const Named *)left)->name, ((const Named *)right)->name);
}

/* In the order of their names: a library and a file number the same types differently. */
static void put_objects(MoltDump *dump, Named *order)
{
    uint32_t types = dump->schema->tables.type_count;
    bool any = false;
    for (MoltTypeId type = 0; type < types; type++)
        order[type] = (Named){molt_type_name(dump->schema, type), type};
    qsort(order, types, sizeof *order, compare_names);
    molt__json_put_literal(&dump->out, "\"objects\":[");
    for (uint32_t i = 0; i < types; i++) {
        uint64_t cursor = 0;
        MoltBlock block;
        if (molt__is_vacant(molt_type(dump->schema, order[i].type)) ||
            molt_type_is_kept(dump->schema, order[i].type))
            continue;
        while (!molt__dump_failed(dump) &&
               molt_heap_next(dump->heap, order[i].type, &cursor, &block)) {
            if (any)
                molt__json_put_literal(&dump->out, ",\n");
            else
                molt__json_put_char(&dump->out, '\n');
            any = true;
            molt__dump_block(dump, &block);
        }
    }
    molt__json_put_literal(&dump->out, "\n]");
}

static MoltStatus put_state(MoltDump *dump, const MoltAllocator *allocator, MoltError *error)
{
    size_t size = (dump->schema->tables.type_count + (size_t)1) * sizeof(Named);
    Named *order = allocator->resize(allocator->context, NULL, 0, size);
    MoltDumpConstants constants = {.places = {.allocator = *allocator}};
    if (order) {
        dump->constants = &constants;
        put_head(dump);
        molt__json_put_literal(&dump->out, "\"roots\":");
        molt__dump_roots(dump);
        molt__json_put_literal(&dump->out, ",\n");
        put_objects(dump, order);
        molt__dump_constants(dump, &constants);
        molt__json_put_literal(&dump->out, "}\n");
        dump->constants = NULL;
        allocator->resize(allocator->context, order, size, 0);
    }
    bool good = order && !constants.places.failed;
    molt__file_symbols_writer_free(&constants.places);
    return good ? MOLT_OK : molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a dump");
}

static void put_value(MoltDump *dump, const char *path, const MoltStateValue *value)
{
    const char *type = molt_type_name(dump->schema, value->type);
    dump->tail = value->tail;
    put_head(dump);
    molt__json_put_literal(&dump->out, "\"path\":");
    molt__json_put_string(&dump->out, path, strlen(path));
    molt__json_put_literal(&dump->out, ",\"type\":");
    molt__json_put_string(&dump->out, type, strlen(type));
    MoltBlock list = {.start = (void *)(uintptr_t)value->bytes, /* NOLINT: only read */
                      .type = value->type,
                      .count = value->count};
    if (value->count > 0)
        molt__dump_count(dump, "count", value->count);
    molt__json_put_literal(&dump->out, ",\"value\":");
    if (value->count > 0)
        molt__dump_list(dump, &list);
    else if (value->field)
        molt__dump_value(dump,
                         &dump->forms.members[value->field - dump->schema->tables.fields].value,
                         value->bytes);
    else
        molt__dump_value(dump, &dump->forms.types[value->type].value, value->bytes);
    molt__json_put_literal(&dump->out, "}\n");
}

/* ---- public ---------------------------------------------------------------------------------- */

/* `path` NULL: the whole state. */
static MoltStatus write_dump(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                             const MoltTextSink *sink, MoltError *error)
{
    const MoltSchema *schema = molt_heap_schema(heap);
    const MoltAllocator *allocator = &heap->allocator;
    MoltStateValue value;
    if (!schema)
        return molt_error(error, MOLT_INVALID,
                          "the heap has no schema yet, so nothing says what its bytes mean; load a "
                          "game before its state is dumped");
    molt_heap_gather_globals(heap);
    MoltStatus status = path ? molt__state_path(heap, path, &value, error) : MOLT_OK;
    if (status != MOLT_OK)
        return status;
    MoltDump *dump = allocator->resize(allocator->context, NULL, 0, sizeof *dump);
    if (!dump)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a dump");
    dump->heap = heap;
    dump->schema = schema;
    dump->code = desc ? desc->code : NULL;
    dump->addresses = desc && desc->addresses;
    dump->constants = NULL;
    dump->tail = 0;
    molt__json_start(&dump->out, sink, error);
    if (!molt__dump_forms_make(&dump->forms, schema, allocator)) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a dump");
    } else {
        if (path)
            put_value(dump, path, &value);
        else
            status = put_state(dump, allocator, error);
        if (status == MOLT_OK)
            status = molt__json_finish(&dump->out);
    }
    molt__dump_forms_free(&dump->forms);
    allocator->resize(allocator->context, dump, sizeof *dump, 0);
    return status;
}

MoltStatus molt_dump_write(const MoltHeap *heap, const MoltDumpDesc *desc, const MoltTextSink *sink,
                           MoltError *error)
{
    return write_dump(heap, desc, NULL, sink, error);
}

MoltStatus molt_dump_path_write(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                                const MoltTextSink *sink, MoltError *error)
{
    return write_dump(heap, desc, path, sink, error);
}

/* ---- in memory ------------------------------------------------------------------------------- */

/* Text that grows; NUL-terminated once anything was added. */
typedef struct Text {
    char *bytes;
    size_t length, room;
} Text;

static MoltStatus add(void *context, const char *more, size_t length, MoltError *error)
{
    Text *text = context;
    size_t wanted = text->room ? text->room : 4096;
    while (wanted - text->length <= length && wanted <= SIZE_MAX / 2)
        wanted *= 2;
    if (wanted > text->room) {
        char *grown = wanted - text->length > length ? realloc(text->bytes, wanted) : NULL;
        if (!grown)
            return molt_error(error, MOLT_OUT_OF_MEMORY,
                              "no memory for the dump after %zu bytes of its text", text->length);
        text->bytes = grown;
        text->room = wanted;
    }
    memcpy(text->bytes + text->length, more, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    return MOLT_OK;
}

static MoltStatus make_text(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                            char **out, size_t *length, MoltError *error)
{
    Text text = {0};
    const MoltTextSink sink = {add, &text};
    MoltStatus status = write_dump(heap, desc, path, &sink, error);
    if (status != MOLT_OK) {
        free(text.bytes);
        return status;
    }
    *out = text.bytes;
    if (length)
        *length = text.length;
    return MOLT_OK;
}

MoltStatus molt_dump_json(const MoltHeap *heap, const MoltDumpDesc *desc, char **out,
                          size_t *length, MoltError *error)
{
    return make_text(heap, desc, NULL, out, length, error);
}

MoltStatus molt_dump_path_json(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                               char **out, size_t *length, MoltError *error)
{
    return make_text(heap, desc, path, out, length, error);
}
