#include "byte_runs.h"

#include <string.h>

#include "descent.h"

void molt__byte_runs_init(MoltByteRuns *runs, const MoltAllocator *allocator,
                          const MoltSchema *schema)
{
    *runs = (MoltByteRuns){.allocator = *allocator, .schema = schema};
}

void molt__byte_runs_free(MoltByteRuns *runs)
{
    if (runs->items)
        runs->allocator.resize(runs->allocator.context, runs->items,
                               runs->slots * sizeof *runs->items, 0);
    runs->items = NULL;
    runs->count = runs->slots = 0;
}

bool molt__is_bytes(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    while (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_VECTOR)
        type = molt_type(schema, type->elem);
    return type->kind == MOLT_KIND_INT && type->size == 1;
}

/* ---- listing -------------------------------------------------------------------------------- */

/* Index of a new entry; UINT32_MAX when memory is out. */
static uint32_t add(MoltByteRuns *runs, MoltByteRun run)
{
    if (runs->failed)
        return UINT32_MAX;
    if (runs->count == runs->slots) {
        uint32_t slots = runs->slots ? runs->slots * 2 : 16;
        MoltByteRun *items =
            runs->allocator.resize(runs->allocator.context, runs->items,
                                   runs->slots * sizeof *items, slots * sizeof *items);
        runs->failed = !items;
        if (!items)
            return UINT32_MAX;
        runs->items = items;
        runs->slots = slots;
    }
    runs->items[runs->count] = run;
    return runs->count++;
}

/* An entry with a body that turned out to be empty goes again. */
static void close_body(MoltByteRuns *runs, uint32_t entry)
{
    if (entry == UINT32_MAX)
        return;
    runs->items[entry].body = runs->count - entry - 1;
    if (runs->items[entry].body == 0)
        runs->count--;
}

static void list_value(MoltByteRuns *runs, MoltTypeId id, uint64_t offset, bool transient);

static void list_elements(MoltByteRuns *runs, const MoltType *type, uint64_t offset, bool transient)
{
    uint32_t loop = add(runs, (MoltByteRun){.code = MOLT__BYTES_LOOP,
                                            .offset = offset,
                                            .count = type->length,
                                            .stride = molt_type(runs->schema, type->elem)->size});
    list_value(runs, type->elem, 0, transient);
    close_body(runs, loop);
}

/* Only the arm that the tag selects holds anything: other arms would show its pointers as bytes. */
static void list_arms(MoltByteRuns *runs, const MoltUnionTag *tag, uint32_t field, uint64_t offset,
                      bool transient)
{
    const MoltField *fields = runs->schema->tables.fields;
    const MoltType *type = molt_type(runs->schema, fields[field].type);
    for (uint32_t arm = type->first; arm < type->first + type->count; arm++) {
        uint32_t entry = add(runs, (MoltByteRun){.code = MOLT__BYTES_ARM,
                                                 .offset = offset,
                                                 .tag = *tag,
                                                 .field = field,
                                                 .arm = arm});
        if ((fields[arm].flags & MOLT_FIELD_BITS) == 0)
            list_value(runs, fields[arm].type,
                       offset + fields[field].bit_offset / 8 + fields[arm].bit_offset / 8,
                       transient);
        close_body(runs, entry);
    }
}

static void list_fields(MoltByteRuns *runs, const MoltType *type, uint64_t offset, bool transient)
{
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *field = &runs->schema->tables.fields[f];
        MoltUnionTag tag;
        if (field->flags & (MOLT_FIELD_BITS | (transient ? 0u : MOLT_FIELD_TRANSIENT)))
            continue;
        if (molt__union_tag(runs->schema, type, field, &tag))
            list_arms(runs, &tag, f, offset, transient);
        else
            list_value(runs, field->type, offset + field->bit_offset / 8, transient);
    }
}

/* A value of the type may have a pointer in it. */
static bool has_pointers(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, molt_value_type(schema, id));
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION, any = false;
    if (type->kind == MOLT_KIND_ARRAY)
        return type->length > 0 && has_pointers(schema, type->elem);
    for (uint32_t f = type->first; record && !any && f < type->first + type->count; f++)
        any = has_pointers(schema, schema->tables.fields[f].type);
    return any || type->kind == MOLT_KIND_POINTER;
}

static void list_value(MoltByteRuns *runs, MoltTypeId id, uint64_t offset, bool transient)
{
    const MoltType *type = molt_type(runs->schema, id);
    bool bytes = molt__is_bytes(runs->schema, id) ||
                 (type->kind == MOLT_KIND_UNION && has_pointers(runs->schema, id));
    if (runs->failed || type->size == 0 || (bytes && type->size < sizeof(uintptr_t)))
        return; /* there is no room for an address */
    if (bytes)
        add(runs, (MoltByteRun){
                      .code = MOLT__BYTES_RUN, .offset = offset, .size = type->size, .type = id});
    else if (type->kind == MOLT_KIND_ARRAY)
        list_elements(runs, type, offset, transient);
    else if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION)
        list_fields(runs, type, offset, transient);
}

void molt__byte_runs_list(MoltByteRuns *runs, MoltTypeId type, bool transient)
{
    const MoltType *whole = molt_type(runs->schema, type);
    runs->count = 0;
    if (whole->size > 0 && molt__is_bytes(runs->schema, type)) /* short ones lie side by side */
        add(runs, (MoltByteRun){.code = MOLT__BYTES_RUN, .size = whole->size, .type = type});
    else
        list_value(runs, type, 0, transient);
}

/* ---- visiting ------------------------------------------------------------------------------- */

static void visit_entries(const MoltByteRuns *runs, uint32_t first, uint32_t count,
                          const unsigned char *value, MoltByteVisit *visit, void *context)
{
    for (uint32_t r = first; r < first + count; r++) {
        const MoltByteRun *run = &runs->items[r];
        const MoltField *fields = runs->schema->tables.fields;
        switch (run->code) {
        case MOLT__BYTES_RUN: visit(context, r, value + run->offset, run->size); break;
        case MOLT__BYTES_LOOP:
            for (uint64_t k = 0; k < run->count; k++)
                visit_entries(runs, r + 1, run->body, value + run->offset + k * run->stride, visit,
                              context);
            break;
        case MOLT__BYTES_ARM:
            if (molt__union_active(runs->schema, &run->tag, &fields[run->field],
                                   value + run->offset) == run->arm)
                visit_entries(runs, r + 1, run->body, value, visit, context);
            break;
        }
        r += run->body;
    }
}

void molt__byte_runs_visit(const MoltByteRuns *runs, const unsigned char *values, uint64_t stride,
                           uint64_t count, MoltByteVisit *visit, void *context)
{
    const MoltByteRun *only = runs->items;
    if (runs->count == 1 && only->code == MOLT__BYTES_RUN && only->size == stride) {
        visit(context, 0, values, stride * count);
        return;
    }
    for (uint64_t i = 0; runs->count > 0 && i < count; i++)
        visit_entries(runs, 0, runs->count, values + i * stride, visit, context);
}
