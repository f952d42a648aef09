#include "globals.h"

#include <string.h>

#include "annotation.h"
#include "constants.h"
#include "index_dimension.h"
#include "kept_globals.h"
#include "pool.h"
#include "record_reader.h"

enum { APART = 16 };

uint64_t molt__global_place(uint64_t *end, uint64_t size, uint32_t align)
{
    uint64_t step = align > APART ? align : APART;
    uint64_t at = (*end + step - 1) / step * step;
    *end = at + size + 1;
    return at;
}

uint64_t molt__globals_size(uint64_t end, uint32_t align)
{
    uint64_t size = (end + align - 1) / align * align;
    return size > 0 ? size : align;
}

/* ---- which variables ------------------------------------------------------------------------- */

static bool is_constant(CXType type)
{
    type = clang_getCanonicalType(type);
    while (type.kind == CXType_ConstantArray || type.kind == CXType_IncompleteArray) {
        if (clang_isConstQualifiedType(type)) {
            return true;
        }
        type = clang_getCanonicalType(clang_getArrayElementType(type));
    }
    return clang_isConstQualifiedType(type) != 0;
}

static bool has_static_storage(CXCursor variable)
{
    enum CX_StorageClass storage = clang_Cursor_getStorageClass(variable);
    if (storage == CX_SC_Extern) {
        return !clang_Cursor_isNull(clang_Cursor_getVarDeclInitializer(variable));
    }
    enum CXCursorKind scope = clang_getCursorKind(clang_getCursorSemanticParent(variable));
    return storage == CX_SC_Static || scope == CXCursor_TranslationUnit;
}

/* A declaration hands its annotations on to the definition. */
static MoltWhere where_of(CXCursor variable)
{
    if (is_constant(clang_getCursorType(variable))) {
        return MOLT_WHERE_CONSTANT;
    }
    bool declared = clang_Cursor_getStorageClass(variable) == CX_SC_Extern;
    return declared || has_static_storage(variable) ? MOLT_WHERE_VARIABLE : MOLT_WHERE_LOCAL;
}

/* ---- what they are called -------------------------------------------------------------------- */

static MoltModelField *find(const MoltModelType *globals, const char *name)
{
    for (uint32_t i = 0; i < globals->field_count; i++) {
        if (strcmp(globals->fields[i].name, name) == 0) {
            return &globals->fields[i];
        }
    }
    return NULL;
}

/* What stands before the name: "", "ground.c:" or "ground.c:grow():". */
static const char *scope_of(MoltArena *arena, CXCursor variable, const char *source,
                            const char *function)
{
    if (function != NULL) {
        return molt__arena_format(arena, "%s:%s():", source, function);
    }
    bool shared = clang_getCursorLinkage(variable) == CXLinkage_External;
    return shared ? "" : molt__arena_format(arena, "%s:", source);
}

/* A function may have several statics of one name, in blocks of their own: they count from the top. */
static const char *name_of(MoltArena *arena, const MoltModelType *globals, const char *scope,
                           const char *spelling)
{
    const char *name = molt__arena_format(arena, "%s%s", scope, spelling);
    for (unsigned n = 2; find(globals, name) != NULL; n++) {
        name = molt__arena_format(arena, "%s%s#%u", scope, spelling, n);
    }
    return name;
}

/* MOLT_WAS names what stood in the same scope, or a full name: "ground.c:rain", ":score". */
static void complete_names(MoltArena *arena, MoltModelNotes *notes, const char *scope)
{
    for (uint32_t i = 0; i < notes->count; i++) {
        MoltModelNote *note = &notes->items[i];
        if (note->kind != MOLT_NOTE_WAS) {
            continue;
        }
        if (note->text[0] == ':') {
            note->text++;
        } else if (strchr(note->text, ':') == NULL) {
            note->text = molt__arena_format(arena, "%s%s", scope, note->text);
        }
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static MoltModelType *globals_of(MoltModel *model)
{
    MoltModelType *globals = molt__model_find(model, MOLT_GLOBALS_TYPE);
    if (globals == NULL) {
        globals = molt__model_add(model, MOLT_GLOBALS_TYPE, "");
        globals->kind = MOLT_KIND_STRUCT;
        globals->flags = MOLT_TYPE_GLOBALS;
        globals->align = APART;
        globals->followed = true;
        molt__model_add_root(model, MOLT_GLOBALS_ROOT, globals);
    }
    return globals;
}

static const char *spelling_of(MoltArena *arena, CXCursor cursor)
{
    CXString spelling = clang_getCursorSpelling(cursor);
    const char *text = clang_getCString(spelling);
    const char *copy = text == NULL ? "" : molt__arena_copy(arena, text, strlen(text));
    clang_disposeString(spelling);
    return copy;
}

/* Fields stand in the order of the source until all sources are known. */
static void add(MoltModel *model, MoltModelType *globals, MoltModelField field)
{
    uint64_t end = MOLT_GLOBALS_START;
    if (globals->field_count > 0) {
        const MoltModelField *last = &globals->fields[globals->field_count - 1];
        end = last->bit_offset / 8 + last->type->size + 1;
    }
    field.bit_offset = molt__global_place(&end, field.type->size, field.type->align) * 8;
    *molt__model_add_field(model, globals) = field;
    globals->align = field.type->align > globals->align ? field.type->align : globals->align;
    globals->size = molt__globals_size(end, globals->align);
}

static void resolve_index(MoltTypeReader *reader, MoltTypeContext context, CXCursor variable,
                          const MoltModelType *type, MoltModelNotes *notes)
{
    MoltModelNote *index = molt__model_note(notes, MOLT_NOTE_INDEX);
    if (index != NULL) {
        molt__index_resolve(reader, context, context.field, type, index);
        molt__index_dimensions_read(reader, context.place, context.field, variable, type, notes);
    }
}

/* Pointers in the state may lead into it. */
static void read_constant(MoltTypeReader *reader, MoltUnit *out, CXCursor variable,
                          const char *name, MoltModelNotes *notes)
{
    MoltModelNote *note = molt__model_note(notes, MOLT_NOTE_INDEX);
    CXType index = {.kind = CXType_Invalid};
    if (note != NULL) {
        index = molt__index_find(reader, note->text);
    }
    if (note != NULL && index.kind != CXType_Enum) {
        molt__refuse(reader->diagnostics, molt__place_of(reader->unit, variable),
                     "name an enum that this source can see",
                     "MOLT_INDEX(%s) of '%s': there is no such enum", note->text, name);
        return;
    }
    molt__constant_read(reader, out, variable, name, notes, index);
}

void molt__global_read(MoltTypeReader *reader, MoltUnit *out, CXCursor variable,
                       const char *source, const char *function)
{
    MoltArena *arena = reader->model->arena;
    MoltPlace place = molt__place_of(reader->unit, variable);
    MoltModelNotes notes = {0};
    MoltWhere where = where_of(variable);
    molt__annotations_read(reader->diagnostics, variable, place, where, &notes);
    if (!has_static_storage(variable)) {
        return;
    }
    if (where != MOLT_WHERE_VARIABLE) {
        complete_names(arena, &notes, scope_of(arena, variable, source, function));
        read_constant(reader, out, variable,
                      molt__arena_format(arena, "%s%s", scope_of(arena, variable, source, function),
                                         spelling_of(arena, variable)),
                      &notes);
        return;
    }
    if (molt__model_note(&notes, MOLT_NOTE_TRANSIENT) != NULL) {
        return;
    }
    molt__kept_global_read(arena, out, variable);
    const char *spelling = spelling_of(arena, variable);
    const char *scope = scope_of(arena, variable, source, function);
    const char *name = molt__arena_format(arena, "%s%s", scope, spelling);
    MoltModelType *globals = globals_of(reader->model);
    MoltModelField *known = find(globals, name);
    if (known != NULL && function == NULL) { /* declared again, as C allows */
        if (notes.count > known->notes.count) {
            MoltTypeContext again = {.place = place, .owner = globals->name, .field = name};
            complete_names(arena, &notes, scope);
            resolve_index(reader, again, variable, known->type, &notes);
            known->notes = notes;
        }
        return;
    }
    name = name_of(arena, globals, scope, spelling);
    complete_names(arena, &notes, scope);
    uint32_t flags = molt__field_flags(&notes);
    MoltTypeContext context = {.place = place,
                               .owner = globals->name,
                               .field = name,
                               .follow = !(flags & MOLT_FIELD_EXTERNAL)};
    MoltModelType *type =
        molt__type_read_in(reader, clang_getCanonicalType(clang_getCursorType(variable)), context);
    if (type == NULL || !molt__external_check(reader, place, name, type, flags)) {
        return;
    }
    molt__pool_read(reader, place, &notes);
    resolve_index(reader, context, variable, type, &notes);
    add(reader->model, globals,
        (MoltModelField){
            .name = name, .type = type, .flags = flags, .notes = notes, .place = place});
}
