#include "value_place.h"

#include <stdio.h>
#include <string.h>

typedef struct Path {
    const MoltSchema *schema;
    uint32_t field; /* that it leads to */
    char *text;
    size_t room, length;
    unsigned names;
    bool cut;
} Path;

static void add(Path *path, const char *before, const char *text, const char *after)
{
    int written = snprintf(path->text + path->length, path->room - path->length, "%s%s%s", before,
                           text, after);
    path->cut = path->cut || written < 0 || (size_t)written >= path->room - path->length;
    path->length += path->cut ? 0 : (size_t)written;
}

static void add_index(Path *path, uint64_t index)
{
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)index);
    add(path, "[", number, "]");
}

/* An element of the array that begins at or before `*offset`; false where it has none there. */
static bool step_into(Path *path, const MoltType *array, uint64_t *offset)
{
    uint64_t size = molt_type(path->schema, array->elem)->size;
    bool flexible = array->kind == MOLT_KIND_ARRAY && (array->flags & MOLT_TYPE_FLEXIBLE) != 0;
    if (size == 0 || (*offset / size >= array->length && !flexible))
        return false;
    if (array->kind != MOLT_KIND_ATOMIC)
        add_index(path, *offset / size);
    *offset %= size;
    return true;
}

/* The indices of what lies `offset` bytes into the field itself. A text is one value. */
static void add_indices(Path *path, MoltTypeId id, uint64_t offset)
{
    const MoltType *type = molt_type(path->schema, id);
    while (type->kind == MOLT_KIND_ATOMIC || type->kind == MOLT_KIND_ARRAY ||
           type->kind == MOLT_KIND_VECTOR) {
        const MoltType *elem = molt_type(path->schema, type->elem);
        if (elem->flags & MOLT_TYPE_CHAR && elem->kind == MOLT_KIND_INT)
            return;
        if (!step_into(path, type, &offset))
            return;
        type = elem;
    }
}

static uint64_t end_of(const MoltSchema *schema, const MoltField *field)
{
    const MoltType *type = molt_type(schema, field->type);
    if (field->flags & MOLT_FIELD_BITS)
        return (field->bit_offset + field->bit_width + 7) / 8;
    if (type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0)
        return UINT64_MAX;
    return field->bit_offset / 8 + type->size;
}

/* Extends the path from an object of the type to the field, which has the byte there. Recurses over what
 * types hold by value. */
static bool find(Path *path, MoltTypeId id, uint64_t offset)
{
    const MoltType *type = molt_type(path->schema, id);
    if (molt_kind_is_sequence(type->kind))
        return step_into(path, type, &offset) && find(path, type->elem, offset);
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    const Path start = *path;
    for (uint32_t f = type->first; record && f < type->first + type->count; f++) {
        const MoltField *field = &path->schema->tables.fields[f];
        const char *name = molt_string(path->schema, field->name);
        uint64_t begin = field->bit_offset / 8;
        if (offset < begin || offset >= end_of(path->schema, field))
            continue;
        if (!(type->flags & MOLT_TYPE_GLOBALS) && name[0] != '<') { /* a variable is told apart */
            add(path, ".", name, "");
            path->names++;
        }
        if (f == path->field && !(field->flags & MOLT_FIELD_BITS))
            add_indices(path, field->type, offset - begin);
        if (f == path->field || find(path, field->type, offset - begin))
            return true;
        *path = start;
    }
    return false;
}

/* Of the bytes that an operation drops: where the first is that they are dropped for. */
static uint64_t first_set(const MoltMigration *m, const MoltOp *op, uintptr_t address)
{
    const unsigned char *bytes = (const unsigned char *)address; /* NOLINT: of the old state */
    const unsigned char *usual = op->constant != MOLT__NO_CONSTANT
                                     ? m->plan->before->tables.constants + op->constant
                                     : NULL;
    uint64_t at = 0;
    while (at < op->size && bytes[at] == (usual ? usual[at] : 0))
        at++;
    return at < op->size ? at : 0;
}

void molt__value_place(const MoltMigration *m, const MoltOp *op, uint64_t i, char *text, size_t room)
{
    const MoltSpan *span = m->batch_span;
    const MoltCheck *check = op->check != MOLT__NO_CHECK ? &m->plan->checks[op->check] : NULL;
    Path path = {.schema = m->plan->before, .text = text, .room = room};
    text[0] = '\0';
    if (!span || !check || check->before == MOLT__NO_FIELD || m->value_at == 0)
        return;
    path.field = check->before;
    uintptr_t address = m->value_at + i * m->value_stride;
    if (address - (uintptr_t)span->base >= span->bytes)
        return;
    if (op->code == MOLT__OP_DROP_BYTES)
        address += first_set(m, op, address);
    uint64_t offset = (address - (uintptr_t)span->base) % span->stride;
    if (span->header == 0 && span->elem_size > 0)
        offset %= span->elem_size;
    bool found = find(&path, span->type, offset) && !path.cut;
    if (!found || (path.names == 1 && !strchr(text, '[')))
        text[0] = '\0';
}
