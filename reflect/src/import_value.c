/* Values of an import by their types: recursion follows types, never data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "import_state.h"
#include "plain_address.h"

/* ---- bytes and text -------------------------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(MoltImport *import, unsigned char *bytes, uint64_t size)
{
    MoltJsonText text;
    if (!molt__json_string(&import->reader, &text))
        return false;
    if (text.length % 2 != 0 || text.length / 2 != size)
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "%zu digits stand here, and %llu bytes need two each", text.length,
                               (unsigned long long)size);
    for (size_t i = 0; i < size; i++) {
        int high = digit_of(text.bytes[2 * i]), low = digit_of(text.bytes[2 * i + 1]);
        if (high < 0 || low < 0)
            return molt__json_fail(&import->reader, MOLT_INVALID,
                                   "bytes are written with the digits 0 to 9 and a to f");
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool molt__import_raw(MoltImport *import, unsigned char *bytes, uint64_t size)
{
    MoltJsonReader *reader = &import->reader;
    bool seen = false;
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t start = reader->mark;
    while (molt__json_next(reader)) {
        if (!molt__json_is(reader->key, "bytes") || seen)
            return molt__json_fail_key(reader, "this must be {\"bytes\":\"...\"} and nothing else");
        seen = true;
        if (!read_hex(import, bytes, size))
            return false;
    }
    reader->mark = start;
    return seen || molt__json_fail(reader, MOLT_INVALID, "this must be {\"bytes\":\"...\"}");
}

bool molt__import_chars(MoltImport *import, unsigned char *bytes, uint64_t size)
{
    MoltJsonReader *reader = &import->reader;
    MoltJsonText text;
    if (molt__json_peek(reader) == MOLT__JSON_OBJECT)
        return molt__import_raw(import, bytes, size);
    if (!molt__json_string(reader, &text))
        return false;
    if (memchr(text.bytes, 0, text.length))
        return molt__json_fail(reader, MOLT_INVALID,
                               "text ends at its first NUL; write {\"bytes\":\"...\"} instead");
    if (text.length >= size && (text.length > 0 || size > 0))
        return molt__json_fail(reader, MOLT_INVALID,
                               "the text has %zu bytes and needs one more for its NUL; there is "
                               "room for %llu",
                               text.length, (unsigned long long)size);
    if (text.length > 0)
        memcpy(bytes, text.bytes, text.length);
    return true;
}

/* ---- structs --------------------------------------------------------------------------------- */

static bool read_value(MoltImport *import, MoltTypeId id, unsigned char *bytes, bool external);

/* The field of this name; they mostly come in order, so that the search goes on from the last. */
static uint32_t find_field(const MoltImport *import, const MoltType *type, MoltJsonText name,
                           uint32_t from)
{
    const MoltField *fields = import->schema->tables.fields + type->first;
    for (uint32_t i = 0; i < type->count; i++) {
        uint32_t index = from + i < type->count ? from + i : from + i - type->count;
        if (molt__json_is(name, molt_string(import->schema, fields[index].name)))
            return index;
    }
    return type->count;
}

bool molt__import_field(MoltImport *import, const MoltType *owner, const MoltField *field,
                        unsigned char *object)
{
    MoltUnionTag tag;
    const MoltType *outer_owner = import->owner;
    const MoltField *outer = import->field;
    bool good;
    import->owner = owner;
    import->field = field;
    if ((field->flags & MOLT_FIELD_BITS) != 0)
        good = molt__import_bit_field(import, field, object);
    else if (molt__union_tag(import->schema, owner, field, &tag))
        good = molt__import_union(import, field, object);
    else
        good = read_value(import, field->type, object + field->bit_offset / 8,
                          (field->flags & MOLT_FIELD_EXTERNAL) != 0);
    import->owner = outer_owner;
    import->field = outer;
    return good;
}

static bool skip_unknown(MoltImport *import, MoltTypeId id)
{
    MoltJsonReader *reader = &import->reader;
    if (import->desc.policy == MOLT_POLICY_STRICT)
        return molt__json_fail_key(reader, "%.200s has no such member",
                                   molt_type_name(import->schema, id));
    uint64_t *grown = molt__import_grow(import, import->unknown, &import->unknown_slots,
                                        import->unknown_count + 1, sizeof *grown);
    if (!grown)
        return false;
    import->unknown = grown;
    grown[import->unknown_count++] = XXH3_64bits(reader->key.bytes, reader->key.length);
    reader->mark = reader->key_at;
    MoltImportNote *note =
        molt__import_note(import, MOLT_LOSS, MOLT_RULE_FIELD_REMOVED, id, reader->key);
    molt__json_peek(reader);
    size_t from = reader->mark;
    bool good = molt__json_skip(reader, NULL);
    molt__import_note_text(import, note, from, reader->at);
    return good;
}

static int compare_hashes(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Members that the type does not have must differ in their names, too. */
static bool check_unknown(MoltImport *import, uint64_t base)
{
    uint64_t count = import->unknown_count - base;
    if (count > 1)
        qsort(import->unknown + base, count, sizeof *import->unknown, compare_hashes);
    import->unknown_count = base;
    for (uint64_t i = base + 1; i < base + count; i++) {
        if (import->unknown[i] == import->unknown[i - 1])
            return molt__json_fail(&import->reader, MOLT_INVALID,
                                   "an unknown member of this object stands in it twice");
    }
    return true;
}

static bool take_default(MoltImport *import, MoltTypeId id, const MoltField *field,
                         unsigned char *bytes)
{
    const char *name = molt_string(import->schema, field->name);
    bool required = (field->flags & MOLT_FIELD_REQUIRED) != 0;
    if ((field->flags & MOLT_FIELD_TRANSIENT) == 0) {
        if (required || import->desc.policy == MOLT_POLICY_STRICT)
            return molt__json_fail(&import->reader, MOLT_INVALID,
                                   "the member %.200s of %.200s is "
                                   "missing",
                                   name, molt_type_name(import->schema, id));
        MoltImportNote *note = molt__import_note(import, MOLT_INFO, MOLT_RULE_FIELD_ADDED, id,
                                                 (MoltJsonText){name, strlen(name)});
        molt__import_note_default(import, note, field);
    }
    return molt__import_default(import, field, bytes);
}

static bool read_members(MoltImport *import, MoltTypeId id, unsigned char *bytes, uint64_t base)
{
    MoltJsonReader *reader = &import->reader;
    const MoltType *type = molt_type(import->schema, id);
    const MoltField *fields = import->schema->tables.fields + type->first;
    uint32_t next = 0;
    while (molt__json_next(reader)) {
        uint32_t index = find_field(import, type, reader->key, next);
        if (index == type->count) {
            if (!skip_unknown(import, id))
                return false;
            continue;
        }
        if (import->seen[base + index])
            return molt__json_fail_key(reader, "this member stands here twice");
        import->seen[base + index] = 1;
        next = index + 1;
        if (!molt__import_field(import, type, &fields[index], bytes))
            return false;
    }
    return reader->status == MOLT_OK;
}

static bool read_struct(MoltImport *import, MoltTypeId id, unsigned char *bytes)
{
    MoltJsonReader *reader = &import->reader;
    const MoltType *type = molt_type(import->schema, id);
    const MoltField *fields = import->schema->tables.fields + type->first;
    uint64_t base = import->seen_count, unknown = import->unknown_count;
    uint64_t arms = import->arm_count;
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t start = reader->mark;
    unsigned char *seen =
        molt__import_grow(import, import->seen, &import->seen_slots, base + type->count + 1u, 1);
    if (!seen)
        return false;
    import->seen = seen;
    memset(seen + base, 0, type->count);
    import->seen_count = base + type->count;
    if (!read_members(import, id, bytes, base))
        return false;
    reader->mark = start;
    for (uint32_t i = 0; i < type->count; i++) {
        if (!import->seen[base + i] && !take_default(import, id, &fields[i], bytes))
            return false;
    }
    import->seen_count = base;
    return check_unknown(import, unknown) && molt__import_check_arms(import, type, arms, bytes);
}

/* ---- sequences ------------------------------------------------------------------------------- */

static bool read_elements(MoltImport *import, MoltTypeId elem, unsigned char *bytes,
                          uint64_t length, bool external)
{
    MoltJsonReader *reader = &import->reader;
    uint64_t size = molt_type(import->schema, elem)->size, i = 0;
    if (!molt__json_enter(reader, MOLT__JSON_LIST))
        return false;
    size_t start = reader->mark;
    for (; molt__json_next(reader); i++) {
        if (i == length) {
            molt__json_peek(reader);
            return molt__json_fail(reader, MOLT_INVALID, "there is room for %llu elements only",
                                   (unsigned long long)length);
        }
        if (!read_value(import, elem, bytes + i * size, external))
            return false;
    }
    reader->mark = start;
    return i == length ||
           molt__json_fail(reader, MOLT_INVALID, "%llu elements stand where %llu are needed",
                           (unsigned long long)i, (unsigned long long)length);
}

static bool is_char(const MoltType *type)
{
    return type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_CHAR) != 0;
}

static bool read_sequence(MoltImport *import, const MoltType *type, unsigned char *bytes,
                          bool external)
{
    bool flexible = type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
    uint64_t length = flexible ? import->object->count : type->length;
    if (type->kind == MOLT_KIND_ARRAY && is_char(molt_type(import->schema, type->elem)))
        return molt__import_chars(import, bytes, length);
    return read_elements(import, type->elem, bytes, length, external);
}

/* An external field may be an array of pointers: the mark goes down to each of them, but not into
 * structs, which have marks of their own. */
static bool read_value(MoltImport *import, MoltTypeId id, unsigned char *bytes, bool external)
{
    const MoltType *type = molt_type(import->schema, id);
    switch (type->kind) {
    case MOLT_KIND_BOOL: return molt__import_bool(import, bytes);
    case MOLT_KIND_INT: return molt__import_integer(import, type, bytes);
    case MOLT_KIND_FLOAT: return molt__import_float(import, type, bytes);
    case MOLT_KIND_ENUM: return molt__import_enum(import, type, bytes);
    case MOLT_KIND_STRUCT: return read_struct(import, id, bytes);
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR: return read_sequence(import, type, bytes, external);
    case MOLT_KIND_ATOMIC: return read_value(import, type->elem, bytes, external);
    case MOLT_KIND_POINTER:
        return external ? molt__import_external(import, bytes)
                        : molt__import_pointer(import, type->elem, bytes);
    default: return molt__import_raw(import, bytes, type->size);
    }
}

/* Bytes without a type that look like an address, which means nothing any more. */
static bool check_untyped(MoltImport *import)
{
    const MoltImportObject *object = import->object;
    if (!molt__plain_has_address(import->heap, import->desc.code, false, import->block,
                                 molt__import_bytes(import, object)))
        return true;
    if (import->desc.policy == MOLT_POLICY_STRICT)
        return molt__json_fail(
            &import->reader, MOLT_INVALID,
            "memory without a type has an address in it, which cannot be read back: "
            "name the type where the block is allocated");
    MoltImportNote *note = molt__import_note_here(import, MOLT_LOSS, MOLT_RULE_UNTYPED_MEMORY);
    if (note)
        snprintf(note->value, sizeof note->value, "an address in it");
    return true;
}

bool molt__import_value(MoltImport *import)
{
    const MoltImportObject *object = import->object;
    const MoltType *type = molt_type(import->schema, object->type);
    if (is_char(type))
        return molt__import_chars(import, import->block, object->count);
    if (!(object->list ? read_elements(import, object->type, import->block, object->count, false)
                       : read_value(import, object->type, import->block, false)))
        return false;
    return object->type != import->heap->untyped || check_untyped(import);
}
