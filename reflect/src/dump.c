#include "molt/dump.h"

#include <cjson/cJSON.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_path.h"
#include "molt/globals.h"
#include "number_text.h"
#include "origin.h"
#include "state_path.h"
#include "tables.h"
#include "tagged_union.h"
#include "utf8.h"

/* Text that grows. Failure is sticky: once `failed` is set (memory is the only reason), what
 * follows does nothing, and the text is thrown away at the end. */
typedef struct Text {
    char *bytes; /* NUL-terminated once anything was appended */
    size_t length, capacity;
    bool failed;
} Text;

/* One dump on its way; it has failed when its text has.
 *
 * cJSON makes and prints one element at a time: a tree of a whole state would cost some thirty
 * times its memory. The frame around the elements is written as it is. */
typedef struct Dump {
    const MoltHeap *heap;
    const MoltSchema *schema;
    const MoltCodeMap *code;
    Text text;
    bool addresses;
    uint64_t tail; /* elements of the flexible array of the block that is being written */
} Dump;

/* ---- text ------------------------------------------------------------------------------------ */

static bool grow(Text *text, size_t more)
{
    size_t wanted = text->capacity ? text->capacity : 4096;
    while (wanted - text->length <= more) {
        if (wanted > SIZE_MAX / 2)
            return false;
        wanted *= 2;
    }
    char *grown = realloc(text->bytes, wanted);
    if (!grown)
        return false;
    text->bytes = grown;
    text->capacity = wanted;
    return true;
}

static void text_add(Text *text, const char *more)
{
    size_t count = strlen(more);
    if (text->failed)
        return;
    if (count >= text->capacity - text->length && !grow(text, count)) {
        text->failed = true;
        return;
    }
    memcpy(text->bytes + text->length, more, count + 1);
    text->length += count;
}

static void append(Dump *dump, const char *more)
{
    text_add(&dump->text, more);
}

/* Prints and frees the item; NULL is an item that could not be made. */
static void append_item(Dump *dump, cJSON *item)
{
    char *text = item && !dump->text.failed ? cJSON_PrintUnformatted(item) : NULL;
    if (text)
        append(dump, text);
    else
        dump->text.failed = true;
    cJSON_free(text);
    cJSON_Delete(item);
}

static void append_string(Dump *dump, const char *text)
{
    append_item(dump, cJSON_CreateString(text));
}

/* Adds and takes over `item`. `key` must outlive the object: it is not copied. */
static void put(Dump *dump, cJSON *object, const char *key, cJSON *item)
{
    if (!item || !object || !cJSON_AddItemToObjectCS(object, key, item)) {
        cJSON_Delete(item);
        dump->text.failed = true;
    }
}

static void push(Dump *dump, cJSON *array, cJSON *item)
{
    if (!item || !array || !cJSON_AddItemToArray(array, item)) {
        cJSON_Delete(item);
        dump->text.failed = true;
    }
}

/* {"key": item} */
static cJSON *single(Dump *dump, const char *key, cJSON *item)
{
    cJSON *object = cJSON_CreateObject();
    put(dump, object, key, item);
    return object;
}

/* ---- numbers, text and bytes ----------------------------------------------------------------- */

static cJSON *make_bytes(Dump *dump, const unsigned char *bytes, uint64_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = size < SIZE_MAX / 2 ? malloc((size_t)size * 2 + 1) : NULL;
    if (!hex) {
        dump->text.failed = true;
        return NULL;
    }
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15u];
    }
    hex[2 * size] = '\0';
    cJSON *item = single(dump, "bytes", cJSON_CreateString(hex));
    free(hex);
    return item;
}

/* Whether a string says everything about these bytes: UTF-8, then a NUL, then nothing but zeros. */
static bool is_text(const unsigned char *bytes, uint64_t size)
{
    const unsigned char *end = memchr(bytes, 0, (size_t)size);
    if (!end)
        return false;
    size_t length = (size_t)(end - bytes);
    for (size_t i = length; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    for (size_t i = 0; i < length;) {
        size_t step = molt__utf8_length(bytes + i, length - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

static cJSON *make_text(Dump *dump, const unsigned char *bytes, uint64_t size)
{
    if (is_text(bytes, size))
        return cJSON_CreateString((const char *)bytes);
    return make_bytes(dump, bytes, size);
}

static cJSON *make_float(Dump *dump, const MoltType *type, const unsigned char *bytes)
{
    char text[MOLT__NUMBER_TEXT];
    bool quad = type->size == 16 && (type->flags & MOLT_TYPE_BINARY_FLOAT) != 0;
    if (quad && LDBL_MANT_DIG != 113) /* as large as a long double, and something else */
        return make_bytes(dump, bytes, type->size);
    switch (molt__float_text(bytes, (size_t)type->size, text)) {
    case MOLT__FLOAT_NUMBER:
        return cJSON_CreateRaw(text);
    case MOLT__FLOAT_WORD:
        return cJSON_CreateString(text);
    case MOLT__FLOAT_UNKNOWN:
        break;
    }
    return make_bytes(dump, bytes, type->size);
}

static cJSON *make_bool(uint64_t value)
{
    if (value <= 1)
        return cJSON_CreateBool(value == 1);
    char text[MOLT__NUMBER_TEXT];
    molt__word_text(value, false, text);
    return cJSON_CreateRaw(text);
}

/* ---- enums ----------------------------------------------------------------------------------- */

/* The first enumerator with that value; aliases that come later are never written. */
static const MoltEnumerator *find_enumerator(const Dump *dump, const MoltType *type, uint64_t value)
{
    const MoltEnumerator *enumerators = dump->schema->tables.enumerators + type->first;
    for (uint32_t i = 0; i < type->count; i++) {
        if (enumerators[i].value == value)
            return &enumerators[i];
    }
    return NULL;
}

static bool is_single_bit(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Bits of the storage that a value can have: a negative value must not count its sign extension as
 * flags beyond the storage. */
static uint64_t storage_mask(const MoltType *type)
{
    return type->size >= 8 ? UINT64_MAX : ((uint64_t)1 << type->size * 8) - 1;
}

/* "A|C|0x40": single bits by name, then enumerators of several bits that the rest contains whole,
 * then what has no name. */
static cJSON *make_flags(Dump *dump, const MoltType *type, uint64_t value)
{
    const MoltEnumerator *enumerators = dump->schema->tables.enumerators + type->first;
    uint64_t rest = value & storage_mask(type);
    Text names = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < type->count; i++) {
            uint64_t bits = enumerators[i].value & storage_mask(type);
            if (is_single_bit(bits) != (pass == 0) || bits == 0 || (rest & bits) != bits)
                continue;
            text_add(&names, names.length > 0 ? "|" : "");
            text_add(&names, molt_string(dump->schema, enumerators[i].name));
            rest &= ~bits;
        }
    }
    if (rest != 0) {
        char number[MOLT__NUMBER_TEXT];
        snprintf(number, sizeof number, "%s0x%llx", names.length > 0 ? "|" : "",
                 (unsigned long long)rest);
        text_add(&names, number);
    }
    cJSON *item = names.failed ? NULL : cJSON_CreateString(names.bytes);
    free(names.bytes);
    return item;
}

static cJSON *make_enum(Dump *dump, const MoltType *type, uint64_t value)
{
    if ((type->flags & MOLT_TYPE_FLAGS) != 0 && value != 0)
        return make_flags(dump, type, value);
    const MoltEnumerator *named = find_enumerator(dump, type, value);
    if (named)
        return cJSON_CreateString(molt_string(dump->schema, named->name));
    char text[MOLT__NUMBER_TEXT];
    molt__word_text(value, (type->flags & MOLT_TYPE_SIGNED) != 0, text);
    return cJSON_CreateRaw(text);
}

/* ---- bit-fields and words -------------------------------------------------------------------- */

static uint64_t sign_extend(uint64_t value, uint32_t width)
{
    if (width == 0 || width >= 64 || (value >> (width - 1) & 1u) == 0)
        return value;
    return value | ~(((uint64_t)1 << width) - 1);
}

/* `width` bits from bit `offset` on, by the little-endian numbering that the schema's ABI has. */
static uint64_t read_bits(const unsigned char *object, uint64_t offset, uint32_t width)
{
    uint64_t value = 0;
    for (uint32_t done = 0; done < width;) {
        uint64_t at = offset + done;
        uint32_t skip = (uint32_t)(at % 8);
        uint32_t take = 8 - skip < width - done ? 8 - skip : width - done;
        uint64_t part = (uint64_t)object[at / 8] >> skip & (((uint64_t)1 << take) - 1);
        value |= part << done;
        done += take;
    }
    return value;
}

static uint64_t read_word(const MoltType *type, const unsigned char *bytes)
{
    uint64_t value = read_bits(bytes, 0, (uint32_t)(type->size >= 8 ? 64 : type->size * 8));
    bool is_signed = (type->flags & MOLT_TYPE_SIGNED) != 0;
    return is_signed && type->size < 8 ? sign_extend(value, (uint32_t)type->size * 8) : value;
}

static cJSON *make_bit_field(Dump *dump, const MoltField *field, const unsigned char *object)
{
    const MoltType *type = molt_type(dump->schema, field->type);
    uint64_t value = read_bits(object, field->bit_offset, field->bit_width);
    bool is_signed = (type->flags & MOLT_TYPE_SIGNED) != 0;
    if (is_signed)
        value = sign_extend(value, field->bit_width);
    if (type->kind == MOLT_KIND_BOOL)
        return make_bool(value);
    if (type->kind == MOLT_KIND_ENUM)
        return make_enum(dump, type, value);
    char text[MOLT__NUMBER_TEXT];
    molt__word_text(value, is_signed, text);
    return cJSON_CreateRaw(text);
}

/* ---- pointers -------------------------------------------------------------------------------- */

/* Type names have no limit, unlike paths. */
static char *make_id(Dump *dump, const MoltBlock *block)
{
    const char *name = molt_type_name(dump->schema, block->type);
    size_t size = strlen(name) + MOLT__NUMBER_TEXT;
    char *id = malloc(size);
    if (!id) {
        dump->text.failed = true;
        return NULL;
    }
    char serial[MOLT__NUMBER_TEXT];
    molt__word_text(block->serial, false, serial);
    snprintf(id, size, "%s:%s", name, serial);
    return id;
}

static cJSON *make_reference(Dump *dump, const MoltPlace *place, MoltTypeId pointee)
{
    char *id = make_id(dump, &place->block);
    cJSON *object = single(dump, "ref", id ? cJSON_CreateString(id) : NULL);
    free(id);
    MoltDumpPath at;
    molt__dump_path(dump->schema, place, pointee, &at);
    if (at.length > 0)
        put(dump, object, "at", cJSON_CreateString(at.text));
    return object;
}

static cJSON *make_number(uint64_t value)
{
    char text[MOLT__NUMBER_TEXT];
    molt__word_text(value, false, text);
    return cJSON_CreateRaw(text);
}

static cJSON *make_named_code(Dump *dump, const char *key, const MoltCodeTarget *target)
{
    const char *file = target->file ? target->file : "";
    size_t size = strlen(file) + strlen(target->name) + 2;
    char *name = malloc(size);
    if (name)
        snprintf(name, size, "%s%s%s", file, file[0] != '\0' ? ":" : "", target->name);
    cJSON *object = single(dump, key, name ? cJSON_CreateString(name) : NULL);
    free(name);
    if (target->offset != 0)
        put(dump, object, "at", make_number(target->offset));
    return object;
}

static cJSON *make_outside(Dump *dump, uintptr_t address, MoltTypeId pointee)
{
    const MoltCodeMap *code = dump->code;
    uintptr_t mirror = molt_heap_mirror(dump->heap, address, pointee);
    if (mirror != 0) {
        MoltPlace place;
        molt_heap_locate(dump->heap, (const void *)mirror, &place); /* NOLINT: in the mirror */
        return make_reference(dump, &place, pointee);
    }
    MoltCodeTarget target = {.kind = MOLT_CODE_FUNCTION};
    if (!code || address < code->begin || address >= code->end)
        return single(dump, "foreign", cJSON_CreateTrue());
    if (!code->describe || !code->describe(code->context, address, &target))
        return single(dump, "unnamed", cJSON_CreateTrue());
    if (target.kind == MOLT_CODE_LITERAL) {
        const unsigned char *bytes = (const unsigned char *)target.bytes;
        cJSON *literal = make_text(dump, bytes, target.size);
        cJSON *object = single(dump, "literal", literal);
        if (target.offset != 0)
            put(dump, object, "at", make_number(target.offset));
        return object;
    }
    return make_named_code(dump, target.kind == MOLT_CODE_DATA ? "data" : "code", &target);
}

static cJSON *make_pointer(Dump *dump, const void *address, MoltTypeId pointee)
{
    if (!address)
        return cJSON_CreateNull();
    MoltPlace place;
    molt_heap_locate(dump->heap, address, &place);
    switch (place.kind) {
    case MOLT_PLACE_BLOCK:
        return make_reference(dump, &place, pointee);
    case MOLT_PLACE_FREE:
        return single(dump, "dangling", cJSON_CreateTrue());
    case MOLT_PLACE_OUTSIDE:
        break;
    }
    return make_outside(dump, (uintptr_t)address, pointee);
}

static bool is_char(const MoltType *type)
{
    return type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_CHAR) != 0;
}

/* ---- values: recursion follows types, never data --------------------------------------------- */

static cJSON *make_value(Dump *dump, MoltTypeId id, const unsigned char *bytes);

static cJSON *make_pointer_field(Dump *dump, const MoltType *type, const unsigned char *bytes,
                                 bool external)
{
    void *address;
    memcpy(&address, bytes, sizeof address);
    if (external)
        return address ? single(dump, "external", cJSON_CreateTrue()) : cJSON_CreateNull();
    return make_pointer(dump, address, type->elem);
}

/* An external field may be an array or a struct of pointers: the mark goes down to each of them. */
static cJSON *make_external(Dump *dump, MoltTypeId id, const unsigned char *bytes)
{
    const MoltType *type = molt_type(dump->schema, id);
    if (type->kind == MOLT_KIND_POINTER)
        return make_pointer_field(dump, type, bytes, true);
    if (type->kind == MOLT_KIND_ATOMIC)
        return make_external(dump, type->elem, bytes);
    if (type->kind != MOLT_KIND_ARRAY)
        return make_value(dump, id, bytes);
    cJSON *array = cJSON_CreateArray();
    uint64_t size = molt_type(dump->schema, type->elem)->size;
    for (uint64_t i = 0; i < type->length && !dump->text.failed; i++)
        push(dump, array, make_external(dump, type->elem, bytes + i * size));
    return array;
}

static cJSON *make_field(Dump *dump, const MoltType *owner, const MoltField *field,
                         const unsigned char *object);

/* {"arm": value} for the arm that the tag beside the union selects. */
static cJSON *make_union(Dump *dump, const MoltField *field, const MoltUnionTag *tag,
                         const unsigned char *object)
{
    const unsigned char *bytes = object + field->bit_offset / 8;
    const MoltType *type = molt_type(dump->schema, field->type);
    uint32_t active = molt__union_active(dump->schema, tag, field, object);
    if (active == MOLT__NO_ARM)
        return make_bytes(dump, bytes, type->size);
    const MoltField *arm = &dump->schema->tables.fields[active];
    return single(dump, molt_string(dump->schema, arm->name), make_field(dump, type, arm, bytes));
}

static cJSON *make_field(Dump *dump, const MoltType *owner, const MoltField *field,
                         const unsigned char *object)
{
    if ((field->flags & MOLT_FIELD_BITS) != 0)
        return make_bit_field(dump, field, object);
    const unsigned char *bytes = object + field->bit_offset / 8;
    if ((field->flags & MOLT_FIELD_EXTERNAL) != 0)
        return make_external(dump, field->type, bytes);
    MoltUnionTag tag;
    if (molt__union_tag(dump->schema, owner, field, &tag))
        return make_union(dump, field, &tag, object);
    return make_value(dump, field->type, bytes);
}

static cJSON *make_struct(Dump *dump, const MoltType *type, const unsigned char *bytes)
{
    cJSON *object = cJSON_CreateObject();
    const MoltField *fields = dump->schema->tables.fields + type->first;
    for (uint32_t i = 0; i < type->count && !dump->text.failed; i++) {
        put(dump, object, molt_string(dump->schema, fields[i].name),
            make_field(dump, type, &fields[i], bytes));
    }
    return object;
}

static cJSON *make_sequence(Dump *dump, const MoltType *type, const unsigned char *bytes)
{
    const MoltType *elem = molt_type(dump->schema, type->elem);
    uint64_t length = (type->flags & MOLT_TYPE_FLEXIBLE) != 0 ? dump->tail : type->length;
    if (type->kind == MOLT_KIND_ARRAY && is_char(elem))
        return length > 0 ? make_text(dump, bytes, length) : cJSON_CreateString("");
    cJSON *array = cJSON_CreateArray();
    for (uint64_t i = 0; i < length && !dump->text.failed; i++)
        push(dump, array, make_value(dump, type->elem, bytes + i * elem->size));
    return array;
}

static cJSON *make_value(Dump *dump, MoltTypeId id, const unsigned char *bytes)
{
    const MoltType *type = molt_type(dump->schema, id);
    char text[MOLT__NUMBER_TEXT];
    switch (type->kind) {
    case MOLT_KIND_BOOL:
        return make_bool(read_word(type, bytes));
    case MOLT_KIND_INT:
        molt__integer_text(bytes, (size_t)type->size, (type->flags & MOLT_TYPE_SIGNED) != 0, text);
        return cJSON_CreateRaw(text);
    case MOLT_KIND_FLOAT:
        return make_float(dump, type, bytes);
    case MOLT_KIND_ENUM:
        return make_enum(dump, type, read_word(type, bytes));
    case MOLT_KIND_STRUCT:
        return make_struct(dump, type, bytes);
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR:
        return make_sequence(dump, type, bytes);
    case MOLT_KIND_ATOMIC:
        return make_value(dump, type->elem, bytes);
    case MOLT_KIND_POINTER:
        return make_pointer_field(dump, type, bytes, false);
    default: /* of unions without a tag and of what is opaque nothing says which bytes mean something */
        return make_bytes(dump, bytes, type->size);
    }
}

/* ---- blocks and the whole -------------------------------------------------------------------- */

static void append_elements(Dump *dump, const MoltBlock *block)
{
    const MoltType *type = molt_type(dump->schema, block->type);
    const unsigned char *bytes = block->start;
    bool records = type->kind == MOLT_KIND_STRUCT || molt_kind_is_sequence(type->kind);
    append(dump, "[");
    for (uint64_t i = 0; i < block->count && !dump->text.failed; i++) {
        append(dump, i > 0 ? "," : "");
        append(dump, records ? "\n  " : "");
        append_item(dump, make_value(dump, block->type, bytes + i * type->size));
    }
    append(dump, "]");
}

static void append_count(Dump *dump, const char *key, uint64_t count)
{
    char number[MOLT__NUMBER_TEXT];
    molt__word_text(count, false, number);
    append(dump, ",\"");
    append(dump, key);
    append(dump, "\":");
    append(dump, number);
}

/* Several elements: text when they are char. */
static void append_list(Dump *dump, const MoltBlock *block)
{
    if (is_char(molt_type(dump->schema, block->type)))
        append_item(dump, make_text(dump, block->start, block->count));
    else
        append_elements(dump, block);
}

static void append_block(Dump *dump, const MoltBlock *block)
{
    char number[MOLT__NUMBER_TEXT];
    const MoltType *type = molt_type(dump->schema, block->type);
    bool list = !molt__dump_is_single(block) || is_char(type);
    char *id = make_id(dump, block);
    dump->tail = block->count;
    append(dump, "{\"id\":");
    if (id)
        append_string(dump, id);
    free(id);
    append(dump, ",\"type\":");
    append_string(dump, molt_type_name(dump->schema, block->type));
    if (dump->addresses) {
        snprintf(number, sizeof number, ",\"addr\":\"0x%llx\"",
                 (unsigned long long)(uintptr_t)block->start);
        append(dump, number);
    }
    if (molt_heap_align(dump->heap, block) > 0)
        append_count(dump, "align", molt_heap_align(dump->heap, block));
    if (molt_heap_is_untyped(dump->heap, block)) {
        char place[300];
        append(dump, ",\"from\":");
        append_string(dump, molt__origin_text(molt_heap_origin(dump->heap, block), place,
                                              sizeof place));
    }
    if (list)
        append_count(dump, "count", block->count);
    else if (block->header > 0)
        append_count(dump, "tail", block->count);
    append(dump, ",\"value\":");
    if (list)
        append_list(dump, block);
    else
        append_item(dump, make_value(dump, block->type, block->start));
    append(dump, "}");
}

static void append_roots(Dump *dump)
{
    const MoltTables *tables = &dump->schema->tables;
    const char *separator = "";
    append(dump, "\"roots\":{");
    for (uint32_t i = 0; i < tables->root_count && !dump->text.failed; i++) {
        if (molt__is_vacant(&tables->types[tables->roots[i].type]))
            continue;
        append(dump, separator);
        separator = ",";
        append_string(dump, molt_string(dump->schema, tables->roots[i].name));
        append(dump, ":");
        append_item(dump, make_pointer(dump, molt_heap_root(dump->heap, i), tables->roots[i].type));
    }
    append(dump, "}");
}

static void append_objects(Dump *dump)
{
    uint64_t cursor = 0;
    MoltBlock block;
    const char *separator = "\n";
    append(dump, "\"objects\":[");
    while (!dump->text.failed && molt_heap_next(dump->heap, MOLT_NO_TYPE, &cursor, &block)) {
        if (molt__is_vacant(molt_type(dump->schema, block.type)))
            continue;
        append(dump, separator);
        append_block(dump, &block);
        separator = ",\n";
    }
    append(dump, "\n]");
}

static void append_head(Dump *dump)
{
    char head[96];
    MoltHash hash = dump->schema->tables.hash;
    snprintf(head, sizeof head, "{\"molt_dump\":1,\"schema\":\"%016llx%016llx\",\n",
             (unsigned long long)hash.high, (unsigned long long)hash.low);
    append(dump, head);
}

static MoltStatus open_dump(Dump *dump, const MoltHeap *heap, const MoltDumpDesc *desc,
                            MoltError *error)
{
    *dump = (Dump){.heap = heap, .schema = molt_heap_schema(heap)};
    if (!dump->schema)
        return molt_error(error, MOLT_INVALID,
                          "the heap has no schema yet, so nothing says what its bytes mean; load a "
                          "game before its state is dumped");
    molt_heap_gather_globals(heap);
    if (desc) {
        dump->code = desc->code;
        dump->addresses = desc->addresses;
    }
    return MOLT_OK;
}

static MoltStatus close_dump(Dump *dump, char **out, size_t *length, MoltError *error)
{
    if (dump->text.failed) {
        free(dump->text.bytes);
        return molt_error(error, MOLT_OUT_OF_MEMORY,
                          "no memory for the dump after %zu bytes of its text", dump->text.length);
    }
    *out = dump->text.bytes;
    if (length)
        *length = dump->text.length;
    return MOLT_OK;
}

MoltStatus molt_dump_json(const MoltHeap *heap, const MoltDumpDesc *desc, char **out,
                          size_t *length, MoltError *error)
{
    Dump dump;
    MoltStatus status = open_dump(&dump, heap, desc, error);
    if (status != MOLT_OK)
        return status;
    append_head(&dump);
    append_roots(&dump);
    append(&dump, ",\n");
    append_objects(&dump);
    append(&dump, "}\n");
    return close_dump(&dump, out, length, error);
}

MoltStatus molt_dump_path_json(const MoltHeap *heap, const MoltDumpDesc *desc, const char *path,
                               char **out, size_t *length, MoltError *error)
{
    Dump dump;
    MoltStateValue value;
    MoltStatus status = open_dump(&dump, heap, desc, error);
    if (status == MOLT_OK)
        status = molt__state_path(heap, path, &value, error);
    if (status != MOLT_OK)
        return status;
    dump.tail = value.tail;
    append_head(&dump);
    append(&dump, "\"path\":");
    append_string(&dump, path);
    append(&dump, ",\"type\":");
    append_string(&dump, molt_type_name(dump.schema, value.type));
    MoltBlock list = {.start = (void *)(uintptr_t)value.bytes, /* NOLINT: only read */
                      .type = value.type,
                      .count = value.count};
    if (value.count > 0) {
        append_count(&dump, "count", value.count);
        append(&dump, ",\"value\":");
        append_list(&dump, &list);
    } else {
        append(&dump, ",\"value\":");
        const MoltType *owner = value.field ? molt_type(dump.schema, value.owner) : NULL;
        append_item(&dump, owner ? make_field(&dump, owner, value.field, value.bytes)
                                 : make_value(&dump, value.type, value.bytes));
    }
    append(&dump, "}\n");
    return close_dump(&dump, out, length, error);
}
