#include "link.h"

#include <molt/builder.h>
#include <stdlib.h>
#include <string.h>

#include "allocation_table.h"
#include "annotation_check.h"
#include "constants.h"
#include "erased.h"
#include "globals.h"
#include "image_types.h"
#include "kept_globals.h"
#include "layout_number.h"
#include "library_names.h"
#include "member_use.h"
#include "pool.h"
#include "split_texts.h"

/* A type of the library and the unit whose body is taken. */
typedef struct Entry {
    const char *name;
    const MoltUnit *unit;
    MoltTypeId id; /* in that unit's schema */
} Entry;

typedef struct Linker {
    MoltDiagnostics *diagnostics;
    MoltArena *arena;
    MoltLibraryNames names;
    Entry *entries; /* sorted by name */
    uint32_t entry_count;
    MoltBuilder *builder;
    const MoltUnit *library; /* what is known of all units together */
} Linker;

/* ---- two bodies for one name ----------------------------------------------------------------- */

static MoltPlace place_of(MoltArena *arena, const Entry *entry)
{
    const MoltType *type = molt_type(entry->unit->schema, entry->id);
    const char *file = molt_string(entry->unit->schema, type->file);
    if (*file == '\0') {
        return (MoltPlace){.file = entry->unit->source, .line = 1};
    }
    return (MoltPlace){.file = molt__arena_format(arena, "%s/%s", entry->unit->base, file),
                       .line = type->line};
}

static void refuse_second_body(Linker *linker, const Entry *first, const Entry *second)
{
    MoltPlace here = place_of(linker->arena, second), there = place_of(linker->arena, first);
    bool same = strcmp(here.file, there.file) == 0 && here.line == there.line;
    const char *remedy =
        same ? "include it under the same macros and packing everywhere"
             : "give one of them another name, or define it once in a header";
    molt__refuse(linker->diagnostics, here, remedy,
                 "two different bodies for '%s': here as %s sees it, and at %s:%u as %s sees it",
                 second->name, second->unit->source, there.file, there.line, first->unit->source);
}

static bool is_opaque(const Entry *entry)
{
    return molt_type(entry->unit->schema, entry->id)->kind == MOLT_KIND_OPAQUE;
}

/* ---- collecting ------------------------------------------------------------------------------ */

/* By name; among equal names by the order of the units, so that the first body wins. */
static int compare_entries(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->unit > y->unit) - (x->unit < y->unit);
}

static const char *describe(const Linker *linker, const Entry *entry)
{
    return molt__library_describe(&linker->names, (uint32_t)(entry->unit - linker->names.units),
                                  entry->id);
}

/* Folds a run of entries of one name into its first place. */
static void fold(Linker *linker, Entry *run, uint32_t count)
{
    Entry taken = run[0];
    const char *body = NULL;
    for (uint32_t i = 1; i < count; i++) {
        if (is_opaque(&run[i])) {
            continue;
        }
        if (is_opaque(&taken)) {
            taken = run[i];
            continue;
        }
        if (body == NULL) {
            body = describe(linker, &taken);
        }
        if (strcmp(body, describe(linker, &run[i])) != 0) {
            refuse_second_body(linker, &taken, &run[i]);
        }
    }
    run[0] = taken;
}

static void collect_types(Linker *linker, const MoltUnit *units, uint32_t count)
{
    uint32_t total = 0, used = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += units[i].schema->tables.type_count;
    }
    Entry *entries = molt__arena_alloc(linker->arena, total * sizeof *entries);
    for (uint32_t i = 0; i < count; i++) {
        const MoltSchema *schema = units[i].schema;
        for (MoltTypeId id = 0; id < schema->tables.type_count; id++) {
            if ((molt_type(schema, id)->flags & MOLT_TYPE_GLOBALS) != 0) {
                continue; /* each source has its share */
            }
            entries[used++] = (Entry){molt__library_name(&linker->names, i, id), &units[i], id};
        }
    }
    if (used > 0) {
        qsort(entries, used, sizeof *entries, compare_entries);
    }
    for (uint32_t i = 0, next = 0; i < used; i = next) {
        while (next < used && strcmp(entries[next].name, entries[i].name) == 0) {
            next++;
        }
        fold(linker, &entries[i], next - i);
        entries[linker->entry_count++] = entries[i];
    }
    linker->entries = entries;
}

/* ---- building -------------------------------------------------------------------------------- */

static const char *name_of(const Linker *linker, const MoltUnit *unit, MoltTypeId id)
{
    return molt__library_name(&linker->names, (uint32_t)(unit - linker->names.units), id);
}

static MoltTypeId map_type(const Linker *linker, const MoltUnit *unit, MoltTypeId id)
{
    return id == MOLT_NO_TYPE ? MOLT_NO_TYPE
                              : molt_builder_find_type(linker->builder, name_of(linker, unit, id));
}

/* The first hook of a type of the library, or NULL. */
static const MoltUnitHook *find_hook(const Linker *linker, const char *name)
{
    for (uint32_t u = 0; u < linker->names.unit_count; u++) {
        const MoltUnit *unit = &linker->names.units[u];
        for (uint32_t i = 0; i < unit->hook_count; i++) {
            MoltTypeId id = molt_schema_find(unit->schema, unit->hooks[i].type);
            if (id != MOLT_NO_TYPE && strcmp(name_of(linker, unit, id), name) == 0) {
                return &unit->hooks[i];
            }
        }
    }
    return NULL;
}

static const char *library_name(const Linker *linker, const MoltUnit *unit, const char *name)
{
    MoltTypeId id = molt_schema_find(unit->schema, name);
    return id != MOLT_NO_TYPE ? name_of(linker, unit, id) : name;
}

static uint32_t copy_notes(Linker *linker, const MoltUnit *unit, uint32_t first, uint32_t count)
{
    const MoltSchema *schema = unit->schema;
    if (count == 0) {
        return 0;
    }
    MoltNote *notes = molt__arena_alloc(linker->arena, count * sizeof *notes);
    for (uint32_t i = 0; i < count; i++) {
        notes[i] = schema->tables.notes[first + i];
        const char *text = molt_string(schema, notes[i].text);
        if (notes[i].kind == MOLT_NOTE_POOL) {
            MoltPoolNames names = molt__pool_names(linker->arena, text);
            names.type = library_name(linker, unit, names.type);
            names.header = library_name(linker, unit, names.header);
            text = molt__pool_text(linker->arena, names);
        }
        notes[i].text = molt_builder_string(linker->builder, text);
        notes[i].constant = 0;
        if (notes[i].constant_size > 0) {
            const unsigned char *bytes =
                schema->tables.constants + schema->tables.notes[first + i].constant;
            notes[i].constant =
                molt_builder_add_constant(linker->builder, bytes, notes[i].constant_size);
        }
    }
    return molt_builder_add_notes(linker->builder, notes, count);
}

/* Behind the `count` notes from `first` on, which were added last; where they begin then. */
static uint32_t append_note(Linker *linker, uint32_t first, uint32_t count, MoltNote note)
{
    uint32_t index = molt_builder_add_notes(linker->builder, &note, 1);
    return count > 0 ? first : index;
}

/* A variable's name has its file and function in front. */
static bool is_member(const MoltUnitHeld *held, const char *owner, const char *name)
{
    const char *colon = strcmp(owner, MOLT_GLOBALS_TYPE) == 0 ? strrchr(name, ':') : NULL;
    return strcmp(held->owner, owner) == 0 &&
           strcmp(held->field, colon != NULL ? colon + 1 : name) == 0;
}

/* What the sources show of a member, behind its own notes. */
static void append_found(Linker *linker, MoltField *field, const MoltUnitHeld *items,
                         uint32_t count, MoltNoteKind kind, const char *owner, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_member(&items[i], owner, name)) {
            uint32_t text = molt_builder_string(linker->builder, items[i].text);
            field->note_first = append_note(linker, field->note_first, field->note_count++,
                                            (MoltNote){.kind = kind, .text = text});
        }
    }
}

static MoltField copy_field(Linker *linker, const MoltUnit *unit, const char *owner, uint32_t index)
{
    const MoltSchema *schema = unit->schema;
    MoltField field = schema->tables.fields[index];
    field.name = molt_builder_string(linker->builder, molt_string(schema, field.name));
    field.type = map_type(linker, unit, field.type);
    field.note_first = copy_notes(linker, unit, field.note_first, field.note_count);
    const MoltUnit *library = linker->library;
    append_found(linker, &field, library->held, library->held_count, MOLT_NOTE_HOLDS, owner,
                 molt_string(schema, schema->tables.fields[index].name));
    append_found(linker, &field, library->sized, library->sized_count, MOLT_NOTE_SIZED, owner,
                 molt_string(schema, schema->tables.fields[index].name));
    return field;
}

static void copy_fields(Linker *linker, const Entry *entry, MoltTypeId to, const MoltType *type)
{
    MoltField *fields = molt__arena_alloc(linker->arena, type->count * sizeof *fields);
    for (uint32_t i = 0; i < type->count; i++) {
        fields[i] = copy_field(linker, entry->unit, entry->name, type->first + i);
    }
    molt_builder_set_fields(linker->builder, to, fields, type->count);
}

static void copy_enumerators(Linker *linker, const MoltUnit *unit, MoltTypeId to,
                             const MoltType *type)
{
    const MoltSchema *schema = unit->schema;
    MoltEnumerator *enumerators =
        molt__arena_alloc(linker->arena, type->count * sizeof *enumerators);
    for (uint32_t i = 0; i < type->count; i++) {
        MoltEnumerator *enumerator = &enumerators[i];
        *enumerator = schema->tables.enumerators[type->first + i];
        enumerator->name =
            molt_builder_string(linker->builder, molt_string(schema, enumerator->name));
        enumerator->note_first =
            copy_notes(linker, unit, enumerator->note_first, enumerator->note_count);
    }
    molt_builder_set_enumerators(linker->builder, to, enumerators, type->count);
}

static void copy_params(Linker *linker, const MoltUnit *unit, MoltTypeId to,
                        const MoltType *type)
{
    const MoltSchema *schema = unit->schema;
    MoltTypeId *params = molt__arena_alloc(linker->arena, type->count * sizeof *params);
    for (uint32_t i = 0; i < type->count; i++) {
        params[i] = map_type(linker, unit, schema->tables.refs[type->first + i]);
    }
    molt_builder_set_params(linker->builder, to, params, type->count);
}

static void copy_members(Linker *linker, const Entry *entry, MoltTypeId to)
{
    const MoltSchema *schema = entry->unit->schema;
    const MoltType *type = molt_type(schema, entry->id);
    molt_builder_type(linker->builder, to)->elem =
        map_type(linker, entry->unit, type->elem);
    uint32_t first = copy_notes(linker, entry->unit, type->note_first, type->note_count);
    uint32_t notes = type->note_count;
    /* the kinds that sort behind all others of a type */
    if (find_hook(linker, entry->name) != NULL) {
        first = append_note(linker, first, notes++, (MoltNote){.kind = MOLT_NOTE_MIGRATE});
    }
    const MoltUnit *library = linker->library;
    const struct {
        const MoltUnitErased *items;
        uint32_t count;
        MoltNoteKind kind;
    } found[] = {{library->erased, library->erased_count, MOLT_NOTE_ERASED},
                 {library->hashed, library->hashed_count, MOLT_NOTE_HASHED}};
    for (size_t k = 0; k < sizeof found / sizeof found[0]; k++) {
        for (uint32_t i = 0; i < found[k].count; i++) {
            if (strcmp(found[k].items[i].type, entry->name) == 0) {
                uint32_t text = molt_builder_string(linker->builder, found[k].items[i].text);
                first = append_note(linker, first, notes++,
                                    (MoltNote){.kind = found[k].kind, .text = text});
            }
        }
    }
    if (notes > 0) {
        molt_builder_set_notes(linker->builder, to, first, notes);
    }
    if (type->count == 0) {
        return;
    }
    if (type->kind == MOLT_KIND_ENUM) {
        copy_enumerators(linker, entry->unit, to, type);
    } else if (type->kind == MOLT_KIND_FUNCTION) {
        copy_params(linker, entry->unit, to, type);
    } else {
        copy_fields(linker, entry, to, type);
    }
}

/* ---- variables of all sources ---------------------------------------------------------------- */

typedef struct Global {
    const char *name;
    const MoltUnit *unit;
    uint32_t field; /* in that unit's schema */
} Global;

typedef struct Globals {
    Global *items; /* sorted by name, so that a new one moves no other's number */
    uint32_t count, capacity;
} Globals;

static int compare_globals(const void *a, const void *b)
{
    const Global *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->unit > y->unit) - (x->unit < y->unit);
}

static Globals collect_globals(Linker *linker)
{
    Globals globals = {0};
    for (uint32_t u = 0; u < linker->names.unit_count; u++) {
        const MoltUnit *unit = &linker->names.units[u];
        MoltTypeId id = molt_schema_find(unit->schema, MOLT_GLOBALS_TYPE);
        const MoltType *type = id == MOLT_NO_TYPE ? NULL : molt_type(unit->schema, id);
        for (uint32_t i = 0; type != NULL && i < type->count; i++) {
            globals.items = molt__arena_grow(linker->arena, globals.items, globals.count,
                                             &globals.capacity, sizeof *globals.items);
            const MoltField *field = &unit->schema->tables.fields[type->first + i];
            globals.items[globals.count++] = (Global){molt_string(unit->schema, field->name), unit,
                                                      type->first + i};
        }
    }
    if (globals.count > 0) {
        qsort(globals.items, globals.count, sizeof *globals.items, compare_globals);
    }
    return globals;
}

static void add_globals(Linker *linker)
{
    MoltType type = {.name = molt_builder_string(linker->builder, MOLT_GLOBALS_TYPE),
                     .kind = MOLT_KIND_STRUCT,
                     .flags = MOLT_TYPE_GLOBALS,
                     .elem = MOLT_NO_TYPE};
    molt_builder_add_type(linker->builder, &type);
}

/* Sources that define one variable (as old compilers let them) must mean the same by it. */
static void copy_globals(Linker *linker, const Globals *globals)
{
    MoltTypeId to = molt_builder_find_type(linker->builder, MOLT_GLOBALS_TYPE);
    MoltField *fields = molt__arena_alloc(linker->arena, globals->count * sizeof *fields);
    uint64_t end = MOLT_GLOBALS_START;
    uint32_t count = 0, align = 16;
    for (uint32_t i = 0; i < globals->count; i++) {
        const Global *global = &globals->items[i];
        MoltField field = copy_field(linker, global->unit, MOLT_GLOBALS_TYPE, global->field);
        if (count > 0 && fields[count - 1].name == field.name) {
            if (fields[count - 1].type != field.type) {
                molt__refuse(linker->diagnostics,
                             (MoltPlace){.file = global->unit->source, .line = field.line},
                             "define it in one source, and declare it extern in a header",
                             "'%s' is another type here than in another source", global->name);
            }
            continue;
        }
        const MoltType *type = molt_builder_type(linker->builder, field.type);
        field.bit_offset = molt__global_place(&end, type->size, type->align) * 8;
        align = type->align > align ? type->align : align;
        fields[count++] = field;
    }
    molt_builder_type(linker->builder, to)->size = molt__globals_size(end, align);
    molt_builder_type(linker->builder, to)->align = align;
    molt_builder_set_fields(linker->builder, to, fields, count);
}

static void copy_types(Linker *linker)
{
    for (uint32_t i = 0; i < linker->entry_count; i++) {
        const Entry *entry = &linker->entries[i];
        const MoltSchema *schema = entry->unit->schema;
        MoltType type = *molt_type(schema, entry->id);
        type.name = molt_builder_string(linker->builder, entry->name);
        type.file = molt_builder_string(linker->builder, molt_string(schema, type.file));
        type.elem = MOLT_NO_TYPE;
        molt_builder_add_type(linker->builder, &type);
    }
    Globals globals = collect_globals(linker);
    if (globals.count > 0) {
        add_globals(linker);
    }
    for (uint32_t i = 0; i < linker->entry_count; i++) {
        copy_members(linker, &linker->entries[i], i);
    }
    if (globals.count > 0) {
        copy_globals(linker, &globals);
    }
}

/* ---- roots, spellings, headers --------------------------------------------------------------- */

static void check_roots(Linker *linker, const MoltUnit *units, uint32_t count)
{
    const MoltPlace *first = NULL;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < units[i].root_count; k++) {
            const MoltPlace *place = &units[i].roots[k];
            if (first == NULL) {
                first = place;
            } else if (strcmp(first->file, place->file) != 0 || first->line != place->line ||
                       first->column != place->column) {
                molt__refuse(linker->diagnostics, *place,
                             "keep one MOLT_ROOT for the whole game",
                             "a second root; the first is at %s:%u", first->file, first->line);
            }
        }
    }
    if (first == NULL) {
        molt__refuse(linker->diagnostics,
                     (MoltPlace){.file = count > 0 ? units[0].source : NULL, .line = 1,
                                 .column = 1},
                     "add MOLT_ROOT(Type); at file scope, with the type that start_up() returns",
                     "no source of the game has a MOLT_ROOT");
    }
}

/* One for each type; a header brings the same one into every source that includes it. */
static void check_hooks(Linker *linker)
{
    for (uint32_t u = 0; u < linker->names.unit_count; u++) {
        const MoltUnit *unit = &linker->names.units[u];
        for (uint32_t i = 0; i < unit->hook_count; i++) {
            const MoltPlace *place = &unit->hooks[i].place;
            MoltTypeId id = molt_schema_find(unit->schema, unit->hooks[i].type);
            const MoltUnitHook *first =
                id == MOLT_NO_TYPE ? NULL : find_hook(linker, name_of(linker, unit, id));
            if (first != NULL && (strcmp(first->place.file, place->file) != 0 ||
                                  first->place.line != place->line)) {
                molt__refuse(linker->diagnostics, *place,
                             "put what both do into one, and remove those of earlier edits",
                             "a second hook for %s; the first is at %s:%u", unit->hooks[i].type,
                             first->place.file, first->place.line);
            }
        }
    }
}

static void link_hooks(Linker *linker, MoltUnit *library)
{
    for (uint32_t u = 0; u < linker->names.unit_count; u++) {
        const MoltUnit *unit = &linker->names.units[u];
        for (uint32_t i = 0; i < unit->hook_count; i++) {
            MoltTypeId id = molt_schema_find(unit->schema, unit->hooks[i].type);
            if (id == MOLT_NO_TYPE || find_hook(linker, name_of(linker, unit, id)) != &unit->hooks[i]) {
                continue;
            }
            library->hooks = molt__arena_grow(linker->arena, library->hooks, library->hook_count,
                                              &library->hook_capacity, sizeof *library->hooks);
            library->hooks[library->hook_count] = unit->hooks[i];
            library->hooks[library->hook_count++].type = name_of(linker, unit, id);
        }
    }
}

/* The root called so in the first unit that has it, as a type of the library. */
static MoltTypeId find_root(const Linker *linker, const char *name, const MoltUnit **unit)
{
    for (uint32_t u = 0; u < linker->names.unit_count; u++) {
        const MoltTables *tables = &linker->names.units[u].schema->tables;
        for (uint32_t i = 0; i < tables->root_count; i++) {
            if (strcmp(tables->strings + tables->roots[i].name, name) == 0) {
                *unit = &linker->names.units[u];
                return map_type(linker, *unit, tables->roots[i].type);
            }
        }
    }
    return MOLT_NO_TYPE;
}

/* Each name once. */
static void copy_roots(Linker *linker)
{
    for (uint32_t u = 0; u < linker->names.unit_count; u++) {
        const MoltUnit *unit = &linker->names.units[u], *first = NULL;
        const MoltTables *tables = &unit->schema->tables;
        for (uint32_t i = 0; i < tables->root_count; i++) {
            const char *name = tables->strings + tables->roots[i].name;
            MoltTypeId type = find_root(linker, name, &first);
            if (first == unit) {
                molt_builder_add_root(linker->builder, name, type);
            } else if (type != map_type(linker, unit, tables->roots[i].type)) {
                molt__refuse(linker->diagnostics, (MoltPlace){.file = unit->source, .line = 1},
                             "give the sources that define it apart",
                             "'%s' is another type here than in %s", name, first->source);
            }
        }
    }
}

static void check_wanted(Linker *linker, const MoltWanted *wanted)
{
    for (uint32_t i = 0; i < wanted->root_count; i++) {
        const MoltUnit *unit = NULL;
        find_root(linker, molt__wanted_name(wanted->roots[i]), &unit);
        if (unit == NULL) {
            molt__refuse(linker->diagnostics, (MoltPlace){0},
                         "name a struct, union, enum or typedef of the sources or of what they "
                         "include",
                         "--root %s: no source defines it", wanted->roots[i]);
        }
    }
}

/* Flags such as -funsigned-char change what every char means. */
static void check_abi(Linker *linker, const MoltUnit *units, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (memcmp(&units[0].schema->tables.abi, &units[i].schema->tables.abi, sizeof(MoltAbi)) !=
            0) {
            molt__refuse(linker->diagnostics, (MoltPlace){.file = units[i].source, .line = 1},
                         "compile all sources of the game with the same ABI flags",
                         "compiled for another ABI than %s", units[0].source);
        }
    }
}

/* What a spelling means in another unit under another name. */
static bool means_another(const Linker *linker, const char *text, const char *name)
{
    for (uint32_t u = 0; u < linker->names.unit_count; u++) {
        const MoltUnit *unit = &linker->names.units[u];
        MoltTypeId id = molt_schema_find_spelling(unit->schema, text);
        if (id != MOLT_NO_TYPE && strcmp(name_of(linker, unit, id), name) != 0) {
            return true;
        }
    }
    return false;
}

/* Once per text; one that means several types stands in the library once for each source. */
static void copy_spellings(Linker *linker, const MoltUnit *unit)
{
    const MoltSchema *schema = unit->schema;
    for (uint32_t i = 0; i < schema->tables.spelling_count; i++) {
        const MoltSpelling *spelling = &schema->tables.spellings[i];
        const char *text = molt_string(schema, spelling->text);
        bool known = false;
        if (means_another(linker, text, name_of(linker, unit, spelling->type))) {
            uint32_t index = (uint32_t)(unit - linker->names.units);
            text = molt__arena_format(linker->arena, "%s:%s",
                                      molt__library_source(&linker->names, index), text);
        } else {
            for (const MoltUnit *other = linker->names.units; other < unit && !known; other++) {
                known = molt_schema_find_spelling(other->schema, text) != MOLT_NO_TYPE;
            }
        }
        if (!known) {
            molt_builder_add_spelling(linker->builder, text,
                                      map_type(linker, unit, spelling->type));
        }
    }
}

static void copy_header(Linker *linker, MoltUnit *out, const char *header)
{
    for (uint32_t i = 0; i < out->header_count; i++) {
        if (strcmp(out->headers[i], header) == 0) {
            return;
        }
    }
    out->headers = molt__arena_grow(linker->arena, out->headers, out->header_count,
                                    &out->header_capacity, sizeof *out->headers);
    out->headers[out->header_count++] = header;
}

static void copy_check(Linker *linker, MoltUnit *out, MoltUnitCheck check)
{
    for (uint32_t i = 0; i < out->check_count; i++) {
        if (strcmp(out->checks[i].type, check.type) == 0) {
            return;
        }
    }
    out->checks = molt__arena_grow(linker->arena, out->checks, out->check_count,
                                   &out->check_capacity, sizeof *out->checks);
    out->checks[out->check_count++] = check;
}

static void copy_unit(Linker *linker, const MoltUnit *unit, MoltUnit *out)
{
    copy_spellings(linker, unit);
    for (uint32_t i = 0; i < unit->header_count; i++) {
        copy_header(linker, out, unit->headers[i]);
    }
    for (uint32_t i = 0; i < unit->check_count; i++) {
        copy_check(linker, out, unit->checks[i]);
    }
    molt__kept_globals_link(linker->arena, unit, out);
}

/* ---- linking --------------------------------------------------------------------------------- */

bool molt__units_link(MoltDiagnostics *diagnostics, const MoltUnit *units, uint32_t count,
                      const MoltWanted *wanted, MoltUnit *out)
{
    Linker linker = {.diagnostics = diagnostics, .arena = diagnostics->arena};
    uint32_t before = diagnostics->count;
    MoltError error = {0};
    *out = (MoltUnit){.source = units[0].source, .base = units[0].base};
    linker.builder = molt_builder_create(NULL);
    if (linker.builder == NULL) {
        molt__refuse(diagnostics, (MoltPlace){0}, NULL, "out of memory");
        return false;
    }
    linker.names = molt__library_names(linker.arena, units, count);
    collect_types(&linker, units, count);
    if (!molt__is_wanted(wanted)) {
        check_roots(&linker, units, count);
    }
    check_hooks(&linker);
    if (diagnostics->count > before) {
        goto cleanup;
    }
    check_abi(&linker, units, count);
    molt_builder_set_abi(linker.builder, units[0].schema->tables.abi);
    const MoltWrappers wrappers = molt__wrappers_find(linker.arena, &linker.names);
    molt__allocations_link(linker.arena, &linker.names, &wrappers, out);
    molt__erased_link(linker.arena, &linker.names, &wrappers, out);
    molt__layout_numbers_link(linker.arena, &linker.names, out);
    molt__constants_link(linker.arena, &linker.names, out);
    molt__split_texts_link(linker.arena, units, count, out);
    molt__image_types_link(linker.arena, &linker.names, out);
    linker.library = out;
    copy_types(&linker);
    copy_roots(&linker);
    check_wanted(&linker, wanted);
    out->sources = molt__arena_alloc(linker.arena, count * sizeof *out->sources);
    for (uint32_t i = 0; i < count; i++) {
        out->sources[out->source_count++] = molt__library_source(&linker.names, i);
    }
    molt__uses_link(linker.arena, &linker.names, out);
    link_hooks(&linker, out);
    for (uint32_t i = 0; i < count; i++) {
        copy_unit(&linker, &units[i], out);
    }
    if (diagnostics->count == before &&
        molt_builder_finish(linker.builder, &out->schema, &error) != MOLT_OK) {
        molt__refuse(diagnostics, (MoltPlace){.file = out->source, .line = 1}, NULL, "%s",
                     error.text);
    }
    if (diagnostics->count == before && !molt__is_wanted(wanted)) {
        molt__climbs_check(diagnostics, out->schema, out->base);
        molt__pools_check(diagnostics, out->schema, out->base, out->source);
    }
cleanup:
    molt_builder_destroy(linker.builder);
    return diagnostics->count == before;
}
