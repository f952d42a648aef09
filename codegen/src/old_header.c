#include "old_header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "metadata.h"
#include "output.h"

typedef unsigned long long Wide;

typedef struct Header {
    MoltText text;
    const MoltSchema *schema;
    bool *written; /* per type */
    uint32_t gaps; /* paddings of the struct at hand, to give them names */
} Header;

/* ---- names ----------------------------------------------------------------------------------- */

/* "Player_old"; of "ground.c:Cell" or "P::f" an identifier that looks like it. */
static const char *old_name(Header *header, MoltTypeId id)
{
    char *name =
        molt__arena_format(header->text.arena, "%s_old", molt_type_name(header->schema, id));
    for (char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '_') {
            *at = '_';
        }
    }
    return name;
}

static bool is_group(const MoltSchema *schema, const MoltField *field)
{
    return molt_string(schema, field->name)[0] == '<';
}

static bool is_record(const MoltType *type)
{
    return type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
}

static bool is_flexible(const MoltType *type)
{
    return type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void add_members(Header *header, MoltTypeId id, int depth);

static void indent(Header *header, int depth)
{
    molt__text_add(&header->text, "%*s", depth * 4, "");
}

/* What the pointer points at: old structs as such, to be read only. */
static const char *pointee(Header *header, MoltTypeId id)
{
    const MoltType *type = molt_type(header->schema, id);
    if (is_record(type)) {
        return molt__arena_format(header->text.arena, "const %s %s",
                                  type->kind == MOLT_KIND_STRUCT ? "struct" : "union",
                                  old_name(header, id));
    }
    bool plain = type->kind == MOLT_KIND_INT || type->kind == MOLT_KIND_FLOAT ||
                 type->kind == MOLT_KIND_BOOL;
    return plain ? molt__arena_format(header->text.arena, "const %s",
                                      molt_type_name(header->schema, id))
                 : "const void";
}

/* Declares `name`, which may end in the bounds of arrays that hold the value. */
static void add_declaration(Header *header, MoltTypeId id, const char *name)
{
    const MoltType *type = molt_type(header->schema, id);
    MoltText *text = &header->text;
    switch (type->kind) {
    case MOLT_KIND_ARRAY: {
        const char *bound = is_flexible(type)
                                ? "[]"
                                : molt__arena_format(text->arena, "[%llu]", (Wide)type->length);
        add_declaration(header, type->elem, molt__arena_format(text->arena, "%s%s", name, bound));
        break;
    }
    case MOLT_KIND_ATOMIC: add_declaration(header, type->elem, name); break;
    case MOLT_KIND_VECTOR:
        molt__text_add(text, "%s %s __attribute__((vector_size(%llu)))",
                       molt_type_name(header->schema, type->elem), name, (Wide)type->size);
        break;
    case MOLT_KIND_COMPLEX:
        molt__text_add(text, "%s _Complex %s", molt_type_name(header->schema, type->elem), name);
        break;
    case MOLT_KIND_POINTER:
        if (molt_type(header->schema, type->elem)->kind == MOLT_KIND_FUNCTION) {
            molt__text_add(text, "void (*%s)(void)", name);
        } else {
            molt__text_add(text, "%s *%s", pointee(header, type->elem), name);
        }
        break;
    case MOLT_KIND_ENUM:
        molt__text_add(text, "%s %s", molt_type_name(header->schema, type->elem), name);
        break;
    case MOLT_KIND_STRUCT:
    case MOLT_KIND_UNION:
        molt__text_add(text, "%s %s %s", type->kind == MOLT_KIND_STRUCT ? "struct" : "union",
                       old_name(header, id), name);
        break;
    default: molt__text_add(text, "%s %s", molt_type_name(header->schema, id), name); break;
    }
}

/* Bits that nothing names: whole bytes where they begin at one, else an unnamed bit-field first. */
static void add_gap(Header *header, int depth, uint64_t from, uint64_t to)
{
    uint64_t edge = (from + 7) / 8 * 8;
    if (from % 8 != 0 && from < to) {
        uint64_t bits = (edge < to ? edge : to) - from;
        indent(header, depth);
        molt__text_add(&header->text, "unsigned char : %llu;\n", (Wide)bits);
        from += bits;
    }
    if (to - from >= 8) {
        indent(header, depth);
        molt__text_add(&header->text, "unsigned char molt_gap_%u[%llu];\n", header->gaps++,
                       (Wide)(to - from) / 8);
        from += (to - from) / 8 * 8;
    }
    if (from < to) {
        indent(header, depth);
        molt__text_add(&header->text, "unsigned char : %llu;\n", (Wide)(to - from));
    }
}

static uint64_t bits_of(const MoltSchema *schema, const MoltField *field)
{
    return field->flags & MOLT_FIELD_BITS ? field->bit_width
                                          : molt_type(schema, field->type)->size * 8;
}

static void add_member(Header *header, const MoltField *field, int depth)
{
    const MoltType *type = molt_type(header->schema, field->type);
    indent(header, depth);
    if (is_group(header->schema, field) && is_record(type)) {
        bool is_struct = type->kind == MOLT_KIND_STRUCT;
        molt__text_add(&header->text, "%s __attribute__((packed)) {\n",
                       is_struct ? "struct" : "union");
        add_members(header, field->type, depth + 1);
        indent(header, depth);
        molt__text_add(&header->text, "};\n");
        return;
    }
    add_declaration(header, field->type, molt_string(header->schema, field->name));
    if (field->flags & MOLT_FIELD_BITS) {
        molt__text_add(&header->text, " : %u", field->bit_width);
    }
    molt__text_add(&header->text, ";\n");
}

/* Every member at its offset, by gaps where the schema has them: the struct around is packed, so that no
 * compiler adds others. */
static void add_members(Header *header, MoltTypeId id, int depth)
{
    const MoltType *record = molt_type(header->schema, id);
    uint64_t at = 0;
    for (uint32_t f = record->first; f < record->first + record->count; f++) {
        const MoltField *field = &header->schema->tables.fields[f];
        if (record->kind == MOLT_KIND_STRUCT) {
            add_gap(header, depth, at, field->bit_offset);
            at = field->bit_offset + bits_of(header->schema, field);
        }
        add_member(header, field, depth);
        if (is_flexible(molt_type(header->schema, field->type))) {
            return;
        }
    }
    if (record->kind == MOLT_KIND_STRUCT) {
        add_gap(header, depth, at, record->size * 8);
    }
}

/* The offsets are those that C gives such members anyway. */
static bool is_natural(const MoltSchema *schema, const MoltType *record)
{
    uint64_t at = 0;
    uint32_t align = 1;
    for (uint32_t f = record->first; f < record->first + record->count; f++) {
        const MoltField *field = &schema->tables.fields[f];
        const MoltType *type = molt_type(schema, field->type);
        if (field->flags & MOLT_FIELD_BITS || is_group(schema, field)) {
            return false;
        }
        at = (at + type->align - 1) / type->align * type->align;
        if (record->kind == MOLT_KIND_STRUCT && field->bit_offset != at * 8) {
            return false;
        }
        align = type->align > align ? type->align : align;
        at = record->kind == MOLT_KIND_STRUCT ? at + type->size : at;
    }
    return align == record->align &&
           (record->kind == MOLT_KIND_UNION || record->size == (at + align - 1) / align * align);
}

static void add_natural(Header *header, MoltTypeId id)
{
    const MoltType *record = molt_type(header->schema, id);
    for (uint32_t f = record->first; f < record->first + record->count; f++) {
        add_member(header, &header->schema->tables.fields[f], 1);
    }
}

static void add_checks(Header *header, MoltTypeId id, const char *name)
{
    const MoltType *record = molt_type(header->schema, id);
    const char *word = record->kind == MOLT_KIND_STRUCT ? "struct" : "union";
    molt__text_add(&header->text, "_Static_assert(sizeof(%s %s) == %llu, \"%s\");\n", word, name,
                   (Wide)record->size, name);
    for (uint32_t f = record->first; f < record->first + record->count; f++) {
        const MoltField *field = &header->schema->tables.fields[f];
        const char *member = molt_string(header->schema, field->name);
        if (!(field->flags & MOLT_FIELD_BITS) && !is_group(header->schema, field)) {
            molt__text_add(&header->text,
                           "_Static_assert(offsetof(%s %s, %s) == %llu, \"%s.%s\");\n", word, name,
                           member, (Wide)field->bit_offset / 8, name, member);
        }
    }
}

/* ---- records --------------------------------------------------------------------------------- */

static void add_record(Header *header, MoltTypeId id);

/* What the value of a type holds comes before it. */
static void add_held(Header *header, MoltTypeId id)
{
    const MoltType *type = molt_type(header->schema, id);
    if (is_record(type)) {
        add_record(header, id);
    } else if (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_ATOMIC) {
        add_held(header, type->elem);
    }
}

static void add_held_by(Header *header, const MoltType *record)
{
    for (uint32_t f = record->first; f < record->first + record->count; f++) {
        const MoltField *field = &header->schema->tables.fields[f];
        const MoltType *type = molt_type(header->schema, field->type);
        if (is_group(header->schema, field) && is_record(type)) {
            add_held_by(header, type);
        } else {
            add_held(header, field->type);
        }
    }
}

/* Tags of pointees stand at file scope before a member mentions them. */
static void add_tags(Header *header, const MoltType *record)
{
    for (uint32_t f = record->first; f < record->first + record->count; f++) {
        const MoltField *field = &header->schema->tables.fields[f];
        MoltTypeId id = field->type;
        const MoltType *type = molt_type(header->schema, id);
        while (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_ATOMIC) {
            type = molt_type(header->schema, id = type->elem);
        }
        if (is_group(header->schema, field) && is_record(type)) {
            add_tags(header, type);
        } else if (type->kind == MOLT_KIND_POINTER &&
                   is_record(molt_type(header->schema, type->elem))) {
            bool is_struct = molt_type(header->schema, type->elem)->kind == MOLT_KIND_STRUCT;
            const char *name = old_name(header, type->elem);
            molt__text_add(&header->text, "typedef %s %s %s;\n", is_struct ? "struct" : "union",
                           name, name);
        }
    }
}

static void add_record(Header *header, MoltTypeId id)
{
    const MoltType *record = molt_type(header->schema, id);
    if (header->written[id]) {
        return;
    }
    header->written[id] = true;
    add_held_by(header, record);
    const char *name = old_name(header, id);
    const char *word = record->kind == MOLT_KIND_STRUCT ? "struct" : "union";
    bool natural = is_natural(header->schema, record);
    header->gaps = 0;
    molt__text_add(&header->text,
                   "\n#ifndef %s_molt_layout\n#define %s_molt_layout "
                   "UINT64_C(0x%016llx)\n",
                   name, name, (Wide)record->hash);
    add_tags(header, record);
    molt__text_add(&header->text, "typedef %s %s %s;\n", word, name, name);
    if (natural) {
        molt__text_add(&header->text, "%s %s {\n", word, name);
        add_natural(header, id);
    } else {
        molt__text_add(&header->text, "%s __attribute__((packed, aligned(%u))) %s {\n", word,
                       record->align, name);
        add_members(header, id, 1);
    }
    molt__text_add(&header->text, "};\n");
    add_checks(header, id, name);
    molt__text_add(&header->text,
                   "#elif %s_molt_layout != UINT64_C(0x%016llx)\n"
                   "#error \"two old layouts of %s: include one header only\"\n#endif\n",
                   name, (Wide)record->hash, molt_type_name(header->schema, id));
}

const char *molt__old_header_write(MoltDiagnostics *diagnostics, const MoltSchema *schema,
                                   const char *source, const char *const *types, uint32_t count)
{
    Header header = {.text = {.arena = diagnostics->arena}, .schema = schema};
    MoltPlace place = {.file = source, .line = 1};
    uint32_t before = diagnostics->count;
    header.written =
        molt__arena_alloc(diagnostics->arena, schema->tables.type_count * sizeof *header.written);
    const char *slash = strrchr(source, '/');
    molt__text_add(
        &header.text,
        "/* Old layouts, as %s has them, for MOLT_MIGRATE_FROM and molt_old_struct. Enums "
        "stand in\n * their storage. Written by " MOLT_CODEGEN_GENERATOR
        "; changes are lost. */\n\n"
        "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n",
        slash != NULL ? slash + 1 : source);
    for (uint32_t i = 0; i < count; i++) {
        MoltTypeId id = molt_schema_find(schema, types[i]);
        if (id == MOLT_NO_TYPE || molt_type(schema, id)->kind != MOLT_KIND_STRUCT) {
            molt__refuse(diagnostics, place, "name a struct as the schema has it",
                         "--type %s: the schema has no such struct", types[i]);
        } else {
            add_record(&header, id);
        }
    }
    return diagnostics->count == before ? header.text.bytes : NULL;
}
