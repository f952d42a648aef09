#include "state_path.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dump_path.h"
#include "tagged_union.h"
#include "value_run.h"

/* A path on its way. A root, and a pointer on the way, is an address and what it points at; it is
 * followed only when the path goes on. */
typedef struct Walk {
    const MoltHeap *heap;
    const MoltSchema *schema;
    const char *path;
    size_t at;
    MoltStateValue value;
    MoltError *error;
} Walk;

__attribute__((format(printf, 3, 4))) static MoltStatus fail(const Walk *walk, MoltStatus status,
                                                             const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return molt_error(walk->error, status, "%.300s: after %zu characters: %s", walk->path, walk->at,
                      text);
}

const MoltField *molt__find_member(const MoltSchema *schema, MoltTypeId id, const char *name,
                                   size_t length, uint64_t *offset)
{
    const MoltType *type = molt_type(schema, id);
    if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION)
        return NULL;
    for (uint32_t i = 0; i < type->count; i++) {
        const MoltField *field = &schema->tables.fields[type->first + i];
        const char *text = molt_string(schema, field->name);
        uint64_t inner = *offset + field->bit_offset / 8;
        const MoltField *found =
            strlen(text) == length && memcmp(text, name, length) == 0 ? field : NULL;
        if (!found && text[0] == '<')
            found = molt__find_member(schema, field->type, name, length, &inner);
        if (found) {
            *offset = inner;
            return found;
        }
    }
    return NULL;
}

/* A variable's name may hold what otherwise ends one. */
size_t molt__path_name(const char *path, size_t length, const char **name, size_t *name_length)
{
    size_t taken = 0;
    if (length > 0 && path[0] == '"') {
        const char *end = memchr(path + 1, '"', length - 1);
        taken = end ? (size_t)(end - path) + 1 : length;
        *name = path + 1;
        *name_length = end ? taken - 2 : taken - 1;
        return taken;
    }
    while (taken < length && !memchr(".[-", path[taken], 3))
        taken++;
    *name = path;
    *name_length = taken;
    return taken;
}

/* ---- pointers -------------------------------------------------------------------------------- */

/* "Root:0.inl[1]": what a pointer goes to. */
static void place_text(const Walk *walk, const MoltPlace *place, MoltTypeId pointee, char *buffer,
                       size_t size)
{
    MoltDumpPath at;
    molt__dump_path(walk->schema, place, pointee, &at);
    snprintf(buffer, size, "%.200s:%llu%.*s", molt_type_name(walk->schema, place->block.type),
             (unsigned long long)place->block.serial, at.length > 150 ? 150 : (int)at.length,
             at.text);
}

static MoltStatus no_element(const Walk *walk, const MoltPlace *place, MoltTypeId pointee,
                             uint64_t left)
{
    char to[400];
    const MoltBlock *block = &place->block;
    bool whole = place->element >= block->count || (place->offset == 0 && pointee == block->type);
    if (whole && block->header == 0)
        return fail(walk, MOLT_NOT_FOUND, "there is no such element in %s:%llu, which has %llu",
                    molt_type_name(walk->schema, block->type), (unsigned long long)block->serial,
                    (unsigned long long)block->count);
    place_text(walk, place, pointee, to, sizeof to);
    if (left == 0)
        return fail(walk, MOLT_NOT_FOUND, "the pointer goes to %s, where no %.100s begins", to,
                    molt_type_name(walk->schema, pointee));
    return fail(
        walk, MOLT_NOT_FOUND,
        "there is no such element: the pointer goes to %s, and the array ends %llu element%s "
        "from there",
        to, (unsigned long long)left, left == 1 ? "" : "s");
}

/* Element `index` behind a pointer to `pointee`. */
static MoltStatus follow(Walk *walk, uintptr_t address, MoltTypeId pointee, uint64_t index)
{
    MoltPlace place;
    const MoltType *type = molt_type(walk->schema, pointee);
    molt_heap_locate(walk->heap, (const void *)address, &place); /* NOLINT: from the state */
    if (place.kind != MOLT_PLACE_BLOCK)
        return fail(walk, MOLT_NOT_FOUND, "the pointer %s",
                    address == 0                    ? "is null"
                    : place.kind == MOLT_PLACE_FREE ? "goes to freed memory"
                                                    : "leads out of the state");
    const MoltBlock *block = &place.block;
    if (type->kind == MOLT_KIND_VOID || type->kind == MOLT_KIND_OPAQUE) {
        pointee = block->type;
        type = molt_type(walk->schema, pointee);
        if (place.offset != 0)
            return fail(walk, MOLT_NOT_FOUND, "the pointer goes into the middle of %s:%llu",
                        molt_type_name(walk->schema, block->type),
                        (unsigned long long)block->serial);
    }
    uint64_t used = (uintptr_t)address - (uintptr_t)block->start;
    MoltValueRun run = {used, used};
    bool found = type->size > 0 && molt__value_run(walk->schema, block, used, pointee, &run);
    uint64_t left = found ? (run.end - used) / type->size : 0;
    if (index >= left)
        return no_element(walk, &place, pointee, left);
    used += index * type->size;
    walk->value = (MoltStateValue){.type = pointee,
                                   .bytes = (const unsigned char *)block->start + used,
                                   .tail = block->header > 0 ? block->count : 0};
    return MOLT_OK;
}

static bool is_pointer(const Walk *walk)
{
    return walk->value.count == 0 &&
           (!walk->value.field || (walk->value.field->flags & MOLT_FIELD_BITS) == 0) &&
           molt_type(walk->schema, walk->value.type)->kind == MOLT_KIND_POINTER;
}

/* The bytes of the value itself, also of an external field. */
static const unsigned char *own_bytes(const MoltStateValue *value)
{
    return value->field ? value->bytes + value->field->bit_offset / 8 : value->bytes;
}

static MoltStatus follow_value(Walk *walk, uint64_t index)
{
    uintptr_t address;
    memcpy(&address, own_bytes(&walk->value), sizeof address);
    return follow(walk, address, molt_type(walk->schema, walk->value.type)->elem, index);
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* From here on the value is what its bytes say. */
static void leave_field(MoltStateValue *value)
{
    value->bytes = own_bytes(value);
    value->field = NULL;
}

/* Whether the tag of the union `field` of the struct at `object` selects the arm that has the member. */
static MoltStatus check_arm(const Walk *walk, MoltTypeId owner, const unsigned char *object,
                            const MoltField *field, const char *name, size_t length)
{
    MoltUnionTag tag;
    const MoltSchema *schema = walk->schema;
    const MoltField *fields = schema->tables.fields;
    if (!molt__union_tag(schema, molt_type(schema, owner), field, &tag))
        return MOLT_OK;
    uint32_t active = molt__union_active(schema, &tag, field, object);
    const char *selector = molt_string(schema, fields[tag.field].name);
    if (active == MOLT__NO_ARM)
        return fail(walk, MOLT_NOT_FOUND, "the tag \"%.100s\" selects no arm of the union",
                    selector);
    const char *arm = molt_string(schema, fields[active].name);
    uint64_t offset = 0;
    if ((strlen(arm) == length && memcmp(arm, name, length) == 0) ||
        (arm[0] == '<' && molt__find_member(schema, fields[active].type, name, length, &offset)))
        return MOLT_OK;
    return fail(walk, MOLT_NOT_FOUND, "the tag \"%.100s\" selects the arm %.100s, not %.*s",
                selector, arm, length > 100 ? 100 : (int)length, name);
}

/* The same of the union without a name, if any, that has the member `found` of a struct. */
static MoltStatus check_unnamed(const Walk *walk, MoltTypeId owner, const unsigned char *object,
                                const MoltField *found, const char *name, size_t length)
{
    const MoltSchema *schema = walk->schema;
    const MoltType *type = molt_type(schema, owner);
    for (uint32_t i = type->first; i < type->first + type->count; i++) {
        const MoltField *field = &schema->tables.fields[i];
        uint64_t offset = 0;
        if (molt_string(schema, field->name)[0] == '<' &&
            molt__find_member(schema, field->type, name, length, &offset) == found)
            return check_arm(walk, owner, object, field, name, length);
    }
    return MOLT_OK;
}

static bool needs_field(const Walk *walk, MoltTypeId owner, const MoltField *field)
{
    MoltUnionTag tag;
    return (field->flags & (MOLT_FIELD_BITS | MOLT_FIELD_EXTERNAL)) != 0 ||
           molt__union_tag(walk->schema, molt_type(walk->schema, owner), field, &tag);
}

static MoltStatus go_to_member(Walk *walk)
{
    const char *name;
    size_t length;
    const char *rest = walk->path + walk->at;
    const size_t taken = molt__path_name(rest, strlen(rest), &name, &length);
    uint64_t offset = 0;
    MoltStatus status = is_pointer(walk) ? follow_value(walk, 0) : MOLT_OK;
    if (status != MOLT_OK)
        return status;
    MoltStateValue *value = &walk->value;
    MoltTypeId owner = molt_value_type(walk->schema, value->type);
    const MoltStateValue whole = *value;
    if (value->field && (value->field->flags & MOLT_FIELD_BITS) == 0)
        leave_field(value);
    value->type = owner;
    const MoltField *field =
        value->count == 0 && !value->field
            ? molt__find_member(walk->schema, value->type, name, length, &offset)
            : NULL;
    if (!field)
        return fail(walk, MOLT_NOT_FOUND, "%s%s has no member %.*s",
                    value->count > 0 ? "a list of " : "", molt_type_name(walk->schema, value->type),
                    length > 100 ? 100 : (int)length, name);
    status = whole.field ? check_arm(walk, whole.owner, whole.bytes, whole.field, name, length)
                         : check_unnamed(walk, owner, value->bytes, field, name, length);
    if (status != MOLT_OK)
        return status;
    walk->at += taken;
    value->type = molt_value_type(walk->schema, field->type);
    value->bytes += offset;
    if (needs_field(walk, owner, field)) {
        value->bytes -= field->bit_offset / 8;
        value->field = field;
        value->owner = owner;
    }
    return MOLT_OK;
}

static MoltStatus go_to_element(Walk *walk)
{
    MoltStateValue *value = &walk->value;
    uint64_t index = 0;
    size_t digits = strspn(walk->path + walk->at, "0123456789");
    for (size_t i = 0; i < digits; i++) {
        if (__builtin_mul_overflow(index, 10, &index) ||
            __builtin_add_overflow(index, (uint64_t)(walk->path[walk->at + i] - '0'), &index))
            return fail(walk, MOLT_INVALID, "the index is too large");
    }
    if (digits == 0 || walk->path[walk->at + digits] != ']')
        return fail(walk, MOLT_INVALID, "an index is a number and ']'");
    walk->at += digits + 1;
    if (is_pointer(walk))
        return follow_value(walk, index);
    leave_field(value);
    const MoltType *type = molt_type(walk->schema, value->type);
    uint64_t length = value->count;
    MoltTypeId elem = value->type;
    if (value->count == 0) {
        bool flexible = type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
        length = flexible ? value->tail : type->length;
        elem = type->elem;
        if (!molt_kind_is_sequence(type->kind))
            return fail(walk, MOLT_NOT_FOUND, "%s has no elements",
                        molt_type_name(walk->schema, value->type));
    }
    if (index >= length)
        return fail(walk, MOLT_NOT_FOUND, "there are %llu elements", (unsigned long long)length);
    value->bytes += index * molt_type(walk->schema, elem)->size;
    value->count = 0;
    value->type = molt_value_type(walk->schema, elem);
    return MOLT_OK;
}

/* ---- the start ------------------------------------------------------------------------------- */

static void start_at_block(Walk *walk, const MoltBlock *block)
{
    walk->value = (MoltStateValue){.type = block->type,
                                   .bytes = block->start,
                                   .count = molt__dump_is_single(block) ? 0 : block->count,
                                   .tail = block->header > 0 ? block->count : 0};
}

/* "Ant:17": the last colon of a path is that of an id. */
static MoltStatus start_at_id(Walk *walk, const char *colon)
{
    char name[512];
    uint64_t serial = 0, cursor = 0;
    size_t length = (size_t)(colon - walk->path), digits = strspn(colon + 1, "0123456789");
    if (length >= sizeof name || digits == 0 || digits > 19)
        return fail(walk, MOLT_INVALID, "an object is called as in a dump, such as Ant:17");
    memcpy(name, walk->path, length);
    name[length] = '\0';
    for (size_t i = 0; i < digits; i++)
        serial = serial * 10 + (uint64_t)(colon[1 + i] - '0');
    MoltTypeId type = molt_schema_find(walk->schema, name);
    MoltBlock block;
    while (type != MOLT_NO_TYPE && molt_heap_next(walk->heap, type, &cursor, &block)) {
        if (block.serial == serial) {
            walk->at = length + 1 + digits;
            start_at_block(walk, &block);
            return MOLT_OK;
        }
    }
    return fail(walk, MOLT_NOT_FOUND, "no object is called %.*s", (int)(length + 1 + digits),
                walk->path);
}

static MoltStatus start(Walk *walk)
{
    const MoltTables *tables = &walk->schema->tables;
    const char *quote = strchr(walk->path, '"');
    size_t before = quote ? (size_t)(quote - walk->path) : strlen(walk->path);
    while (before > 0 && walk->path[before - 1] != ':')
        before--;
    const char *colon = before > 0 ? walk->path + before - 1 : NULL;
    size_t length = strcspn(walk->path, ".[-");
    for (uint32_t root = 0; root < tables->root_count; root++) {
        const char *name = molt_string(walk->schema, tables->roots[root].name);
        if (strlen(name) != length || memcmp(name, walk->path, length) != 0)
            continue;
        walk->at = length;
        MoltPlace place;
        uintptr_t address = (uintptr_t)molt_heap_root(walk->heap, root);
        molt_heap_locate(walk->heap, molt_heap_root(walk->heap, root), &place);
        if (place.kind == MOLT_PLACE_BLOCK && place.element == 0 && place.offset == 0) {
            start_at_block(walk, &place.block);
            return MOLT_OK;
        }
        return follow(walk, address, tables->roots[root].type, 0);
    }
    if (colon)
        return start_at_id(walk, colon);
    return fail(
        walk, MOLT_NOT_FOUND, "a path starts with a root or with the id of an object; a root is %s",
        tables->root_count > 0 ? molt_string(walk->schema, tables->roots[0].name) : "missing");
}

MoltStatus molt__state_path(const MoltHeap *heap, const char *path, MoltStateValue *out,
                            MoltError *error)
{
    Walk walk = {.heap = heap, .schema = molt_heap_schema(heap), .path = path, .error = error};
    MoltStatus status = start(&walk);
    while (status == MOLT_OK && path[walk.at] != '\0') {
        if (path[walk.at] == '.' || strncmp(path + walk.at, "->", 2) == 0) {
            walk.at += path[walk.at] == '.' ? 1 : 2;
            status = go_to_member(&walk);
        } else if (path[walk.at] == '[') {
            walk.at++;
            status = go_to_element(&walk);
        } else {
            status = fail(&walk, MOLT_INVALID, "'.', '->' or '[' is missing");
        }
    }
    if (status == MOLT_OK)
        *out = walk.value;
    return status;
}
