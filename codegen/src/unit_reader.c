#include "unit_reader.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "allocation.h"
#include "annotation.h"
#include "annotation_check.h"
#include "flexible.h"
#include "flow_reader.h"
#include "globals.h"
#include "image_types.h"
#include "hook_code.h"
#include "initializer.h"
#include "member_use.h"
#include "number_flow.h"
#include "path.h"
#include "payload.h"
#include "record_reader.h"
#include "rename.h"
#include "split_texts.h"
#include "tagged_union.h"

enum { HOOK_SPELLING = 512 };

typedef struct Walk {
    MoltTranslationUnit unit;
    MoltModel model;
    MoltTypeReader types;
    MoltFlexibleSite *sites; /* every allocation, to be looked at once fields are read */
    uint32_t site_count, site_capacity;
    MoltPayloads payloads;
    const char *source;   /* as the schema records it */
    const char *function; /* whose body is read */
    MoltAllocationReader allocations;
    MoltSeenUses uses;
    const char **names; /* typedefs of records */
    uint32_t name_count, name_capacity;
    MoltFlowReader flows;
    MoltUnit *out;
} Walk;

static const char *copy_string(Walk *walk, CXString string)
{
    const char *text = clang_getCString(string);
    const char *copy = text == NULL ? "" : molt__arena_copy(walk->model.arena, text, strlen(text));
    clang_disposeString(string);
    return copy;
}

/* ---- allocations ----------------------------------------------------------------------------- */

typedef struct Search {
    enum CXCursorKind kind;
    CXCursor found;
} Search;

static enum CXChildVisitResult visit_search(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Search *search = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == search->kind) {
        search->found = cursor;
        return CXChildVisit_Break;
    }
    return CXChildVisit_Recurse;
}

/* The expression itself or the first part of it of that kind; implicit conversions lie around
 * it. */
static CXCursor find_part(CXCursor cursor, enum CXCursorKind kind)
{
    Search search = {kind, clang_getNullCursor()};
    if (clang_getCursorKind(cursor) == kind) {
        return cursor;
    }
    clang_visitChildren(cursor, visit_search, &search);
    return search.found;
}

static void add_spelling(Walk *walk, MoltPlace place, const char *text, MoltModelType *type)
{
    MoltModel *model = &walk->model;
    for (uint32_t i = 0; i < model->spelling_count; i++) {
        if (strcmp(model->spellings[i].text, text) == 0) {
            if (model->spellings[i].type != type) {
                molt__refuse(walk->unit.diagnostics, place, "give one of them another name",
                             "'%s' means %s here and %s elsewhere in this source", text,
                             type->name, model->spellings[i].type->name);
            }
            return;
        }
    }
    model->spellings =
        molt__arena_grow(model->arena, model->spellings, model->spelling_count,
                         &model->spelling_capacity, sizeof *model->spellings);
    model->spellings[model->spelling_count++] = (MoltModelSpelling){text, type};
}

static const char *read_literal(Walk *walk, CXCursor call, unsigned argument)
{
    MoltValue text = {0};
    CXCursor literal = find_part(clang_Cursor_getArgument(call, argument), CXCursor_StringLiteral);
    if (clang_Cursor_isNull(literal)) {
        return NULL;
    }
    const char *quoted = copy_string(walk, clang_getCursorSpelling(literal));
    return molt__literal_string(walk->model.arena, &quoted, &text) ? text.bytes : NULL;
}

/* molt_new(T) reads as molt__new_site((T *)0, "T", count), molt_new_flexible(T, member, n) as
 * molt__new_flexible_site((T *)0, "T", n, "member"). */
static void read_site(Walk *walk, CXCursor call, bool flexible)
{
    CXCursor typed = find_part(clang_Cursor_getArgument(call, 0), CXCursor_CStyleCastExpr);
    const char *spelling = read_literal(walk, call, 1);
    const char *member = flexible ? read_literal(walk, call, 3) : NULL;
    MoltPlace place = molt__place_of(&walk->unit, call);
    if (clang_Cursor_isNull(typed) || spelling == NULL || (flexible && member == NULL)) {
        return;
    }
    CXType pointer = clang_getCanonicalType(clang_getCursorType(typed));
    MoltModelType *type =
        molt__type_read(&walk->types, clang_getPointeeType(pointer), place);
    if (type == NULL) {
        return;
    }
    add_spelling(walk, place, spelling, type);
    walk->sites = molt__arena_grow(walk->model.arena, walk->sites, walk->site_count,
                                   &walk->site_capacity, sizeof *walk->sites);
    walk->sites[walk->site_count++] = (MoltFlexibleSite){type, member, place};
}

/* ---- what a reload would lose ---------------------------------------------------------------- */

/* ---- hooks ----------------------------------------------------------------------------------- */

static enum CXChildVisitResult visit_hook_note(CXCursor cursor, CXCursor parent, CXClientData data)
{
    static const char word[] = "molt:migrate ";
    char *spelling = data;
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr) {
        return CXChildVisit_Continue;
    }
    CXString text = clang_getCursorSpelling(cursor);
    const char *note = clang_getCString(text);
    bool found = note != NULL && strncmp(note, word, sizeof word - 1) == 0;
    if (found) {
        snprintf(spelling, HOOK_SPELLING, "%s", note + sizeof word - 1);
    }
    clang_disposeString(text);
    return found ? CXChildVisit_Break : CXChildVisit_Continue;
}

/* MOLT_MIGRATE(T) heads a function whose second parameter is a T *. */
static void read_hook(Walk *walk, CXCursor function)
{
    char spelling[HOOK_SPELLING] = "";
    clang_visitChildren(function, visit_hook_note, spelling);
    if (spelling[0] == '\0' || !clang_isCursorDefinition(function)) {
        return;
    }
    MoltPlace place = molt__place_of(&walk->unit, function);
    CXType pointer = clang_getCanonicalType(clang_getArgType(clang_getCursorType(function), 1));
    MoltModelType *type = molt__type_read(&walk->types, clang_getPointeeType(pointer), place);
    if (type == NULL) {
        return;
    }
    const char *text = molt__arena_copy(walk->model.arena, spelling, strlen(spelling));
    add_spelling(walk, place, text, type);
    MoltUnit *out = walk->out;
    out->hooks = molt__arena_grow(walk->model.arena, out->hooks, out->hook_count,
                                  &out->hook_capacity, sizeof *out->hooks);
    uint64_t code = molt__hook_code(walk->model.arena, function);
    out->hooks[out->hook_count++] = (MoltUnitHook){type->name, place, code};
}

/* What a type is, is known once records are followed. */
static void check_hooks(Walk *walk)
{
    for (uint32_t i = 0; i < walk->out->hook_count; i++) {
        const MoltUnitHook *hook = &walk->out->hooks[i];
        const MoltModelType *type = molt__model_find(&walk->model, hook->type);
        if (type != NULL && type->kind != MOLT_KIND_STRUCT) {
            molt__refuse(walk->unit.diagnostics, hook->place,
                         "write it for the struct that holds such values",
                         "MOLT_MIGRATE(%s): hooks are for structs", type->name);
        }
    }
}

/* ---- walking --------------------------------------------------------------------------------- */

static void read_root(Walk *walk, CXCursor variable)
{
    MoltPlace place = molt__place_of(&walk->unit, variable);
    MoltUnit *out = walk->out;
    for (uint32_t i = 0; i < out->root_count; i++) {
        if (out->roots[i].line != place.line || out->roots[i].column != place.column ||
            strcmp(out->roots[i].file, place.file) != 0) {
            molt__refuse(walk->unit.diagnostics, place, "keep one MOLT_ROOT for the whole game",
                         "a second root; the first is at %s:%u", out->roots[i].file,
                         out->roots[i].line);
            return;
        }
    }
    CXType pointer = clang_getCanonicalType(clang_getCursorType(variable));
    MoltModelType *type = molt__type_read(&walk->types, clang_getPointeeType(pointer), place);
    if (type != NULL) {
        molt__model_add_root(&walk->model, "state", type);
    }
    out->roots = molt__arena_grow(walk->model.arena, out->roots, out->root_count,
                                  &out->root_capacity, sizeof *out->roots);
    out->roots[out->root_count++] = place;
}

/* Nothing would read them there. */
static void refuse_annotations(Walk *walk, CXCursor cursor, MoltWhere where)
{
    MoltModelNotes none = {0};
    molt__annotations_read(walk->unit.diagnostics, cursor, molt__place_of(&walk->unit, cursor),
                           where, &none);
}

/* The annotations of a typedef are those of the struct, union or enum that it names. */
static void check_alias(Walk *walk, CXCursor alias)
{
    CXType type = clang_getCanonicalType(clang_getTypedefDeclUnderlyingType(alias));
    if (type.kind != CXType_Record && type.kind != CXType_Enum) {
        refuse_annotations(walk, alias, MOLT_WHERE_NOWHERE);
    }
}

static enum CXChildVisitResult visit_body(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Walk *walk = data;
    (void)parent;
    molt__image_types_see(walk->model.arena, &walk->out->image, cursor, walk->function == NULL);
    switch (clang_getCursorKind(cursor)) {
    case CXCursor_CallExpr: {
        const char *name = copy_string(walk, clang_getCursorSpelling(cursor));
        bool flexible = strcmp(name, "molt__new_flexible_site") == 0;
        if (flexible || strcmp(name, "molt__new_site") == 0) {
            read_site(walk, cursor, flexible);
        }
        break;
    }
    case CXCursor_VarDecl:
        molt__global_read(&walk->types, walk->out, cursor, walk->source, walk->function);
        break;
    case CXCursor_StringLiteral:
        molt__split_text_see(walk->model.arena, walk->out, cursor);
        break;
    case CXCursor_ParmDecl:
        refuse_annotations(walk, cursor, MOLT_WHERE_LOCAL);
        break;
    case CXCursor_TypedefDecl:
        check_alias(walk, cursor);
        break;
    default:
        molt__use_see(walk->model.arena, &walk->uses, cursor, walk->function);
        molt__payload_see(walk->model.arena, &walk->payloads, cursor);
        break;
    }
    return CXChildVisit_Recurse;
}

static void remember_alias(Walk *walk, CXCursor alias)
{
    CXType type = clang_getCanonicalType(clang_getTypedefDeclUnderlyingType(alias));
    if ((type.kind != CXType_Record && type.kind != CXType_Enum) ||
        !molt__annotations_present(alias)) {
        return;
    }
    MoltTypeReader *types = &walk->types;
    types->aliases = molt__arena_grow(walk->model.arena, types->aliases, types->alias_count,
                                      &types->alias_capacity, sizeof *types->aliases);
    types->aliases[types->alias_count++] =
        (MoltAlias){clang_getCanonicalCursor(clang_getTypeDeclaration(type)), alias};
}

/* Typedefs come first: a type may be met before the annotated typedef that follows it. */
/* Names that are types without a keyword. */
static void remember_name(Walk *walk, CXCursor alias)
{
    CXType type = clang_getCanonicalType(clang_getTypedefDeclUnderlyingType(alias));
    if (type.kind != CXType_Record) {
        return;
    }
    walk->names = molt__arena_grow(walk->model.arena, walk->names, walk->name_count,
                                   &walk->name_capacity, sizeof *walk->names);
    walk->names[walk->name_count++] = copy_string(walk, clang_getCursorSpelling(alias));
}

/* A struct that has no typedef of its name is spelled with its keyword, also where a report offers a hook
 * for it. */
static void spell_tags(Walk *walk)
{
    static const char keyword[] = "struct ";
    const size_t length = sizeof keyword - 1;
    for (uint32_t i = 0; i < walk->model.type_count; i++) {
        MoltModelType *type = walk->model.types[i];
        enum CXCursorKind scope = clang_getCursorKind(clang_getCursorSemanticParent(type->cursor));
        if (type->kind != MOLT_KIND_STRUCT || scope != CXCursor_TranslationUnit) {
            continue;
        }
        CXType canonical = clang_getCanonicalType(clang_getCursorType(type->cursor));
        const char *text = copy_string(walk, clang_getTypeSpelling(canonical));
        bool named = strncmp(text, keyword, length) != 0 || strchr(text, '(') != NULL;
        for (uint32_t n = 0; n < walk->name_count && !named; n++) {
            named = strcmp(walk->names[n], text + length) == 0;
        }
        if (!named) {
            add_spelling(walk, molt__place_of(&walk->unit, type->cursor), text, type);
        }
    }
}

static enum CXChildVisitResult visit_alias(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    Walk *walk = data;
    if (clang_getCursorKind(cursor) == CXCursor_TypedefDecl && !molt__is_system(cursor) &&
        molt__translation_unit_sees(&walk->unit, cursor)) {
        remember_alias(data, cursor);
        remember_name(data, cursor);
    }
    return CXChildVisit_Continue;
}

static enum CXChildVisitResult visit_declaration(CXCursor cursor, CXCursor parent,
                                                 CXClientData data)
{
    Walk *walk = data;
    (void)parent;
    if (molt__is_system(cursor) || !molt__translation_unit_sees(&walk->unit, cursor)) {
        return CXChildVisit_Continue;
    }
    if (clang_getCursorKind(cursor) == CXCursor_VarDecl) {
        const char *name = copy_string(walk, clang_getCursorSpelling(cursor));
        if (strcmp(name, "molt__root") == 0) {
            read_root(walk, cursor);
        } else {
            molt__global_read(&walk->types, walk->out, cursor, walk->source, NULL);
            molt__image_types_see(walk->model.arena, &walk->out->image, cursor, true);
            clang_visitChildren(cursor, visit_body, walk);
            molt__flow_read(&walk->flows, cursor);
            molt__number_flow_read(&walk->flows, cursor);
        }
    } else if (clang_getCursorKind(cursor) == CXCursor_TypedefDecl) {
        check_alias(walk, cursor);
    } else if (clang_getCursorKind(cursor) == CXCursor_FunctionDecl) {
        refuse_annotations(walk, cursor, MOLT_WHERE_NOWHERE);
        read_hook(walk, cursor);
        walk->function = copy_string(walk, clang_getCursorSpelling(cursor));
        clang_visitChildren(cursor, visit_body, walk);
        molt__allocations_read(&walk->allocations, cursor);
        molt__flow_read(&walk->flows, cursor);
        molt__number_flow_read(&walk->flows, cursor);
        walk->function = NULL;
    }
    return CXChildVisit_Continue;
}

/* ---- the unit -------------------------------------------------------------------------------- */

/* Headers that the source includes itself, in its order, as they may need each other. A file
 * entered more than once is a list of macros for its includer, not a header. */
static void collect_headers(Walk *walk, const MoltInclusions *files)
{
    MoltUnit *out = walk->out;
    for (uint32_t i = 0; i < files->count; i++) {
        const MoltInclusion *file = &files->items[i];
        if (!file->direct || file->system || file->times > 1 ||
            !molt__path_ends(file->path, ".h")) {
            continue;
        }
        out->headers = molt__arena_grow(walk->model.arena, out->headers, out->header_count,
                                        &out->header_capacity, sizeof *out->headers);
        out->headers[out->header_count++] = file->path;
    }
}

static bool is_included(const MoltUnit *out, const char *path)
{
    for (uint32_t i = 0; path != NULL && i < out->header_count; i++) {
        if (strcmp(out->headers[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static void collect_checks(Walk *walk, const MoltInclusions *files)
{
    MoltUnit *out = walk->out;
    for (uint32_t i = 0; i < walk->model.type_count; i++) {
        const MoltModelType *type = walk->model.types[i];
        bool is_record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
        if (!is_record || type->spelling == NULL) {
            continue;
        }
        for (uint32_t k = 0; k < files->count; k++) {
            const MoltInclusion *file = &files->items[k];
            if (strcmp(file->path, type->place.file) == 0 &&
                is_included(out, file->direct ? file->path : file->by)) {
                out->checks = molt__arena_grow(walk->model.arena, out->checks, out->check_count,
                                               &out->check_capacity, sizeof *out->checks);
                out->checks[out->check_count++] = (MoltUnitCheck){
                    type->name, type->spelling, file->system};
            }
        }
    }
}

static void collect_files(Walk *walk, const MoltInclusions *files)
{
    MoltUnit *out = walk->out;
    out->files = molt__arena_alloc(walk->model.arena, (files->count + 1) * sizeof *out->files);
    out->files[out->file_count++] = out->source;
    for (uint32_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].path, out->source) != 0) {
            out->files[out->file_count++] = files->items[i].path;
        }
    }
}

/* The builder starts with this process's own ABI; libclang's target must agree with it. */
static MoltAbi target_abi(Walk *walk, const MoltCommand *command)
{
    const uint16_t probe = 1;
    MoltAbi abi = {.pointer_size = sizeof(void *),
                   .long_size = sizeof(long),
                   .char_signed = CHAR_MIN < 0,
                   .little_endian = *(const uint8_t *)&probe,
                   .max_align = _Alignof(max_align_t)};
    for (uint32_t i = 0; i < command->count; i++) {
        const char *flag = command->flags[i];
        if (strcmp(flag, "-funsigned-char") == 0 || strcmp(flag, "-fno-signed-char") == 0) {
            abi.char_signed = 0;
        } else if (strcmp(flag, "-fsigned-char") == 0 || strcmp(flag, "-fno-unsigned-char") == 0) {
            abi.char_signed = 1;
        }
    }
    CXTargetInfo target = clang_getTranslationUnitTargetInfo(walk->unit.handle);
    int width = clang_TargetInfo_getPointerWidth(target);
    clang_TargetInfo_dispose(target);
    if (width != (int)sizeof(void *) * 8) {
        molt__refuse(walk->unit.diagnostics, (MoltPlace){.file = walk->unit.path, .line = 1},
                     "build the game for the machine that runs it",
                     "this source is compiled for %d-bit pointers, molt-codegen for %d", width,
                     (int)sizeof(void *) * 8);
    }
    return abi;
}

static void read_declarations(Walk *walk, const MoltWanted *wanted)
{
    CXCursor top = clang_getTranslationUnitCursor(walk->unit.handle);
    walk->types = (MoltTypeReader){.unit = &walk->unit,
                                   .diagnostics = walk->unit.diagnostics,
                                   .model = &walk->model,
                                   .lenient = wanted->all_records};
    walk->allocations = (MoltAllocationReader){.types = &walk->types, .out = walk->out};
    walk->flows = (MoltFlowReader){
        .types = &walk->types, .payloads = &walk->payloads, .out = &walk->out->flows};
    clang_visitChildren(top, visit_alias, walk);
    if (molt__is_wanted(wanted)) {
        molt__wanted_read(&walk->types, wanted);
    } else {
        clang_visitChildren(top, visit_declaration, walk);
    }
    molt__records_follow(&walk->types);
    molt__payloads_read(&walk->types, &walk->payloads);
    molt__flow_name_types(&walk->flows);
    molt__image_types_name(&walk->out->image, &walk->model);
    if (walk->out->root_count > 0) {
        molt__type_read_char(&walk->types);
    }
    check_hooks(walk);
    if (!wanted->all_records) {
        spell_tags(walk);
    }
    for (uint32_t i = 0; i < walk->site_count; i++) {
        molt__flexible_check_site(walk->unit.diagnostics, &walk->sites[i]);
    }
}

static bool read_source(MoltDiagnostics *diagnostics, const MoltUnitDesc *desc, MoltUnit *out)
{
    Walk walk = {.model = {.arena = diagnostics->arena}, .out = out};
    uint32_t before = diagnostics->count;
    MoltError error = {0};
    *out = (MoltUnit){.source = desc->source, .base = desc->base};
    if (desc->whole != NULL) {
        molt__translation_unit_share(&walk.unit, diagnostics, desc->whole, desc->source,
                                     desc->prelude);
    } else if (!molt__translation_unit_open(&walk.unit, diagnostics, desc->source, desc->command,
                                            desc->prelude)) {
        goto cleanup;
    }
    walk.model.abi = target_abi(&walk, desc->command);
    walk.source = molt__path_recorded(walk.model.arena, desc->base, desc->source);
    MoltInclusions files = molt__translation_unit_inclusions(&walk.unit);
    collect_files(&walk, &files);
    read_declarations(&walk, desc->wanted);
    if (diagnostics->count == before) {
        molt__defaults_resolve(&walk.unit, &walk.model);
        molt__renames_check(diagnostics, &walk.model, desc->known, desc->known_count);
        if (!desc->wanted->all_records) {
            molt__unions_check(diagnostics, &walk.model);
            molt__annotations_check(diagnostics, &walk.model);
        }
    }
    if (diagnostics->count > before) {
        goto cleanup;
    }
    molt__uses_read(&walk.unit, &walk.model, &walk.uses, out);
    collect_headers(&walk, &files);
    collect_checks(&walk, &files);
    if (molt__model_to_schema(&walk.model, desc->base, &out->schema, &error) != MOLT_OK) {
        molt__refuse(diagnostics, (MoltPlace){.file = desc->source, .line = 1}, NULL, "%s",
                     error.text);
    }
cleanup:
    molt__translation_unit_close(&walk.unit);
    return diagnostics->count == before;
}

bool molt__unit_from_source(MoltDiagnostics *diagnostics, const MoltUnitDesc *desc, MoltUnit *out)
{
    if (desc->prelude == NULL || desc->strict) {
        return read_source(diagnostics, desc, out);
    }
    MoltDiagnostics ignored = {.arena = diagnostics->arena};
    if (read_source(&ignored, desc, out)) {
        return true;
    }
    /* What there is to refuse is said of the source as it stands. */
    molt__unit_release(out);
    MoltUnitDesc plain = *desc;
    plain.prelude = NULL;
    plain.whole = NULL;
    return read_source(diagnostics, &plain, out);
}
