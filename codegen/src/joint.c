#include "joint.h"

#include <string.h>

#include "output.h"
#include "system_names.h"
#include "word_set.h"

/* A file of the game that at least one of the sources reads. */
typedef struct MoltJointFile {
    const char *path;
    MoltWordSet words;
    const MoltDirectives *directives;
    bool *read_by; /* for each of the sources */
    bool pastes;   /* names may be made of its words */
} MoltJointFile;

/* ---- before the parse ------------------------------------------------------------------------ */

static long position_of(const MoltInclusions *files, const char *path)
{
    for (uint32_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].path, path) == 0) {
            return (long)i;
        }
    }
    return -1;
}

/* The headers that both read are entered in the same order, and none twice. */
static bool same_order(const MoltInclusions *a, const MoltInclusions *b)
{
    long last = -1;
    for (uint32_t i = 0; i < a->count; i++) {
        const MoltInclusion *file = &a->items[i];
        long at = file->system ? -1 : position_of(b, file->path);
        if (!file->system && (file->times != 1 || (at >= 0 && at <= last))) {
            return false;
        }
        last = at >= 0 ? at : last;
    }
    return true;
}

/* The lines that include the system headers of a prelude, each once, in their order. */
static const char *include_lines(const MoltPreludes *preludes, const MoltPrelude *prelude)
{
    MoltArena *arena = preludes->cache->arena;
    size_t length = strlen(prelude->path) - strlen("pch");
    MoltText lines = {.arena = arena};
    char *at = molt__output_read(
        arena, molt__arena_format(arena, "%.*sh", (int)length, prelude->path), &length);
    molt__text_add(&lines, "\n");
    for (char *end; at != NULL && (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        const char *line = molt__arena_format(arena, "\n%s\n", at);
        if (strstr(lines.bytes, line) == NULL) {
            molt__text_add(&lines, "%s", line + 1);
        }
    }
    return at == NULL ? NULL : lines.bytes;
}

/* The system headers that both include come in the same order. */
static bool same_system_order(const MoltPreludes *preludes, const MoltJointSource *a,
                              const MoltJointSource *b)
{
    MoltArena *arena = preludes->cache->arena;
    const char *ours = include_lines(preludes, a->prelude);
    const char *theirs = include_lines(preludes, b->prelude);
    bool same = ours != NULL && theirs != NULL;
    for (const char *at = ours, *last = theirs; same && strchr(at + 1, '\n') != NULL;) {
        const char *end = strchr(at + 1, '\n');
        const char *line = molt__arena_copy(arena, at, (size_t)(end - at) + 1);
        const char *place = strstr(theirs, line);
        same = place == NULL || place >= last;
        last = place == NULL ? last : place;
        at = end;
    }
    return same;
}

/* Neither includes the other one's source, and its name can stand in an #include. */
static bool is_own(const MoltJointSource *source, const MoltJointSource *other)
{
    return !molt__inclusions_list(&other->prelude->files, source->path) &&
           strpbrk(source->path, "\"\\\n") == NULL;
}

bool molt__joint_fits(const MoltPreludes *preludes, const MoltJointSource *a,
                      const MoltJointSource *b)
{
    const char *key = molt__unit_cache_key(preludes->cache, a->command);
    const char *other = molt__unit_cache_key(preludes->cache, b->command);
    return key != NULL && other != NULL && strcmp(key, other) == 0 && is_own(a, b) &&
           is_own(b, a) && same_order(&a->prelude->files, &b->prelude->files) &&
           same_order(&b->prelude->files, &a->prelude->files) && same_system_order(preludes, a, b);
}

/* ---- system headers -------------------------------------------------------------------------- */

static uint32_t count_system(const MoltInclusions *files)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < files->count; i++) {
        count += files->items[i].system;
    }
    return count;
}

static bool has_system_files(const MoltPrelude *all, const MoltPrelude *some)
{
    bool has = true;
    if (strcmp(all->path, some->path) == 0) {
        return true;
    }
    for (uint32_t i = 0; i < some->files.count && has; i++) {
        const MoltInclusion *file = &some->files.items[i];
        has = !file->system || molt__inclusions_list(&all->files, file->path);
    }
    return has;
}

long molt__joint_base(const MoltJointSource *sources, uint32_t count)
{
    long base = count > 0 ? 0 : -1;
    for (uint32_t i = 1; i < count; i++) {
        if (count_system(&sources[i].prelude->files) >
            count_system(&sources[base].prelude->files)) {
            base = (long)i;
        }
    }
    for (uint32_t i = 0; i < count && base >= 0; i++) {
        base = has_system_files(sources[base].prelude, sources[i].prelude) ? base : -1;
    }
    return base;
}

static bool find_base(MoltJoint *joint)
{
    long base = joint->count > 1 ? molt__joint_base(joint->sources, joint->count) : -1;
    joint->base = base < 0 ? 0 : (uint32_t)base;
    return base >= 0;
}

/* ---- the text -------------------------------------------------------------------------------- */

static bool parse(MoltJoint *joint)
{
    MoltArena *arena = joint->preludes->cache->arena;
    MoltDiagnostics ignored = {.arena = arena};
    MoltText text = {.arena = arena};
    for (uint32_t i = 0; i < joint->count; i++) {
        molt__text_add(&text, "#include \"%s\"\n", joint->sources[i].path);
    }
    /* a name that no source includes and that stands beside no header */
    const char *path = molt__arena_format(arena, "%s/together.c", joint->preludes->cache->folder);
    return molt__translation_unit_open_text(&joint->unit, &ignored, path, text.bytes,
                                            joint->sources[0].command,
                                            joint->sources[joint->base].prelude->path);
}

static bool has_their_files(MoltJoint *joint)
{
    MoltArena *arena = joint->preludes->cache->arena;
    const MoltInclusions **lists = molt__arena_alloc(arena, joint->count * sizeof *lists);
    for (uint32_t i = 0; i < joint->count; i++) {
        lists[i] = &joint->sources[i].prelude->files;
    }
    return molt__translation_unit_reads(&joint->unit, lists, joint->count);
}

/* ---- words ----------------------------------------------------------------------------------- */

static const MoltJointFile *find_file(const MoltJoint *joint, const char *path)
{
    for (uint32_t i = 0; i < joint->file_count; i++) {
        if (strcmp(joint->files[i].path, path) == 0) {
            return &joint->files[i];
        }
    }
    return NULL;
}

/* What the parse read, which the disk may no longer have. */
static bool add_file(MoltJoint *joint, const char *path)
{
    MoltArena *arena = joint->preludes->cache->arena;
    size_t size = 0;
    CXFile file = clang_getFile(joint->unit.handle, path);
    const char *text = file == NULL ? NULL : clang_getFileContents(joint->unit.handle, file, &size);
    const MoltDirectives *directives = molt__prelude_directives(joint->preludes, path);
    if (text == NULL || directives == NULL || strlen(text) != size) {
        return false;
    }
    joint->files = molt__arena_grow(arena, joint->files, joint->file_count, &joint->file_capacity,
                                    sizeof *joint->files);
    MoltJointFile *added = &joint->files[joint->file_count++];
    *added = (MoltJointFile){.path = path,
                             .words = {.arena = arena},
                             .directives = directives,
                             .pastes = strstr(text, "##") != NULL};
    molt__word_set_add_text(&added->words, text);
    added->read_by = molt__arena_alloc(arena, joint->count * sizeof *added->read_by);
    for (uint32_t i = 0; i < joint->count; i++) {
        added->read_by[i] = molt__inclusions_list(&joint->sources[i].prelude->files, path);
    }
    return true;
}

static bool reads(const MoltJoint *joint, uint32_t source, const char *path)
{
    const MoltJointFile *file = find_file(joint, path);
    return file != NULL && file->read_by[source];
}

static bool read_words(MoltJoint *joint)
{
    for (uint32_t i = 0; i < joint->count; i++) {
        const MoltInclusions *files = &joint->sources[i].prelude->files;
        for (uint32_t k = 0; k < files->count; k++) {
            const MoltInclusion *file = &files->items[k];
            if (!file->system && find_file(joint, file->path) == NULL &&
                !add_file(joint, file->path)) {
                return false;
            }
        }
    }
    return true;
}

/* The source has the word, or may make it. */
static bool says(const MoltJoint *joint, uint32_t source, const char *word)
{
    bool pastes = false, found = false;
    MoltWordSet all = {.arena = joint->preludes->cache->arena};
    for (uint32_t i = 0; i < joint->file_count; i++) {
        const MoltJointFile *file = &joint->files[i];
        if (file->read_by[source]) {
            pastes = pastes || file->pastes;
            found = found || molt__word_set_has(&file->words, word);
        }
    }
    for (uint32_t i = 0; pastes && !found && i < joint->file_count; i++) {
        const MoltWordSet *words = &joint->files[i].words;
        for (uint32_t k = 0; joint->files[i].read_by[source] && k < words->capacity; k++) {
            if (words->slots[k] != NULL && strstr(word, words->slots[k]) != NULL) {
                molt__word_set_add(&all, words->slots[k], strlen(words->slots[k]));
            }
        }
    }
    return found || (pastes && molt__word_set_spells(&all, word));
}

/* What would be another thing in a parse with others. */
static bool counts_parses(const MoltJoint *joint)
{
    static const char *const words[] = {"__COUNTER__", "__INCLUDE_LEVEL__", "__BASE_FILE__"};
    for (uint32_t i = 0; i < joint->file_count; i++) {
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            if (molt__word_set_has(&joint->files[i].words, words[k])) {
                return true;
            }
        }
    }
    return false;
}

static bool macros_stay_apart(const MoltJoint *joint)
{
    for (uint32_t i = 0; i < joint->file_count; i++) {
        const MoltJointFile *file = &joint->files[i];
        for (uint32_t k = 0; k < joint->count; k++) {
            if (file->read_by[k]) {
                continue;
            }
            for (uint32_t n = 0; n < file->directives->name_count; n++) {
                if (says(joint, k, file->directives->names[n])) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* What the headers of the prelude define, types and macros, that a source would not read by
 * itself is none of its words. */
static bool headers_stay_apart(const MoltJoint *joint)
{
    const MoltPrelude *base = joint->sources[joint->base].prelude;
    MoltSystemNames names;
    if (!molt__system_names_read(joint->preludes, base, &names)) {
        return false;
    }
    for (uint32_t i = 0; i < joint->count; i++) {
        const MoltPrelude *prelude = joint->sources[i].prelude;
        const char *header = "";
        bool known = strcmp(prelude->path, base->path) == 0;
        for (uint32_t k = 0; k < names.count && strcmp(prelude->path, base->path) != 0; k++) {
            if (names.items[k].header != header) {
                header = names.items[k].header;
                known = molt__inclusions_list(&prelude->files, header);
            }
            if (!known && says(joint, i, names.items[k].name)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- declarations ---------------------------------------------------------------------------- */

static const char *file_of(MoltJoint *joint, CXCursor cursor)
{
    return molt__place_of(&joint->unit, cursor).file;
}

static enum CXChildVisitResult visit_attribute(CXCursor cursor, CXCursor parent, CXClientData data)
{
    bool *found = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    (void)parent;
    *found = *found || kind == CXCursor_AnnotateAttr;
    return kind == CXCursor_ParmDecl ? CXChildVisit_Recurse : CXChildVisit_Continue;
}

/* A function that the source knows from a header, and of which the definition says no more. */
static bool is_known_function(MoltJoint *joint, uint32_t source, CXCursor cursor)
{
    bool attributes = false;
    if (clang_getCursorKind(cursor) != CXCursor_FunctionDecl ||
        clang_getCursorLinkage(cursor) != CXLinkage_External) {
        return false;
    }
    const char *first = file_of(joint, clang_getCanonicalCursor(cursor));
    clang_visitChildren(cursor, visit_attribute, &attributes);
    return !attributes && first != NULL && reads(joint, source, first);
}

static void check_name(MoltJoint *joint, CXCursor cursor, const char *file)
{
    CXString spelling = clang_getCursorSpelling(cursor);
    const char *name = clang_getCString(spelling);
    for (uint32_t i = 0; name != NULL && name[0] != '\0' && joint->apart && i < joint->count; i++) {
        joint->apart =
            reads(joint, i, file) || !says(joint, i, name) || is_known_function(joint, i, cursor);
    }
    clang_disposeString(spelling);
}

/* The file of what is walked now. */
typedef struct Declared {
    MoltJoint *joint;
    const char *file;
} Declared;

/* Tags and enumerators in a struct are of the scope around it. */
static enum CXChildVisitResult visit_nested(CXCursor cursor, CXCursor parent, CXClientData data)
{
    const Declared *declared = data;
    (void)parent;
    switch (clang_getCursorKind(cursor)) {
    case CXCursor_StructDecl:
    case CXCursor_UnionDecl:
    case CXCursor_EnumDecl:
    case CXCursor_EnumConstantDecl: check_name(declared->joint, cursor, declared->file); break;
    default: break;
    }
    return CXChildVisit_Recurse;
}

/* A function or variable of a system header that not all sources with the file read. */
static bool is_foreign(MoltJoint *joint, const char *file, CXCursor declaration)
{
    bool foreign = false;
    enum CXCursorKind kind = clang_getCursorKind(declaration);
    if ((kind != CXCursor_FunctionDecl && kind != CXCursor_VarDecl) ||
        !molt__is_system(declaration)) {
        return false;
    }
    const char *header = file_of(joint, declaration);
    for (uint32_t i = 0; i < joint->count && header != NULL; i++) {
        foreign = foreign || (reads(joint, i, file) &&
                              !molt__inclusions_list(&joint->sources[i].prelude->files, header));
    }
    return foreign;
}

static enum CXChildVisitResult visit_reference(CXCursor cursor, CXCursor parent, CXClientData data)
{
    const Declared *declared = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_DeclRefExpr &&
        is_foreign(declared->joint, declared->file, clang_getCursorReferenced(cursor))) {
        declared->joint->apart = false;
        return CXChildVisit_Break;
    }
    return CXChildVisit_Recurse;
}

/* What is declared here, and what it names, means nothing of a header that the source does not
 * read. */
static void check_references(const Declared *declared, CXCursor cursor)
{
    MoltJoint *joint = declared->joint;
    joint->apart =
        joint->apart && !is_foreign(joint, declared->file, clang_getCanonicalCursor(cursor));
    if (joint->apart) {
        clang_visitChildren(cursor, visit_reference, (CXClientData)declared);
    }
}

static bool is_shared(const MoltJoint *joint, const char *file)
{
    bool shared = true;
    for (uint32_t i = 0; i < joint->count; i++) {
        shared = shared && reads(joint, i, file);
    }
    return shared;
}

static enum CXChildVisitResult visit_declaration(CXCursor cursor, CXCursor parent,
                                                 CXClientData data)
{
    MoltJoint *joint = data;
    (void)parent;
    if (molt__is_system(cursor)) {
        return CXChildVisit_Continue;
    }
    const char *file = file_of(joint, cursor);
    if (file == NULL) {
        return CXChildVisit_Continue;
    }
    Declared declared = {joint, file};
    check_references(&declared, cursor);
    if (is_shared(joint, file)) {
        return joint->apart ? CXChildVisit_Continue : CXChildVisit_Break;
    }
    check_name(joint, cursor, file);
    if (clang_getCursorKind(cursor) !=
        CXCursor_FunctionDecl) { /* what a body declares stays in it */
        clang_visitChildren(cursor, visit_nested, &declared);
    }
    return joint->apart ? CXChildVisit_Continue : CXChildVisit_Break;
}

static bool names_stay_apart(MoltJoint *joint)
{
    joint->apart = true;
    clang_visitChildren(clang_getTranslationUnitCursor(joint->unit.handle), visit_declaration,
                        joint);
    return joint->apart;
}

/* ---- opening --------------------------------------------------------------------------------- */

bool molt__joint_open(MoltJoint *joint, MoltPreludes *preludes, const MoltJointSource *sources,
                      uint32_t count)
{
    *joint = (MoltJoint){.preludes = preludes, .sources = sources, .count = count};
    return find_base(joint) && parse(joint) && has_their_files(joint) && read_words(joint) &&
           !counts_parses(joint) && headers_stay_apart(joint) && macros_stay_apart(joint) &&
           names_stay_apart(joint);
}

void molt__joint_close(MoltJoint *joint)
{
    molt__translation_unit_close(&joint->unit);
    *joint = (MoltJoint){0};
}
