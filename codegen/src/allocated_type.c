#include "allocated_type.h"

#include <ctype.h>
#include <string.h>

enum { SIZES_MAX = 8, DEPTH_MAX = 40 };

/* One sizeof. `operand` is the type of its expression, or the type that it names, from which it may
 * differ by pointers and arrays (libclang gives the declared name in it only). */
typedef struct Sizeof {
    CXCursor cursor;
    CXType operand; /* CXType_Invalid: a built-in type, of which libclang gives nothing */
    bool exact;
    long long value; /* -1: not constant */
} Sizeof;

typedef struct Reading {
    Sizeof items[SIZES_MAX];
    unsigned count;
    bool mixed;  /* a sum of something with sizeof and something without */
    bool opaque; /* more than can be followed */
} Reading;

/* ---- expressions ----------------------------------------------------------------------------- */

typedef struct Children {
    CXCursor items[4];
    unsigned count;
} Children;

static enum CXChildVisitResult visit_child(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Children *children = data;
    (void)parent;
    if (children->count < sizeof children->items / sizeof children->items[0]) {
        children->items[children->count] = cursor;
    }
    children->count++;
    return CXChildVisit_Continue;
}

static Children children_of(CXCursor cursor)
{
    Children children = {.count = 0};
    clang_visitChildren(cursor, visit_child, &children);
    return children;
}

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
        if (strncmp(at, macro->name, macro->length) != 0 || isalnum((unsigned char)at[macro->length]) ||
            at[macro->length] == '_') {
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
    while (name != NULL && (isalnum((unsigned char)name[macro.length]) || name[macro.length] == '_')) {
        macro.length++;
    }
    if (macro.length > 0) {
        clang_getInclusions(macro.unit, visit_file, &macro);
    }
    return macro.product ? '*' : '\0';
}

/* The first character of a binary operator: in C text what lies between its sides. */
static char operator_of(CXCursor cursor, CXCursor left, CXCursor right)
{
    const char *first = NULL, *at = text_at(left, true, &first), *end = text_at(right, false, &first);
    if (at == NULL || end == NULL || at >= end) {
        return operator_of_macro(cursor);
    }
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return is_operator(*at) ? *at : operator_of_macro(cursor);
}

static long long constant_value(CXCursor cursor)
{
    long long value = -1;
    CXEvalResult result = clang_Cursor_Evaluate(cursor);
    if (result != NULL && clang_EvalResult_getKind(result) == CXEval_Int) {
        value = clang_EvalResult_getAsLongLong(result);
    }
    if (result != NULL) {
        clang_EvalResult_dispose(result);
    }
    return value;
}

static void add_sizeof(Reading *reading, CXCursor cursor)
{
    Children children = children_of(cursor);
    Sizeof *item = &reading->items[reading->count];
    if (reading->count == SIZES_MAX) {
        reading->opaque = true;
        return;
    }
    *item = (Sizeof){.cursor = cursor, .value = constant_value(cursor)};
    item->operand.kind = CXType_Invalid;
    if (children.count > 0) {
        CXCursor child = children.items[0];
        item->exact = clang_isExpression(clang_getCursorKind(child)) != 0;
        item->operand = clang_getCanonicalType(clang_getCursorType(child));
    }
    reading->count++;
}

static bool read_size(Reading *reading, CXCursor cursor, int depth);

typedef struct Change {
    CXCursor variable;
    bool found;
} Change;

/* Assignments to the variable, and what else may change it. */
static enum CXChildVisitResult visit_change(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Change *change = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    (void)parent;
    if (kind == CXCursor_BinaryOperator || kind == CXCursor_CompoundAssignOperator ||
        kind == CXCursor_UnaryOperator) {
        Children children = children_of(cursor);
        bool own = children.count > 0 &&
                   clang_equalCursors(clang_getCursorReferenced(children.items[0]),
                                      change->variable) != 0;
        if (own && kind == CXCursor_BinaryOperator) {
            const char *first = NULL, *at = text_at(children.items[0], true, &first);
            while (at != NULL && isspace((unsigned char)*at)) {
                at++;
            }
            own = at == NULL || !is_operator(*at);
        }
        change->found = change->found || own;
    }
    return change->found ? CXChildVisit_Break : CXChildVisit_Recurse;
}

/* The value that a local number was given where it is declared, if it keeps it. */
static bool read_variable(Reading *reading, CXCursor reference, int depth)
{
    CXCursor variable = clang_getCursorReferenced(reference);
    CXType type = clang_getCanonicalType(clang_getCursorType(reference));
    if (clang_getCursorKind(variable) != CXCursor_VarDecl || type.kind < CXType_Bool ||
        type.kind > CXType_Int128) {
        return false;
    }
    Change change = {variable, false};
    clang_visitChildren(clang_getCursorSemanticParent(variable), visit_change, &change);
    if (change.found) {
        return false;
    }
    CXCursor value = clang_Cursor_getVarDeclInitializer(variable);
    return !clang_Cursor_isNull(value) && read_size(reading, value, depth + 1);
}

static bool read_binary(Reading *reading, CXCursor cursor, int depth)
{
    Children children = children_of(cursor);
    if (children.count != 2) {
        return false;
    }
    bool left = read_size(reading, children.items[0], depth + 1);
    bool right = read_size(reading, children.items[1], depth + 1);
    char sign = operator_of(cursor, children.items[0], children.items[1]);
    if ((left || right) && sign == '+') {
        reading->mixed = reading->mixed || left != right;
    } else if ((left || right) && sign != '*') {
        reading->opaque = true;
    }
    return left || right;
}

/* Collects every sizeof of an expression; true when there is one. */
static bool read_size(Reading *reading, CXCursor cursor, int depth)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (depth > DEPTH_MAX) {
        reading->opaque = true;
        return false;
    }
    if (kind == CXCursor_UnaryExpr) {
        add_sizeof(reading, cursor);
        return true;
    }
    if (kind == CXCursor_BinaryOperator) {
        return read_binary(reading, cursor, depth);
    }
    if (kind == CXCursor_DeclRefExpr) {
        return read_variable(reading, cursor, depth);
    }
    if (kind == CXCursor_MemberRefExpr || kind == CXCursor_ArraySubscriptExpr) {
        return false; /* a number that was stored somewhere */
    }
    bool found = false;
    Children children = children_of(cursor);
    if (children.count > sizeof children.items / sizeof children.items[0]) {
        reading->opaque = true;
        return false;
    }
    for (unsigned i = 0; i < children.count; i++) {
        found = read_size(reading, children.items[i], depth + 1) || found;
    }
    return found;
}

/* ---- what a sizeof means --------------------------------------------------------------------- */

/* A star between the parentheses says that a pointer is meant. False too where a macro hides them. */
static bool is_plain_name(CXCursor cursor)
{
    CXTranslationUnit unit = clang_Cursor_getTranslationUnit(cursor);
    CXToken *tokens = NULL;
    unsigned count = 0;
    bool opened = false, star = false;
    clang_tokenize(unit, clang_getCursorExtent(cursor), &tokens, &count);
    for (unsigned i = 0; i < count; i++) {
        CXString spelling = clang_getTokenSpelling(unit, tokens[i]);
        const char *text = clang_getCString(spelling);
        opened = opened || strcmp(text, "(") == 0;
        star = star || strcmp(text, "*") == 0;
        clang_disposeString(spelling);
    }
    clang_disposeTokens(unit, tokens, count);
    return opened && !star;
}

static bool is_object(CXType type)
{
    return type.kind != CXType_Invalid && type.kind != CXType_Void && clang_Type_getSizeOf(type) > 0;
}

/* Type of one element of what was measured; CXType_Invalid when that is not sure. */
static CXType measured(const Sizeof *item, CXType pointee)
{
    CXType none = {.kind = CXType_Invalid};
    long long size = is_object(item->operand) ? clang_Type_getSizeOf(item->operand) : 0;
    bool fits = is_object(pointee) && clang_Type_getSizeOf(pointee) == item->value;
    if (item->exact) {
        return size > 0 ? item->operand : none;
    }
    if (fits && (size == 0 || pointee.kind == CXType_Pointer ||
                 clang_equalTypes(pointee, item->operand))) {
        return pointee;
    }
    if (size == 0 || item->value % size != 0) {
        return fits ? pointee : none;
    }
    if (item->value == (long long)sizeof(void *) && !is_plain_name(item->cursor)) {
        return none; /* the type, or a pointer to it */
    }
    return item->operand;
}

typedef struct LastField {
    CXType type;
} LastField;

static enum CXVisitorResult visit_field(CXCursor field, CXClientData data)
{
    LastField *last = data;
    last->type = clang_getCanonicalType(clang_getCursorType(field));
    return CXVisit_Continue;
}

static bool is_flexible(CXType type)
{
    LastField last = {.type = {.kind = CXType_Invalid}};
    if (type.kind == CXType_Record) {
        clang_Type_visitFields(type, visit_field, &last);
    }
    return last.type.kind == CXType_IncompleteArray;
}

/* ---- the type -------------------------------------------------------------------------------- */

static MoltAllocatedType not_known(const char *reason)
{
    return (MoltAllocatedType){.reason = reason, .type = {.kind = CXType_Invalid}};
}

static MoltAllocatedType is_type(CXType type, bool named)
{
    return (MoltAllocatedType){.known = true, .type = type, .named = named};
}

/* Without sizeof only the pointer speaks. A pointer to a struct may be one to the first member of a
 * larger one, so it does not say enough. */
static MoltAllocatedType by_pointer(CXType pointee)
{
    if (!is_object(pointee)) {
        return not_known("neither the size nor the pointer names a type");
    }
    if (pointee.kind == CXType_Record && !is_flexible(pointee)) {
        return not_known("the size names no type, and the struct may be part of a larger one");
    }
    return is_type(pointee, false);
}

static MoltAllocatedType by_sizes(const Reading *reading, CXType pointee)
{
    CXType found = {.kind = CXType_Invalid};
    bool several = false, flexible = false;
    for (unsigned i = 0; i < reading->count; i++) {
        CXType type = measured(&reading->items[i], pointee);
        if (type.kind == CXType_Invalid) {
            return not_known("what sizeof measures is not clear");
        }
        if (is_flexible(type) && !flexible) {
            flexible = true; /* the other sizes are of its elements */
            found = type;
        } else if (i == 0) {
            found = type;
        } else if (!clang_equalTypes(found, type)) {
            several = true;
        }
    }
    if (flexible) {
        return is_type(found, true);
    }
    if (several) {
        return not_known("the size adds up several types");
    }
    if (reading->mixed && found.kind == CXType_Record) {
        return not_known("the block holds more than the type that the size names");
    }
    return is_type(found, true);
}

MoltAllocatedType molt__allocated_type(const CXCursor *sizes, unsigned count, CXType pointee)
{
    Reading reading = {.count = 0};
    for (unsigned i = 0; i < count; i++) {
        read_size(&reading, sizes[i], 0);
    }
    if (reading.opaque) {
        return not_known("the size is computed in a way that is not followed");
    }
    return reading.count > 0 ? by_sizes(&reading, pointee) : by_pointer(pointee);
}

bool molt__allocated_names_type(CXCursor size)
{
    Reading reading = {.count = 0};
    return read_size(&reading, size, 0);
}
