#include "tables.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* Counts stay far from 32-bit limits, so that indices plus one and doubled counts need no check. */
#define COUNT_LIMIT (1u << 28)
#define BYTES_LIMIT (1u << 31)
#define ALIGN_LIMIT (1u << 28)
#define NOTES_LIMIT 256u /* per declaration; ranges of notes may be shared */

enum { ON_STACK = 0xff }; /* in Check.heights */

typedef struct Check {
    const MoltTables *tables;
    MoltError *error;
    uint32_t *slots;  /* set of names, rebuilt for each group of names */
    uint8_t *heights; /* per type: 0 not visited, else how deep it holds others by value */
    /* Members that types have claimed: bounded by the tables, so the check takes linear time. */
    uint64_t fields, enumerators, refs;
} Check;

static const char *text_at(const Check *check, uint32_t offset)
{
    return check->tables->strings + offset;
}

/* MOLT_INVALID with "type "Ant" (game.h:12), "hp": ...". `type` and `member` may be NULL. */
__attribute__((format(printf, 4, 5))) static MoltStatus fault(const Check *check,
                                                              const MoltType *type,
                                                              const char *member,
                                                              const char *format, ...)
{
    char place[400] = "", what[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);

    if (type) {
        const char *name = text_at(check, type->name);
        int length = type->line ? snprintf(place, sizeof place, "type \"%.100s\" (%.200s:%u)", name,
                                           text_at(check, type->file), type->line)
                                : snprintf(place, sizeof place, "type \"%.100s\"", name);
        if (length < 0 || (size_t)length >= sizeof place)
            length = (int)strlen(place);
        snprintf(place + length, sizeof place - (size_t)length, member ? ", \"%.60s\": " : ": %s",
                 member ? member : "");
    }
    return molt_error(check->error, MOLT_INVALID,
                      "%s%s. The metadata is damaged: generate it again with molt-codegen.", place,
                      what);
}

/* ---- frame: version, counts, string pool ---------------------------------------------------- */

static MoltStatus check_abi(const MoltTables *tables, MoltError *error)
{
    const uint16_t probe = 1;
    const uint8_t little_endian = *(const uint8_t *)&probe;
    const MoltAbi *abi = &tables->abi;

    if (abi->pointer_size != sizeof(void *) || abi->long_size != sizeof(long) ||
        abi->little_endian != little_endian) {
        return molt_error(error, MOLT_VERSION,
                          "The metadata is for an ABI with %u-byte pointers, %u-byte long and %s "
                          "byte order, but this process has %zu, %zu and %s. Build the library for "
                          "this machine.",
                          abi->pointer_size, abi->long_size,
                          abi->little_endian ? "little-endian" : "big-endian", sizeof(void *),
                          sizeof(long), little_endian ? "little-endian" : "big-endian");
    }
    if (abi->char_signed > 1 || abi->max_align == 0 || (abi->max_align & (abi->max_align - 1)) != 0)
        return molt_error(error, MOLT_INVALID,
                          "The metadata's ABI has char_signed %u and max_align %u: the first must "
                          "be 0 or 1, the second a power of two.",
                          abi->char_signed, abi->max_align);
    return MOLT_OK;
}

static MoltStatus check_frame(const Check *check)
{
    const MoltTables *t = check->tables;
    const struct {
        const char *name;
        const void *data;
        uint32_t count, limit;
    } parts[] = {
        {"types", t->types, t->type_count, COUNT_LIMIT},
        {"fields", t->fields, t->field_count, COUNT_LIMIT},
        {"enumerators", t->enumerators, t->enumerator_count, COUNT_LIMIT},
        {"refs", t->refs, t->ref_count, COUNT_LIMIT},
        {"notes", t->notes, t->note_count, COUNT_LIMIT},
        {"roots", t->roots, t->root_count, COUNT_LIMIT},
        {"spellings", t->spellings, t->spelling_count, COUNT_LIMIT},
        {"constants", t->constants, t->constant_size, BYTES_LIMIT},
        {"strings", t->strings, t->string_size, BYTES_LIMIT},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].count > parts[i].limit)
            return fault(check, NULL, NULL, "%u %s are more than the limit of %u", parts[i].count,
                         parts[i].name, parts[i].limit);
        if (parts[i].count && !parts[i].data)
            return fault(check, NULL, NULL, "%u %s are announced but there is no table of %s",
                         parts[i].count, parts[i].name, parts[i].name);
    }
    if (t->string_size == 0 || t->strings[0] != '\0' || t->strings[t->string_size - 1] != '\0')
        return fault(check, NULL, NULL, "The string pool must begin with \"\" and end in a NUL");
    return MOLT_OK;
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool names_something(const Check *check, uint32_t offset)
{
    return offset < check->tables->string_size && text_at(check, offset)[0] != '\0';
}

/* Smallest power of two with room for twice `count`. */
static size_t slots_for(size_t count)
{
    size_t slots = 4;
    while (slots < 2 * count)
        slots *= 2;
    return slots;
}

/* Index of the first of `count` names that an earlier one equals, or `count`. Names are the
 * uint32_t at the start of each record of `stride` bytes, and are in range. */
static uint32_t find_repeated(const Check *check, const void *records, size_t stride,
                              uint32_t count)
{
    size_t mask = slots_for(count) - 1;
    memset(check->slots, 0, (mask + 1) * sizeof *check->slots);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t name;
        memcpy(&name, (const char *)records + i * stride, sizeof name);
        const char *text = text_at(check, name);
        size_t slot = (size_t)XXH3_64bits(text, strlen(text)) & mask;
        for (; check->slots[slot]; slot = (slot + 1) & mask) {
            if (strcmp(text_at(check, check->slots[slot]), text) == 0)
                return i;
        }
        check->slots[slot] = name;
    }
    return count;
}

static MoltStatus check_type_names(const Check *check)
{
    const MoltTables *t = check->tables;
    for (uint32_t i = 0; i < t->type_count; i++) {
        const MoltType *type = &t->types[i];
        if (!names_something(check, type->name))
            return fault(check, NULL, NULL, "Type %u has no name", i);
        if (type->file >= t->string_size)
            return fault(check, NULL, NULL, "Type \"%s\" has a file name outside the string pool",
                         text_at(check, type->name));
    }
    uint32_t repeated = find_repeated(check, t->types, sizeof *t->types, t->type_count);
    if (repeated < t->type_count)
        return fault(check, &t->types[repeated], NULL, "another type has the same name");
    return MOLT_OK;
}

/* ---- notes ---------------------------------------------------------------------------------- */

static bool is_conversion(const char *word)
{
    return strcmp(word, "trunc") == 0 || strcmp(word, "round") == 0 ||
           strcmp(word, "saturate") == 0 || strcmp(word, "truncate") == 0;
}

static MoltStatus check_notes(const Check *check, const MoltType *type, const char *member,
                              uint32_t first, uint32_t count)
{
    const MoltTables *t = check->tables;
    bool defaulted = false;
    if (count > NOTES_LIMIT || first > t->note_count || count > t->note_count - first)
        return fault(check, type, member, "notes %u + %u are outside the table", first, count);

    for (uint32_t i = 0; i < count; i++) {
        const MoltNote *note = &t->notes[first + i];
        if (note->kind >= MOLT_NOTE_KIND_COUNT || note->text >= t->string_size)
            return fault(check, type, member, "note %u has no known kind or text", i);
        if (note->constant > t->constant_size ||
            note->constant_size > t->constant_size - note->constant)
            return fault(check, type, member, "note %u has a constant outside the table", i);
        const char *text = text_at(check, note->text);
        if (note->kind == MOLT_NOTE_WAS && !*text)
            return fault(check, type, member, "an earlier name is empty");
        if (note->kind == MOLT_NOTE_REMOVED && !*text)
            return fault(check, type, member, "a removed name is empty");
        if (note->kind == MOLT_NOTE_COUNT && !*text)
            return fault(check, type, member, "the field that counts has no name");
        if (note->kind == MOLT_NOTE_ARM && !*text)
            return fault(check, type, member, "an arm without the name of its enumerator");
        if (note->kind == MOLT_NOTE_INDEX && !*text)
            return fault(check, type, member, "the enum of its indices has no name");
        if (note->kind == MOLT_NOTE_MOVED && !*text)
            return fault(check, type, member, "the path it moved from is empty");
        if (note->kind == MOLT_NOTE_VERSION && !*text)
            return fault(check, type, member, "the version has no number");
        if (note->kind == MOLT_NOTE_CONVERT && !is_conversion(text))
            return fault(check, type, member, "unknown conversion \"%.40s\"", text);
        if (note->kind == MOLT_NOTE_DEFAULT && defaulted)
            return fault(check, type, member, "there are two defaults");
        defaulted = defaulted || note->kind == MOLT_NOTE_DEFAULT;
    }
    return MOLT_OK;
}

static bool is_zero(const unsigned char *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

/* A default must fit what it is copied into; a pointer can only default to NULL, or to a string. */
static MoltStatus check_default(const Check *check, const MoltType *owner, const MoltField *field,
                                const MoltNote *note)
{
    const MoltTables *t = check->tables;
    const MoltType *type = &t->types[field->type];
    if (type->kind == MOLT_KIND_ATOMIC)
        type = &t->types[type->elem];
    const char *member = text_at(check, field->name);
    const unsigned char *bytes = note->constant_size ? t->constants + note->constant : NULL;

    if (field->flags & MOLT_FIELD_BITS)
        return note->constant_size == 8
                   ? MOLT_OK
                   : fault(check, owner, member, "the default of a bit-field takes 8 bytes, not %u",
                           note->constant_size);
    if (type->kind == MOLT_KIND_POINTER) {
        bool text = (t->types[type->elem].flags & MOLT_TYPE_CHAR) != 0;
        if (note->constant_size == 0 || is_zero(bytes, note->constant_size) ||
            (text && bytes[note->constant_size - 1] == 0))
            return MOLT_OK;
        return fault(check, owner, member, "a pointer's default must be NULL or a string");
    }
    if (note->constant_size != type->size)
        return fault(check, owner, member, "the default has %u bytes but \"%.60s\" has %llu",
                     note->constant_size, text_at(check, type->name),
                     (unsigned long long)type->size);
    return MOLT_OK;
}

/* ---- types ---------------------------------------------------------------------------------- */

/* Whether objects of the type exist, so that fields, arrays and blocks can hold it. */
static bool has_objects(const Check *check, MoltTypeId id)
{
    if (id >= check->tables->type_count)
        return false;
    uint16_t kind = check->tables->types[id].kind;
    return kind != MOLT_KIND_VOID && kind != MOLT_KIND_FUNCTION && kind != MOLT_KIND_OPAQUE;
}

static uint16_t flags_of_kind(uint16_t kind)
{
    switch (kind) {
    case MOLT_KIND_INT: return MOLT_TYPE_SIGNED | MOLT_TYPE_CHAR | MOLT_TYPE_UNTYPED;
    case MOLT_KIND_ENUM: return MOLT_TYPE_SIGNED | MOLT_TYPE_FLAGS;
    case MOLT_KIND_FLOAT: return MOLT_TYPE_BINARY_FLOAT;
    case MOLT_KIND_FUNCTION: return MOLT_TYPE_VARIADIC;
    case MOLT_KIND_ARRAY: return MOLT_TYPE_FLEXIBLE;
    case MOLT_KIND_STRUCT: return MOLT_TYPE_GLOBALS;
    default: return 0;
    }
}

static bool has_sane_size(const Check *check, const MoltType *type)
{
    uint64_t size = type->size;
    switch (type->kind) {
    case MOLT_KIND_BOOL: return size == 1;
    case MOLT_KIND_INT:
        if (type->flags & (MOLT_TYPE_CHAR | MOLT_TYPE_UNTYPED))
            return size == 1;
        return size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
    case MOLT_KIND_FLOAT: return size == 2 || size == 4 || size == 8 || (size >= 10 && size <= 16);
    case MOLT_KIND_POINTER: return size == check->tables->abi.pointer_size;
    case MOLT_KIND_STRUCT:
    case MOLT_KIND_UNION: return size <= UINT64_MAX / 8 && size % type->align == 0;
    case MOLT_KIND_ENUM:
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_ATOMIC:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR: return true; /* compared with their element */
    default: return size == 0;
    }
}

/* What concerns the type alone, so that check_members can rely on it for every other type. */
static MoltStatus check_type(const Check *check, const MoltType *type)
{
    if (type->kind >= MOLT_KIND_COUNT)
        return fault(check, type, NULL, "unknown kind %u", type->kind);
    if (type->flags & ~flags_of_kind(type->kind))
        return fault(check, type, NULL, "flags %#x do not belong to its kind", type->flags);

    bool sized = type->kind != MOLT_KIND_VOID && type->kind != MOLT_KIND_FUNCTION &&
                 type->kind != MOLT_KIND_OPAQUE;
    if (type->align > ALIGN_LIMIT || (type->align & (type->align - 1)) != 0 ||
        (sized && type->align == 0))
        return fault(check, type, NULL, "alignment %u is not a power of two", type->align);
    if (!has_sane_size(check, type))
        return fault(check, type, NULL, "%llu bytes cannot be the size of such a type",
                     (unsigned long long)type->size);
    return check_notes(check, type, NULL, type->note_first, type->note_count);
}

/* An array of as many elements as its block has, or a struct that ends in one: only the block itself
 * is such an object. Looks at types whose members may not be checked yet. */
static bool is_flexible(const Check *check, MoltTypeId id)
{
    const MoltTables *t = check->tables;
    const MoltType *type = &t->types[id];
    if (type->kind == MOLT_KIND_STRUCT && type->count > 0 && type->first < t->field_count &&
        type->count <= t->field_count - type->first) {
        id = t->fields[type->first + type->count - 1].type;
        type = id < t->type_count ? &t->types[id] : type;
    }
    return type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
}

/* A tagged union is read by the enum beside it, so it must be a union and there must be one. */
/* The type of a field, or what it holds where that is _Atomic, is an enum. */
static bool is_enum(const MoltTables *t, MoltTypeId type)
{
    if (type < t->type_count && t->types[type].kind == MOLT_KIND_ATOMIC)
        type = t->types[type].elem;
    return type < t->type_count && t->types[type].kind == MOLT_KIND_ENUM;
}

static MoltStatus check_tag(const Check *check, const MoltType *owner, const MoltField *field,
                            const MoltNote *note)
{
    const MoltTables *t = check->tables;
    const char *member = text_at(check, field->name), *tag = text_at(check, note->text);
    if (owner->kind != MOLT_KIND_STRUCT || t->types[field->type].kind != MOLT_KIND_UNION)
        return fault(check, owner, member, "only a union in a struct can have a tag");
    for (uint32_t i = owner->first; i < owner->first + owner->count; i++) {
        const MoltField *beside = &t->fields[i];
        if (names_something(check, beside->name) && is_enum(t, beside->type) &&
            strcmp(text_at(check, beside->name), tag) == 0)
            return MOLT_OK;
    }
    return fault(check, owner, member, "no enum field \"%.60s\" is beside it", tag);
}

static MoltStatus check_field(const Check *check, const MoltType *owner, const MoltField *field)
{
    const MoltTables *t = check->tables;
    const uint32_t known =
        MOLT_FIELD_BITS | MOLT_FIELD_TRANSIENT | MOLT_FIELD_EXTERNAL | MOLT_FIELD_REQUIRED;
    const char *name = text_at(check, field->name);

    if (!has_objects(check, field->type))
        return fault(check, owner, name, "its type is missing or has no size");
    if (field->flags & ~known)
        return fault(check, owner, name, "unknown flags %#x", field->flags);

    const MoltType *type = &t->types[field->type];
    bool last = owner->kind == MOLT_KIND_STRUCT &&
                field == &t->fields[owner->first + owner->count - 1];
    if (is_flexible(check, field->type) && (type->kind != MOLT_KIND_ARRAY || !last))
        return fault(check, owner, name,
                     "a flexible array can only be the last member of a struct that none holds");
    uint64_t bits = type->size * 8; /* check_type and the element's check bound sizes */
    if (field->flags & MOLT_FIELD_BITS) {
        if (type->kind != MOLT_KIND_INT && type->kind != MOLT_KIND_BOOL &&
            type->kind != MOLT_KIND_ENUM)
            return fault(check, owner, name, "only integers, bool and enums can be bit-fields");
        if (field->bit_width == 0 || field->bit_width > 64 || field->bit_width > bits)
            return fault(check, owner, name, "a bit-field cannot have %u bits", field->bit_width);
        bits = field->bit_width;
    } else if (field->bit_width != 0 || field->bit_offset % 8 != 0) {
        return fault(check, owner, name, "has a width or offset in bits but is no bit-field");
    }
    if (bits > owner->size * 8 || field->bit_offset > owner->size * 8 - bits)
        return fault(check, owner, name, "%llu bits at bit %llu do not fit %llu bytes",
                     (unsigned long long)bits, (unsigned long long)field->bit_offset,
                     (unsigned long long)owner->size);

    MoltStatus status = check_notes(check, owner, name, field->note_first, field->note_count);
    for (uint32_t i = 0; status == MOLT_OK && i < field->note_count; i++) {
        const MoltNote *note = &t->notes[field->note_first + i];
        if (note->kind == MOLT_NOTE_DEFAULT)
            status = check_default(check, owner, field, note);
        else if (note->kind == MOLT_NOTE_TAG)
            status = check_tag(check, owner, field, note);
    }
    return status;
}

static MoltStatus check_enumerator(const Check *check, const MoltType *owner,
                                   const MoltEnumerator *enumerator)
{
    const char *name = text_at(check, enumerator->name);
    uint64_t value = enumerator->value;

    if (enumerator->flags & ~MOLT_ENUMERATOR_FALLBACK)
        return fault(check, owner, name, "unknown flags %#x", enumerator->flags);
    if (owner->size < 8) {
        unsigned bits = (unsigned)owner->size * 8;
        bool fits = value >> bits == 0;
        if (owner->flags & MOLT_TYPE_SIGNED) {
            uint64_t above = value >> (bits - 1); /* sign bit and all copies of it */
            fits = above == 0 || above == UINT64_MAX >> (bits - 1);
        }
        if (!fits)
            return fault(check, owner, name, "its value does not fit %u bits", bits);
    }
    return check_notes(check, owner, name, enumerator->note_first, enumerator->note_count);
}

/* Whether [first, first + count) lies in a table of `size` that types share without overlap. */
static bool claim(uint64_t *claimed, uint32_t size, uint32_t first, uint32_t count)
{
    if (first > size || count > size - first || count > size - *claimed)
        return false;
    *claimed += count;
    return true;
}

static MoltStatus check_fields(Check *check, const MoltType *type)
{
    const MoltTables *t = check->tables;
    if (!claim(&check->fields, t->field_count, type->first, type->count))
        return fault(check, type, NULL, "fields %u + %u are outside the table", type->first,
                     type->count);
    if (type->count == 0)
        return MOLT_OK;
    const MoltField *fields = t->fields + type->first;
    for (uint32_t i = 0; i < type->count; i++) {
        if (!names_something(check, fields[i].name))
            return fault(check, type, NULL, "field %u has no name", i);
        MoltStatus status = check_field(check, type, &fields[i]);
        if (status)
            return status;
    }
    uint32_t repeated = find_repeated(check, fields, sizeof *fields, type->count);
    if (repeated < type->count)
        return fault(check, type, text_at(check, fields[repeated].name),
                     "two fields have this name");
    return MOLT_OK;
}

static MoltStatus check_enumerators(Check *check, const MoltType *type)
{
    const MoltTables *t = check->tables;
    if (!claim(&check->enumerators, t->enumerator_count, type->first, type->count))
        return fault(check, type, NULL, "enumerators %u + %u are outside the table", type->first,
                     type->count);
    if (type->count == 0)
        return MOLT_OK;
    const MoltEnumerator *enumerators = t->enumerators + type->first;
    for (uint32_t i = 0; i < type->count; i++) {
        if (!names_something(check, enumerators[i].name))
            return fault(check, type, NULL, "enumerator %u has no name", i);
        MoltStatus status = check_enumerator(check, type, &enumerators[i]);
        if (status)
            return status;
    }
    uint32_t repeated = find_repeated(check, enumerators, sizeof *enumerators, type->count);
    if (repeated < type->count)
        return fault(check, type, text_at(check, enumerators[repeated].name),
                     "two enumerators have this name");
    return MOLT_OK;
}

static MoltStatus check_enum(Check *check, const MoltType *type)
{
    const MoltTables *t = check->tables;
    if (type->elem >= t->type_count || t->types[type->elem].kind != MOLT_KIND_INT)
        return fault(check, type, NULL, "no integer type stores it");
    const MoltType *storage = &t->types[type->elem];
    if (type->size != storage->size ||
        (type->flags & MOLT_TYPE_SIGNED) != (storage->flags & MOLT_TYPE_SIGNED))
        return fault(check, type, NULL, "size or sign differ from \"%.60s\", which stores it",
                     text_at(check, storage->name));
    if (type->size > 8)
        return fault(check, type, NULL, "enums of more than 8 bytes have no representation");
    return check_enumerators(check, type);
}

/* What a kind may be made of, beyond having objects. */
static bool is_element(const Check *check, const MoltType *type)
{
    uint16_t kind = check->tables->types[type->elem].kind;
    bool number = kind == MOLT_KIND_INT || kind == MOLT_KIND_FLOAT;
    switch (type->kind) {
    case MOLT_KIND_ATOMIC: return kind != MOLT_KIND_ATOMIC && kind != MOLT_KIND_ARRAY;
    case MOLT_KIND_COMPLEX: return number;
    case MOLT_KIND_VECTOR: return number || kind == MOLT_KIND_BOOL;
    default: return true;
    }
}

static MoltStatus check_sequence(const Check *check, const MoltType *type)
{
    if (!has_objects(check, type->elem))
        return fault(check, type, NULL, "its element type is missing or has no size");
    if (is_flexible(check, type->elem))
        return fault(check, type, NULL, "its elements have no size of their own");
    if ((type->flags & MOLT_TYPE_FLEXIBLE) != 0 && type->length != 0)
        return fault(check, type, NULL, "it is flexible but has a length");
    if (!is_element(check, type))
        return fault(check, type, NULL, "it cannot be made of \"%.60s\"",
                     text_at(check, check->tables->types[type->elem].name));
    if ((type->kind == MOLT_KIND_ATOMIC && type->length != 1) ||
        (type->kind == MOLT_KIND_COMPLEX && type->length != 2))
        return fault(check, type, NULL, "a type of its kind cannot have %llu elements",
                     (unsigned long long)type->length);
    uint64_t element = check->tables->types[type->elem].size;
    if (element != 0 && type->length > UINT64_MAX / 8 / element)
        return fault(check, type, NULL, "%llu elements are more than an address space holds",
                     (unsigned long long)type->length);
    /* a vector of three takes the room of four */
    bool padded = type->kind == MOLT_KIND_VECTOR && type->size > element * type->length &&
                  type->size / 2 < element * type->length;
    if (type->size != element * type->length && !padded)
        return fault(check, type, NULL, "has %llu bytes but %llu elements of %llu bytes",
                     (unsigned long long)type->size, (unsigned long long)type->length,
                     (unsigned long long)element);
    return MOLT_OK;
}

static MoltStatus check_function(Check *check, const MoltType *type)
{
    const MoltTables *t = check->tables;
    if (type->elem >= t->type_count)
        return fault(check, type, NULL, "its result type is missing");
    if (!claim(&check->refs, t->ref_count, type->first, type->count))
        return fault(check, type, NULL, "parameters %u + %u are outside the table", type->first,
                     type->count);
    for (uint32_t i = 0; i < type->count; i++) {
        if (t->refs[type->first + i] >= t->type_count)
            return fault(check, type, NULL, "the type of parameter %u is missing", i + 1);
    }
    return MOLT_OK;
}

static MoltStatus check_members(Check *check, const MoltType *type)
{
    switch (type->kind) {
    case MOLT_KIND_STRUCT:
    case MOLT_KIND_UNION: return check_fields(check, type);
    case MOLT_KIND_ENUM: return check_enum(check, type);
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_ATOMIC:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR: return MOLT_OK; /* checked before: fields compare with their size */
    case MOLT_KIND_FUNCTION: return check_function(check, type);
    default:
        if (type->count != 0)
            return fault(check, type, NULL, "a type of its kind has no members");
        return MOLT_OK;
    }
}

/* Everything that a type refers to by itself must be in range before other types look through it:
 * default checks follow pointers to their pointee, fields compare with the sizes of arrays. */
static MoltStatus check_types(Check *check)
{
    const MoltTables *t = check->tables;
    MoltStatus status = MOLT_OK;
    for (uint32_t i = 0; i < t->type_count && !status; i++)
        status = check_type(check, &t->types[i]);
    for (uint32_t i = 0; i < t->type_count && !status; i++) {
        const MoltType *type = &t->types[i];
        if (type->kind == MOLT_KIND_POINTER && type->elem >= t->type_count)
            status = fault(check, type, NULL, "the type it points at is missing");
        else if (molt_kind_is_sequence(type->kind))
            status = check_sequence(check, type);
    }
    for (uint32_t i = 0; i < t->type_count && !status; i++)
        status = check_members(check, &t->types[i]);
    return status;
}

/* ---- types that hold each other by value ---------------------------------------------------- */

/* Sets the height of `start` and of all it holds. A type on the stack that is met again holds
 * itself; the height bound makes a stack of fixed size enough. */
static MoltStatus check_held(const Check *check, MoltTypeId start)
{
    struct {
        MoltTypeId type;
        uint32_t next;
        unsigned height; /* of the highest held type so far */
    } stack[MOLT_SCHEMA_DEPTH_MAX];
    const MoltTables *t = check->tables;
    uint8_t *heights = check->heights;
    unsigned depth = 1;

    stack[0].type = start;
    stack[0].next = 0;
    stack[0].height = 0;
    heights[start] = ON_STACK;
    while (depth > 0) {
        const MoltType *type = &t->types[stack[depth - 1].type];
        if (stack[depth - 1].next == molt__held_count(type)) {
            unsigned height = stack[--depth].height + 1;
            heights[stack[depth].type] = (uint8_t)height;
            if (depth > 0 && stack[depth - 1].height < height)
                stack[depth - 1].height = height;
            continue;
        }
        MoltTypeId held = molt__held(t, type, stack[depth - 1].next++);
        if (heights[held] == ON_STACK)
            return fault(check, &t->types[held], NULL, "it contains itself");
        unsigned height = heights[held] ? heights[held] : 1;
        if (depth + height > MOLT_SCHEMA_DEPTH_MAX)
            return fault(check, type, NULL, "types nest more than %d levels deep",
                         MOLT_SCHEMA_DEPTH_MAX);
        if (heights[held]) {
            if (stack[depth - 1].height < height)
                stack[depth - 1].height = height;
            continue;
        }
        heights[held] = ON_STACK;
        stack[depth].type = held;
        stack[depth].next = 0;
        stack[depth++].height = 0;
    }
    return MOLT_OK;
}

/* ---- roots and spellings -------------------------------------------------------------------- */

/* Both are sorted without repetition, which lets readers search them and gives one order only. */
static MoltStatus check_entries(const Check *check)
{
    const MoltTables *t = check->tables;
    for (uint32_t i = 0; i < t->root_count; i++) {
        const MoltRoot *root = &t->roots[i];
        if (!names_something(check, root->name) || !has_objects(check, root->type))
            return fault(check, NULL, NULL, "Root %u has no name or no type with a size", i);
        if (i && strcmp(text_at(check, t->roots[i - 1].name), text_at(check, root->name)) >= 0)
            return fault(check, NULL, NULL, "Root \"%.100s\" is repeated or not in order",
                         text_at(check, root->name));
    }
    for (uint32_t i = 0; i < t->spelling_count; i++) {
        const MoltSpelling *spelling = &t->spellings[i];
        if (!names_something(check, spelling->text) || !has_objects(check, spelling->type))
            return fault(check, NULL, NULL, "Spelling %u has no text or no type with a size", i);
        if (i &&
            strcmp(text_at(check, t->spellings[i - 1].text), text_at(check, spelling->text)) >= 0)
            return fault(check, NULL, NULL, "Spelling \"%.100s\" is repeated or not in order",
                         text_at(check, spelling->text));
    }
    return MOLT_OK;
}

/* Most names of one group: the types, or the members of a type. */
static uint32_t largest_group(const MoltTables *t)
{
    uint32_t largest = t->type_count;
    if (largest < t->field_count)
        largest = t->field_count;
    if (largest < t->enumerator_count)
        largest = t->enumerator_count;
    return largest;
}

MoltStatus molt__tables_check(const MoltTables *tables, const MoltAllocator *allocator,
                              MoltError *error)
{
    Check check = {.tables = tables, .error = error};
    size_t slots_size = 0;
    MoltStatus status = MOLT_OK;

    if (tables->size < sizeof *tables || tables->version != MOLT_META_VERSION)
        return molt_error(error, MOLT_VERSION,
                          "The metadata has version %u in %u bytes, but this host reads version %u "
                          "in %zu. Generate it with the molt-codegen of this version of Molt.",
                          tables->version, tables->size, MOLT_META_VERSION, sizeof *tables);
    if ((status = check_abi(tables, error)) || (status = check_frame(&check)))
        return status;

    slots_size = slots_for(largest_group(tables)) * sizeof *check.slots;
    check.slots = allocator->resize(allocator->context, NULL, 0, slots_size);
    check.heights = allocator->resize(allocator->context, NULL, 0, (size_t)tables->type_count + 1);
    if (!check.slots || !check.heights) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to check metadata of %u types.",
                            tables->type_count);
        goto cleanup;
    }
    memset(check.heights, 0, tables->type_count);
    if ((status = check_type_names(&check)) || (status = check_types(&check)))
        goto cleanup;
    for (uint32_t i = 0; i < tables->type_count && !status; i++) {
        if (!check.heights[i])
            status = check_held(&check, i);
    }
    if (!status)
        status = check_entries(&check);

cleanup:
    if (check.slots)
        allocator->resize(allocator->context, check.slots, slots_size, 0);
    if (check.heights)
        allocator->resize(allocator->context, check.heights, (size_t)tables->type_count + 1, 0);
    return status;
}
