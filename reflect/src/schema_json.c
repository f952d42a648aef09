/* Writes schemas as JSON. cJSON prints what stands on a line; the lines are laid out here. */
#include "schema_json.h"
#include "tables.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const molt__key_texts[KEY_COUNT] = {
#define X(name, text) text,
    KEY_LIST(X)
#undef X
};

const char *const molt__kind_texts[MOLT_KIND_COUNT] = {
#define X(name, id) id,
    MOLT_KIND_LIST(X)
#undef X
};

const Mark molt__marks[MARK_COUNT] = {
    {MOLT_NOTE_REQUIRED, KEY_REQUIRED}, {MOLT_NOTE_TRANSIENT, KEY_TRANSIENT},
    {MOLT_NOTE_EXTERNAL, KEY_EXTERNAL}, {MOLT_NOTE_FLAGS, KEY_FLAGS},
    {MOLT_NOTE_FALLBACK, KEY_FALLBACK}, {MOLT_NOTE_MIGRATE, KEY_MIGRATE},
};

const Mark molt__names[NAME_COUNT] = {
    {MOLT_NOTE_TAG, KEY_TAG},
    {MOLT_NOTE_ARM, KEY_ARM},
    {MOLT_NOTE_MOVED, KEY_MOVED},
    {MOLT_NOTE_INDEX, KEY_INDEX},
    {MOLT_NOTE_VERSION, KEY_VERSION},
    {MOLT_NOTE_POOL, KEY_POOL},
};

const TypeFlag molt__type_flags[TYPE_FLAG_COUNT] = {
    {MOLT_KIND_INT, MOLT_TYPE_SIGNED, KEY_SIGNED},
    {MOLT_KIND_INT, MOLT_TYPE_CHAR, KEY_CHAR},
    {MOLT_KIND_FLOAT, MOLT_TYPE_BINARY_FLOAT, KEY_IEEE},
    {MOLT_KIND_FUNCTION, MOLT_TYPE_VARIADIC, KEY_VARIADIC},
    {MOLT_KIND_ARRAY, MOLT_TYPE_FLEXIBLE, KEY_FLEXIBLE},
    {MOLT_KIND_STRUCT, MOLT_TYPE_GLOBALS, KEY_GLOBALS},
    {MOLT_KIND_INT, MOLT_TYPE_UNTYPED, KEY_UNTYPED},
};

Key molt__elem_key(uint16_t kind)
{
    switch (kind) {
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_ATOMIC:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR: return KEY_OF;
    case MOLT_KIND_POINTER: return KEY_TO;
    case MOLT_KIND_ENUM: return KEY_STORAGE;
    case MOLT_KIND_FUNCTION: return KEY_RETURNS;
    default: return KEY_COUNT;
    }
}

/* Text grown with realloc, because the caller gives it to free. Running out of memory sticks. */
typedef struct Writer {
    const MoltSchema *schema;
    char *text;
    size_t length, capacity;
    bool failed;
} Writer;

static void emit_bytes(Writer *writer, const char *bytes, size_t count)
{
    if (writer->failed)
        return;
    if (count >= writer->capacity - writer->length) {
        size_t capacity = writer->capacity ? writer->capacity : 4096;
        while (count >= capacity - writer->length && capacity <= SIZE_MAX / 2)
            capacity *= 2;
        char *text = count < capacity - writer->length ? realloc(writer->text, capacity) : NULL;
        if (!text) {
            writer->failed = true;
            return;
        }
        writer->text = text;
        writer->capacity = capacity;
    }
    memcpy(writer->text + writer->length, bytes, count);
    writer->length += count;
    writer->text[writer->length] = '\0';
}

static void emit(Writer *writer, const char *text)
{
    emit_bytes(writer, text, strlen(text));
}

/* Prints an item without its last `cut` bytes, and deletes it. */
static void emit_item(Writer *writer, cJSON *item, size_t cut)
{
    char *printed = item ? cJSON_PrintUnformatted(item) : NULL;
    if (printed)
        emit_bytes(writer, printed, strlen(printed) - cut);
    else
        writer->failed = true;
    cJSON_free(printed);
    cJSON_Delete(item);
}

static void add(Writer *writer, cJSON *object, Key key, cJSON *item)
{
    if (!item || !object || !cJSON_AddItemToObject(object, molt__key_texts[key], item)) {
        cJSON_Delete(item);
        writer->failed = true;
    }
}

static void add_text(Writer *writer, cJSON *object, Key key, uint32_t offset)
{
    add(writer, object, key, cJSON_CreateString(molt_string(writer->schema, offset)));
}

static void add_type(Writer *writer, cJSON *object, Key key, MoltTypeId type)
{
    add_text(writer, object, key, writer->schema->tables.types[type].name);
}

static void add_flag(Writer *writer, cJSON *object, Key key)
{
    add(writer, object, key, cJSON_CreateTrue());
}

/* `magnitude` with a minus sign when `negative`. */
static cJSON *create_integer(uint64_t magnitude, bool negative)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%s%" PRIu64, negative ? "-" : "", magnitude);
    return magnitude < MOLT__JSON_EXACT_LIMIT ? cJSON_CreateRaw(digits)
                                              : cJSON_CreateString(digits);
}

static void add_number(Writer *writer, cJSON *object, Key key, uint64_t number)
{
    add(writer, object, key, create_integer(number, false));
}

static void add_default(Writer *writer, cJSON *object, const MoltNote *note)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = writer->schema->tables.constants + note->constant;
    cJSON *value = cJSON_CreateObject();
    char *hex = malloc(2 * (size_t)note->constant_size + 1);
    if (hex) {
        for (size_t i = 0; i < note->constant_size; i++) {
            hex[2 * i] = digits[bytes[i] >> 4];
            hex[2 * i + 1] = digits[bytes[i] & 15];
        }
        hex[2 * (size_t)note->constant_size] = '\0';
    }
    add_text(writer, value, KEY_TEXT, note->text);
    add(writer, value, KEY_BYTES, hex ? cJSON_CreateString(hex) : NULL);
    add(writer, object, KEY_DEFAULT, value);
    free(hex);
}

/* All texts of the notes of one kind as an array; nothing when there is none. */
static void add_note_texts(Writer *writer, cJSON *object, Key key, const MoltNote *notes,
                           uint32_t count, MoltNoteKind kind)
{
    cJSON *texts = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (notes[i].kind != (uint32_t)kind)
            continue;
        if (!texts && !(texts = cJSON_CreateArray())) {
            writer->failed = true;
            return;
        }
        cJSON *text = cJSON_CreateString(molt_string(writer->schema, notes[i].text));
        if (!text || !cJSON_AddItemToArray(texts, text)) {
            cJSON_Delete(text);
            writer->failed = true;
        }
    }
    if (texts)
        add(writer, object, key, texts);
}

/* `flagged`: bits of the note kinds that a flag of the declaration already says. Reading makes both
 * from the one key. */
static void add_notes(Writer *writer, cJSON *object, uint32_t first, uint32_t count,
                      unsigned flagged)
{
    const MoltNote *notes = writer->schema->tables.notes + first;
    add_note_texts(writer, object, KEY_WAS, notes, count, MOLT_NOTE_WAS);
    for (uint32_t i = 0; i < count; i++) {
        if (notes[i].kind == MOLT_NOTE_DEFAULT)
            add_default(writer, object, &notes[i]);
        flagged |= 1u << notes[i].kind;
    }
    for (int i = 0; i < MARK_COUNT; i++) {
        if (flagged & 1u << molt__marks[i].kind)
            add_flag(writer, object, molt__marks[i].key);
    }
    add_note_texts(writer, object, KEY_CONVERT, notes, count, MOLT_NOTE_CONVERT);
    add_note_texts(writer, object, KEY_COUNTED_BY, notes, count, MOLT_NOTE_COUNT);
    add_note_texts(writer, object, KEY_REMOVED, notes, count, MOLT_NOTE_REMOVED);
    for (int i = 0; i < NAME_COUNT; i++) {
        const MoltNote *note =
            molt_schema_note(writer->schema, first, count, molt__names[i].kind);
        if (note)
            add_text(writer, object, molt__names[i].key, note->text);
    }
    add_note_texts(writer, object, KEY_ERASED, notes, count, MOLT_NOTE_ERASED);
    add_note_texts(writer, object, KEY_HOLDS, notes, count, MOLT_NOTE_HOLDS);
    add_note_texts(writer, object, KEY_SIZED, notes, count, MOLT_NOTE_SIZED);
    add_note_texts(writer, object, KEY_HASHED, notes, count, MOLT_NOTE_HASHED);
    add_note_texts(writer, object, KEY_ALONG, notes, count, MOLT_NOTE_ALONG);
}

static cJSON *create_field(Writer *writer, const MoltField *field)
{
    cJSON *object = cJSON_CreateObject();
    unsigned flagged = 0;
    add_text(writer, object, KEY_NAME, field->name);
    add_type(writer, object, KEY_TYPE, field->type);
    if (field->flags & MOLT_FIELD_BITS) {
        cJSON *bits = cJSON_CreateArray();
        cJSON *offset = create_integer(field->bit_offset, false);
        cJSON *width = create_integer(field->bit_width, false);
        if (!offset || !bits || !cJSON_AddItemToArray(bits, offset)) {
            cJSON_Delete(offset);
            writer->failed = true;
        }
        if (!width || !bits || !cJSON_AddItemToArray(bits, width)) {
            cJSON_Delete(width);
            writer->failed = true;
        }
        add(writer, object, KEY_BITS, bits);
    } else {
        add_number(writer, object, KEY_OFFSET, field->bit_offset / 8);
    }
    if (field->line)
        add_number(writer, object, KEY_LINE, field->line);
    if (field->flags & MOLT_FIELD_REQUIRED)
        flagged |= 1u << MOLT_NOTE_REQUIRED;
    if (field->flags & MOLT_FIELD_TRANSIENT)
        flagged |= 1u << MOLT_NOTE_TRANSIENT;
    if (field->flags & MOLT_FIELD_EXTERNAL)
        flagged |= 1u << MOLT_NOTE_EXTERNAL;
    add_notes(writer, object, field->note_first, field->note_count, flagged);
    return object;
}

static cJSON *create_enumerator(Writer *writer, const MoltType *owner,
                                const MoltEnumerator *enumerator)
{
    cJSON *object = cJSON_CreateObject();
    bool negative = (owner->flags & MOLT_TYPE_SIGNED) && enumerator->value >> 63;
    uint64_t magnitude = negative ? 0 - enumerator->value : enumerator->value;
    unsigned flagged = enumerator->flags & MOLT_ENUMERATOR_FALLBACK ? 1u << MOLT_NOTE_FALLBACK : 0;
    add_text(writer, object, KEY_NAME, enumerator->name);
    add(writer, object, KEY_VALUE, create_integer(magnitude, negative));
    add_notes(writer, object, enumerator->note_first, enumerator->note_count, flagged);
    return object;
}

static void add_params(Writer *writer, cJSON *object, const MoltType *function)
{
    const MoltTables *tables = &writer->schema->tables;
    cJSON *params = cJSON_CreateArray();
    for (uint32_t i = 0; i < function->count; i++) {
        cJSON *name =
            cJSON_CreateString(molt_type_name(writer->schema, tables->refs[function->first + i]));
        if (!name || !params || !cJSON_AddItemToArray(params, name)) {
            cJSON_Delete(name);
            writer->failed = true;
        }
    }
    add(writer, object, KEY_PARAMS, params);
}

/* Everything of a type but its fields and enumerators. */
static cJSON *create_type(Writer *writer, const MoltType *type)
{
    cJSON *object = cJSON_CreateObject();
    add_text(writer, object, KEY_NAME, type->name);
    add(writer, object, KEY_KIND, cJSON_CreateString(molt__kind_texts[type->kind]));
    if (molt__is_sized(type->kind))
        add_number(writer, object, KEY_SIZE, type->size);
    if (type->align)
        add_number(writer, object, KEY_ALIGN, type->align);
    for (int i = 0; i < TYPE_FLAG_COUNT; i++) {
        if (molt__type_flags[i].kind == type->kind && (type->flags & molt__type_flags[i].flag))
            add_flag(writer, object, molt__type_flags[i].key);
    }
    if (molt__elem_key(type->kind) != KEY_COUNT)
        add_type(writer, object, molt__elem_key(type->kind), type->elem);
    if (molt__has_length(type->kind))
        add_number(writer, object, KEY_LENGTH, type->length);
    if (type->kind == MOLT_KIND_FUNCTION)
        add_params(writer, object, type);
    if (type->file)
        add_text(writer, object, KEY_FILE, type->file);
    if (type->line)
        add_number(writer, object, KEY_LINE, type->line);
    add_notes(writer, object, type->note_first, type->note_count,
              type->flags & MOLT_TYPE_FLAGS ? 1u << MOLT_NOTE_FLAGS : 0);
    return object;
}

static void emit_type(Writer *writer, const MoltType *type)
{
    const MoltTables *tables = &writer->schema->tables;
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    bool members = record || type->kind == MOLT_KIND_ENUM;

    emit(writer, "    ");
    emit_item(writer, create_type(writer, type), members ? 1 : 0);
    if (!members)
        return;
    emit(writer, record ? ",\"fields\":[" : ",\"enumerators\":[");
    for (uint32_t i = 0; i < type->count; i++) {
        emit(writer, i ? ",\n      " : "\n      ");
        emit_item(writer,
                  record ? create_field(writer, &tables->fields[type->first + i])
                         : create_enumerator(writer, type, &tables->enumerators[type->first + i]),
                  0);
    }
    emit(writer, type->count ? "\n    ]}" : "]}");
}

static void emit_pair(Writer *writer, bool first, uint32_t text, MoltTypeId type)
{
    emit(writer, first ? "\n    " : ",\n    ");
    emit_item(writer, cJSON_CreateString(molt_string(writer->schema, text)), 0);
    emit(writer, ": ");
    emit_item(writer, cJSON_CreateString(molt_type_name(writer->schema, type)), 0);
}

static void emit_head(Writer *writer)
{
    const MoltTables *tables = &writer->schema->tables;
    const MoltHash hash = molt__schema_shown_hash(writer->schema);
    char line[80];
    cJSON *abi = cJSON_CreateObject();
    add_number(writer, abi, KEY_POINTER_SIZE, tables->abi.pointer_size);
    add_number(writer, abi, KEY_LONG_SIZE, tables->abi.long_size);
    add(writer, abi, KEY_CHAR_SIGNED, cJSON_CreateBool(tables->abi.char_signed));
    add(writer, abi, KEY_LITTLE_ENDIAN, cJSON_CreateBool(tables->abi.little_endian));
    add_number(writer, abi, KEY_MAX_ALIGN, tables->abi.max_align);

    snprintf(line, sizeof line, "{\n  \"molt_schema\": %u,\n  \"abi\": ", MOLT_META_VERSION);
    emit(writer, line);
    emit_item(writer, abi, 0);
    snprintf(line, sizeof line, ",\n  \"hash\": \"%016" PRIx64 "%016" PRIx64 "\",\n  \"roots\": {",
             hash.high, hash.low);
    emit(writer, line);
    uint32_t roots = 0;
    for (uint32_t i = 0; i < tables->root_count; i++) {
        if (!molt__is_vacant(&tables->types[tables->roots[i].type]))
            emit_pair(writer, roots++ == 0, tables->roots[i].name, tables->roots[i].type);
    }
    emit(writer, roots > 0 ? "\n  },\n  \"spellings\": {" : "},\n  \"spellings\": {");
    for (uint32_t i = 0; i < tables->spelling_count; i++)
        emit_pair(writer, i == 0, tables->spellings[i].text, tables->spellings[i].type);
    emit(writer, tables->spelling_count ? "\n  },\n" : "},\n");
}

typedef struct Named {
    const char *name;
    MoltTypeId type;
} Named;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const Named *)a)->name, ((const Named *)b)->name);
}

MoltStatus molt_schema_to_json(const MoltSchema *schema, char **out, MoltError *error)
{
    Writer writer = {.schema = schema};
    uint32_t count = 0;
    Named *order = calloc((size_t)schema->tables.type_count + 1, sizeof *order);
    if (!order)
        goto out_of_memory;
    for (MoltTypeId id = 0; id < schema->kept_types; id++) {
        if (!molt__is_vacant(molt_type(schema, id)))
            order[count++] = (Named){molt_type_name(schema, id), id};
    }
    qsort(order, count, sizeof *order, compare_names);

    emit_head(&writer);
    emit(&writer, "  \"types\": [");
    for (uint32_t i = 0; i < count && !writer.failed; i++) {
        emit(&writer, i ? ",\n" : "\n");
        emit_type(&writer, molt_type(schema, order[i].type));
    }
    emit(&writer, count ? "\n  ]\n}\n" : "]\n}\n");
    if (writer.failed)
        goto out_of_memory;
    free(order);
    *out = writer.text;
    return MOLT_OK;

out_of_memory:
    free(order);
    free(writer.text);
    return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the JSON of a schema of %u types.",
                      schema->tables.type_count);
}
