#include "place_name.h"

#include <string.h>

static MoltArena *arena_of(const MoltTypeReader *types)
{
    return types->model->arena;
}

const char *molt__place_spelling(const MoltTypeReader *types, CXString string)
{
    const char *text = clang_getCString(string);
    const char *copy = text == NULL ? "" : molt__arena_copy(arena_of(types), text, strlen(text));
    clang_disposeString(string);
    return copy;
}

const char *molt__place_function(const MoltTypeReader *types, CXCursor function)
{
    const char *name = molt__place_spelling(types, clang_getCursorSpelling(function));
    if (clang_getCursorLinkage(function) != CXLinkage_Internal) {
        return name;
    }
    return molt__arena_format(arena_of(types), "%s@%s", name,
                              molt__place_of(types->unit, function).file);
}

static const char *parameter_name(const MoltTypeReader *types, CXCursor parameter)
{
    CXCursor function = clang_getCursorSemanticParent(parameter);
    int count = clang_getCursorKind(function) == CXCursor_FunctionDecl
                    ? clang_Cursor_getNumArguments(function)
                    : 0;
    for (int i = 0; i < count; i++) {
        if (clang_equalCursors(clang_Cursor_getArgument(function, (unsigned)i), parameter)) {
            return molt__arena_format(arena_of(types), "p %s#%d",
                                      molt__place_function(types, function), i);
        }
    }
    return NULL;
}

const char *molt__place_declared(const MoltTypeReader *types, CXCursor declaration)
{
    enum CXCursorKind kind = clang_getCursorKind(declaration);
    const char *name = kind == CXCursor_ParmDecl ? parameter_name(types, declaration) : NULL;
    if (name != NULL ||
        (kind != CXCursor_ParmDecl && kind != CXCursor_VarDecl && kind != CXCursor_FieldDecl)) {
        return name;
    }
    bool local =
        kind == CXCursor_ParmDecl ||
        (kind == CXCursor_VarDecl && clang_getCursorLinkage(declaration) == CXLinkage_NoLinkage &&
         clang_Cursor_getStorageClass(declaration) != CX_SC_Static);
    return molt__arena_format(arena_of(types), "%c %s", local ? 'l' : 'd',
                              molt__place_spelling(types, clang_getCursorUSR(declaration)));
}

const char *molt__place_of_call(const MoltTypeReader *types, CXCursor callee, CXType pointer,
                                int argument)
{
    bool known = clang_getCursorKind(callee) == CXCursor_FunctionDecl;
    const char *name =
        known ? molt__place_function(types, callee)
              : molt__place_spelling(types, clang_getTypeSpelling(clang_getCanonicalType(pointer)));
    if (argument < 0) {
        return molt__arena_format(arena_of(types), known ? "r %s" : "s %s", name);
    }
    return molt__arena_format(arena_of(types), known ? "p %s#%d" : "s %s#%d", name, argument);
}
