#include "dump_path.h"

#include <stdio.h>
#include <string.h>

#include "number_text.h"

static void path_add(MoltDumpPath *path, const char *before, const char *text, const char *after)
{
    int written = snprintf(path->text + path->length, sizeof path->text - path->length, "%s%s%s",
                           before, text, after);
    if (written < 0 || (size_t)written >= sizeof path->text - path->length)
        path->cut = true;
    else
        path->length += (size_t)written;
}

static void path_add_index(MoltDumpPath *path, uint64_t index)
{
    char number[MOLT__NUMBER_TEXT];
    molt__word_text(index, false, number);
    path_add(path, "[", number, "]");
}

/* Members of an anonymous union are named without it, as in C. */
static void path_add_field(const MoltSchema *schema, MoltDumpPath *path, const MoltField *field)
{
    const char *name = molt_string(schema, field->name);
    if (strchr(name, ':')) /* a variable with its file and function, which no C name is */
        path_add(path, ".\"", name, "\"");
    else if (name[0] != '<')
        path_add(path, ".", name, "");
}

static bool wanted_here(const MoltSchema *schema, MoltTypeId type, MoltTypeId wanted)
{
    return type == wanted || molt_type(schema, wanted)->kind == MOLT_KIND_VOID;
}

/* Extends `path` from an object of type `id` to the outermost subobject of type `wanted` (void: of
 * any) that starts `offset` bytes into it. On failure the path is as it was. */
static bool find_path(const MoltSchema *schema, MoltTypeId id, uint64_t offset, MoltTypeId wanted,
                      MoltDumpPath *path)
{
    const MoltType *type = molt_type(schema, id);
    if (offset == 0 && wanted_here(schema, id, wanted))
        return true;
    MoltDumpPath start = *path;
    if (type->kind == MOLT_KIND_ATOMIC)
        return find_path(schema, type->elem, offset, wanted, path);
    if (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_VECTOR) {
        uint64_t size = molt_type(schema, type->elem)->size;
        bool flexible = (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
        if (size == 0 || (offset / size >= type->length && !flexible))
            return false;
        path_add_index(path, offset / size);
        if (find_path(schema, type->elem, offset % size, wanted, path))
            return true;
    } else if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION) {
        const MoltField *fields = schema->tables.fields + type->first;
        for (uint32_t i = 0; i < type->count; i++) {
            uint64_t begin = fields[i].bit_offset / 8;
            const MoltType *held = molt_type(schema, fields[i].type);
            bool bits = (fields[i].flags & MOLT_FIELD_BITS) != 0;
            bool flexible = held->kind == MOLT_KIND_ARRAY && (held->flags & MOLT_TYPE_FLEXIBLE) != 0;
            if (bits || offset < begin || (offset - begin >= held->size && !flexible))
                continue;
            path_add_field(schema, path, &fields[i]);
            if (find_path(schema, fields[i].type, offset - begin, wanted, path))
                return true;
            *path = start;
        }
    }
    *path = start;
    return false;
}

void molt__dump_path(const MoltSchema *schema, const MoltPlace *place, MoltTypeId pointee,
                     MoltDumpPath *path)
{
    *path = (MoltDumpPath){.length = 0};
    bool past_end = place->element >= (place->block.header > 0 ? 1 : place->block.count);
    const MoltType *held = molt_type(schema, place->block.type);
    if (past_end && molt__dump_is_single(&place->block) && molt_kind_is_sequence(held->kind)) {
        char size[MOLT__NUMBER_TEXT]; /* an index would mean an element of the array */
        molt__word_text(held->size, false, size);
        path_add(path, "+", size, "");
        return;
    }
    if (past_end || (place->element > 0 && !molt__dump_is_single(&place->block)))
        path_add_index(path, place->element);
    MoltDumpPath element = *path;
    if (past_end || (place->offset == 0 && wanted_here(schema, place->block.type, pointee)))
        return;
    if (place->element == 0 && !molt__dump_is_single(&place->block))
        path_add_index(path, 0);
    if (find_path(schema, place->block.type, place->offset, pointee, path) && !path->cut)
        return;
    *path = element;
    if (place->offset == 0)
        return;
    if (place->element == 0 && !molt__dump_is_single(&place->block))
        path_add_index(path, 0);
    char offset[MOLT__NUMBER_TEXT];
    molt__word_text(place->offset, false, offset);
    path_add(path, "+", offset, "");
}

