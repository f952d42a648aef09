#include "allocated_type.h"

#include <string.h>

#include "expression.h"
#include "scaled_size.h"

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
    bool summed; /* a sum of sizes */
    bool chosen; /* a condition takes one of several */
    bool opaque; /* more than can be followed */
} Reading;

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
    MoltExpressions children = molt__expression_children(cursor);
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
        MoltExpressions children = molt__expression_children(cursor);
        bool own =
            children.count > 0 &&
            clang_equalCursors(clang_getCursorReferenced(children.items[0]), change->variable) != 0;
        if (own && kind == CXCursor_BinaryOperator) {
            own = molt__expression_assigns(cursor);
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
    MoltExpressions children = molt__expression_children(cursor);
    if (children.count != 2) {
        return false;
    }
    bool left = read_size(reading, children.items[0], depth + 1);
    bool right = read_size(reading, children.items[1], depth + 1);
    char sign = molt__expression_operator(cursor);
    if ((left || right) && sign == '+') {
        reading->mixed = reading->mixed || left != right;
        reading->summed = reading->summed || left == right;
    } else if ((left || right) && sign != '*') {
        reading->opaque = true;
    }
    return left || right;
}

/* A function that is given sizes makes another one of them. */
static bool read_call(Reading *reading, CXCursor cursor, int depth)
{
    bool found = false;
    int count = clang_Cursor_getNumArguments(cursor);
    for (int i = 0; i < count; i++) {
        found =
            read_size(reading, clang_Cursor_getArgument(cursor, (unsigned)i), depth + 1) || found;
    }
    reading->mixed = reading->mixed || (found && !molt__size_is_scaled(cursor));
    return found;
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
    if (kind == CXCursor_CallExpr) {
        return read_call(reading, cursor, depth);
    }
    if (kind == CXCursor_MemberRefExpr || kind == CXCursor_ArraySubscriptExpr) {
        return false; /* a number that was stored somewhere */
    }
    bool found = false;
    MoltExpressions children = molt__expression_children(cursor);
    if (children.count > sizeof children.items / sizeof children.items[0]) {
        reading->opaque = true;
        return false;
    }
    reading->chosen = reading->chosen || kind == CXCursor_ConditionalOperator;
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

/* sizeof(float): libclang says of what only where the type has a name of its own. */
static bool is_of_numbers(CXCursor cursor)
{
    static const char *const words[] = {"(",      ")",     "sizeof", "unsigned", "signed",
                                        "char",   "short", "int",    "long",     "float",
                                        "double", "_Bool", "bool",   "const"};
    CXTranslationUnit unit = clang_Cursor_getTranslationUnit(cursor);
    CXToken *tokens = NULL;
    unsigned count = 0, known = 0;
    clang_tokenize(unit, clang_getCursorExtent(cursor), &tokens, &count);
    for (unsigned i = 0; i < count; i++) {
        CXString spelling = clang_getTokenSpelling(unit, tokens[i]);
        const char *text = clang_getCString(spelling);
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            known += strcmp(text, words[k]) == 0;
        }
        clang_disposeString(spelling);
    }
    clang_disposeTokens(unit, tokens, count);
    return count > 0 && known == count;
}

static bool is_object(CXType type)
{
    return type.kind != CXType_Invalid && type.kind != CXType_Void &&
           clang_Type_getSizeOf(type) > 0;
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
    if (fits &&
        (size == 0 || pointee.kind == CXType_Pointer || clang_equalTypes(pointee, item->operand))) {
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

/* All that was measured are elements of the flexible array, to which something is added: its offset. */
static bool measures_elements(const Reading *reading, CXType holder)
{
    LastField last = {.type = {.kind = CXType_Invalid}};
    if (!reading->mixed || holder.kind != CXType_Record) {
        return false;
    }
    clang_Type_visitFields(holder, visit_field, &last);
    bool all = last.type.kind == CXType_IncompleteArray;
    long long size = all ? clang_Type_getSizeOf(clang_getArrayElementType(last.type)) : 0;
    for (unsigned i = 0; i < reading->count; i++) {
        all = all && reading->items[i].value == size;
    }
    return all;
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
    bool several = false, unclear = false, named = false, numbers = true;
    if (measures_elements(reading, pointee)) {
        return is_type(pointee, false);
    }
    for (unsigned i = 0; i < reading->count; i++) {
        CXType type = measured(&reading->items[i], pointee);
        if (is_flexible(type)) {
            return is_type(type, true); /* the other sizes are of its elements */
        }
        if (type.kind == CXType_Invalid) {
            numbers = numbers && is_of_numbers(reading->items[i].cursor);
        }
        unclear = unclear || type.kind == CXType_Invalid;
        named = named || type.kind == CXType_Record;
        several = several || (i > 0 && !unclear && !clang_equalTypes(found, type));
        found = i == 0 ? type : found;
    }
    if (unclear && !(named && numbers)) {
        return not_known("what sizeof measures is not clear");
    }
    if (several || unclear) {
        bool either = reading->chosen && !reading->summed;
        return not_known(either ? "a condition chooses between the sizes of several types"
                                : "the size adds up several types");
    }
    if (reading->mixed && (found.kind == CXType_Record || found.kind == CXType_Pointer)) {
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

const char *molt__allocated_contradiction(const CXCursor *sizes, unsigned count, CXType type,
                                          CXType *other)
{
    Reading reading = {.count = 0};
    bool own = false, apart = false;
    *other = (CXType){.kind = CXType_Invalid};
    type = clang_getCanonicalType(type);
    for (unsigned i = 0; i < count; i++) {
        read_size(&reading, sizes[i], 0);
    }
    for (unsigned i = 0; i < reading.count; i++) {
        CXType found = measured(&reading.items[i], type);
        bool same = clang_equalTypes(found, type) != 0;
        own = own || same;
        /* of a built-in type only the size is known, which may be that of `type` by chance */
        apart = apart || !same || reading.items[i].operand.kind == CXType_Invalid;
        if (!same && (found.kind == CXType_Record || found.kind == CXType_Pointer)) {
            *other = found;
        }
    }
    if (is_flexible(type) && own) {
        return NULL; /* the other sizes are of its elements */
    }
    if (other->kind != CXType_Invalid) {
        return "its size measures";
    }
    return own && (reading.mixed || (reading.summed && apart)) ? "its size is no multiple of that"
                                                               : NULL;
}

bool molt__allocated_names_type(CXCursor size)
{
    Reading reading = {.count = 0};
    return read_size(&reading, size, 0);
}
