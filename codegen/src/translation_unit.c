#include "translation_unit.h"

#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "path.h"

static const char *file_path(MoltTranslationUnit *unit, CXFile file)
{
    if (file == NULL) {
        return NULL;
    }
    if (unit->last_file != NULL && clang_File_isEqual(unit->last_file, file)) {
        return unit->last_path;
    }
    CXString name = clang_getFileName(file);
    unit->last_path = molt__path_real(unit->arena, unit->directory, clang_getCString(name));
    unit->last_file = file;
    unit->last_seen =
        !unit->shared || molt__inclusions_list(&unit->prelude->files, unit->last_path);
    clang_disposeString(name);
    return unit->last_path;
}

static MoltPlace place_at(MoltTranslationUnit *unit, CXSourceLocation location)
{
    MoltPlace place = {0};
    CXFile file = NULL;
    unsigned line = 0, column = 0;
    clang_getExpansionLocation(location, &file, &line, &column, NULL);
    place.file = file_path(unit, file);
    place.line = line;
    place.column = column;
    return place;
}

MoltPlace molt__place_of(MoltTranslationUnit *unit, CXCursor cursor)
{
    return place_at(unit, clang_getCursorLocation(cursor));
}

bool molt__is_system(CXCursor cursor)
{
    CXSourceLocation location = clang_getCursorLocation(cursor);
    CXFile file = NULL;
    clang_getExpansionLocation(location, &file, NULL, NULL, NULL);
    return file == NULL || clang_Location_isInSystemHeader(location);
}

/* ---- diagnostics ----------------------------------------------------------------------------- */

/* A misplaced annotation is dropped by the compiler with a warning only: what it was meant to do
 * would silently not happen. */
static bool drops_annotation(CXDiagnostic diagnostic, const char *text)
{
    CXString option = clang_getDiagnosticOption(diagnostic, NULL);
    bool drops = strstr(text, "'annotate'") != NULL && clang_getCString(option) != NULL &&
                 strcmp(clang_getCString(option), "-Wignored-attributes") == 0;
    clang_disposeString(option);
    return drops;
}

static bool refuse_diagnostics(MoltTranslationUnit *unit)
{
    unsigned count = clang_getNumDiagnostics(unit->handle);
    bool refused = false;
    for (unsigned i = 0; i < count; i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit->handle, i);
        CXString spelling = clang_getDiagnosticSpelling(diagnostic);
        const char *text = clang_getCString(spelling);
        bool is_error = clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error;
        bool drops = drops_annotation(diagnostic, text);
        if (is_error || drops) {
            MoltPlace place = place_at(unit, clang_getDiagnosticLocation(diagnostic));
            molt__refuse(unit->diagnostics, place,
                         drops ? "annotations stand on a field before its ';', on an enumerator "
                                 "after its name, on a struct or enum after its '}'"
                               : "make the source compile; types read from a broken one would be "
                                 "wrong",
                         "%s", text);
            refused = true;
        }
        clang_disposeString(spelling);
        clang_disposeDiagnostic(diagnostic);
    }
    return refused;
}

/* ---- files ----------------------------------------------------------------------------------- */

typedef struct FileWalk {
    MoltTranslationUnit *unit;
    MoltInclusions found;
} FileWalk;

static void visit_inclusion(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData data)
{
    FileWalk *walk = data;
    const char *path = file_path(walk->unit, file);
    for (uint32_t i = 0; i < walk->found.count; i++) {
        if (strcmp(walk->found.items[i].path, path) == 0) {
            walk->found.items[i].times++;
            walk->found.items[i].direct = walk->found.items[i].direct || depth == 1;
            return;
        }
    }
    MoltInclusion inclusion = {.path = path, .direct = depth == 1, .times = 1};
    /* stack[i] lies in the file that includes what stack[i - 1] lies in; the last is the source. */
    if (depth >= 2) {
        CXFile by = NULL;
        clang_getExpansionLocation(stack[depth - 2], &by, NULL, NULL, NULL);
        inclusion.by = file_path(walk->unit, by);
    }
    CXSourceLocation start = clang_getLocation(walk->unit->handle, file, 1, 1);
    inclusion.system = clang_Location_isInSystemHeader(start) != 0;
    walk->found.items =
        molt__arena_grow(walk->unit->arena, walk->found.items, walk->found.count,
                         &walk->found.capacity, sizeof *walk->found.items);
    walk->found.items[walk->found.count++] = inclusion;
}

static int by_first_entry(const void *a, const void *b)
{
    const MoltInclusion *x = a, *y = b;
    return (x->by != NULL || x->direct) - (y->by != NULL || y->direct);
}

static MoltInclusions read_inclusions(MoltTranslationUnit *unit)
{
    FileWalk walk = {.unit = unit};
    clang_getInclusions(unit->handle, visit_inclusion, &walk);
    /* The source comes first in every libclang seen; the contract does not rest on it. */
    if (walk.found.count > 1 && strcmp(walk.found.items[0].path, unit->path) != 0) {
        qsort(walk.found.items, walk.found.count, sizeof *walk.found.items, by_first_entry);
    }
    return walk.found;
}

MoltInclusions molt__translation_unit_inclusions(MoltTranslationUnit *unit)
{
    return unit->prelude != NULL ? unit->prelude->files : read_inclusions(unit);
}

static bool same_inclusion(const MoltInclusion *a, const MoltInclusion *b)
{
    return strcmp(a->path, b->path) == 0 && a->direct == b->direct && a->times == b->times &&
           (a->by == NULL) == (b->by == NULL) && (a->by == NULL || strcmp(a->by, b->by) == 0);
}

static uint32_t next_of_game(const MoltInclusions *files, uint32_t at)
{
    while (at < files->count && files->items[at].system) {
        at++;
    }
    return at;
}

bool molt__inclusions_list(const MoltInclusions *files, const char *path)
{
    for (uint32_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* A header that is made to be entered more than once, each time with the same result. Another one
 * that is met again although it is in the prelude might do something else the second time. */
static bool may_be_met_again(const char *path)
{
    static const char *const names[] = {"assert.h", "stddef.h", "stdarg.h"};
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    bool found = strncmp(name, "__stddef_", strlen("__stddef_")) == 0 ||
                 strncmp(name, "__stdarg_", strlen("__stdarg_")) == 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        found = found || strcmp(name, names[i]) == 0;
    }
    return found;
}

static bool has_files_of_prelude(MoltTranslationUnit *unit)
{
    MoltInclusions found = read_inclusions(unit), expected = unit->prelude->files;
    uint32_t i = next_of_game(&found, 0), k = next_of_game(&expected, 0);
    while (i < found.count && k < expected.count &&
           same_inclusion(&found.items[i], &expected.items[k])) {
        i = next_of_game(&found, i + 1);
        k = next_of_game(&expected, k + 1);
    }
    bool same = i == found.count && k == expected.count;
    for (i = 0; i < found.count && same; i++) {
        const char *path = found.items[i].path;
        same = !found.items[i].system || (may_be_met_again(path) && molt__inclusions_list(&expected, path));
    }
    return same;
}

static bool in_some(const MoltInclusions *const *lists, uint32_t count, const char *path)
{
    bool found = false;
    for (uint32_t i = 0; i < count && !found; i++) {
        found = molt__inclusions_list(lists[i], path);
    }
    return found;
}

bool molt__translation_unit_reads(MoltTranslationUnit *unit, const MoltInclusions *const *lists,
                                  uint32_t count)
{
    MoltInclusions found = read_inclusions(unit);
    bool same = found.count > 0 && strcmp(found.items[0].path, unit->path) == 0;
    for (uint32_t i = 1; i < found.count && same; i++) {
        const char *path = found.items[i].path;
        same = (!found.items[i].system || may_be_met_again(path)) && in_some(lists, count, path);
    }
    for (uint32_t i = 0; i < count && same; i++) {
        for (uint32_t k = 0; k < lists[i]->count && same; k++) {
            const MoltInclusion *file = &lists[i]->items[k];
            same = file->system || molt__inclusions_list(&found, file->path);
        }
    }
    return same;
}

bool molt__translation_unit_sees(MoltTranslationUnit *unit, CXCursor cursor)
{
    CXFile file = NULL;
    if (!unit->shared) {
        return true;
    }
    clang_getExpansionLocation(clang_getCursorLocation(cursor), &file, NULL, NULL, NULL);
    if (file == NULL) {
        return false;
    }
    if (unit->last_file == NULL || !clang_File_isEqual(unit->last_file, file)) {
        file_path(unit, file);
    }
    return unit->last_seen;
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool refuse_other_files(MoltTranslationUnit *unit)
{
    if (unit->prelude == NULL || has_files_of_prelude(unit)) {
        return false;
    }
    molt__refuse(unit->diagnostics, (MoltPlace){.file = unit->path, .line = 1}, NULL,
                 "this source reads other files than when its system headers were precompiled");
    return true;
}

static void add_flag(MoltTranslationUnit *unit, const char *flag)
{
    unit->flags[unit->flag_count++] = flag;
}

/* Room for `more` flags after those of the command and two that all have. */
static void begin(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics, const char *source,
                  const MoltCommand *command, uint32_t more)
{
    MoltArena *arena = diagnostics->arena;
    const char **flags = molt__arena_alloc(arena, (command->count + 2 + more) * sizeof *flags);
    *unit = (MoltTranslationUnit){.diagnostics = diagnostics,
                                  .arena = arena,
                                  .path = source,
                                  .directory = command->directory,
                                  .flags = flags};
    if (command->count > 0) {
        memcpy(flags, command->flags, command->count * sizeof *flags);
    }
    unit->flag_count = (int)command->count;
    add_flag(unit, "-DMOLT_CODEGEN=1");
    add_flag(unit, molt__arena_format(arena, "-working-directory=%s", command->directory));
}

/* `text` NULL: what the file holds. With `prelude` its declarations are not visited. */
static bool parse(MoltTranslationUnit *unit, const char *text, bool prelude, unsigned options)
{
    struct CXUnsavedFile unsaved = {unit->path, text, text == NULL ? 0 : strlen(text)};
    unit->index = clang_createIndex(prelude, 0);
    enum CXErrorCode code = clang_parseTranslationUnit2(
        unit->index, unit->path, unit->flags, unit->flag_count, &unsaved, text == NULL ? 0 : 1,
        CXTranslationUnit_KeepGoing | options, &unit->handle);
    if (code != CXError_Success || unit->handle == NULL) {
        molt__refuse(unit->diagnostics, (MoltPlace){.file = unit->path, .line = 1},
                     "check that the file exists and that libclang knows its -std",
                     "libclang cannot read this source (code %d)", (int)code);
        unit->handle = NULL;
        return false;
    }
    return !refuse_diagnostics(unit);
}

static void add_prelude(MoltTranslationUnit *unit, const char *path)
{
    add_flag(unit, "-include-pch");
    add_flag(unit, path);
}

bool molt__translation_unit_open(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                 const char *source, const MoltCommand *command,
                                 const MoltPrelude *prelude)
{
    begin(unit, diagnostics, source, command, 2);
    unit->prelude = prelude;
    if (prelude != NULL) {
        add_prelude(unit, prelude->path);
    }
    return parse(unit, NULL, prelude != NULL, 0) && !refuse_other_files(unit);
}

bool molt__translation_unit_open_text(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                      const char *path, const char *text,
                                      const MoltCommand *command, const char *prelude)
{
    begin(unit, diagnostics, path, command, 2);
    add_prelude(unit, prelude);
    return parse(unit, text, true, 0);
}

void molt__translation_unit_share(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                  const MoltTranslationUnit *whole, const char *source,
                                  const MoltPrelude *prelude)
{
    *unit = *whole;
    unit->diagnostics = diagnostics;
    unit->arena = diagnostics->arena;
    unit->path = source;
    unit->prelude = prelude;
    unit->shared = true;
    unit->last_file = NULL;
}

bool molt__translation_unit_precompile(MoltTranslationUnit *unit, MoltDiagnostics *diagnostics,
                                       const char *header, const MoltCommand *command)
{
    begin(unit, diagnostics, header, command, 1);
    add_flag(unit, "-xc-header");
    return parse(unit, NULL, false, CXTranslationUnit_Incomplete | CXTranslationUnit_ForSerialization);
}

bool molt__translation_unit_save(const MoltTranslationUnit *unit, const char *path)
{
    return clang_saveTranslationUnit(unit->handle, path, CXSaveTranslationUnit_None) ==
           CXSaveError_None;
}

void molt__translation_unit_close(MoltTranslationUnit *unit)
{
    if (unit->handle != NULL && !unit->shared) {
        clang_disposeTranslationUnit(unit->handle);
    }
    if (unit->index != NULL && !unit->shared) {
        clang_disposeIndex(unit->index);
    }
    *unit = (MoltTranslationUnit){0};
}

/* ---- constants ------------------------------------------------------------------------------- */

typedef struct Evaluation {
    MoltTranslationUnit *unit;
    MoltValue *values;
    uint32_t count;
} Evaluation;

static const char CONSTANT_NAME[] = "molt__constant_";

static MoltValue read_result(MoltArena *arena, CXEvalResult result)
{
    MoltValue value = {0};
    if (result == NULL) {
        return value;
    }
    CXEvalResultKind kind = clang_EvalResult_getKind(result);
    if (kind == CXEval_Int) {
        value.kind = MOLT_VALUE_INT;
        if (clang_EvalResult_isUnsignedInt(result)) {
            value.bits = clang_EvalResult_getAsUnsigned(result);
        } else {
            long long number = clang_EvalResult_getAsLongLong(result);
            value.bits = (uint64_t)number;
            value.negative = number < 0;
        }
    } else if (kind == CXEval_Float) {
        value.kind = MOLT_VALUE_FLOAT;
        value.real = clang_EvalResult_getAsDouble(result);
    } else if (kind == CXEval_StrLiteral) {
        const char *text = clang_EvalResult_getAsStr(result);
        value.kind = MOLT_VALUE_STRING;
        value.length = strlen(text);
        value.bytes = molt__arena_copy(arena, text, value.length);
    }
    return value;
}

static enum CXChildVisitResult visit_constant(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Evaluation *evaluation = data;
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_VarDecl) {
        return CXChildVisit_Continue;
    }
    CXString spelling = clang_getCursorSpelling(cursor);
    const char *name = clang_getCString(spelling);
    if (strncmp(name, CONSTANT_NAME, sizeof CONSTANT_NAME - 1) == 0) {
        unsigned long index = strtoul(name + sizeof CONSTANT_NAME - 1, NULL, 10);
        CXEvalResult result = clang_Cursor_Evaluate(cursor);
        if (index < evaluation->count) {
            evaluation->values[index] = read_result(evaluation->unit->arena, result);
        }
        if (result != NULL) {
            clang_EvalResult_dispose(result);
        }
    }
    clang_disposeString(spelling);
    return CXChildVisit_Continue;
}

static uint32_t count_lines(const char *text)
{
    uint32_t lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

/* Errors of the appended lines, told apart by their line. */
static void read_problems(CXTranslationUnit handle, MoltArena *arena, uint32_t first_line,
                          uint32_t count, MoltValue *values, const char **problems)
{
    unsigned total = clang_getNumDiagnostics(handle);
    for (unsigned i = 0; i < total; i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(handle, i);
        CXFile file = NULL;
        unsigned line = 0;
        clang_getExpansionLocation(clang_getDiagnosticLocation(diagnostic), &file, &line, NULL,
                                   NULL);
        bool is_error = clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error;
        if (is_error && line >= first_line && line - first_line < count) {
            CXString text = clang_getDiagnosticSpelling(diagnostic);
            const char *words = clang_getCString(text);
            values[line - first_line].kind = MOLT_VALUE_NONE;
            problems[line - first_line] = molt__arena_copy(arena, words, strlen(words));
            clang_disposeString(text);
        }
        clang_disposeDiagnostic(diagnostic);
    }
}

void molt__translation_unit_evaluate(MoltTranslationUnit *unit, const char *const *texts,
                                     uint32_t count, MoltValue *values, const char **problems)
{
    size_t size = 0;
    CXFile file = clang_getFile(unit->handle, unit->path);
    const char *content = file == NULL ? NULL : clang_getFileContents(unit->handle, file, &size);
    MoltText text = {.arena = unit->arena};
    if (content != NULL) {
        molt__text_add(&text, "%s\n", content);
    }
    uint32_t first_line = text.bytes == NULL ? 1 : count_lines(text.bytes) + 1;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = (MoltValue){0};
        problems[i] = "it is not a constant";
        /* The type of the expression itself, so that what does not fit is seen and not
         * converted. */
        molt__text_add(&text, "static const __auto_type %s%u = (%s);\n", CONSTANT_NAME, i,
                       texts[i]);
    }
    struct CXUnsavedFile unsaved = {unit->path, text.bytes, text.length};
    CXTranslationUnit handle = NULL;
    enum CXErrorCode code = clang_parseTranslationUnit2(
        unit->index, unit->path, unit->flags, unit->flag_count, &unsaved, 1,
        CXTranslationUnit_SkipFunctionBodies | CXTranslationUnit_KeepGoing, &handle);
    if (code == CXError_Success && handle != NULL) {
        Evaluation evaluation = {unit, values, count};
        clang_visitChildren(clang_getTranslationUnitCursor(handle), visit_constant, &evaluation);
        read_problems(handle, unit->arena, first_line, count, values, problems);
        clang_disposeTranslationUnit(handle);
    }
}
