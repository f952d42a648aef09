#include "system_names.h"

#include <string.h>

#include "output.h"
#include "path.h"

/* SET.names:
 *
 *   molt-names 1
 *   f <path of a header>
 *   n <name>
 */
#define FIRST_LINE "molt-names 1\n"
#define ENDING_OF_SET ".pch"

typedef struct Naming {
    MoltTranslationUnit *unit;
    MoltText text;
    const char *header; /* whose names were added last */
} Naming;

static void add(Naming *naming, const char *header, const char *name)
{
    if (name == NULL || name[0] == '\0' || strchr(name, '\n') != NULL) {
        return;
    }
    if (naming->header == NULL || strcmp(naming->header, header) != 0) {
        molt__text_add(&naming->text, "f %s\n", header);
        naming->header = header;
    }
    molt__text_add(&naming->text, "n %s\n", name);
}

static enum CXChildVisitResult visit_name(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Naming *naming = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    bool record =
        kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl || kind == CXCursor_EnumDecl;
    bool named = record || kind == CXCursor_EnumConstantDecl || kind == CXCursor_TypedefDecl;
    MoltPlace place = molt__place_of(naming->unit, cursor);
    (void)parent;
    if (named && place.file != NULL) {
        CXString name = clang_getCursorSpelling(cursor);
        add(naming, place.file, clang_getCString(name));
        clang_disposeString(name);
    }
    return record ? CXChildVisit_Recurse : CXChildVisit_Continue;
}

bool molt__system_names_write(MoltPreludes *preludes, const char *set, MoltTranslationUnit *unit,
                              const MoltInclusions *files)
{
    const char *error = NULL;
    Naming naming = {.unit = unit, .text = {.arena = preludes->cache->arena}};
    molt__text_add(&naming.text, FIRST_LINE);
    clang_visitChildren(clang_getTranslationUnitCursor(unit->handle), visit_name, &naming);
    for (uint32_t i = 0; i < files->count; i++) {
        const char *path = files->items[i].path;
        const MoltDirectives *directives =
            files->items[i].system ? molt__prelude_directives(preludes, path) : NULL;
        if (files->items[i].system && (directives == NULL || strchr(path, '\n') != NULL)) {
            return false;
        }
        for (uint32_t k = 0; directives != NULL && k < directives->name_count; k++) {
            add(&naming, path, directives->names[k]);
        }
    }
    const MoltOutput output = {molt__prelude_file(preludes, set, "names"), naming.text.bytes};
    return molt__output_write(naming.text.arena, &output, 1, &error);
}

bool molt__system_names_read(const MoltPreludes *preludes, const MoltPrelude *prelude,
                             MoltSystemNames *out)
{
    MoltArena *arena = preludes->cache->arena;
    size_t length = strlen(prelude->path), ending = strlen(ENDING_OF_SET);
    const char *header = "";
    *out = (MoltSystemNames){0};
    if (!molt__path_ends(prelude->path, ENDING_OF_SET)) {
        return false;
    }
    const char *path =
        molt__arena_format(arena, "%.*s.names", (int)(length - ending), prelude->path);
    char *at = molt__output_read(arena, path, &length);
    if (at == NULL || strncmp(at, FIRST_LINE, strlen(FIRST_LINE)) != 0) {
        return false;
    }
    at += strlen(FIRST_LINE);
    for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        if (strncmp(at, "f ", 2) == 0) {
            header = at + 2;
        } else if (strncmp(at, "n ", 2) == 0) {
            out->items =
                molt__arena_grow(arena, out->items, out->count, &out->capacity, sizeof *out->items);
            out->items[out->count++] = (MoltSystemName){header, at + 2};
        }
    }
    return out->count > 0;
}
