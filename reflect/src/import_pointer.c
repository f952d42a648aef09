/* Pointers of an import: references to objects of the text, and what the library has under a name. */
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "code_target.h"
#include "globals_map.h"
#include "import_state.h"
#include "state_path.h"

/* ---- places in objects ----------------------------------------------------------------------- */

/* A path as dump_path.h writes it, on its way: where it has led so far. */
typedef struct Step {
    const MoltImportObject *object;
    MoltJsonText path;
    size_t at;       /* in the path */
    MoltTypeId type; /* of the subobject */
    uint64_t offset; /* from the block's start */
} Step;

static bool fail_path(MoltImport *import, const Step *step, const char *why)
{
    return molt__json_fail(&import->reader, MOLT_INVALID,
                           "the path %.*s leads nowhere in %.200s: %s",
                           step->path.length > 200 ? 200 : (int)step->path.length, step->path.bytes,
                           molt_type_name(import->schema, step->object->type), why);
}

static bool take_number(MoltImport *import, Step *step, uint64_t *out)
{
    const char *path = step->path.bytes;
    size_t start = step->at;
    *out = 0;
    for (; step->at < step->path.length && path[step->at] >= '0' && path[step->at] <= '9';
         step->at++) {
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(path[step->at] - '0'), out))
            return fail_path(import, step, "the number is too large");
    }
    return step->at > start || fail_path(import, step, "a number is missing");
}

/* What follows '['. */
static bool take_index(MoltImport *import, Step *step, uint64_t *out)
{
    step->at++;
    if (!take_number(import, step, out))
        return false;
    if (step->at == step->path.length || step->path.bytes[step->at] != ']')
        return fail_path(import, step, "']' is missing");
    step->at++;
    return true;
}

static bool go_to_member(MoltImport *import, Step *step)
{
    MoltJsonText name;
    step->at++;
    step->at += molt__path_name(step->path.bytes + step->at, step->path.length - step->at,
                                &name.bytes, &name.length);
    const MoltField *field =
        molt__find_member(import->schema, step->type, name.bytes, name.length, &step->offset);
    if (!field || (field->flags & MOLT_FIELD_BITS) != 0)
        return fail_path(import, step, field ? "a bit-field has no address" : "no such field");
    step->type = field->type;
    return true;
}

static bool go_to_element(MoltImport *import, Step *step)
{
    const MoltType *type = molt_type(import->schema, step->type);
    uint64_t index, length = type->length;
    if (type->kind != MOLT_KIND_ARRAY && type->kind != MOLT_KIND_VECTOR)
        return fail_path(import, step, "an index where no array is");
    if (type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0)
        length = step->object->count;
    if (!take_index(import, step, &index))
        return false;
    if (index >= length)
        return fail_path(import, step, "the index is beyond the array");
    step->offset += index * molt_type(import->schema, type->elem)->size;
    step->type = type->elem;
    return true;
}

static bool go_on(MoltImport *import, Step *step)
{
    while (step->at < step->path.length) {
        step->type = molt_value_type(import->schema, step->type);
        char c = step->path.bytes[step->at];
        if (c == '.'   ? !go_to_member(import, step)
            : c == '[' ? !go_to_element(import, step)
                       : !fail_path(import, step, "'.' or '[' is missing"))
            return false;
    }
    return true;
}

/* "+12": bytes from the start of the element, up to `end`. */
static bool go_by_bytes(MoltImport *import, Step *step, uint64_t end)
{
    uint64_t bytes;
    step->at++;
    if (!take_number(import, step, &bytes))
        return false;
    if (step->at < step->path.length || bytes >= end)
        return fail_path(import, step, "the bytes lead out of it");
    step->offset += bytes;
    return true;
}

/* The offset in the object that a path means. A leading index goes through the elements of a list; in
 * an object with one element it can only mean the end, unless that element is an array. */
static bool follow_path(MoltImport *import, Step *step)
{
    const MoltImportObject *object = step->object;
    const MoltType *type = molt_type(import->schema, object->type);
    uint64_t whole = molt__import_bytes(import, object), element = whole, index;
    bool one =
        molt__import_is_one(import, object) || molt_schema_tail(import->schema, object->type);
    if (step->path.length > 0 && step->path.bytes[0] == '[' &&
        !(one && molt_kind_is_sequence(type->kind))) {
        uint64_t count = one ? 1 : object->count;
        if (!take_index(import, step, &index))
            return false;
        if (index > count || (index == count && step->at < step->path.length))
            return fail_path(import, step, "the index is beyond the elements");
        step->offset = one ? index * whole : index * type->size;
        if (index == count)
            return true;
    }
    if (!one)
        element = type->size;
    if (step->at < step->path.length && step->path.bytes[step->at] == '+')
        return go_by_bytes(import, step,
                           element + (one && molt_kind_is_sequence(type->kind) ? 1 : 0));
    return go_on(import, step);
}

/* ---- the library ----------------------------------------------------------------------------- */

/* The name without its file, which the caller's buffer keeps in front of a NUL. */
static char *split_name(char *text)
{
    char *colon = strrchr(text, ':');
    if (!colon)
        return text;
    *colon = '\0';
    return colon + 1;
}

/* Whether the library calls the place what the text calls it: an offset must not lead out. Where an
 * object ends something else may begin, which the library tells of instead. */
static bool is_there(const MoltCodeMap *code, uintptr_t address, const MoltCodeTarget *wanted)
{
    MoltCodeTarget found = {.kind = wanted->kind};
    uintptr_t start = address - (uintptr_t)wanted->offset;
    if (address < code->begin || address >= code->end || !code->describe)
        return false;
    if (code->describe(code->context, address, &found) && found.kind == wanted->kind &&
        found.offset == wanted->offset)
        return true;
    return wanted->kind == MOLT_CODE_DATA && wanted->offset <= address - code->begin &&
           code->describe(code->context, start, &found) && found.kind == MOLT_CODE_DATA &&
           found.offset == 0 && wanted->offset == found.size;
}

static bool find_in_library(MoltImport *import, MoltCodeTarget *target, MoltJsonText text,
                            uintptr_t *out)
{
    static const char *const kinds[] = {[MOLT_CODE_FUNCTION] = "function",
                                        [MOLT_CODE_DATA] = "constant",
                                        [MOLT_CODE_LITERAL] = "literal"};
    const MoltCodeMap *code = import->desc.code;
    uint64_t hash =
        XXH3_64bits_withSeed(text.bytes, text.length, target->offset * 4 + (uint64_t)target->kind);
    MoltImportName *known = &import->names[hash % MOLT__IMPORT_NAMES];
    if (known->address != 0 && known->hash == hash) {
        *out = known->address;
        return true;
    }
    uintptr_t address = code && code->resolve ? code->resolve(code->context, target) : 0;
    if (address != 0 && target->kind == MOLT_CODE_LITERAL)
        address += (uintptr_t)target->offset;
    if (address == 0 || !is_there(code, address, target))
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "%s has no %s %.*s%s; build one that has it, or write null here",
                               code ? "the library" : "there is no library, so that it",
                               kinds[target->kind], text.length > 200 ? 200 : (int)text.length,
                               text.bytes, target->offset > 0 ? " of that size" : "");
    if (target->kind == MOLT_CODE_DATA &&
        !molt__import_check_constant(import, text, target, address))
        return false;
    *known = (MoltImportName){hash, address};
    *out = address;
    return true;
}

/* ---- one pointer ----------------------------------------------------------------------------- */

/* X(name, key, whether its value is text that is kept) */
#define FORM_LIST(X)                                                                               \
    X(REF, "ref", true)                                                                            \
    X(CODE, "code", true)                                                                          \
    X(DATA, "data", true)                                                                          \
    X(LITERAL, "literal", true)                                                                    \
    X(DANGLING, "dangling", false)                                                                 \
    X(FOREIGN, "foreign", false)                                                                   \
    X(UNNAMED, "unnamed", false)                                                                   \
    X(EXTERNAL, "external", false)

typedef enum Form {
#define X(name, key, text) FORM_##name,
    FORM_LIST(X)
#undef X
        FORM_COUNT
} Form;

static const struct {
    const char *key;
    bool text;
} forms[] = {
#define X(name, key, text) {key, text},
    FORM_LIST(X)
#undef X
};

/* The members of a pointer's object. `text` lies in import->target, `path` in import->path. */
typedef struct Pointer {
    Form form;
    MoltJsonText text, path;
    uint64_t offset;
    bool has_path, has_offset, has_address,
        raw; /* raw: a literal given as bytes, its NUL among them */
} Pointer;

static bool keep_text(MoltImport *import, char **buffer, uint64_t *slots, MoltJsonText *out)
{
    MoltJsonText text;
    if (!molt__json_string(&import->reader, &text))
        return false;
    const char *copy = molt__import_copy(import, buffer, slots, text);
    *out = (MoltJsonText){copy, text.length};
    return copy != NULL;
}

/* Bytes that are no text: {"bytes":"..."}; their number is not known before. */
static bool keep_bytes(MoltImport *import, MoltJsonText *out)
{
    MoltJsonReader *reader = &import->reader, ahead = *reader;
    MoltJsonText digits = {0};
    ahead.string_buffer = ahead.key_buffer = (MoltJsonBuffer){0};
    if (molt__json_enter(&ahead, MOLT__JSON_OBJECT) && molt__json_next(&ahead))
        molt__json_string(&ahead, &digits);
    size_t size = digits.length / 2;
    molt__json_release(&ahead);
    char *grown = molt__import_grow(import, import->target, &import->target_slots, size + 1, 1);
    if (!grown)
        return false;
    import->target = grown;
    grown[size] = '\0';
    *out = (MoltJsonText){grown, size};
    return molt__import_raw(import, (unsigned char *)grown, size);
}

static bool read_at(MoltImport *import, Pointer *pointer)
{
    MoltJsonReader *reader = &import->reader;
    MoltJsonText number;
    unsigned digits = 0;
    if (pointer->has_path || pointer->has_offset)
        return molt__json_fail_key(reader, "this member stands here twice");
    if (molt__json_peek(reader) == MOLT__JSON_STRING) {
        pointer->has_path = true;
        return keep_text(import, &import->path, &import->path_slots, &pointer->path);
    }
    if (!molt__json_number(reader, &number))
        return false;
    pointer->has_offset = true;
    for (; digits < number.length && number.bytes[digits] >= '0' && number.bytes[digits] <= '9';
         digits++)
        pointer->offset = pointer->offset * 10 + (uint64_t)(number.bytes[digits] - '0');
    return (digits == number.length && digits < 19) ||
           molt__json_fail(reader, MOLT_INVALID, "this must be a number of bytes");
}

static bool read_form(MoltImport *import, Pointer *pointer)
{
    MoltJsonReader *reader = &import->reader;
    unsigned form = 0;
    bool truth = false;
    while (form < FORM_COUNT && !molt__json_is(reader->key, forms[form].key))
        form++;
    if (form == FORM_COUNT || pointer->form != FORM_COUNT)
        return molt__json_fail_key(reader, form == FORM_COUNT
                                               ? "a pointer has no such member; it is null or has "
                                                 "ref, code, data or literal, perhaps with at"
                                               : "a pointer points at one thing only");
    pointer->form = (Form)form;
    if (form == FORM_LITERAL && molt__json_peek(reader) == MOLT__JSON_OBJECT) {
        pointer->raw = true;
        return keep_bytes(import, &pointer->text);
    }
    if (forms[form].text)
        return keep_text(import, &import->target, &import->target_slots, &pointer->text);
    if (!molt__json_bool(reader, &truth))
        return false;
    return truth || molt__json_fail(reader, MOLT_INVALID, "this can only be true");
}

static bool read_members(MoltImport *import, Pointer *pointer)
{
    MoltJsonReader *reader = &import->reader;
    *pointer = (Pointer){.form = FORM_COUNT};
    if (!molt__json_enter(reader, MOLT__JSON_OBJECT))
        return false;
    size_t start = reader->mark;
    while (molt__json_next(reader)) {
        bool address = molt__json_is(reader->key, "addr"); /* of the process that wrote the text */
        if (!(address                            ? molt__json_skip(reader, NULL)
              : molt__json_is(reader->key, "at") ? read_at(import, pointer)
                                                 : read_form(import, pointer)))
            return false;
        pointer->has_address |= address;
    }
    reader->mark = start;
    if (pointer->has_address && pointer->form != FORM_EXTERNAL)
        return molt__json_fail(reader, MOLT_INVALID, "only an external pointer has an addr");
    if (pointer->form == FORM_COUNT)
        return molt__json_fail(reader, MOLT_INVALID,
                               "a pointer is null or has ref, code, data or "
                               "literal");
    if ((pointer->has_path && pointer->form != FORM_REF) ||
        (pointer->has_offset && (pointer->form == FORM_REF || !forms[pointer->form].text)))
        return molt__json_fail(reader, MOLT_INVALID,
                               "\"at\" is a path for ref, a number of bytes "
                               "for code, data and literal, and nothing else");
    return reader->status == MOLT_OK;
}

static bool resolve_reference(MoltImport *import, const Pointer *pointer, uintptr_t *out)
{
    unsigned char *block;
    Step step = {.object = molt__import_find(import, pointer->text, &block), .path = pointer->path};
    if (!step.object)
        return false;
    step.type = step.object->type;
    if (!follow_path(import, &step))
        return false;
    *out = (uintptr_t)block + (uintptr_t)step.offset;
    return true;
}

/* A pointer to a variable leads to the library's image. */
static bool resolve_variable(MoltImport *import, const Pointer *pointer, uintptr_t *out)
{
    unsigned char *block;
    const MoltGlobals *globals = import->heap->globals;
    if (!resolve_reference(import, pointer, out))
        return false;
    const MoltImportObject *object = molt__import_find(import, pointer->text, &block);
    if (!globals || object->type != globals->type)
        return true;
    *out = molt__globals_image(globals, *out - (uintptr_t)block);
    return *out != 0 || molt__json_fail(&import->reader, MOLT_INVALID,
                                        "the library does not have this variable; write null here");
}

static bool resolve_name(MoltImport *import, const Pointer *pointer, uintptr_t *out)
{
    static const MoltCodeKind kinds[] = {[FORM_CODE] = MOLT_CODE_FUNCTION,
                                         [FORM_DATA] = MOLT_CODE_DATA,
                                         [FORM_LITERAL] = MOLT_CODE_LITERAL};
    MoltCodeTarget target = {
        .kind = kinds[pointer->form], .file = "", .name = "", .offset = pointer->offset};
    if (pointer->form == FORM_LITERAL) {
        target.bytes = pointer->text.bytes;
        target.size = pointer->text.length + !pointer->raw; /* text stands without its NUL */
        if (pointer->raw ? !molt__code_ends_literal(&target) : !molt__code_is_literal(&target))
            return molt__json_fail(&import->reader, MOLT_INVALID,
                                   "a literal ends with its only character of zeros");
        return find_in_library(import, &target, pointer->text, out);
    }
    MoltJsonText whole = pointer->text;
    const char *copy = molt__import_copy(import, &import->name, &import->name_slots, whole);
    if (!copy)
        return false;
    target.name = split_name(import->name);
    if (target.name != import->name)
        target.file = import->name;
    if (target.name[0] == '\0' || memchr(whole.bytes, 0, whole.length))
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "a name is missing, or a zero is in it");
    if (target.kind == MOLT_CODE_FUNCTION && target.offset > 0)
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "a pointer to a function leads to its begin, without \"at\"");
    if (target.kind == MOLT_CODE_DATA)
        molt__import_tell_constant(import, whole, &target);
    return find_in_library(import, &target, whole, out);
}

/* Addresses that meant something in the process that wrote the text, and mean nothing here. */
static bool give_up(MoltImport *import, Form form)
{
    MoltRule rule = form == FORM_DANGLING ? MOLT_RULE_DANGLING_POINTER : MOLT_RULE_UNKNOWN_TARGET;
    const char *key = forms[form].key;
    if (import->desc.policy == MOLT_POLICY_STRICT)
        return molt__json_fail(&import->reader, MOLT_INVALID,
                               "a %s pointer cannot be read back; write null, or what it should "
                               "point at",
                               key);
    MoltImportNote *note = molt__import_note_here(import, MOLT_LOSS, rule);
    if (note)
        snprintf(note->value, sizeof note->value, "a %s pointer", key);
    return true;
}

/* ---- what a file can hold, as snapshot_file_save.c has it -------------------------------------- */

static bool holds_pointers(const MoltSchema *schema, MoltTypeId id)
{
    const MoltType *type = molt_type(schema, id);
    bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
    bool holds = type->kind == MOLT_KIND_POINTER;
    if (molt_kind_is_sequence(type->kind))
        return holds_pointers(schema, type->elem);
    for (uint32_t f = type->first; record && !holds && f < type->first + type->count; f++)
        holds = holds_pointers(schema, schema->tables.fields[f].type);
    return holds;
}

/* Nothing would translate the pointers of a struct that lies in a block of numbers. */
static bool check_block(MoltImport *import, const Pointer *pointer, MoltTypeId pointee, size_t at)
{
    unsigned char *block;
    const MoltSchema *schema = import->schema;
    const MoltImportObject *object = molt__import_find(import, pointer->text, &block);
    uint16_t kind = molt_type(schema, pointee)->kind;
    if (!object)
        return false;
    if (molt_type(schema, object->type)->kind != MOLT_KIND_INT ||
        (kind != MOLT_KIND_STRUCT && kind != MOLT_KIND_UNION) || !holds_pointers(schema, pointee))
        return true;
    import->reader.mark = at;
    return molt__json_fail(
        &import->reader, MOLT_INVALID,
        "in a file a pointer to %.100s cannot lead into a block of %.100s, because a "
        "%.100s holds pointers; refer to an object of its own type, or write null",
        molt_type_name(schema, pointee), molt_type_name(schema, object->type),
        molt_type_name(schema, pointee));
}

static bool check_name(MoltImport *import, MoltTypeId pointee, uintptr_t address, size_t at)
{
    MoltCodeTarget target;
    if (molt__code_describe(import->desc.code, import->schema, pointee, address, &target) &&
        molt__code_may_mean(import->schema, pointee, &target))
        return true;
    import->reader.mark = at;
    return molt__json_fail(
        &import->reader, MOLT_INVALID,
        "in a file a pointer to %.100s cannot mean this; name a constant of that "
        "type, or write null",
        molt_type_name(import->schema, pointee));
}

static bool read_pointer(MoltImport *import, MoltTypeId pointee, uintptr_t *out)
{
    MoltJsonReader *reader = &import->reader;
    Pointer pointer;
    *out = 0;
    if (molt__json_peek(reader) == MOLT__JSON_NULL)
        return molt__json_null(reader);
    size_t start = reader->mark;
    if (!read_members(import, &pointer))
        return false;
    bool named = pointer.form == FORM_DATA || pointer.form == FORM_LITERAL;
    bool data = named || pointer.form == FORM_REF;
    if (data && molt_type(import->schema, pointee)->kind == MOLT_KIND_FUNCTION) {
        reader->mark = start;
        return molt__json_fail(reader, MOLT_INVALID,
                               "a pointer to a function is null or has code, not %s",
                               forms[pointer.form].key);
    }
    switch (pointer.form) {
    case FORM_REF:
        return resolve_variable(import, &pointer, out) &&
               (!import->desc.for_file || check_block(import, &pointer, pointee, start));
    case FORM_CODE:
    case FORM_DATA:
    case FORM_LITERAL:
        return resolve_name(import, &pointer, out) &&
               (!import->desc.for_file || check_name(import, pointee, *out, start));
    case FORM_EXTERNAL:
        return molt__json_fail(reader, MOLT_INVALID,
                               "only a field marked MOLT_EXTERNAL holds external pointers");
    default: return give_up(import, pointer.form);
    }
}

bool molt__import_pointer(MoltImport *import, MoltTypeId pointee, unsigned char *bytes)
{
    uintptr_t address;
    if (!read_pointer(import, pointee, &address))
        return false;
    memcpy(bytes, &address, sizeof address);
    return true;
}

/* What the running state's root of this id has in the same place. */
static void keep_external(MoltImport *import, unsigned char *bytes)
{
    const MoltHeap *heap = import->heap;
    uint64_t offset = (uint64_t)(bytes - import->block);
    for (uint32_t root = 0; root < heap->root_count; root++) {
        MoltPlace place;
        molt_heap_locate(heap, heap->roots[root], &place);
        if (place.kind == MOLT_PLACE_BLOCK && place.block.type == import->object->type &&
            place.block.serial == import->object->serial &&
            offset + sizeof(void *) <=
                molt__span_bytes(&heap->spans[place.block.span], place.block.count))
            memcpy(bytes, (const unsigned char *)place.block.start + offset, sizeof(void *));
    }
}

bool molt__import_external(MoltImport *import, unsigned char *bytes)
{
    MoltJsonReader *reader = &import->reader;
    Pointer pointer;
    if (molt__json_peek(reader) == MOLT__JSON_NULL) {
        if (!molt__json_null(reader)) /* says no more: it is no part of the state */
            return false;
    } else if (!read_members(import, &pointer)) {
        return false;
    } else if (pointer.form != FORM_EXTERNAL) {
        return molt__json_fail(reader, MOLT_INVALID,
                               "a field marked MOLT_EXTERNAL holds {\"external\":true}");
    }
    keep_external(import, bytes);
    return true;
}

bool molt__import_root(MoltImport *import, MoltTypeId type, void **out)
{
    MoltJsonReader *reader = &import->reader;
    uintptr_t address = 0;
    Pointer pointer = {.form = FORM_COUNT};
    *out = NULL;
    if (molt__json_peek(reader) == MOLT__JSON_NULL && !import->desc.roots_required)
        return molt__json_null(reader);
    if (!read_members(import, &pointer))
        return false;
    size_t start = reader->mark;
    if (pointer.form == FORM_REF && !resolve_reference(import, &pointer, &address))
        return false;
    unsigned char *block;
    const MoltImportObject *object =
        address ? molt__import_find(import, pointer.text, &block) : NULL;
    uint64_t size = object ? molt_type(import->schema, object->type)->size : 1;
    reader->mark = start;
    if (!object || object->type != type || (address - (uintptr_t)block) % size != 0 ||
        address - (uintptr_t)block >= molt__import_bytes(import, object))
        return molt__json_fail(reader, MOLT_INVALID, "this root must be a reference to a %.200s",
                               molt_type_name(import->schema, type));
    *out = (void *)address; /* NOLINT: made from a block's address */
    return true;
}
