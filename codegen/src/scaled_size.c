#include "scaled_size.h"

#include "expression.h"

enum { DEPTH_MAX = 12 };

static bool is_scaled(CXCursor size, int depth);

/* ---- variables ------------------------------------------------------------------------------- */

typedef struct Values {
    CXCursor variable;
    int depth;
    bool scaled;
} Values;

/* Everything that gives the variable a value, and what else may change it. */
static enum CXChildVisitResult visit_value(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Values *values = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    (void)parent;
    if (kind != CXCursor_BinaryOperator && kind != CXCursor_CompoundAssignOperator &&
        kind != CXCursor_UnaryOperator) {
        return CXChildVisit_Recurse;
    }
    MoltExpressions parts = molt__expression_children(cursor);
    CXCursor left = parts.count > 0 ? molt__expression_strip(parts.items[0]) : cursor;
    if (clang_getCursorKind(left) != CXCursor_DeclRefExpr ||
        !clang_equalCursors(clang_getCursorReferenced(left), values->variable)) {
        return CXChildVisit_Recurse;
    }
    if (kind == CXCursor_BinaryOperator && molt__expression_assigns(cursor)) {
        values->scaled = values->scaled && is_scaled(parts.items[1], values->depth + 1);
    } else if (kind == CXCursor_CompoundAssignOperator) {
        values->scaled = values->scaled && molt__expression_operator(cursor) == '*' &&
                         is_scaled(parts.items[1], values->depth + 1);
    } else if (kind == CXCursor_UnaryOperator) {
        /* `!n` and `-n` leave it as it is; `&n` and `n++` may not */
        CXType type = clang_getCanonicalType(clang_getCursorType(cursor));
        values->scaled = values->scaled && type.kind == CXType_Int &&
                         clang_getCanonicalType(clang_getCursorType(left)).kind != CXType_Int;
    }
    return CXChildVisit_Recurse;
}

static bool is_scaled_variable(CXCursor variable, int depth)
{
    Values values = {variable, depth, true};
    enum CXCursorKind kind = clang_getCursorKind(variable);
    if (kind == CXCursor_EnumConstantDecl) {
        return true;
    }
    if (kind != CXCursor_ParmDecl && kind != CXCursor_VarDecl) {
        return false;
    }
    CXCursor function = clang_getCursorSemanticParent(variable);
    if (clang_getCursorKind(function) != CXCursor_FunctionDecl) {
        return kind == CXCursor_VarDecl;
    }
    CXCursor first = kind == CXCursor_VarDecl ? clang_Cursor_getVarDeclInitializer(variable)
                                              : clang_getNullCursor();
    if (!clang_Cursor_isNull(first)) {
        values.scaled = is_scaled(first, depth + 1);
    }
    clang_visitChildren(function, visit_value, &values);
    return values.scaled;
}

/* ---- functions ------------------------------------------------------------------------------- */

typedef struct Results {
    int depth;
    bool any, scaled;
} Results;

static enum CXChildVisitResult visit_result(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Results *results = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_ReturnStmt) {
        MoltExpressions parts = molt__expression_children(cursor);
        results->any = true;
        results->scaled =
            results->scaled && parts.count == 1 && is_scaled(parts.items[0], results->depth + 1);
    }
    return CXChildVisit_Recurse;
}

static bool is_scaled_call(CXCursor call, int depth)
{
    CXCursor callee = clang_getCursorReferenced(call);
    Results results = {depth, false, true};
    int count = clang_Cursor_getNumArguments(call);
    for (int i = 0; i < count && results.scaled; i++) {
        results.scaled = is_scaled(clang_Cursor_getArgument(call, (unsigned)i), depth + 1);
    }
    CXCursor definition = clang_Cursor_isNull(callee) ? callee : clang_getCursorDefinition(callee);
    if (results.scaled && !clang_Cursor_isNull(definition)) {
        clang_visitChildren(definition, visit_result, &results);
    }
    return results.any && results.scaled;
}

/* ---- expressions ----------------------------------------------------------------------------- */

static bool is_scaled(CXCursor size, int depth)
{
    CXCursor value = molt__expression_strip(size);
    MoltExpressions parts = molt__expression_children(value);
    if (depth > DEPTH_MAX) {
        return false;
    }
    switch (clang_getCursorKind(value)) {
    case CXCursor_IntegerLiteral:
    case CXCursor_UnaryExpr:     /* sizeof */
    case CXCursor_MemberRefExpr: /* a number that was stored somewhere */
    case CXCursor_ArraySubscriptExpr: return true;
    case CXCursor_DeclRefExpr: return is_scaled_variable(clang_getCursorReferenced(value), depth);
    case CXCursor_BinaryOperator:
        return parts.count == 2 && molt__expression_operator(value) == '*' &&
               is_scaled(parts.items[0], depth + 1) && is_scaled(parts.items[1], depth + 1);
    case CXCursor_ConditionalOperator:
        return parts.count == 3 && is_scaled(parts.items[1], depth + 1) &&
               is_scaled(parts.items[2], depth + 1);
    case CXCursor_CallExpr: return is_scaled_call(value, depth);
    default: return false;
    }
}

bool molt__size_is_scaled(CXCursor size)
{
    return is_scaled(size, 0);
}
