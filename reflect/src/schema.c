/* A schema is one block of memory:
 *
 *   | MoltSchema | types | spellings, fields, ... | name index | constants | strings |
 *
 * Parts stand in order of falling alignment, so that only the first needs rounding. */
#include "molt/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "lineage.h"
#include "tables.h"

enum {
    PART_TYPES,
    PART_FIELDS,
    PART_ENUMERATORS,
    PART_REFS,
    PART_NOTES,
    PART_ROOTS,
    PART_SPELLINGS,
    PART_NAME_INDEX,
    PART_CONSTANTS,
    PART_STRINGS,
    PART_COUNT
};

typedef struct Part {
    const void *source;
    size_t count, element;
    size_t offset; /* in the schema's block */
} Part;

/* Places the parts behind the MoltSchema; false when the sum exceeds size_t. The checked-arithmetic
 * builtins of gcc and clang have no C11 counterpart. */
static bool place_parts(Part parts[PART_COUNT], size_t *total)
{
    size_t end = sizeof(MoltSchema);
    for (int i = 0; i < PART_COUNT; i++) {
        size_t bytes, align = parts[i].element < 8 ? parts[i].element : 8;
        if (__builtin_add_overflow(end, align - 1, &end))
            return false;
        end -= end % align;
        parts[i].offset = end;
        if (__builtin_mul_overflow(parts[i].count, parts[i].element, &bytes) ||
            __builtin_add_overflow(end, bytes, &end))
            return false;
    }
    *total = end;
    return true;
}

static MoltSchema *copy_parts(const MoltTables *tables, const MoltAllocator *allocator)
{
    uint32_t slots = 4;
    while (slots < 2 * tables->type_count)
        slots *= 2;
    Part parts[PART_COUNT] = {
        [PART_TYPES] = {tables->types, tables->type_count, sizeof(MoltType), 0},
        [PART_FIELDS] = {tables->fields, tables->field_count, sizeof(MoltField), 0},
        [PART_ENUMERATORS] = {tables->enumerators, tables->enumerator_count, sizeof(MoltEnumerator),
                              0},
        [PART_REFS] = {tables->refs, tables->ref_count, sizeof(MoltTypeId), 0},
        [PART_NOTES] = {tables->notes, tables->note_count, sizeof(MoltNote), 0},
        [PART_ROOTS] = {tables->roots, tables->root_count, sizeof(MoltRoot), 0},
        [PART_SPELLINGS] = {tables->spellings, tables->spelling_count, sizeof(MoltSpelling), 0},
        [PART_NAME_INDEX] = {NULL, slots, sizeof(uint32_t), 0},
        [PART_CONSTANTS] = {tables->constants, tables->constant_size, 1, 0},
        [PART_STRINGS] = {tables->strings, tables->string_size, 1, 0},
    };
    size_t total;
    if (!place_parts(parts, &total))
        return NULL;
    unsigned char *block = allocator->resize(allocator->context, NULL, 0, total);
    if (!block)
        return NULL;

    memset(block, 0, total);
    void *at[PART_COUNT];
    for (int i = 0; i < PART_COUNT; i++) {
        at[i] = block + parts[i].offset;
        if (parts[i].source && parts[i].count)
            memcpy(at[i], parts[i].source, parts[i].count * parts[i].element);
    }

    MoltSchema *schema = (MoltSchema *)(void *)block;
    schema->tables = *tables;
    schema->tables.size = sizeof schema->tables;
    schema->tables.types = at[PART_TYPES];
    schema->tables.fields = at[PART_FIELDS];
    schema->tables.enumerators = at[PART_ENUMERATORS];
    schema->tables.refs = at[PART_REFS];
    schema->tables.notes = at[PART_NOTES];
    schema->tables.roots = at[PART_ROOTS];
    schema->tables.spellings = at[PART_SPELLINGS];
    schema->tables.constants = at[PART_CONSTANTS];
    schema->tables.strings = at[PART_STRINGS];
    schema->allocator = *allocator;
    schema->storage = block;
    schema->storage_size = total;
    schema->name_index = at[PART_NAME_INDEX];
    schema->name_slots = slots;
    schema->source_types = schema->kept_types = tables->type_count;
    schema->kept_notes = tables->note_count;
    return schema;
}

static uint32_t first_slot(const MoltSchema *schema, const char *name, size_t length)
{
    return (uint32_t)XXH3_64bits(name, length) & (schema->name_slots - 1);
}

static void index_names(MoltSchema *schema)
{
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        const char *name = molt_type_name(schema, id);
        uint32_t slot = first_slot(schema, name, strlen(name));
        while (schema->name_index[slot])
            slot = (slot + 1) & (schema->name_slots - 1);
        schema->name_index[slot] = id + 1;
    }
}

/* Hashes that differ from the contents would let a reload take changed layouts for equal ones. */
static MoltStatus compare_hashes(const MoltTables *given, const MoltSchema *schema,
                                 MoltError *error)
{
    const MoltTables *computed = &schema->tables;
    for (uint32_t i = 0; i < given->type_count; i++) {
        if (given->types[i].hash != computed->types[i].hash)
            return molt_error(error, MOLT_INVALID,
                              "The layout hash of type \"%s\" does not match its members: generate "
                              "the metadata again with molt-codegen.",
                              molt_type_name(schema, i));
    }
    if (given->hash.low != computed->hash.low || given->hash.high != computed->hash.high)
        return molt_error(error, MOLT_INVALID,
                          "The schema's hash does not match its types, roots, spellings and ABI: "
                          "generate the metadata again with molt-codegen.");
    return MOLT_OK;
}

MoltStatus molt__schema_make(const MoltTables *tables, bool hashed, const MoltAllocator *allocator,
                             MoltSchema **out, MoltError *error)
{
    if (!allocator)
        allocator = molt_allocator_default();
    MoltStatus status = molt__tables_check(tables, allocator, error);
    if (status)
        return status;

    MoltSchema *schema = copy_parts(tables, allocator);
    if (!schema)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for a schema of %u types.",
                          tables->type_count);
    /* The types lie in the block just made, so they may be written. */
    molt_tables_hash(&schema->tables, (MoltType *)(uintptr_t)schema->tables.types);
    if (hashed && (status = compare_hashes(tables, schema, error))) {
        molt_schema_free(schema);
        return status;
    }
    index_names(schema);
    *out = schema;
    return MOLT_OK;
}

MoltStatus molt_schema_copy(const MoltTables *tables, const MoltAllocator *allocator,
                            MoltSchema **out, MoltError *error)
{
    return molt__schema_make(tables, true, allocator, out, error);
}

void molt_schema_free(MoltSchema *schema)
{
    if (!schema)
        return;
    MoltAllocator allocator = schema->allocator;
    molt__lineage_forget(schema);
    allocator.resize(allocator.context, schema->storage, schema->storage_size, 0);
}

/* ---- looking things up ---------------------------------------------------------------------- */

MoltTypeId molt__schema_find_part(const MoltSchema *schema, const char *name, size_t length)
{
    uint32_t slot = first_slot(schema, name, length);
    for (; schema->name_index[slot]; slot = (slot + 1) & (schema->name_slots - 1)) {
        MoltTypeId id = schema->name_index[slot] - 1;
        const char *known = molt_type_name(schema, id);
        if (strncmp(known, name, length) == 0 && known[length] == '\0')
            return id;
    }
    return MOLT_NO_TYPE;
}

MoltTypeId molt_schema_find(const MoltSchema *schema, const char *name)
{
    return molt__schema_find_part(schema, name, strlen(name));
}

MoltTypeId molt_schema_find_spelling(const MoltSchema *schema, const char *spelling)
{
    const MoltSpelling *spellings = schema->tables.spellings;
    uint32_t low = 0, high = schema->tables.spelling_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(spelling, molt_string(schema, spellings[middle].text));
        if (order == 0)
            return spellings[middle].type;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return MOLT_NO_TYPE;
}

uint32_t molt_schema_find_field(const MoltSchema *schema, MoltTypeId type, const char *name)
{
    const MoltType *owner = molt_type(schema, type);
    if (owner->kind != MOLT_KIND_STRUCT && owner->kind != MOLT_KIND_UNION)
        return UINT32_MAX;
    for (uint32_t i = owner->first; i < owner->first + owner->count; i++) {
        if (strcmp(molt_string(schema, schema->tables.fields[i].name), name) == 0)
            return i;
    }
    return UINT32_MAX;
}

static uint32_t find_named_field(const MoltSchema *schema, MoltTypeId type, const char *name,
                                 size_t length)
{
    const MoltType *owner = molt_type(schema, type);
    if (owner->kind != MOLT_KIND_STRUCT)
        return UINT32_MAX;
    for (uint32_t i = owner->first; i < owner->first + owner->count; i++) {
        const char *known = molt_string(schema, schema->tables.fields[i].name);
        if (strncmp(known, name, length) == 0 && known[length] == '\0')
            return i;
    }
    return UINT32_MAX;
}

bool molt_schema_find_path(const MoltSchema *schema, MoltTypeId type, const char *path,
                           MoltFieldPlace *out)
{
    *out = (MoltFieldPlace){type, 0, UINT32_MAX, type};
    const char *at = path;
    while (*at != '\0') {
        if (*at == '[') {
            char *end;
            const MoltType *array = molt_type(schema, out->type);
            unsigned long long index = strtoull(at + 1, &end, 10);
            if (end == at + 1 || *end != ']' || out->field == UINT32_MAX ||
                array->kind != MOLT_KIND_ARRAY || index >= array->length)
                return false;
            out->type = array->elem;
            out->bit_offset += index * molt_type(schema, array->elem)->size * 8;
            at = end + 1;
            continue;
        }
        if (*at == '.' && at > path)
            at++;
        size_t length = strcspn(at, ".[");
        uint32_t field = find_named_field(schema, out->type, at, length);
        if (length == 0 || field == UINT32_MAX)
            return false;
        out->holder = out->type;
        out->field = field;
        out->type = schema->tables.fields[field].type;
        out->bit_offset += schema->tables.fields[field].bit_offset;
        at += length;
    }
    return out->field != UINT32_MAX;
}

const MoltNote *molt_schema_note(const MoltSchema *schema, uint32_t note_first, uint32_t note_count,
                                 MoltNoteKind kind)
{
    for (uint32_t i = note_first; i < note_first + note_count; i++) {
        if (schema->tables.notes[i].kind == (uint32_t)kind)
            return &schema->tables.notes[i];
    }
    return NULL;
}

/* ---- declarations --------------------------------------------------------------------------- */

/* Text that is cut when its buffer is full. */
typedef struct Text {
    char *data;
    size_t size, length;
} Text;

__attribute__((format(printf, 2, 3))) static void append(Text *text, const char *format, ...)
{
    if (text->length + 1 >= text->size)
        return;
    va_list arguments;
    va_start(arguments, format);
    int written =
        vsnprintf(text->data + text->length, text->size - text->length, format, arguments);
    va_end(arguments);
    if (written > 0)
        text->length += (size_t)written;
    if (text->length >= text->size)
        text->length = text->size - 1;
}

static void append_parameters(const MoltSchema *schema, const MoltType *function, Text *text)
{
    append(text, "(");
    for (uint32_t i = 0; i < function->count; i++)
        append(text, "%s%s", i ? ", " : "",
               molt_type_name(schema, schema->tables.refs[function->first + i]));
    if (function->flags & MOLT_TYPE_VARIADIC)
        append(text, function->count ? ", ..." : "...");
    else if (function->count == 0)
        append(text, "void");
    append(text, ")");
}

/* C declares from the name outwards: pointers to its left, arrays and parameters to its right, and
 * parentheses where a pointer is wrapped in either. Walks from the field's type to the innermost
 * one, which stands before everything; pointer types may form a cycle, so the walk is bounded. */
void molt_schema_declare(const MoltSchema *schema, const MoltField *field, char *buffer,
                         size_t size)
{
    enum { STEPS = 64 };
    char left_text[2 * STEPS + 1], right_text[512];
    char *left = left_text + sizeof left_text - 1; /* grows downwards */
    Text right = {right_text, sizeof right_text, 0};
    MoltTypeId id = field->type;
    bool pointer = false; /* the last step was one */
    *left = '\0';
    right_text[0] = '\0';

    for (int step = 0; step < STEPS; step++) {
        const MoltType *type = molt_type(schema, id);
        if (type->kind == MOLT_KIND_POINTER) {
            *--left = '*';
        } else if (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_FUNCTION) {
            if (pointer) {
                *--left = '(';
                append(&right, ")");
            }
            if (type->flags & MOLT_TYPE_FLEXIBLE)
                append(&right, "[]");
            else if (type->kind == MOLT_KIND_ARRAY)
                append(&right, "[%llu]", (unsigned long long)type->length);
            else
                append_parameters(schema, type, &right);
        } else {
            break;
        }
        pointer = type->kind == MOLT_KIND_POINTER;
        id = type->elem;
    }

    if (size == 0)
        return;
    Text out = {buffer, size, 0};
    buffer[0] = '\0';
    /* a variable's field has its file and function in front of the name that C knows */
    const char *name = molt_string(schema, field->name), *scope = strrchr(name, ':');
    append(&out, "%s %s%s%s", molt_type_name(schema, id), left, scope ? scope + 1 : name,
           right_text);
    if (field->flags & MOLT_FIELD_BITS)
        append(&out, " : %u", field->bit_width);
}
