#include "library_names.h"

#include <stdlib.h>
#include <string.h>

#include "declarator.h"
#include "path.h"

/* ---- descriptions ---------------------------------------------------------------------------- */

static void describe_notes(MoltText *text, const MoltSchema *schema, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        const MoltNote *note = &schema->tables.notes[i];
        molt__text_add(text, " @%u ", note->kind);
        molt__text_add_literal(text, molt_string(schema, note->text));
        for (uint32_t k = 0; k < note->constant_size; k++) {
            molt__text_add(text, "%02x", schema->tables.constants[note->constant + k]);
        }
    }
}

static void describe_members(MoltText *text, const MoltLibraryNames *names, uint32_t unit,
                             const MoltType *type)
{
    const MoltSchema *schema = names->units[unit].schema;
    for (uint32_t i = type->first; i < type->first + type->count; i++) {
        if (type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION) {
            const MoltField *field = &schema->tables.fields[i];
            molt__text_add(text, "\n%s %s %llu %u %u", molt_string(schema, field->name),
                           molt__library_name(names, unit, field->type),
                           (unsigned long long)field->bit_offset, field->bit_width, field->flags);
            describe_notes(text, schema, field->note_first, field->note_count);
        } else if (type->kind == MOLT_KIND_ENUM) {
            const MoltEnumerator *enumerator = &schema->tables.enumerators[i];
            molt__text_add(text, "\n%s %llu", molt_string(schema, enumerator->name),
                           (unsigned long long)enumerator->value);
            describe_notes(text, schema, enumerator->note_first, enumerator->note_count);
        } else if (type->kind == MOLT_KIND_FUNCTION) {
            molt__text_add(text, "\n%s", molt__library_name(names, unit, schema->tables.refs[i]));
        }
    }
}

const char *molt__library_describe(const MoltLibraryNames *names, uint32_t unit, MoltTypeId id)
{
    const MoltSchema *schema = names->units[unit].schema;
    MoltText text = {.arena = names->arena};
    const MoltType *type = molt_type(schema, id);
    const char *elem =
        type->elem == MOLT_NO_TYPE ? "" : molt__library_name(names, unit, type->elem);
    molt__text_add(&text, "%u %u %llu %u %s %llu", type->kind, type->flags,
                   (unsigned long long)type->size, type->align, elem,
                   (unsigned long long)type->length);
    describe_notes(&text, schema, type->note_first, type->note_count);
    describe_members(&text, names, unit, type);
    return text.bytes;
}

const char *molt__library_source(const MoltLibraryNames *names, uint32_t unit)
{
    return molt__path_recorded(names->arena, names->units[unit].base, names->units[unit].source);
}

/* ---- derived types --------------------------------------------------------------------------- */

static MoltDeclarator spell(const MoltLibraryNames *names, uint32_t unit, MoltTypeId id);

static const char *spell_params(const MoltLibraryNames *names, uint32_t unit, MoltTypeId id)
{
    const MoltSchema *schema = names->units[unit].schema;
    const MoltType *type = molt_type(schema, id);
    const char *list = "";
    for (uint32_t i = 0; i < type->count; i++) {
        MoltDeclarator param = spell(names, unit, schema->tables.refs[type->first + i]);
        list = molt__arena_format(names->arena, "%s%s%s%s", list, i == 0 ? "" : ", ",
                                  param.prefix, param.suffix);
    }
    if ((type->flags & MOLT_TYPE_VARIADIC) != 0) {
        return molt__arena_format(names->arena, "%s%s...", list, type->count == 0 ? "" : ", ");
    }
    /* "int (void)" has a prototype, "int ()" has none: only the name tells. */
    return type->count == 0 && strstr(molt_type_name(schema, id), "(void)") != NULL ? "void" : list;
}

/* Recurses along one declarator only: it ends at the first declared or arithmetic type. */
static MoltDeclarator spell(const MoltLibraryNames *names, uint32_t unit, MoltTypeId id)
{
    const MoltSchema *schema = names->units[unit].schema;
    const MoltType *type = molt_type(schema, id);
    MoltArena *arena = names->arena;
    switch (type->kind) {
    case MOLT_KIND_POINTER:
        return molt__declare_pointer(arena, spell(names, unit, type->elem),
                                     (MoltKind)molt_type(schema, type->elem)->kind);
    case MOLT_KIND_ARRAY:
        return (type->flags & MOLT_TYPE_FLEXIBLE) != 0
                   ? molt__declare_flexible(arena, spell(names, unit, type->elem))
                   : molt__declare_array(arena, spell(names, unit, type->elem), type->length);
    case MOLT_KIND_FUNCTION:
        return molt__declare_function(arena, spell(names, unit, type->elem),
                                      spell_params(names, unit, id));
    case MOLT_KIND_ATOMIC:
        return molt__declare_atomic(arena, spell(names, unit, type->elem));
    default:
        return (MoltDeclarator){molt__library_name(names, unit, id), ""};
    }
}

static void spell_unit(MoltLibraryNames *names, uint32_t unit)
{
    for (MoltTypeId id = 0; id < names->units[unit].schema->tables.type_count; id++) {
        MoltDeclarator spelled = spell(names, unit, id);
        names->names[unit][id] =
            molt__arena_format(names->arena, "%s%s", spelled.prefix, spelled.suffix);
    }
}

/* ---- types of one name ----------------------------------------------------------------------- */

typedef struct Declared {
    const char *name;
    uint32_t unit;
    MoltTypeId id;
} Declared;

static bool is_declared(const MoltType *type)
{
    return type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION ||
           type->kind == MOLT_KIND_ENUM;
}

static bool is_private(const MoltLibraryNames *names, const Declared *item)
{
    const MoltSchema *schema = names->units[item->unit].schema;
    const MoltType *type = molt_type(schema, item->id);
    return strcmp(molt_string(schema, type->file), molt__library_source(names, item->unit)) == 0;
}

/* Calls the type and what is declared inside it after its file. */
static void qualify(MoltLibraryNames *names, const Declared *item)
{
    const MoltSchema *schema = names->units[item->unit].schema;
    const char *old = molt_type_name(schema, item->id);
    const char *source = molt__library_source(names, item->unit);
    size_t length = strlen(old);
    for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
        const char *name = molt_type_name(schema, id);
        bool inside = strncmp(name, old, length) == 0 && strncmp(name + length, "::", 2) == 0;
        if (id == item->id || (inside && is_declared(molt_type(schema, id)))) {
            names->names[item->unit][id] =
                molt__arena_format(names->arena, "%s:%s", source, name);
        }
    }
}

static int compare_declared(const void *a, const void *b)
{
    const Declared *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->unit > y->unit) - (x->unit < y->unit);
}

/* Tells the private ones among types of one name apart when they differ; true when it did. */
static bool part(MoltLibraryNames *names, const Declared *run, uint32_t count)
{
    bool differ = false, changed = false;
    const char *first = molt__library_describe(names, run[0].unit, run[0].id);
    for (uint32_t i = 1; i < count && !differ; i++) {
        differ = strcmp(first, molt__library_describe(names, run[i].unit, run[i].id)) != 0;
    }
    for (uint32_t i = 0; i < count && differ; i++) {
        const char *plain = molt_type_name(names->units[run[i].unit].schema, run[i].id);
        if (strcmp(run[i].name, plain) == 0 && is_private(names, &run[i])) {
            qualify(names, &run[i]);
            changed = true;
        }
    }
    return changed;
}

static bool part_all(MoltLibraryNames *names, Declared *items, uint32_t count)
{
    bool changed = false;
    qsort(items, count, sizeof *items, compare_declared);
    for (uint32_t i = 0, next = 0; i < count; i = next) {
        while (next < count && strcmp(items[next].name, items[i].name) == 0) {
            next++;
        }
        changed = (next - i > 1 && part(names, &items[i], next - i)) || changed;
    }
    return changed;
}

MoltLibraryNames molt__library_names(MoltArena *arena, const MoltUnit *units, uint32_t count)
{
    MoltLibraryNames names = {.arena = arena, .units = units, .unit_count = count};
    uint32_t total = 0, used = 0;
    names.names = molt__arena_alloc(arena, count * sizeof *names.names);
    for (uint32_t u = 0; u < count; u++) {
        uint32_t types = units[u].schema->tables.type_count;
        names.names[u] = molt__arena_alloc(arena, types * sizeof **names.names);
        for (MoltTypeId id = 0; id < types; id++) {
            names.names[u][id] = molt_type_name(units[u].schema, id);
        }
        total += types;
    }
    Declared *items = molt__arena_alloc(arena, total * sizeof *items);
    for (bool changed = count > 1; changed;) {
        used = 0;
        for (uint32_t u = 0; u < count; u++) {
            for (MoltTypeId id = 0; id < units[u].schema->tables.type_count; id++) {
                if (is_declared(molt_type(units[u].schema, id))) {
                    items[used++] = (Declared){names.names[u][id], u, id};
                }
            }
        }
        /* A type that holds or points at one that was told apart may differ now itself. */
        changed = used > 1 && part_all(&names, items, used);
        for (uint32_t u = 0; changed && u < count; u++) {
            spell_unit(&names, u);
        }
    }
    return names;
}
