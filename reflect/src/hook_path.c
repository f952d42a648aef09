#include "hook_path.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const MoltType *type_at(const MoltMigration *m, const MoltHookPlace *place)
{
    return molt_type(m->plan->before, molt_value_type(m->plan->before, place->type));
}

/* ---- mistakes ------------------------------------------------------------------------------- */

bool molt__hook_mistake(const MoltHookQuestion *question, const MoltHookPlace *place,
                        const char *remedy, const char *format, ...)
{
    const MoltMigration *m = question->m;
    const MoltSchema *schema = m->plan->before;
    char what[200], name[160], value[440], path[400], before[400] = "";
    va_list arguments;
    if (question->quiet)
        return false;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    molt__hook_name(m, name, sizeof name);
    snprintf(value, sizeof value, "%s(\"%.60s\") in %.140s: %.190s", question->function,
             question->path, name, what);
    MoltTypeId owner = place->owner != MOLT_NO_TYPE ? place->owner : place->type;
    snprintf(path, sizeof path, "%s", molt_type_name(schema, owner));
    if (place->field != MOLT__NO_FIELD) {
        const MoltField *field = &schema->tables.fields[place->field];
        snprintf(path, sizeof path, "%s.%s", molt_type_name(schema, owner),
                 molt_string(schema, field->name));
        molt_schema_declare(schema, field, before, sizeof before);
    }
    molt__hook_refuse(question->m, &(MoltFinding){.severity = MOLT_REFUSE,
                                                  .rule = MOLT_RULE_HOOK_FAILED,
                                                  .path = path,
                                                  .before = before[0] ? before : NULL,
                                                  .value = value,
                                                  .remedy = remedy,
                                                  .objects = 1});
    return false;
}

static void list_fields(const MoltSchema *schema, const MoltType *type, char *buffer, size_t size)
{
    int used = snprintf(buffer, size, "it has");
    for (uint32_t f = 0; f < type->count && used > 0 && (size_t)used < size; f++)
        used += snprintf(buffer + used, size - (size_t)used, "%s %s", f > 0 ? "," : "",
                         molt_string(schema, schema->tables.fields[type->first + f].name));
}

/* ---- fields and elements -------------------------------------------------------------------- */

/* A field by name, through anonymous members; its offset in bits from the record is *offset. */
static uint32_t find_field(const MoltSchema *schema, const MoltType *type, const char *name,
                           size_t length, uint64_t *offset)
{
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        const char *known = molt_string(schema, field->name);
        const MoltType *held = molt_type(schema, field->type);
        if (strncmp(known, name, length) == 0 && known[length] == '\0') {
            *offset = field->bit_offset;
            return f;
        }
        if (known[0] != '<' || (held->kind != MOLT_KIND_STRUCT && held->kind != MOLT_KIND_UNION))
            continue;
        uint32_t found = find_field(schema, held, name, length, offset);
        if (found != MOLT__NO_FIELD) {
            *offset += field->bit_offset;
            return found;
        }
    }
    return MOLT__NO_FIELD;
}

static uint64_t size_of(const MoltMigration *m, const MoltHookPlace *place)
{
    const MoltType *type = type_at(m, place);
    if (type->kind != MOLT_KIND_ARRAY || (type->flags & MOLT_TYPE_FLEXIBLE) == 0)
        return type->size;
    return molt__hook_length(m, place) * molt_type(m->plan->before, type->elem)->size;
}

/* The field at `place`, and the member of the record itself that holds it: groups are read with what is
 * in them. */
static void note_read(MoltMigration *m, const MoltType *type, const MoltHookPlace *place,
                      uintptr_t record)
{
    const MoltSchema *schema = m->plan->before;
    molt__hook_note_read(m, place->field, place->address, size_of(m, place));
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *outer = &schema->tables.fields[f];
        uintptr_t at = record + outer->bit_offset / 8;
        uint64_t size = molt_type(schema, outer->type)->size;
        if (molt_string(schema, outer->name)[0] == '<' && place->address - at < size)
            molt__hook_note_read(m, f, at, size);
    }
}

static bool step_field(const MoltHookQuestion *question, MoltHookPlace *place, const char *name,
                       size_t length)
{
    const MoltMigration *m = question->m;
    const MoltSchema *schema = m->plan->before;
    const MoltType *type = type_at(m, place);
    MoltTypeId owner = molt_value_type(schema, place->type);
    uint64_t offset = 0;
    if (type->kind == MOLT_KIND_POINTER)
        return molt__hook_mistake(question, place, "go through it with ->", "a pointer");
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)
        return molt__hook_mistake(question, place, "ask for the value itself", "it is a %s",
                                  molt_type_name(schema, place->type));
    uint32_t field = find_field(schema, type, name, length, &offset);
    if (field == MOLT__NO_FIELD) {
        char known[300];
        list_fields(schema, type, known, sizeof known);
        *place = (MoltHookPlace){owner, place->address, owner, MOLT__NO_FIELD};
        return molt__hook_mistake(question, place, known, "the old %s has no field %.*s",
                                  molt_type_name(schema, owner), (int)length, name);
    }
    uintptr_t record = place->address;
    *place = (MoltHookPlace){schema->tables.fields[field].type, record + offset / 8, owner, field};
    if (!question->quiet) {
        note_read(question->m, type, place, record);
        molt__hook_note_seen(question->m, owner, record);
    }
    return true;
}

static const char *target_words(MoltHookTarget target)
{
    switch (target) {
    case MOLT__HOOK_NULL: return "it is NULL in this object";
    case MOLT__HOOK_FREED: return "it points at freed memory, or behind the last element";
    case MOLT__HOOK_OUTSIDE: return "it points outside of the heap";
    default: return "it does not point at what its type says";
    }
}

static bool step_pointer(const MoltHookQuestion *question, MoltHookPlace *place, uint64_t index)
{
    MoltHookPlace target;
    uint64_t count;
    if (type_at(question->m, place)->kind != MOLT_KIND_POINTER)
        return molt__hook_mistake(question, place, "write . for what lies in the object itself",
                                  "no pointer");
    MoltHookTarget found = molt__hook_target(question->m, place, index, &target, &count);
    if (found != MOLT__HOOK_OBJECT)
        return molt__hook_mistake(question, place,
                                  "look first, with molt_old_follow or molt_old_count", "%s",
                                  target_words(found));
    place->type = target.type;
    place->address = target.address;
    return true;
}

uint64_t molt__hook_length(const MoltMigration *m, const MoltHookPlace *place)
{
    const MoltType *type = type_at(m, place);
    if (type->kind != MOLT_KIND_ARRAY || (type->flags & MOLT_TYPE_FLEXIBLE) == 0)
        return type->length;
    MoltPlace found;
    molt_heap_locate(m->heap, (const void *)(place->address - 1),
                     &found); /* NOLINT: in its block */
    return found.kind == MOLT_PLACE_BLOCK ? found.block.count : 0;
}

static bool step_element(const MoltHookQuestion *question, MoltHookPlace *place, uint64_t index)
{
    const MoltType *type = type_at(question->m, place);
    if (type->kind == MOLT_KIND_POINTER)
        return step_pointer(question, place, index);
    if (type->kind != MOLT_KIND_ARRAY && type->kind != MOLT_KIND_VECTOR &&
        type->kind != MOLT_KIND_COMPLEX)
        return molt__hook_mistake(question, place, "ask for the value itself", "no array");
    uint64_t length = molt__hook_length(question->m, place);
    if (index >= length)
        return molt__hook_mistake(question, place, "stay below molt_old_count",
                                  "it has %llu elements", (unsigned long long)length);
    place->type = type->elem;
    place->address += index * molt_type(question->m->plan->before, type->elem)->size;
    return true;
}

static size_t name_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$");
}

bool molt__hook_path(const MoltHookQuestion *question, MoltHookPlace *place)
{
    const char *at = question->path;
    bool first = true;
    if (strcmp(at, ".") == 0) {
        if (!question->quiet)
            molt__hook_note_seen(question->m, place->type, place->address);
        return true;
    }
    for (; *at; first = false) {
        if (*at == '[') {
            char *end;
            unsigned long long index = strtoull(at + 1, &end, 10);
            bool digits = at[1] >= '0' && at[1] <= '9' && *end == ']';
            if (!digits)
                return molt__hook_mistake(question, place, "write indices as [3] or [%d]",
                                          "no index at %.20s", at);
            if (!step_element(question, place, index))
                return false;
            at = end + 1;
            continue;
        }
        bool arrow = at[0] == '-' && at[1] == '>';
        if (arrow && !step_pointer(question, place, 0))
            return false;
        at += arrow ? 2 : *at == '.' && !first ? 1 : 0;
        size_t length = name_length(at);
        if (length == 0)
            return molt__hook_mistake(question, place,
                                      "write paths as in C: pos.x, slots[2].kind, next->hp",
                                      "no name at %.20s", at);
        if (!step_field(question, place, at, length))
            return false;
        at += length;
    }
    return !first || molt__hook_mistake(question, place, "name a field, or . for the object itself",
                                        "the path is empty");
}

/* ---- pointers ------------------------------------------------------------------------------- */

uintptr_t molt__hook_pointer(const MoltMigration *m, const MoltHookPlace *place)
{
    uintptr_t value;
    memcpy(&value, molt__hook_bytes(m, place->address), sizeof value);
    return value;
}

/* True when a value of `wanted` begins `offset` bytes into a `type`; *rest is then the number of such
 * values from there to the end of the array that holds it. */
static bool holds(const MoltSchema *schema, MoltTypeId type, uint64_t offset, MoltTypeId wanted,
                  uint64_t *rest)
{
    const MoltType *t = molt_type(schema, type);
    if (type == wanted && offset == 0)
        return true;
    if (molt_kind_is_sequence(t->kind) && t->length > 0) {
        uint64_t size = molt_type(schema, t->elem)->size, index = size > 0 ? offset / size : 0;
        if (index >= t->length)
            return false;
        *rest = t->elem == wanted ? t->length - index : 1;
        return holds(schema, t->elem, offset - index * size, wanted, rest);
    }
    if (t->kind != MOLT_KIND_STRUCT && t->kind != MOLT_KIND_UNION)
        return false;
    for (uint32_t f = t->first; f < t->first + t->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        uint64_t start = field->bit_offset / 8, size = molt_type(schema, field->type)->size;
        if (field->flags & MOLT_FIELD_BITS || offset < start || offset >= start + size)
            continue;
        *rest = 1;
        if (holds(schema, field->type, offset - start, wanted, rest))
            return true;
    }
    return false;
}

/* A place in a block as an offset in an element of it, or of the array at its end. */
static MoltTypeId element_at(const MoltSchema *schema, const MoltPlace *place, uint64_t *offset,
                             uint64_t *rest)
{
    const MoltBlock *block = &place->block;
    *offset = place->offset;
    *rest = block->count - place->element;
    if (block->header == 0)
        return block->type;
    *rest = 1;
    if (place->offset < block->header)
        return block->type;
    MoltTypeId elem = molt_type(schema, molt_schema_tail(schema, block->type)->type)->elem;
    uint64_t size = molt_type(schema, elem)->size, index = (place->offset - block->header) / size;
    *offset = place->offset - block->header - index * size;
    *rest = index < block->count ? block->count - index : 0;
    return elem;
}

MoltHookTarget molt__hook_target(const MoltMigration *m, const MoltHookPlace *place, uint64_t index,
                                 MoltHookPlace *out, uint64_t *count)
{
    const MoltSchema *schema = m->plan->before;
    MoltTypeId pointee = molt_value_type(schema, type_at(m, place)->elem);
    uintptr_t value = molt__hook_pointer(m, place);
    MoltPlace found;
    uint64_t offset = 0, all = 0;
    if (value == 0)
        return MOLT__HOOK_NULL;
    molt_heap_locate(m->heap, (const void *)value, &found); /* NOLINT: an address from the state */
    if (found.kind == MOLT_PLACE_OUTSIDE)
        return MOLT__HOOK_OUTSIDE;
    molt__retype_place(m, &found);
    if (found.kind == MOLT_PLACE_FREE ||
        found.element == found.block.count + (found.block.header > 0))
        return MOLT__HOOK_FREED;
    MoltTypeId element = element_at(schema, &found, &offset, &all);
    uint64_t within = all; /* an element of the block itself has its neighbours behind it */
    if (molt_type(schema, pointee)->kind == MOLT_KIND_VOID && offset == 0)
        pointee = element;
    if (all == 0 || !holds(schema, element, offset, pointee, &within))
        return MOLT__HOOK_OTHER;
    if (index >= within)
        return MOLT__HOOK_FREED;
    uint64_t size = molt_type(schema, pointee)->size;
    *out = (MoltHookPlace){pointee, value + index * size, MOLT_NO_TYPE, MOLT__NO_FIELD};
    *count = within - index;
    return MOLT__HOOK_OBJECT;
}
