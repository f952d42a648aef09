/* A JSON Schema (draft 2020-12) of the dumps of one schema. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "molt/dump_schema.h"
#include "number_text.h"
#include "tagged_union.h"

/* A document on its way. Failure is sticky: memory is the only reason. */
typedef struct Document {
    const MoltSchema *schema;
    bool failed;
} Document;

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Adds and takes over `item`. */
static void put(Document *document, cJSON *object, const char *key, cJSON *item)
{
    if (!item || !object || !cJSON_AddItemToObject(object, key, item)) {
        cJSON_Delete(item);
        document->failed = true;
    }
}

static void push(Document *document, cJSON *array, cJSON *item)
{
    if (!item || !array || !cJSON_AddItemToArray(array, item)) {
        cJSON_Delete(item);
        document->failed = true;
    }
}

static cJSON *new_object(Document *document)
{
    cJSON *object = cJSON_CreateObject();
    document->failed = document->failed || !object;
    return object;
}

/* {"key": item} */
static cJSON *single(Document *document, const char *key, cJSON *item)
{
    cJSON *object = new_object(document);
    put(document, object, key, item);
    return object;
}

static cJSON *of_type(Document *document, const char *type)
{
    return single(document, "type", cJSON_CreateString(type));
}

/* "a" or ["a", "b"] */
static cJSON *of_types(Document *document, const char *one, const char *other)
{
    cJSON *list = cJSON_CreateArray();
    push(document, list, cJSON_CreateString(one));
    push(document, list, cJSON_CreateString(other));
    return single(document, "type", list);
}

static void put_number(Document *document, cJSON *object, const char *key, uint64_t number)
{
    char text[MOLT__NUMBER_TEXT];
    molt__word_text(number, false, text);
    put(document, object, key, cJSON_CreateRaw(text));
}

/* An object with just these members: `properties` says what each is, all but `optional` (NULL
 * allowed) are there. */
static cJSON *closed(Document *document, cJSON *properties, const char *optional)
{
    cJSON *object = of_type(document, "object");
    cJSON *required = cJSON_CreateArray();
    for (const cJSON *each = properties ? properties->child : NULL; each; each = each->next) {
        if (!optional || strcmp(each->string, optional) != 0)
            push(document, required, cJSON_CreateString(each->string));
    }
    put(document, object, "properties", properties);
    put(document, object, "required", required);
    put(document, object, "additionalProperties", cJSON_CreateFalse());
    return object;
}

static cJSON *reference(Document *document, const char *name)
{
    char text[64];
    snprintf(text, sizeof text, "#/$defs/%s", name);
    return single(document, "$ref", cJSON_CreateString(text));
}

/* ---- patterns -------------------------------------------------------------------------------- */

/* Appends with everything escaped that means something in a pattern; names may be longer than any
 * fixed buffer. */
static char *add_escaped(Document *document, char *pattern, const char *before, const char *text,
                         const char *after)
{
    size_t used = pattern ? strlen(pattern) : 0;
    char *grown = realloc(pattern, used + strlen(before) + 2 * strlen(text) + strlen(after) + 1);
    if (!grown) {
        document->failed = true;
        return pattern;
    }
    char *at = grown + used;
    at = (char *)memcpy(at, before, strlen(before)) + strlen(before);
    for (; *text != '\0'; text++) {
        if (strchr(".*+?^$()[]{}|\\", *text))
            *at++ = '\\';
        *at++ = *text;
    }
    memcpy(at, after, strlen(after) + 1);
    return grown;
}

static void put_pattern(Document *document, cJSON *object, char *pattern)
{
    put(document, object, "pattern", pattern ? cJSON_CreateString(pattern) : NULL);
    free(pattern);
}

/* ---- values ---------------------------------------------------------------------------------- */

static cJSON *make_bytes(Document *document, uint64_t size, bool exact)
{
    cJSON *digits = of_type(document, "string"), *properties = new_object(document);
    put(document, digits, "pattern", cJSON_CreateString("^([0-9a-f][0-9a-f])*$"));
    if (exact) {
        put_number(document, digits, "minLength", size * 2);
        put_number(document, digits, "maxLength", size * 2);
    }
    put(document, properties, "bytes", digits);
    return closed(document, properties, NULL);
}

/* The integers that `bits` bits hold. */
static cJSON *make_integer(Document *document, uint32_t bits, bool is_signed)
{
    unsigned char least[16], most[16];
    char text[MOLT__NUMBER_TEXT];
    cJSON *object = of_type(document, "integer");
    memset(most, 0, sizeof most);
    for (uint32_t i = 0; i < bits - is_signed; i++)
        most[i / 8] = (unsigned char)(most[i / 8] | 1u << i % 8);
    for (size_t i = 0; i < sizeof least; i++)
        least[i] = is_signed ? (unsigned char)~most[i] : 0;
    molt__integer_text(least, sizeof least, is_signed, text);
    put(document, object, "minimum", cJSON_CreateRaw(text));
    molt__integer_text(most, sizeof most, is_signed, text);
    put(document, object, "maximum", cJSON_CreateRaw(text));
    return object;
}

static cJSON *make_bool(Document *document, uint64_t most)
{
    cJSON *object = of_types(document, "boolean", "integer");
    put_number(document, object, "minimum", 0);
    put_number(document, object, "maximum", most);
    return object;
}

static cJSON *make_float(Document *document)
{
    cJSON *object = of_types(document, "number", "string");
    put(document, object, "pattern", cJSON_CreateString("^(-?Infinity|NaN(\\(0x[0-9a-f]+\\))?)$"));
    return object;
}

/* Names joined by | in any number, and bits without a name. */
static cJSON *make_flags(Document *document, const MoltType *type)
{
    char *one = NULL, *pattern;
    const MoltEnumerator *enumerators = document->schema->tables.enumerators + type->first;
    for (uint32_t i = 0; i < type->count; i++)
        one =
            add_escaped(document, one, "", molt_string(document->schema, enumerators[i].name), "|");
    const char *names = one ? one : "";
    size_t size = 2 * strlen(names) + 64;
    pattern = malloc(size);
    if (pattern)
        snprintf(pattern, size, "^(%s0x[0-9a-f]+)(\\|(%s0x[0-9a-f]+))*$", names, names);
    free(one);
    cJSON *object = of_type(document, "string");
    put_pattern(document, object, pattern);
    return object;
}

static cJSON *make_enum(Document *document, const MoltType *type, uint32_t bits)
{
    const MoltEnumerator *enumerators = document->schema->tables.enumerators + type->first;
    cJSON *choices = cJSON_CreateArray(), *names = cJSON_CreateArray();
    for (uint32_t i = 0; i < type->count; i++)
        push(document, names,
             cJSON_CreateString(molt_string(document->schema, enumerators[i].name)));
    if (type->count > 0)
        push(document, choices, single(document, "enum", names));
    else
        cJSON_Delete(names);
    if ((type->flags & MOLT_TYPE_FLAGS) != 0)
        push(document, choices, make_flags(document, type));
    push(document, choices, make_integer(document, bits, (type->flags & MOLT_TYPE_SIGNED) != 0));
    return single(document, "anyOf", choices);
}

/* char[size]; any number of them when not `exact`. */
static cJSON *make_text(Document *document, uint64_t size, bool exact)
{
    cJSON *choices = cJSON_CreateArray(), *text = of_type(document, "string");
    if (exact)
        put_number(document, text, "maxLength", size > 0 ? size - 1 : 0);
    push(document, choices, text);
    push(document, choices, make_bytes(document, size, exact));
    return single(document, "anyOf", choices);
}

static cJSON *make_value(Document *document, MoltTypeId id, bool external);

static cJSON *make_sequence(Document *document, const MoltType *type, bool external)
{
    const MoltType *elem = molt_type(document->schema, type->elem);
    bool flexible = type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
    bool text = type->kind == MOLT_KIND_ARRAY && elem->kind == MOLT_KIND_INT &&
                (elem->flags & MOLT_TYPE_CHAR) != 0;
    if (text)
        return make_text(document, type->length, !flexible);
    cJSON *list = of_type(document, "array");
    put(document, list, "items", make_value(document, type->elem, external));
    if (!flexible) {
        put_number(document, list, "minItems", type->length);
        put_number(document, list, "maxItems", type->length);
    }
    return list;
}

static void definition_name(MoltTypeId id, char name[32])
{
    snprintf(name, 32, "type%u", (unsigned)id);
}

/* Structs stand in $defs, once each. */
static cJSON *make_value(Document *document, MoltTypeId id, bool external)
{
    char name[32];
    const MoltType *type = molt_type(document->schema, id);
    bool is_signed = (type->flags & MOLT_TYPE_SIGNED) != 0;
    switch (type->kind) {
    case MOLT_KIND_BOOL: return make_bool(document, UINT8_MAX);
    case MOLT_KIND_INT: return make_integer(document, (uint32_t)type->size * 8, is_signed);
    case MOLT_KIND_FLOAT: {
        bool known = type->size == sizeof(float) || type->size == sizeof(double) ||
                     type->size == sizeof(long double);
        bool quad = type->size == 16 && (type->flags & MOLT_TYPE_BINARY_FLOAT) != 0;
        return known && !quad ? make_float(document) : make_bytes(document, type->size, true);
    }
    case MOLT_KIND_ENUM: return make_enum(document, type, (uint32_t)type->size * 8);
    case MOLT_KIND_STRUCT: definition_name(id, name); return reference(document, name);
    case MOLT_KIND_ARRAY:
    case MOLT_KIND_COMPLEX:
    case MOLT_KIND_VECTOR: return make_sequence(document, type, external);
    case MOLT_KIND_ATOMIC: return make_value(document, type->elem, external);
    case MOLT_KIND_POINTER: return reference(document, external ? "external" : "pointer");
    default: return make_bytes(document, type->size, true);
    }
}

static cJSON *make_field(Document *document, const MoltType *owner, const MoltField *field);

/* One of the arms, or bytes where the tag selects none. */
static cJSON *make_union(Document *document, const MoltType *type)
{
    cJSON *choices = cJSON_CreateArray();
    for (uint32_t f = type->first; f < type->first + type->count; f++) {
        const MoltField *arm = &document->schema->tables.fields[f];
        cJSON *properties = new_object(document);
        put(document, properties, molt_string(document->schema, arm->name),
            make_field(document, type, arm));
        push(document, choices, closed(document, properties, NULL));
    }
    push(document, choices, make_bytes(document, type->size, true));
    return single(document, "anyOf", choices);
}

static cJSON *make_field(Document *document, const MoltType *owner, const MoltField *field)
{
    MoltUnionTag tag;
    const MoltType *type = molt_type(document->schema, field->type);
    if (molt__union_tag(document->schema, owner, field, &tag))
        return make_union(document, type);
    if ((field->flags & MOLT_FIELD_BITS) == 0)
        return make_value(document, field->type, (field->flags & MOLT_FIELD_EXTERNAL) != 0);
    if (type->kind == MOLT_KIND_BOOL)
        return make_bool(document, 1);
    if (type->kind == MOLT_KIND_ENUM)
        return make_enum(document, type, field->bit_width);
    return make_integer(document, field->bit_width, (type->flags & MOLT_TYPE_SIGNED) != 0);
}

static cJSON *make_struct(Document *document, MoltTypeId id)
{
    const MoltType *type = molt_type(document->schema, id);
    const MoltField *fields = document->schema->tables.fields + type->first;
    cJSON *properties = new_object(document);
    for (uint32_t i = 0; i < type->count; i++)
        put(document, properties, molt_string(document->schema, fields[i].name),
            make_field(document, type, &fields[i]));
    cJSON *object = closed(document, properties, NULL);
    put(document, object, "title", cJSON_CreateString(molt_type_name(document->schema, id)));
    return object;
}

/* ---- pointers -------------------------------------------------------------------------------- */

static cJSON *make_true(Document *document, const char *key)
{
    cJSON *properties = new_object(document);
    put(document, properties, key, single(document, "const", cJSON_CreateTrue()));
    return closed(document, properties, NULL);
}

/* {"key": value} with "at" of some type. */
static cJSON *make_target(Document *document, const char *key, cJSON *value, const char *at)
{
    cJSON *properties = new_object(document);
    put(document, properties, key, value);
    put(document, properties, "at", of_type(document, at));
    return closed(document, properties, "at");
}

static cJSON *make_pointer(Document *document)
{
    cJSON *choices = cJSON_CreateArray();
    push(document, choices, of_type(document, "null"));
    push(document, choices, make_target(document, "ref", of_type(document, "string"), "string"));
    push(document, choices, make_target(document, "code", of_type(document, "string"), "integer"));
    push(document, choices, make_target(document, "data", of_type(document, "string"), "integer"));
    push(document, choices,
         make_target(document, "literal", make_text(document, 0, false), "integer"));
    push(document, choices, make_true(document, "dangling"));
    push(document, choices, make_true(document, "unnamed"));
    push(document, choices, make_true(document, "foreign"));
    return single(document, "anyOf", choices);
}

static cJSON *make_external(Document *document)
{
    cJSON *properties = new_object(document);
    put(document, properties, "external", single(document, "const", cJSON_CreateTrue()));
    put(document, properties, "addr", of_type(document, "string"));
    return closed(document, properties, "addr");
}

/* ---- objects --------------------------------------------------------------------------------- */

/* One element, or with "count" a list of them. */
static void put_elements(Document *document, cJSON *object, MoltTypeId id)
{
    cJSON *list = of_type(document, "array");
    put(document, list, "items", make_value(document, id, false));
    put(document, object, "if",
        single(document, "required", cJSON_CreateStringArray((const char *[]){"count"}, 1)));
    put(document, object, "then", single(document, "properties", single(document, "value", list)));
    put(document, object, "else",
        single(document, "properties", single(document, "value", make_value(document, id, false))));
}

static cJSON *make_object(Document *document, MoltTypeId id)
{
    static const char *const members[] = {"id", "type", "value", "count"};
    const MoltType *type = molt_type(document->schema, id);
    bool flexible = molt_schema_tail(document->schema, id) != NULL;
    bool text = type->kind == MOLT_KIND_INT && (type->flags & MOLT_TYPE_CHAR) != 0;
    cJSON *properties = new_object(document), *name = of_type(document, "string");
    cJSON *count = of_type(document, "integer");
    put_pattern(document, name,
                add_escaped(document, NULL, "^", molt_type_name(document->schema, id),
                            ":(0|[1-9][0-9]*)$"));
    put_number(document, count, "minimum", flexible ? 0 : 1);
    put(document, properties, "id", name);
    put(document, properties, "type",
        single(document, "const", cJSON_CreateString(molt_type_name(document->schema, id))));
    put(document, properties, "addr", of_type(document, "string"));
    put(document, properties, "align", of_type(document, "integer"));
    if (type->flags & MOLT_TYPE_UNTYPED && type->kind == MOLT_KIND_INT)
        put(document, properties, "from", of_type(document, "string"));
    put(document, properties, flexible ? "tail" : "count", count);
    put(document, properties, "value",
        text       ? make_text(document, 0, false)
        : flexible ? make_value(document, id, false)
                   : cJSON_CreateTrue());
    cJSON *object = closed(document, properties, NULL);
    cJSON_DeleteItemFromObject(object, "required");
    cJSON *required = cJSON_CreateStringArray(members, text ? 4 : 3);
    if (flexible)
        push(document, required, cJSON_CreateString("tail"));
    put(document, object, "required", required);
    if (!text && !flexible)
        put_elements(document, object, id);
    return object;
}

/* The type says which of the objects below it is. */
static cJSON *make_objects(Document *document)
{
    cJSON *types = cJSON_CreateArray(), *choices = cJSON_CreateArray();
    for (MoltTypeId id = 0; id < document->schema->tables.type_count; id++) {
        const char *name = molt_type_name(document->schema, id);
        if (molt_type(document->schema, id)->size == 0)
            continue;
        cJSON *choice = new_object(document);
        push(document, types, cJSON_CreateString(name));
        put(document, choice, "if",
            single(document, "properties",
                   single(document, "type", single(document, "const", cJSON_CreateString(name)))));
        put(document, choice, "then", make_object(document, id));
        push(document, choices, choice);
    }
    cJSON *item = of_type(document, "object");
    put(document, item, "required",
        cJSON_CreateStringArray((const char *[]){"id", "type", "value"}, 3));
    put(document, item, "properties", single(document, "type", single(document, "enum", types)));
    put(document, item, "allOf", choices);
    cJSON *list = of_type(document, "array");
    put(document, list, "items", item);
    return list;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static cJSON *make_roots(Document *document)
{
    const MoltTables *tables = &document->schema->tables;
    cJSON *properties = new_object(document);
    for (uint32_t i = 0; i < tables->root_count; i++)
        put(document, properties, molt_string(document->schema, tables->roots[i].name),
            reference(document, "pointer"));
    return closed(document, properties, NULL);
}

static cJSON *make_constants(Document *document)
{
    cJSON *properties = new_object(document), *list = of_type(document, "array");
    put(document, properties, "data", of_type(document, "string"));
    put(document, properties, "at", of_type(document, "integer"));
    put(document, properties, "size", of_type(document, "integer"));
    put(document, properties, "holds", of_type(document, "string"));
    cJSON *constant = closed(document, properties, NULL);
    cJSON *needed = cJSON_CreateArray();
    push(document, needed, cJSON_CreateString("data"));
    push(document, needed, cJSON_CreateString("size"));
    cJSON_DeleteItemFromObject(constant, "required");
    put(document, constant, "required", needed);
    put(document, list, "items", constant);
    return list;
}

static cJSON *make_definitions(Document *document)
{
    cJSON *definitions = new_object(document);
    put(document, definitions, "pointer", make_pointer(document));
    put(document, definitions, "external", make_external(document));
    for (MoltTypeId id = 0; id < document->schema->tables.type_count; id++) {
        char name[32];
        if (molt_type(document->schema, id)->kind != MOLT_KIND_STRUCT)
            continue;
        definition_name(id, name);
        put(document, definitions, name, make_struct(document, id));
    }
    return definitions;
}

static cJSON *make_hash(MoltHash hash)
{
    char text[40];
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)hash.high,
             (unsigned long long)hash.low);
    return cJSON_CreateString(text);
}

/* The hash that dumps have; and that of all types with the one that hosts add, which is no other version. */
static cJSON *make_hashes(Document *document, const MoltSchema *plain)
{
    cJSON *hashes = cJSON_CreateArray();
    push(document, hashes, make_hash(molt_schema_source_hash(plain)));
    push(document, hashes, make_hash(plain->tables.hash));
    return hashes;
}

static MoltStatus write_document(const MoltSchema *plain, char **out, MoltError *error)
{
    Document document = {.schema = plain};
    cJSON *properties = new_object(&document);
    put(&document, properties, "molt_dump", single(&document, "const", cJSON_CreateNumber(1)));
    put(&document, properties, "schema", single(&document, "enum", make_hashes(&document, plain)));
    put(&document, properties, "roots", make_roots(&document));
    put(&document, properties, "objects", make_objects(&document));
    put(&document, properties, "constants", make_constants(&document));
    cJSON *whole = closed(&document, properties, "constants");
    put(&document, properties, "untyped_memory", single(&document, "const", cJSON_CreateTrue()));
    put(&document, whole, "$schema",
        cJSON_CreateString("https://json-schema.org/draft/2020-12/schema"));
    put(&document, whole, "title", cJSON_CreateString("Dump of a state by Molt"));
    put(&document, whole, "$defs", make_definitions(&document));
    char *text = document.failed ? NULL : cJSON_Print(whole);
    size_t length = text ? strlen(text) : 0;
    char *copy = text ? malloc(length + 2) : NULL;
    if (copy) {
        memcpy(copy, text, length);
        memcpy(copy + length, "\n", 2);
        *out = copy;
    }
    cJSON_free(text);
    cJSON_Delete(whole);
    return copy ? MOLT_OK : molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a JSON Schema");
}

/* Whether the library's malloc goes to the heap its types do not say: both dumps are meant. */
MoltStatus molt_dump_schema_json(const MoltSchema *schema, char **out, MoltError *error)
{
    MoltSchema *plain = NULL;
    MoltStatus status = molt_schema_copy_plain(&schema->tables, NULL, &plain, error);
    if (status == MOLT_OK)
        status = write_document(plain, out, error);
    molt_schema_free(plain);
    return status;
}
