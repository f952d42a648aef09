#include "prelude_maker.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "path.h"
#include "system_names.h"
#include "word_set.h"

/* What fails by chance, as for want of memory, must not stand until the source changes. */
enum { ATTEMPTS = 2 };

/* A source whose prelude is being made. */
typedef struct Making {
    MoltPreludes *preludes;
    const MoltUnitDesc *desc;
    MoltArena *arena;
    MoltTranslationUnit unit;
    MoltInclusions files; /* of the source, without a prelude */
    MoltText includes;    /* the lines that include its system headers */
    bool strange;         /* one of them is written in a way of its own */
} Making;

/* ---- what it includes ------------------------------------------------------------------------ */

static bool is_system(CXTranslationUnit handle, CXFile file)
{
    return file != NULL &&
           clang_Location_isInSystemHeader(clang_getLocation(handle, file, 1, 1)) != 0;
}

/* The line of a directive, from its '#'; NULL when it is not one that names a file of the system in
 * <>. */
static const char *read_include(Making *making, CXSourceLocation place)
{
    CXFile file = NULL;
    unsigned offset = 0;
    size_t size = 0;
    clang_getExpansionLocation(place, &file, NULL, NULL, &offset);
    const char *text = clang_getFileContents(making->unit.handle, file, &size);
    if (text == NULL || offset >= size) {
        return NULL;
    }
    while (offset > 0 && text[offset - 1] != '\n') {
        offset--;
    }
    const char *line = text + offset, *end = memchr(line, '\n', size - offset);
    size_t length = end == NULL ? size - offset : (size_t)(end - line);
    const char *open = memchr(line, '<', length);
    const char *close = open == NULL ? NULL : memchr(open, '>', length - (size_t)(open - line));
    const char *quote = memchr(line, '"', length);
    if (close == NULL || (quote != NULL && quote < open) || memchr(line, '\\', length) != NULL) {
        return NULL;
    }
    return molt__arena_copy(making->arena, open, (size_t)(close - open) + 1);
}

static void visit_system(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData data)
{
    Making *making = data;
    CXFile by = NULL;
    if (depth == 0 || !is_system(making->unit.handle, file)) {
        return;
    }
    clang_getExpansionLocation(stack[0], &by, NULL, NULL, NULL);
    if (is_system(making->unit.handle, by)) {
        return; /* whatever includes that one includes this one */
    }
    const char *name = read_include(making, stack[0]);
    making->strange = making->strange || name == NULL;
    if (name != NULL) {
        molt__text_add(&making->includes, "#include %s\n", name);
    }
}

static bool read_files(Making *making)
{
    MoltDiagnostics ignored = {.arena = making->arena};
    bool good = molt__translation_unit_open(&making->unit, &ignored, making->desc->source,
                                            making->desc->command, NULL);
    if (good) {
        making->files = molt__translation_unit_inclusions(&making->unit);
        clang_getInclusions(making->unit.handle, visit_system, making);
    }
    molt__translation_unit_close(&making->unit);
    return good && making->files.count > 0 &&
           strcmp(making->files.items[0].path, making->desc->source) == 0;
}

/* ---- whether the order matters --------------------------------------------------------------- */

/* With a file that comes before everything else, nobody could say which is first. */
static bool has_first_file(const MoltCommand *command)
{
    for (uint32_t i = 0; i < command->count; i++) {
        if (strncmp(command->flags[i], "-include", strlen("-include")) == 0 ||
            strncmp(command->flags[i], "-imacros", strlen("-imacros")) == 0) {
            return true;
        }
    }
    return false;
}

/* No macro that a file of the game defines or takes away is one that a system header could use, by
 * its name or by pasting it together. */
static bool names_stay_apart(Making *making)
{
    MoltWordSet words = {.arena = making->arena};
    size_t length = 0;
    for (uint32_t i = 0; i < making->files.count; i++) {
        const MoltInclusion *file = &making->files.items[i];
        const char *text =
            file->system ? molt__output_read(making->arena, file->path, &length) : "";
        if (text == NULL) {
            return false;
        }
        molt__word_set_add_text(&words, text);
    }
    for (uint32_t i = 0; i < making->files.count; i++) {
        const MoltInclusion *file = &making->files.items[i];
        const MoltDirectives *directives =
            file->system ? NULL : molt__prelude_directives(making->preludes, file->path);
        if (!file->system && (directives == NULL || !directives->plain)) {
            return false;
        }
        for (uint32_t k = 0; directives != NULL && k < directives->name_count; k++) {
            if (molt__word_set_spells(&words, directives->names[k])) {
                return false;
            }
        }
    }
    return true;
}

/* ---- precompiling ---------------------------------------------------------------------------- */

static uint32_t next_system(const MoltInclusions *files, uint32_t at)
{
    while (at < files->count && !files->items[at].system) {
        at++;
    }
    return at;
}

/* The same system headers, first entered in the same order. */
static bool same_headers(const MoltInclusions *a, const MoltInclusions *b)
{
    uint32_t i = next_system(a, 0), k = next_system(b, 0);
    while (i < a->count && k < b->count && strcmp(a->items[i].path, b->items[k].path) == 0) {
        i = next_system(a, i + 1);
        k = next_system(b, k + 1);
    }
    return i == a->count && k == b->count;
}

static bool precompile(Making *making, const char *set)
{
    const char *header = molt__prelude_file(making->preludes, set, "h"), *error = NULL;
    const char *path = molt__prelude_file(making->preludes, set, "pch");
    const char *beside = molt__prelude_file(making->preludes, set, "new");
    const MoltOutput output = {header, making->includes.bytes};
    MoltDiagnostics ignored = {.arena = making->arena};
    if (access(header, R_OK) == 0 && access(path, R_OK) == 0 &&
        access(molt__prelude_file(making->preludes, set, "names"), R_OK) == 0) {
        return true;
    }
    bool made = false;
    if (molt__output_write(making->arena, &output, 1, &error) &&
        molt__translation_unit_precompile(&making->unit, &ignored, header,
                                          making->desc->command)) {
        MoltInclusions found = molt__translation_unit_inclusions(&making->unit);
        made = same_headers(&found, &making->files) &&
               molt__system_names_write(making->preludes, set, &making->unit, &found) &&
               molt__translation_unit_save(&making->unit, beside) && rename(beside, path) == 0;
    }
    molt__translation_unit_close(&making->unit);
    return made;
}

static const char *read_unit(Making *making, const MoltPrelude *prelude)
{
    MoltDiagnostics ignored = {.arena = making->arena};
    MoltUnitDesc desc = *making->desc;
    MoltUnit unit = {0};
    desc.prelude = prelude;
    desc.strict = true;
    const char *text = molt__unit_from_source(&ignored, &desc, &unit)
                           ? molt__unit_write(making->arena, &unit, NULL)
                           : NULL;
    molt__unit_release(&unit);
    return text;
}

static bool gives_same_unit(Making *making, const char *set)
{
    const MoltPrelude prelude = {molt__prelude_file(making->preludes, set, "pch"), making->files, 0};
    const char *with = read_unit(making, &prelude);
    const char *without = with == NULL ? NULL : read_unit(making, NULL);
    return without != NULL && strcmp(with, without) == 0;
}

/* None of the source's files has changed since. */
static bool is_settled(const Making *making, struct timespec started)
{
    for (uint32_t i = 0; i < making->files.count; i++) {
        struct stat file;
        if (stat(making->files.items[i].path, &file) != 0 ||
            !molt__unit_cache_settled(file.st_mtim, started)) {
            return false;
        }
    }
    return true;
}

void molt__prelude_make(MoltPreludes *preludes, const MoltUnitDesc *desc)
{
    MoltArena *arena = preludes->cache->arena;
    Making making = {
        .preludes = preludes, .desc = desc, .arena = arena, .includes = {.arena = arena}};
    MoltPrelude known;
    struct timespec started;
    clock_gettime(CLOCK_REALTIME, &started);
    if (molt__prelude_find(preludes, desc->source, desc->command, &known) != MOLT_PRELUDE_UNKNOWN ||
        !read_files(&making)) {
        return;
    }
    const char *set = NULL;
    if (making.includes.length > 0 && !making.strange && !has_first_file(desc->command) &&
        names_stay_apart(&making)) {
        set = molt__prelude_set(preludes, desc->command, &making.files, making.includes.bytes);
    }
    bool good = false;
    for (int attempt = 0; set != NULL && !good && attempt < ATTEMPTS; attempt++) {
        good = precompile(&making, set) && gives_same_unit(&making, set);
    }
    set = good ? set : NULL;
    if (is_settled(&making, started)) {
        molt__prelude_store(preludes, desc->source, desc->command, &making.files, set);
    }
}
