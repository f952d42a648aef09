/* Reads the JSON form of schemas. Texts come from people and from other machines: every object has
 * its known keys only, each once, and what is wrong is named by its place. What concerns the tables
 * as a whole (ranges, sizes, repeated names) is left to the check that every schema passes. */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "molt/builder.h"
#include "schema_json.h"

typedef uint64_t KeySet;
_Static_assert(KEY_COUNT <= 64, "a KeySet has a bit per key");
#define BIT(name) (UINT64_C(1) << KEY_##name)
#define NOTE_KEYS                                                                                  \
    (BIT(WAS) | BIT(DEFAULT) | BIT(REQUIRED) | BIT(TRANSIENT) | BIT(EXTERNAL) | BIT(FLAGS) |       \
     BIT(FALLBACK) | BIT(CONVERT) | BIT(COUNTED_BY) | BIT(TAG) | BIT(ARM) | BIT(MOVED) |           \
     BIT(INDEX) | BIT(VERSION) | BIT(MIGRATE) | BIT(POOL) | BIT(ERASED) | BIT(REMOVED) |           \
     BIT(HOLDS) | BIT(SIZED) | BIT(HASHED) | BIT(ALONG))

/* Where reading is: types[type] and in it members[member]; a NULL list is none. */
typedef struct Place {
    const char *list, *name;
    size_t index;
    const char *member_list, *member_name;
    size_t member_index;
} Place;

typedef struct Reader {
    MoltBuilder *builder;
    const MoltAllocator *allocator;
    MoltError *error;
    Place place;
    bool is_signed; /* the storage of the enum that is being read */
} Reader;

/* The values of one object by key; NULL where it has none. */
typedef struct Values {
    const cJSON *at[KEY_COUNT];
} Values;

__attribute__((format(printf, 2, 3))) static MoltStatus wrong(const Reader *reader,
                                                              const char *format, ...)
{
    const Place *place = &reader->place;
    char what[300], outer[200] = "", inner[200] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (place->list)
        snprintf(outer, sizeof outer, " at %s[%zu] \"%.100s\"", place->list, place->index,
                 place->name ? place->name : "");
    if (place->member_list)
        snprintf(inner, sizeof inner, ", %s[%zu] \"%.100s\"", place->member_list,
                 place->member_index, place->member_name ? place->member_name : "");
    return molt_error(reader->error, MOLT_INVALID, "The schema JSON is wrong%s%s: %s.", outer,
                      inner, what);
}

/* ---- values --------------------------------------------------------------------------------- */

static Key find_key(const char *text)
{
    int key = 0;
    while (key < KEY_COUNT && strcmp(molt__key_texts[key], text) != 0)
        key++;
    return (Key)key;
}

/* The values of `object`, which must have all of `required`, and of the others only `optional`. */
static MoltStatus take(const Reader *reader, const cJSON *object, KeySet required, KeySet optional,
                       Values *values)
{
    memset(values, 0, sizeof *values);
    if (!cJSON_IsObject(object))
        return wrong(reader, "an object is expected");
    for (const cJSON *item = object->child; item; item = item->next) {
        Key key = find_key(item->string);
        if (key == KEY_COUNT || !((required | optional) >> key & 1))
            return wrong(reader, "the key \"%.80s\" is not known here", item->string);
        if (values->at[key])
            return wrong(reader, "the key \"%s\" is repeated", item->string);
        values->at[key] = item;
    }
    for (int key = 0; key < KEY_COUNT; key++) {
        if ((required >> key & 1) && !values->at[key])
            return wrong(reader, "the key \"%s\" is missing", molt__key_texts[key]);
    }
    return MOLT_OK;
}

/* On failure *out is "". */
static MoltStatus read_text(const Reader *reader, const cJSON *item, const char *what,
                            const char **out)
{
    bool valid = cJSON_IsString(item);
    *out = valid ? item->valuestring : "";
    return valid ? MOLT_OK : wrong(reader, "\"%s\" must be a string", what);
}

/* Decimal digits without sign or surplus; false when they are none or exceed 64 bits. */
static bool parse_digits(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(unsigned char)*text - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

/* A whole number, as a JSON number where that is exact, else as a string of digits. */
static bool parse_integer(const cJSON *item, uint64_t *magnitude, bool *negative)
{
    *negative = false;
    if (cJSON_IsString(item)) {
        *negative = item->valuestring[0] == '-';
        return parse_digits(item->valuestring + *negative, magnitude);
    }
    if (!cJSON_IsNumber(item))
        return false;
    double number = item->valuedouble;
    if (!(number > -(double)MOLT__JSON_EXACT_LIMIT && number < (double)MOLT__JSON_EXACT_LIMIT))
        return false;
    int64_t whole = (int64_t)number;
    *negative = whole < 0;
    *magnitude = (uint64_t)(whole < 0 ? -whole : whole);
    return (double)whole >= number && (double)whole <= number;
}

/* `item` may be NULL: then *out stays. */
static MoltStatus read_number(const Reader *reader, const cJSON *item, const char *what,
                              uint64_t limit, uint64_t *out)
{
    uint64_t number;
    bool negative;
    if (!item)
        return MOLT_OK;
    if (!parse_integer(item, &number, &negative) || negative || number > limit)
        return wrong(reader,
                     "\"%s\" must be a whole number from 0 to %" PRIu64
                     " (from 2^53 on as a string of digits)",
                     what, limit);
    *out = number;
    return MOLT_OK;
}

static MoltStatus read_number32(const Reader *reader, const cJSON *item, const char *what,
                                uint32_t *out)
{
    uint64_t number = *out;
    MoltStatus status = read_number(reader, item, what, UINT32_MAX, &number);
    *out = (uint32_t)number;
    return status;
}

static MoltStatus read_byte(const Reader *reader, const Values *values, Key key, uint8_t *out)
{
    uint64_t number = 0;
    MoltStatus status =
        read_number(reader, values->at[key], molt__key_texts[key], UINT8_MAX, &number);
    *out = (uint8_t)number;
    return status;
}

/* `item` may be NULL: then false. */
static MoltStatus read_bool(const Reader *reader, const cJSON *item, const char *what, bool *out)
{
    *out = cJSON_IsTrue(item);
    if (item && !cJSON_IsBool(item))
        return wrong(reader, "\"%s\" must be true or false", what);
    return MOLT_OK;
}

static MoltStatus read_type(const Reader *reader, const cJSON *item, const char *what,
                            MoltTypeId *out)
{
    const char *name;
    MoltStatus status = read_text(reader, item, what, &name);
    if (status)
        return status;
    *out = molt_builder_find_type(reader->builder, name);
    if (*out == MOLT_NO_TYPE && !molt_builder_status(reader->builder))
        return wrong(reader, "\"%s\" names the type \"%.100s\", which \"types\" does not have",
                     what, name);
    return MOLT_OK;
}

/* ---- notes ---------------------------------------------------------------------------------- */

static void add_note(const Reader *reader, const MoltNote *note, uint32_t *first, uint32_t *count)
{
    uint32_t index = molt_builder_add_notes(reader->builder, note, 1);
    if ((*count)++ == 0)
        *first = index;
}

/* One note per string of an array. */
static MoltStatus read_note_texts(const Reader *reader, const cJSON *array, const char *what,
                                  MoltNoteKind kind, uint32_t *first, uint32_t *count)
{
    if (!array)
        return MOLT_OK;
    if (!cJSON_IsArray(array))
        return wrong(reader, "\"%s\" must be an array of strings", what);
    for (const cJSON *item = array->child; item; item = item->next) {
        const char *text;
        MoltStatus status = read_text(reader, item, what, &text);
        if (status)
            return status;
        MoltNote note = {.kind = kind, .text = molt_builder_string(reader->builder, text)};
        add_note(reader, &note, first, count);
    }
    return MOLT_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Constants of consecutive calls stand one after the other, so a value is added in pieces. */
static MoltStatus read_bytes(const Reader *reader, const cJSON *item, MoltNote *note)
{
    const char *hex;
    MoltStatus status = read_text(reader, item, "bytes", &hex);
    if (status)
        return status;
    while (*hex) {
        unsigned char piece[256];
        uint32_t count = 0;
        for (; *hex && count < sizeof piece; hex += 2) {
            int high = hex_digit(hex[0]), low = high < 0 ? -1 : hex_digit(hex[1]);
            if (low < 0)
                return wrong(reader, "\"bytes\" must be pairs of the digits 0-9 and a-f");
            piece[count++] = (unsigned char)(high << 4 | low);
        }
        uint32_t offset = molt_builder_add_constant(reader->builder, piece, count);
        if (note->constant_size == 0)
            note->constant = offset;
        note->constant_size += count;
    }
    return MOLT_OK;
}

static MoltStatus read_default(const Reader *reader, const cJSON *object, uint32_t *first,
                               uint32_t *count)
{
    Values values;
    const char *text;
    MoltNote note = {.kind = MOLT_NOTE_DEFAULT};
    MoltStatus status;
    if (!object)
        return MOLT_OK;
    if ((status = take(reader, object, BIT(TEXT) | BIT(BYTES), 0, &values)) ||
        (status = read_text(reader, values.at[KEY_TEXT], "text", &text)) ||
        (status = read_bytes(reader, values.at[KEY_BYTES], &note)))
        return status;
    note.text = molt_builder_string(reader->builder, text);
    add_note(reader, &note, first, count);
    return MOLT_OK;
}

/* The notes of one declaration; the flags that repeat them are set by molt_builder_finish. */
static MoltStatus read_notes(const Reader *reader, const Values *values, uint32_t *first,
                             uint32_t *count)
{
    MoltStatus status;
    *first = *count = 0;
    if ((status =
             read_note_texts(reader, values->at[KEY_WAS], "was", MOLT_NOTE_WAS, first, count)) ||
        (status = read_default(reader, values->at[KEY_DEFAULT], first, count)))
        return status;
    for (int i = 0; i < MARK_COUNT; i++) {
        bool marked;
        Key key = molt__marks[i].key;
        if ((status = read_bool(reader, values->at[key], molt__key_texts[key], &marked)))
            return status;
        MoltNote note = {.kind = molt__marks[i].kind};
        if (marked)
            add_note(reader, &note, first, count);
    }
    if ((status = read_note_texts(reader, values->at[KEY_CONVERT], "convert", MOLT_NOTE_CONVERT,
                                  first, count)))
        return status;
    status = read_note_texts(reader, values->at[KEY_COUNTED_BY], "count", MOLT_NOTE_COUNT, first,
                             count);
    if (!status)
        status = read_note_texts(reader, values->at[KEY_REMOVED], "removed", MOLT_NOTE_REMOVED,
                                 first, count);
    for (int i = 0; i < NAME_COUNT && !status; i++) {
        const char *text;
        Key key = molt__names[i].key;
        if (!values->at[key])
            continue;
        if ((status = read_text(reader, values->at[key], molt__key_texts[key], &text)))
            break;
        MoltNote note = {.kind = molt__names[i].kind,
                         .text = molt_builder_string(reader->builder, text)};
        add_note(reader, &note, first, count);
    }
    if (!status)
        status = read_note_texts(reader, values->at[KEY_ERASED], "erased", MOLT_NOTE_ERASED, first,
                                 count);
    if (!status)
        status =
            read_note_texts(reader, values->at[KEY_HOLDS], "holds", MOLT_NOTE_HOLDS, first, count);
    if (!status)
        status =
            read_note_texts(reader, values->at[KEY_SIZED], "sized", MOLT_NOTE_SIZED, first, count);
    if (!status)
        status = read_note_texts(reader, values->at[KEY_HASHED], "hashed", MOLT_NOTE_HASHED, first,
                                 count);
    return status ? status
                  : read_note_texts(reader, values->at[KEY_ALONG], "along", MOLT_NOTE_ALONG, first,
                                    count);
}

/* ---- members -------------------------------------------------------------------------------- */

static MoltStatus read_field(Reader *reader, const cJSON *object, MoltField *field)
{
    Values values;
    const char *name;
    uint64_t offset = 0;
    MoltStatus status = take(reader, object, BIT(NAME) | BIT(TYPE),
                             BIT(OFFSET) | BIT(BITS) | BIT(LINE) | NOTE_KEYS, &values);
    if (status || (status = read_text(reader, values.at[KEY_NAME], "name", &name)))
        return status;
    reader->place.member_name = name;
    field->name = molt_builder_string(reader->builder, name);

    const cJSON *bits = values.at[KEY_BITS];
    if (!bits == !values.at[KEY_OFFSET])
        return wrong(reader, "either \"offset\" or \"bits\" is expected");
    if (bits) {
        if (!cJSON_IsArray(bits) || cJSON_GetArraySize(bits) != 2)
            return wrong(reader, "\"bits\" must be an array of the offset and the width in bits");
        field->flags = MOLT_FIELD_BITS;
        if ((status = read_number(reader, bits->child, "bits", UINT64_MAX, &field->bit_offset)) ||
            (status = read_number32(reader, bits->child->next, "bits", &field->bit_width)))
            return status;
    } else {
        status = read_number(reader, values.at[KEY_OFFSET], "offset", UINT64_MAX / 8, &offset);
        if (status)
            return status;
        field->bit_offset = offset * 8;
    }
    if ((status = read_type(reader, values.at[KEY_TYPE], "type", &field->type)) ||
        (status = read_number32(reader, values.at[KEY_LINE], "line", &field->line)))
        return status;
    return read_notes(reader, &values, &field->note_first, &field->note_count);
}

static MoltStatus read_enumerator(Reader *reader, const cJSON *object, MoltEnumerator *enumerator)
{
    Values values;
    const char *name;
    uint64_t magnitude;
    bool negative;
    MoltStatus status = take(reader, object, BIT(NAME) | BIT(VALUE), NOTE_KEYS, &values);
    if (status || (status = read_text(reader, values.at[KEY_NAME], "name", &name)))
        return status;
    reader->place.member_name = name;
    enumerator->name = molt_builder_string(reader->builder, name);
    if (!parse_integer(values.at[KEY_VALUE], &magnitude, &negative) ||
        (negative ? !reader->is_signed || magnitude > UINT64_C(1) << 63
                  : reader->is_signed && magnitude >> 63))
        return wrong(reader,
                     "\"value\" must be a whole number that \"storage\" holds (from 2^53 on "
                     "as a string of digits)");
    enumerator->value = negative ? 0 - magnitude : magnitude;
    return read_notes(reader, &values, &enumerator->note_first, &enumerator->note_count);
}

static MoltStatus read_member(Reader *reader, Key list, const cJSON *item, void *out)
{
    switch (list) {
    case KEY_FIELDS: return read_field(reader, item, out);
    case KEY_ENUMERATORS: return read_enumerator(reader, item, out);
    default: return read_type(reader, item, "params", out);
    }
}

static void set_members(Reader *reader, Key list, MoltTypeId type, const void *rows, uint32_t count)
{
    if (list == KEY_FIELDS)
        molt_builder_set_fields(reader->builder, type, rows, count);
    else if (list == KEY_ENUMERATORS)
        molt_builder_set_enumerators(reader->builder, type, rows, count);
    else
        molt_builder_set_params(reader->builder, type, rows, count);
}

/* Reads the array `items`, the value of key `list`, into the members of `type`. */
static MoltStatus read_members(Reader *reader, Key list, const cJSON *items, MoltTypeId type)
{
    const size_t row = list == KEY_FIELDS        ? sizeof(MoltField)
                       : list == KEY_ENUMERATORS ? sizeof(MoltEnumerator)
                                                 : sizeof(MoltTypeId);
    const MoltAllocator *allocator = reader->allocator;
    MoltStatus status = MOLT_OK;
    if (!cJSON_IsArray(items))
        return wrong(reader, "\"%s\" must be an array", molt__key_texts[list]);

    size_t count = 0;
    for (const cJSON *item = items->child; item; item = item->next)
        count++;
    if (count == 0)
        return MOLT_OK;
    if (count > UINT32_MAX / sizeof(MoltField))
        return wrong(reader, "%zu members are too many", count);
    unsigned char *rows = allocator->resize(allocator->context, NULL, 0, count * row);
    if (!rows)
        return molt_error(reader->error, MOLT_OUT_OF_MEMORY, "No memory to read a schema.");
    memset(rows, 0, count * row);

    reader->place.member_list = molt__key_texts[list];
    reader->place.member_index = 0;
    for (const cJSON *item = items->child; item; item = item->next) {
        reader->place.member_name = NULL;
        status = read_member(reader, list, item, rows + reader->place.member_index * row);
        if (status)
            break;
        reader->place.member_index++;
    }
    if (!status) {
        set_members(reader, list, type, rows, (uint32_t)count);
        reader->place.member_list = NULL;
    }
    allocator->resize(allocator->context, rows, count * row, 0);
    return status;
}

/* ---- types ---------------------------------------------------------------------------------- */

static Key member_key(uint16_t kind)
{
    switch (kind) {
    case MOLT_KIND_STRUCT:
    case MOLT_KIND_UNION: return KEY_FIELDS;
    case MOLT_KIND_ENUM: return KEY_ENUMERATORS;
    case MOLT_KIND_FUNCTION: return KEY_PARAMS;
    default: return KEY_COUNT;
    }
}

/* The values of a type's object; its kind decides which keys it has. */
static MoltStatus take_type(Reader *reader, const cJSON *object, uint16_t *kind, Values *values)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(object, "kind");
    reader->place.name = cJSON_IsString(name) ? name->valuestring : NULL;
    if (!cJSON_IsString(name) || !name->valuestring[0])
        return wrong(reader, "an object with a \"name\" is expected");

    uint16_t found = 0;
    while (cJSON_IsString(text) && found < MOLT_KIND_COUNT &&
           strcmp(molt__kind_texts[found], text->valuestring) != 0)
        found++;
    if (!cJSON_IsString(text) || found == MOLT_KIND_COUNT)
        return wrong(reader, "\"kind\" must name a kind of type, such as \"struct\"");

    KeySet required = BIT(NAME) | BIT(KIND);
    KeySet optional = BIT(ALIGN) | BIT(FILE) | BIT(LINE) | NOTE_KEYS;
    if (molt__is_sized(found))
        required |= BIT(SIZE);
    if (molt__has_length(found))
        required |= BIT(LENGTH);
    if (molt__elem_key(found) != KEY_COUNT)
        required |= UINT64_C(1) << molt__elem_key(found);
    if (member_key(found) != KEY_COUNT)
        required |= UINT64_C(1) << member_key(found);
    for (int i = 0; i < TYPE_FLAG_COUNT; i++) {
        if (molt__type_flags[i].kind == found)
            optional |= UINT64_C(1) << molt__type_flags[i].key;
    }
    *kind = found;
    return take(reader, object, required, optional, values);
}

/* First pass: the type by itself, so that the second can refer to every type by name. */
static MoltStatus read_plain_type(Reader *reader, const cJSON *object)
{
    Values values;
    const char *file = NULL;
    MoltType type = {.elem = MOLT_NO_TYPE};
    MoltStatus status = take_type(reader, object, &type.kind, &values);
    if (status)
        return status;
    if (molt_builder_find_type(reader->builder, reader->place.name) != MOLT_NO_TYPE)
        return wrong(reader, "an earlier type has the same name");
    if ((status = read_number(reader, values.at[KEY_SIZE], "size", UINT64_MAX, &type.size)) ||
        (status = read_number(reader, values.at[KEY_LENGTH], "length", UINT64_MAX, &type.length)) ||
        (status = read_number32(reader, values.at[KEY_ALIGN], "align", &type.align)) ||
        (status = read_number32(reader, values.at[KEY_LINE], "line", &type.line)) ||
        (values.at[KEY_FILE] && (status = read_text(reader, values.at[KEY_FILE], "file", &file))))
        return status;
    for (int i = 0; i < TYPE_FLAG_COUNT; i++) {
        Key key = molt__type_flags[i].key;
        bool set;
        if ((status = read_bool(reader, values.at[key], molt__key_texts[key], &set)))
            return status;
        if (set)
            type.flags |= molt__type_flags[i].flag;
    }
    type.name = molt_builder_string(reader->builder, reader->place.name);
    type.file = molt_builder_string(reader->builder, file);
    molt_builder_add_type(reader->builder, &type);
    return MOLT_OK;
}

/* Second pass: what refers to other types. */
static MoltStatus read_references(Reader *reader, const cJSON *object)
{
    Values values;
    uint16_t kind;
    uint32_t first, count;
    MoltStatus status = take_type(reader, object, &kind, &values);
    if (status || (status = read_notes(reader, &values, &first, &count)))
        return status;
    MoltTypeId id = molt_builder_find_type(reader->builder, reader->place.name);
    if (id == MOLT_NO_TYPE)
        return MOLT_OK; /* the builder has failed and will say so */
    molt_builder_set_notes(reader->builder, id, first, count);

    Key key = molt__elem_key(kind);
    if (key != KEY_COUNT) {
        MoltTypeId elem = MOLT_NO_TYPE;
        if ((status = read_type(reader, values.at[key], molt__key_texts[key], &elem)))
            return status;
        molt_builder_type(reader->builder, id)->elem = elem;
        reader->is_signed = molt_builder_type(reader->builder, elem)->flags & MOLT_TYPE_SIGNED;
    }
    if (member_key(kind) != KEY_COUNT)
        status = read_members(reader, member_key(kind), values.at[member_key(kind)], id);
    return status;
}

static MoltStatus read_types(Reader *reader, const cJSON *types)
{
    if (!cJSON_IsArray(types))
        return wrong(reader, "\"types\" must be an array");
    for (int pass = 0; pass < 2; pass++) {
        reader->place.list = "types";
        reader->place.index = 0;
        for (const cJSON *item = types->child; item; item = item->next, reader->place.index++) {
            MoltStatus status =
                pass == 0 ? read_plain_type(reader, item) : read_references(reader, item);
            if (status)
                return status;
        }
    }
    reader->place.list = NULL;
    return MOLT_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static MoltStatus read_abi(const Reader *reader, const cJSON *object)
{
    Values values;
    MoltAbi abi = {0};
    bool char_signed = false, little_endian = false;
    MoltStatus status = take(reader, object,
                             BIT(POINTER_SIZE) | BIT(LONG_SIZE) | BIT(CHAR_SIGNED) |
                                 BIT(LITTLE_ENDIAN) | BIT(MAX_ALIGN),
                             0, &values);
    if (status || (status = read_byte(reader, &values, KEY_POINTER_SIZE, &abi.pointer_size)) ||
        (status = read_byte(reader, &values, KEY_LONG_SIZE, &abi.long_size)) ||
        (status = read_byte(reader, &values, KEY_MAX_ALIGN, &abi.max_align)) ||
        (status = read_bool(reader, values.at[KEY_CHAR_SIGNED], "char_signed", &char_signed)) ||
        (status = read_bool(reader, values.at[KEY_LITTLE_ENDIAN], "little_endian", &little_endian)))
        return status;
    abi.char_signed = char_signed;
    abi.little_endian = little_endian;
    molt_builder_set_abi(reader->builder, abi);
    return MOLT_OK;
}

/* An object of names and types: roots or spellings. */
static MoltStatus read_pairs(const Reader *reader, const cJSON *object, const char *what,
                             void (*add)(MoltBuilder *, const char *, MoltTypeId))
{
    if (!cJSON_IsObject(object))
        return wrong(reader, "\"%s\" must be an object of names and types", what);
    for (const cJSON *item = object->child; item; item = item->next) {
        MoltTypeId type = MOLT_NO_TYPE;
        MoltStatus status = read_type(reader, item, item->string, &type);
        if (status)
            return status;
        add(reader->builder, item->string, type);
    }
    return MOLT_OK;
}

static MoltStatus read_hash(const Reader *reader, const cJSON *item, MoltHash *hash)
{
    const char *text;
    MoltStatus status = read_text(reader, item, "hash", &text);
    if (status)
        return status;
    size_t length = 0;
    for (; text[length] && hex_digit(text[length]) >= 0 && length < 32; length++) {
        hash->high = hash->high << 4 | hash->low >> 60;
        hash->low = hash->low << 4 | (uint64_t)hex_digit(text[length]);
    }
    if (length != 32 || text[length])
        return wrong(reader, "\"hash\" must be 32 digits of 0-9 and a-f");
    return MOLT_OK;
}

static MoltStatus read_root(Reader *reader, const cJSON *root, MoltSchema **out)
{
    Values values;
    uint64_t version = 0;
    MoltHash hash = {0, 0};
    MoltSchema *schema = NULL;
    const cJSON *written = cJSON_GetObjectItemCaseSensitive(root, "molt_schema");
    MoltStatus status;

    if (!written)
        return wrong(reader, "an object with the key \"molt_schema\" is expected");
    if ((status = read_number(reader, written, "molt_schema", UINT32_MAX, &version)))
        return status;
    if (version != MOLT_META_VERSION)
        return molt_error(reader->error, MOLT_VERSION,
                          "The schema JSON has version %" PRIu64
                          ", but this Molt reads version %u.",
                          version, MOLT_META_VERSION);
    status =
        take(reader, root,
             BIT(MOLT_SCHEMA) | BIT(ABI) | BIT(HASH) | BIT(ROOTS) | BIT(SPELLINGS) | BIT(TYPES), 0,
             &values);
    if (status || (status = read_abi(reader, values.at[KEY_ABI])) ||
        (status = read_hash(reader, values.at[KEY_HASH], &hash)) ||
        (status = read_types(reader, values.at[KEY_TYPES])) ||
        (status = read_pairs(reader, values.at[KEY_ROOTS], "roots", molt_builder_add_root)) ||
        (status = read_pairs(reader, values.at[KEY_SPELLINGS], "spellings",
                             molt_builder_add_spelling)) ||
        (status = molt_builder_finish(reader->builder, &schema, reader->error)))
        return status;

    if (schema->tables.hash.low != hash.low || schema->tables.hash.high != hash.high) {
        status = wrong(reader,
                       "its types, roots, spellings and ABI have the hash %016" PRIx64 "%016" PRIx64
                       ", not that of the key \"hash\": it was edited by hand or cut",
                       schema->tables.hash.high, schema->tables.hash.low);
        molt_schema_free(schema);
        return status;
    }
    *out = schema;
    return MOLT_OK;
}

static MoltStatus syntax_error(const char *text, const char *at, const char *what, MoltError *error)
{
    size_t line = 1, column = 1;
    for (; text < at; text++) {
        column = *text == '\n' ? 1 : column + 1;
        line += *text == '\n';
    }
    return molt_error(error, MOLT_INVALID, "The schema JSON is wrong at line %zu, column %zu: %s.",
                      line, column, what);
}

MoltStatus molt_schema_from_json(const char *text, size_t length, const MoltAllocator *allocator,
                                 MoltSchema **out, MoltError *error)
{
    Reader reader = {.error = error};
    const char *end = text;
    MoltStatus status;
    cJSON *root = length ? cJSON_ParseWithLengthOpts(text, length, &end, 0) : NULL;
    if (!root)
        return syntax_error(text, end ? end : text,
                            "this is not JSON, or is cut, or nests too deep", error);
    while (end < text + length && strchr(" \t\r\n", *end) && *end)
        end++;
    if (end < text + length) {
        status = syntax_error(text, end, "text follows the end of the schema", error);
        goto cleanup;
    }

    reader.allocator = allocator ? allocator : molt_allocator_default();
    reader.builder = molt_builder_create(reader.allocator);
    if (!reader.builder) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "No memory to read a schema.");
        goto cleanup;
    }
    status = read_root(&reader, root, out);

cleanup:
    molt_builder_destroy(reader.builder);
    cJSON_Delete(root);
    return status;
}
