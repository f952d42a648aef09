#include "wanted.h"

#include <string.h>

static const char *const KEYWORDS[] = {"struct ", "union ", "enum "};
static const enum CXCursorKind KINDS[] = {CXCursor_StructDecl, CXCursor_UnionDecl,
                                          CXCursor_EnumDecl};
enum { KEYWORD_COUNT = sizeof KEYWORDS / sizeof KEYWORDS[0] };

const char *molt__wanted_name(const char *root)
{
    for (size_t i = 0; i < KEYWORD_COUNT; i++) {
        if (strncmp(root, KEYWORDS[i], strlen(KEYWORDS[i])) == 0) {
            return root + strlen(KEYWORDS[i]);
        }
    }
    return root;
}

/* ---- named types ----------------------------------------------------------------------------- */

typedef struct Search {
    const char *root, *name;
    CXCursor found; /* a typedef, or the definition of a struct, union or enum */
} Search;

static bool is_called(CXCursor cursor, const char *name)
{
    CXString spelling = clang_getCursorSpelling(cursor);
    const char *text = clang_getCString(spelling);
    bool same = text != NULL && strcmp(text, name) == 0;
    clang_disposeString(spelling);
    return same;
}

static enum CXChildVisitResult visit_named(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Search *search = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    bool fits = kind == CXCursor_TypedefDecl && search->name == search->root;
    (void)parent;
    for (size_t i = 0; i < KEYWORD_COUNT; i++) {
        bool asked = search->name == search->root ||
                     strncmp(search->root, KEYWORDS[i], strlen(KEYWORDS[i])) == 0;
        fits = fits || (kind == KINDS[i] && asked && clang_isCursorDefinition(cursor));
    }
    if (fits && is_called(cursor, search->name)) {
        search->found = cursor;
        return CXChildVisit_Break;
    }
    return CXChildVisit_Continue;
}

static CXCursor find_named(const MoltTypeReader *reader, const char *root)
{
    Search search = {root, molt__wanted_name(root), clang_getNullCursor()};
    clang_visitChildren(clang_getTranslationUnitCursor(reader->unit->handle), visit_named, &search);
    return search.found;
}

bool molt__wanted_find(const MoltTypeReader *reader, const char *name, CXType *out)
{
    CXCursor found = find_named(reader, name);
    if (clang_Cursor_isNull(found)) {
        return false;
    }
    *out = clang_getCursorType(found);
    return true;
}

static void read_root(MoltTypeReader *reader, const char *root)
{
    CXCursor found = find_named(reader, root);
    if (clang_Cursor_isNull(found)) {
        return;
    }
    MoltModelType *read = molt__type_read(reader, clang_getCursorType(found),
                                          molt__place_of(reader->unit, found));
    if (read != NULL) {
        molt__model_add_root(reader->model, molt__wanted_name(root), read);
    }
}

/* ---- every record ---------------------------------------------------------------------------- */

/* Records without a name of their own are read as part of what holds them. */
static enum CXChildVisitResult visit_record(CXCursor cursor, CXCursor parent, CXClientData data)
{
    MoltTypeReader *reader = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    (void)parent;
    if (kind != CXCursor_StructDecl && kind != CXCursor_UnionDecl) {
        return kind == CXCursor_FieldDecl || kind == CXCursor_TypedefDecl ? CXChildVisit_Recurse
                                                                         : CXChildVisit_Continue;
    }
    if (clang_isCursorDefinition(cursor)) {
        MoltTypeContext context = {.place = molt__place_of(reader->unit, cursor), .follow = true};
        molt__type_read_in(reader, clang_getCursorType(cursor), context);
    }
    return CXChildVisit_Recurse;
}

void molt__wanted_read(MoltTypeReader *reader, const MoltWanted *wanted)
{
    for (uint32_t i = 0; i < wanted->root_count; i++) {
        read_root(reader, wanted->roots[i]);
    }
    if (wanted->all_records) {
        clang_visitChildren(clang_getTranslationUnitCursor(reader->unit->handle), visit_record,
                            reader);
    }
}
