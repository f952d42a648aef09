#include "expression.h"

#include <ctype.h>
#include <string.h>

enum { ROOM = sizeof((MoltExpressions *)0)->items / sizeof(CXCursor) };

/* ---- parts ----------------------------------------------------------------------------------- */

static enum CXChildVisitResult visit_child(CXCursor cursor, CXCursor parent, CXClientData data)
{
    MoltExpressions *children = data;
    (void)parent;
    if (children->count < ROOM) {
        children->items[children->count] = cursor;
    }
    children->count++;
    return CXChildVisit_Continue;
}

MoltExpressions molt__expression_children(CXCursor cursor)
{
    MoltExpressions children = {.count = 0};
    clang_visitChildren(cursor, visit_child, &children);
    return children;
}

static enum CXChildVisitResult visit_last(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    *(CXCursor *)data = cursor;
    return CXChildVisit_Continue;
}

CXCursor molt__expression_last(CXCursor cursor)
{
    CXCursor last = clang_getNullCursor();
    clang_visitChildren(cursor, visit_last, &last);
    return last;
}

CXCursor molt__expression_strip(CXCursor cursor)
{
    for (;;) {
        enum CXCursorKind kind = clang_getCursorKind(cursor);
        MoltExpressions parts = molt__expression_children(cursor);
        bool transparent = kind == CXCursor_ParenExpr || kind == CXCursor_UnexposedExpr ||
                           kind == CXCursor_CStyleCastExpr;
        if (!transparent || parts.count == 0 || parts.count > ROOM) {
            return cursor;
        }
        cursor = parts.items[parts.count - 1]; /* a cast has its type in front */
    }
}

/* ---- operators ------------------------------------------------------------------------------- */

/* Position in the file of the end or start of an expression; of what a macro makes, of its use. */
static const char *text_at(CXCursor cursor, bool end, const char **first)
{
    CXSourceRange range = clang_getCursorExtent(cursor);
    CXFile file = NULL;
    unsigned offset = 0;
    size_t size = 0;
    clang_getFileLocation(end ? clang_getRangeEnd(range) : clang_getRangeStart(range), &file, NULL,
                          NULL, &offset);
    const char *text =
        file == NULL ? NULL
                     : clang_getFileContents(clang_Cursor_getTranslationUnit(cursor), file, &size);
    if (text == NULL || offset > size) {
        return NULL;
    }
    *first = text;
    return text + offset;
}

static bool is_operator(char c)
{
    return c != '\0' && strchr("+-*/%<>&|^", c) != NULL;
}

/* A macro by name, and what its definitions in all files of the source say. */
typedef struct Macro {
    CXTranslationUnit unit;
    const char *name;
    size_t length;
    bool defined, product; /* product: every definition multiplies sizes and does nothing else */
} Macro;

/* `text` is what follows the name in a definition, up to the line's end. */
static bool multiplies(const char *text)
{
    bool measures = false;
    for (; *text != '\0' && (*text != '\n' || text[-1] == '\\'); text++) {
        measures = measures || strncmp(text, "sizeof", 6) == 0;
        bool arrow = text[0] == '-' && text[1] == '>';
        if (arrow) {
            text++;
        } else if (is_operator(*text) && *text != '*') {
            return false;
        }
    }
    return measures;
}

static void visit_file(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData data)
{
    Macro *macro = data;
    size_t size = 0;
    const char *text = clang_getFileContents(macro->unit, file, &size);
    (void)stack;
    (void)depth;
    for (const char *at = text; at != NULL && (at = strstr(at, "define")) != NULL;) {
        at += strlen("define");
        at += strspn(at, " \t");
        if (strncmp(at, macro->name, macro->length) != 0 ||
            isalnum((unsigned char)at[macro->length]) || at[macro->length] == '_') {
            continue;
        }
        bool product = multiplies(at + macro->length);
        macro->product = product && (macro->product || !macro->defined);
        macro->defined = true;
    }
}

/* The operator that a macro puts between its arguments; 0 when its definition does not say. */
static char operator_of_macro(CXCursor cursor)
{
    const char *first = NULL, *name = text_at(cursor, false, &first);
    Macro macro = {.unit = clang_Cursor_getTranslationUnit(cursor), .name = name};
    while (name != NULL &&
           (isalnum((unsigned char)name[macro.length]) || name[macro.length] == '_')) {
        macro.length++;
    }
    if (macro.length > 0) {
        clang_getInclusions(macro.unit, visit_file, &macro);
    }
    return macro.product ? '*' : '\0';
}

char molt__expression_operator(CXCursor cursor)
{
    MoltExpressions sides = molt__expression_children(cursor);
    if (sides.count != 2) {
        return '\0';
    }
    const char *first = NULL, *at = text_at(sides.items[0], true, &first),
               *end = text_at(sides.items[1], false, &first);
    if (at == NULL || end == NULL || at >= end) {
        return operator_of_macro(cursor);
    }
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return is_operator(*at) ? *at : operator_of_macro(cursor);
}

bool molt__expression_assigns(CXCursor cursor)
{
    MoltExpressions sides = molt__expression_children(cursor);
    const char *first = NULL, *at = sides.count == 2 ? text_at(sides.items[0], true, &first) : NULL;
    const char *end = at == NULL ? NULL : text_at(sides.items[1], false, &first);
    while (at != NULL && isspace((unsigned char)*at)) {
        at++;
    }
    return at == NULL || end == NULL || at >= end || (at[0] == '=' && at[1] != '=');
}
