/* Values that no typed pointer leads to, as in a vector behind a `void *`. The sources show which structs
 * are put behind such pointers, but not where: any block without a type that has room may hold one. */
#include <stdio.h>
#include <string.h>

#include "foresight.h"
#include "migration.h"
#include "molt/globals.h"

/* ---- types ----------------------------------------------------------------------------------- */

/* Operations that leave all bytes where and as they are. */
static bool keeps_bytes(const MoltPlan *plan, MoltTypeId id)
{
    const MoltTypePlan *type = &plan->types[id];
    const MoltType *before = molt_type(plan->before, id),
                   *after = molt_type(plan->after, type->after);
    if (before->size != after->size || before->count != after->count || type->op_count == 0)
        return false;
    for (uint32_t i = type->first_op; i < type->first_op + type->op_count; i++) {
        const MoltOp *op = &plan->ops[i];
        bool same = op->code == MOLT__OP_COPY || op->code == MOLT__OP_POINTER ||
                    (op->code == MOLT__OP_LOOP && op->source_stride == op->destination_stride);
        if (!same || op->source != op->destination)
            return false;
    }
    return true;
}

/* A type that is gone has no values any more that the new code could take for something else. */
bool molt__raw_changes(const MoltPlan *plan, MoltTypeId id)
{
    return plan->types[id].fate == MOLT_FATE_CHANGED && !keeps_bytes(plan, id);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool is_blank(const unsigned char *bytes, uint64_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static void add_blocks(MoltMigration *m, MoltTypeId type, uint32_t text)
{
    MoltBlock block;
    uint64_t cursor = 0, size = molt_type(m->plan->before, type)->size;
    while (m->heap->untyped != MOLT_NO_TYPE && !m->failed &&
           molt_heap_next(m->heap, m->heap->untyped, &cursor, &block)) {
        uint64_t bytes = molt__span_bytes(&m->heap->spans[block.span], block.count);
        if (molt__retyped(m, (uintptr_t)block.start))
            continue; /* known by now */
        if (bytes >= size && !is_blank(block.start, bytes))
            molt__raw_add(m, (MoltRawFact){.span = block.span,
                                           .index = block.index,
                                           .type = type,
                                           .check = text,
                                           .kind = MOLT__RAW_ERASED});
    }
}

/* ---- arrays of numbers ----------------------------------------------------------------------- */

static bool contains(const MoltSchema *schema, MoltTypeId id, MoltTypeId inner, int depth)
{
    const MoltType *type = molt_type(schema, id);
    if (id == inner || depth > MOLT_SCHEMA_DEPTH_MAX)
        return id == inner;
    if (molt_kind_is_sequence(type->kind))
        return contains(schema, type->elem, inner, depth + 1);
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)
        return false;
    for (uint32_t f = type->first; f < type->first + type->count; f++)
        if (contains(schema, schema->tables.fields[f].type, inner, depth + 1))
            return true;
    return false;
}

/* A variable's name has its file and function in front. */
static bool is_called(const char *field, const char *name)
{
    const char *colon = strrchr(field, ':');
    return strcmp(colon ? colon + 1 : field, name) == 0;
}

typedef struct Area {
    MoltTypeId holder; /* the struct that holds the array; MOLT_NO_TYPE when none does any more */
    const MoltField *field;
} Area;

/* The array "Node.bytes". */
static Area find_area(const MoltSchema *schema, const char *area)
{
    const char *dot = strrchr(area, '.');
    for (MoltTypeId id = 0; dot && id < schema->tables.type_count; id++) {
        const char *name = molt_type_name(schema, id);
        if (strlen(name) != (size_t)(dot - area) || strncmp(name, area, strlen(name)) != 0)
            continue;
        const MoltType *type = molt_type(schema, id);
        for (uint32_t f = type->first; f < type->first + type->count; f++)
            if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION) {
                const MoltField *field = &schema->tables.fields[f];
                if (is_called(molt_string(schema, field->name), dot + 1))
                    return (Area){id, field};
            }
    }
    return (Area){MOLT_NO_TYPE, NULL};
}

/* All such arrays in a value that ends at `end`. */
static bool is_clear(const MoltSchema *schema, MoltTypeId id, const Area *area,
                     const unsigned char *value, const unsigned char *end)
{
    const MoltType *type = molt_type(schema, id);
    if (!contains(schema, id, area->holder, 0))
        return true;
    if (id == area->holder) {
        const unsigned char *at = value + area->field->bit_offset / 8;
        uint64_t size = molt_type(schema, area->field->type)->size;
        bool open = (molt_type(schema, area->field->type)->flags & MOLT_TYPE_FLEXIBLE) != 0;
        if (!is_blank(at, open ? (uint64_t)(end - at) : size))
            return false;
    }
    if (molt_kind_is_sequence(type->kind)) {
        uint64_t size = molt_type(schema, type->elem)->size;
        for (uint64_t i = 0; i < type->length; i++)
            if (!is_clear(schema, type->elem, area, value + i * size, end))
                return false;
        return true;
    }
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        if (!is_clear(schema, field->type, area, value + field->bit_offset / 8, end))
            return false;
    }
    return true;
}

static bool is_block_clear(const MoltMigration *m, const MoltBlock *block, const Area *area)
{
    const MoltSpan *span = &m->heap->spans[block->span];
    const unsigned char *end =
        (const unsigned char *)block->start + molt__span_bytes(span, block->count);
    uint64_t count = span->header > 0 ? 1 : block->count;
    for (uint64_t e = 0; e < count; e++)
        if (!is_clear(m->plan->before, block->type, area,
                      (const unsigned char *)block->start + e * span->elem_size, end))
            return false;
    return true;
}

static void add_areas(MoltMigration *m, MoltTypeId type, uint32_t text, const char *area)
{
    const MoltSchema *schema = m->plan->before;
    const Area found = find_area(schema, area);
    bool kept = found.field && (found.field->flags & MOLT_FIELD_TRANSIENT) == 0;
    const MoltTypeId holder = kept ? found.holder : MOLT_NO_TYPE;
    for (MoltTypeId id = 0; holder != MOLT_NO_TYPE && id < schema->tables.type_count; id++) {
        MoltBlock block;
        uint64_t cursor = 0;
        if (!contains(schema, id, holder, 0))
            continue;
        while (!m->failed && molt_heap_next(m->heap, id, &cursor, &block))
            if (!is_block_clear(m, &block, &found))
                molt__raw_add(m, (MoltRawFact){.span = block.span,
                                               .index = block.index,
                                               .type = type,
                                               .check = text,
                                               .kind = MOLT__RAW_AREA});
    }
}

/* ---- notes ----------------------------------------------------------------------------------- */

static const char *area_of(const char *note)
{
    const char *inside = strstr(note, " in ");
    return inside ? inside + strlen(" in ") : NULL;
}

bool molt__raw_area(const MoltSchema *schema, const char *note, char *path, size_t size,
                    MoltTypeId *type)
{
    const char *area = area_of(note);
    const Area found = area ? find_area(schema, area) : (Area){MOLT_NO_TYPE, NULL};
    if (!found.field)
        return false;
    bool variable = (molt_type(schema, found.holder)->flags & MOLT_TYPE_GLOBALS) != 0;
    snprintf(path, size, "%s", variable ? molt_string(schema, found.field->name) : area);
    *type = found.field->type;
    return true;
}

static void add_notes(MoltMigration *m, MoltTypeId id)
{
    const MoltSchema *schema = m->plan->before;
    const MoltType *type = molt_type(schema, id);
    for (uint32_t n = type->note_first; n < type->note_first + type->note_count; n++) {
        const MoltNote *note = &schema->tables.notes[n];
        if (note->kind != MOLT_NOTE_ERASED)
            continue;
        const char *area = area_of(molt_string(schema, note->text));
        if (area)
            add_areas(m, id, note->text, area);
        else
            add_blocks(m, id, note->text);
    }
}

void molt__raw_scan_erased(MoltMigration *m)
{
    const MoltPlan *plan = m->plan;
    for (MoltTypeId id = 0; id < plan->before->tables.type_count && !m->failed; id++)
        if (molt__raw_changes(plan, id))
            add_notes(m, id);
}
