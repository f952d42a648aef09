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
    bool defined, product; /* product: every definition has sizes in it that are only multiplied */
} Macro;

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Behind the bracket that closes the one at `at`; before the definition's end in any case. */
static const char *skip_brackets(const char *at, const char *end)
{
    int depth = 0;
    while (at < end) {
        depth += (*at == '(' || *at == '[') - (*at == ')' || *at == ']');
        at++;
        if (depth == 0) {
            break;
        }
    }
    return at;
}

/* Before the bracket that opens the one at `at`, which closes. */
static const char *skip_back(const char *at, const char *start)
{
    int depth = 0;
    while (at >= start) {
        depth += (*at == ')' || *at == ']') - (*at == '(' || *at == '[');
        at--;
        if (depth == 0) {
            break;
        }
    }
    return at;
}

static bool ends_value(char c)
{
    return c == ',' || c == '=' || c == ';' || c == '?' || c == ':' || c == '{' || c == '}';
}

/* From before a size outwards, to where the value begins that it is part of: false when anything but a
 * multiplication is on the way. `*open` counts parentheses that are only grouping. */
static bool multiplies_before(const char *at, const char *start, unsigned *open)
{
    while (at >= start && !ends_value(*at)) {
        if (*at == ')' || *at == ']') {
            at = skip_back(at, start);
            continue;
        }
        if (*at == '(') {
            const char *before = at - 1;
            while (before >= start && isspace((unsigned char)*before)) {
                before--;
            }
            if (before >= start && is_name(*before)) {
                return true; /* an argument */
            }
            ++*open;
        } else if (*at == '>' && at > start && at[-1] == '-') {
            at--;
        } else if (is_operator(*at) && *at != '*') {
            return false;
        }
        at--;
    }
    return true;
}

static bool multiplies_behind(const char *at, const char *end, unsigned open)
{
    while (at < end && !ends_value(*at)) {
        if (*at == '(' || *at == '[') {
            at = skip_brackets(at, end);
            continue;
        }
        if (*at == ')' && open-- == 0) {
            return true;
        }
        if (at[0] == '-' && at[1] == '>') {
            at++;
        } else if (is_operator(*at) && *at != '*') {
            return false;
        }
        at++;
    }
    return true;
}

/* What sizeof measures is no part of the product. */
static const char *behind_sizeof(const char *at, const char *end)
{
    at += strlen("sizeof");
    while (at < end && (isspace((unsigned char)*at) || *at == '*' || *at == '&')) {
        at++;
    }
    if (at < end && *at == '(') {
        return skip_brackets(at, end);
    }
    while (at < end &&
           (is_name(*at) || *at == '.' || *at == '[' || (at[0] == '-' && at[1] == '>'))) {
        at = *at == '[' ? skip_brackets(at, end) : at + (*at == '-' ? 2 : 1);
    }
    return at;
}

/* `text` is what follows the name in a definition, up to the line's end. Sizes that it measures are
 * multiplied by other things, and nothing else is done to them. */
static bool multiplies(const char *text)
{
    const char *end = text;
    bool measures = false;
    while (*end != '\0' && (*end != '\n' || end[-1] == '\\')) {
        end++;
    }
    for (const char *at = text; at + strlen("sizeof") < end; at++) {
        unsigned open = 0;
        bool word =
            strncmp(at, "sizeof", 6) == 0 && !is_name(at[6]) && (at == text || !is_name(at[-1]));
        if (word && (!multiplies_before(at - 1, text, &open) ||
                     !multiplies_behind(behind_sizeof(at, end), end, open))) {
            return false;
        }
        measures = measures || word;
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
        if (strncmp(at, macro->name, macro->length) != 0 || is_name(at[macro->length])) {
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
    while (name != NULL && is_name(name[macro.length])) {
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
