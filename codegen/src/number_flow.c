#include "number_flow.h"

#include <limits.h>

#include "expression.h"
#include "place_name.h"

enum { DEPTH_MAX = 12 };

typedef struct Walk {
    MoltFlowReader *reader;
    CXCursor function; /* null in initialisers at file scope */
} Walk;

static MoltArena *arena_of(const Walk *walk)
{
    return walk->reader->types->model->arena;
}

static bool is_integer(CXType type)
{
    type = clang_getCanonicalType(type);
    return type.kind > CXType_Bool && type.kind <= CXType_Int128;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Numbers of the state are what the facts are for. */
static void note_counter(const Walk *walk, const char *name, CXCursor declaration)
{
    const char *owner = MOLT_GLOBALS_TYPE;
    if (name[0] != 'd') {
        return;
    }
    if (clang_getCursorKind(declaration) == CXCursor_FieldDecl) {
        owner = molt__flow_type(walk->reader,
                                clang_getCursorType(clang_getCursorSemanticParent(declaration)));
    }
    if (owner != NULL) {
        const char *own =
            molt__place_spelling(walk->reader->types, clang_getCursorSpelling(declaration));
        molt__flow_add(
            arena_of(walk), walk->reader->out,
            (MoltFlow){.kind = MOLT_FLOW_COUNTER, .a = name, .b = owner, .place = {.file = own}});
    }
}

/* NULL for what is no number that is kept. */
static const char *declared(const Walk *walk, CXCursor declaration)
{
    const char *name = is_integer(clang_getCursorType(declaration))
                           ? molt__place_declared(walk->reader->types, declaration)
                           : NULL;
    if (name != NULL) {
        note_counter(walk, name, declaration);
    }
    return name;
}

static const char *callee(const Walk *walk, CXCursor call, int argument)
{
    CXCursor function = clang_getCursorReferenced(call);
    MoltExpressions parts = molt__expression_children(call);
    if (clang_getCursorKind(function) == CXCursor_FunctionDecl && molt__is_system(function)) {
        return NULL;
    }
    CXType pointer = {.kind = CXType_Invalid};
    if (parts.count > 0) {
        pointer = clang_getPointeeType(clang_getCanonicalType(clang_getCursorType(parts.items[0])));
    }
    return molt__place_of_call(walk->reader->types, function, pointer, argument);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void add_size(const Walk *walk, const char *to, CXCursor cursor)
{
    MoltExpressions parts = molt__expression_children(cursor);
    CXEvalResult result = clang_Cursor_Evaluate(cursor);
    long long value = result != NULL && clang_EvalResult_getKind(result) == CXEval_Int
                          ? clang_EvalResult_getAsLongLong(result)
                          : -1;
    if (result != NULL) {
        clang_EvalResult_dispose(result);
    }
    if (parts.count == 0) {
        return;
    }
    /* of a type libclang gives the name without its stars and brackets: then the size is another one */
    CXType type = clang_getCanonicalType(clang_getCursorType(parts.items[0]));
    const char *measured =
        clang_Type_getSizeOf(type) == value ? molt__flow_type(walk->reader, type) : NULL;
    if (measured != NULL) {
        molt__flow_add(arena_of(walk), walk->reader->out,
                       (MoltFlow){.kind = MOLT_FLOW_SIZE,
                                  .a = to,
                                  .b = measured,
                                  .place = molt__place_of(walk->reader->types->unit, cursor)});
    }
}

typedef struct Offset {
    CXCursor field;
    unsigned types, fields, others;
} Offset;

static enum CXChildVisitResult visit_offset(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Offset *offset = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_MemberRef) {
        offset->field = clang_getCursorReferenced(cursor);
        offset->fields++;
    } else {
        *(clang_getCursorKind(cursor) == CXCursor_TypeRef ? &offset->types : &offset->others) += 1;
    }
    return CXChildVisit_Continue;
}

/* offsetof(T, field): libclang shows the type and the field, and no expression. */
static bool add_offset(const Walk *walk, const char *to, CXCursor cursor)
{
    Offset offset = {clang_getNullCursor(), 0, 0, 0};
    clang_visitChildren(cursor, visit_offset, &offset);
    if (offset.fields != 1 || offset.others != 0) {
        return false;
    }
    const char *owner = molt__flow_type(
        walk->reader, clang_getCursorType(clang_getCursorSemanticParent(offset.field)));
    const char *field =
        molt__place_spelling(walk->reader->types, clang_getCursorSpelling(offset.field));
    if (owner != NULL && field[0] != '\0') {
        molt__flow_add(
            arena_of(walk), walk->reader->out,
            (MoltFlow){.kind = MOLT_FLOW_SPOT, .a = to, .b = owner, .place = {.file = field}});
    }
    return true;
}

/* `to` is given the value, when that is such a number as it is; sums and products are others. */
static void give(const Walk *walk, const char *to, CXCursor value, int depth)
{
    MoltExpressions parts = molt__expression_children(value);
    const char *from = NULL;
    if (to == NULL || depth > DEPTH_MAX) {
        return;
    }
    switch (clang_getCursorKind(value)) {
    case CXCursor_UnexposedExpr:
        if (add_offset(walk, to, value)) {
            break;
        }
        /* fallthrough */
    case CXCursor_ParenExpr:
    case CXCursor_CStyleCastExpr:
        if (parts.count > 0) {
            give(walk, to, molt__expression_last(value), depth + 1);
        }
        break;
    case CXCursor_UnaryExpr: add_size(walk, to, value); break;
    case CXCursor_ConditionalOperator:
        if (parts.count == 3) {
            give(walk, to, parts.items[1], depth + 1);
            give(walk, to, parts.items[2], depth + 1);
        }
        break;
    case CXCursor_DeclRefExpr:
    case CXCursor_MemberRefExpr: from = declared(walk, clang_getCursorReferenced(value)); break;
    case CXCursor_CallExpr:
        from = is_integer(clang_getCursorType(value)) ? callee(walk, value, -1) : NULL;
        break;
    default: break;
    }
    if (from != NULL) {
        molt__flow_add(arena_of(walk), walk->reader->out,
                       (MoltFlow){.kind = MOLT_FLOW_NUMBER, .a = to, .b = from});
    }
}

static void add(const Walk *walk, MoltFlowKind kind, const char *a, const char *b)
{
    if (b != NULL) {
        molt__flow_add(arena_of(walk), walk->reader->out, (MoltFlow){.kind = kind, .a = a, .b = b});
    }
}

static bool is_pointer(CXCursor value)
{
    return clang_getCanonicalType(clang_getCursorType(value)).kind == CXType_Pointer;
}

/* `to` is computed from the numbers and addresses in an expression. */
static void derive(const Walk *walk, const char *to, CXCursor value, int depth)
{
    MoltExpressions parts = molt__expression_children(value);
    enum CXCursorKind kind = clang_getCursorKind(value);
    if (to == NULL || depth > DEPTH_MAX || parts.count > sizeof parts.items / sizeof *parts.items) {
        return;
    }
    switch (kind) {
    case CXCursor_UnexposedExpr:
    case CXCursor_ParenExpr:
    case CXCursor_CStyleCastExpr: {
        CXCursor inner = parts.count > 0 ? parts.items[parts.count - 1] : value;
        if (parts.count > 0 && is_pointer(inner) && is_integer(clang_getCursorType(value))) {
            add(walk, MOLT_FLOW_HASH, to,
                molt__flow_pointer(walk->reader, walk->function, molt__expression_strip(inner)));
        } else if (parts.count > 0) {
            derive(walk, to, inner, depth + 1);
        }
        break;
    }
    case CXCursor_BinaryOperator:
    case CXCursor_UnaryOperator:
    case CXCursor_ConditionalOperator:
        for (unsigned i = 0; i < parts.count; i++) {
            derive(walk, to, parts.items[i], depth + 1);
        }
        break;
    case CXCursor_DeclRefExpr:
    case CXCursor_MemberRefExpr:
        add(walk, MOLT_FLOW_DERIVE, to, declared(walk, clang_getCursorReferenced(value)));
        break;
    case CXCursor_CallExpr:
        if (is_integer(clang_getCursorType(value))) {
            add(walk, MOLT_FLOW_DERIVE, to, callee(walk, value, -1));
        }
        break;
    default: break;
    }
}

/* An element that is selected by a number: table[hash % size], table + hash. */
static void read_index(const Walk *walk, CXCursor cursor, CXCursor index)
{
    MoltPlace place = molt__place_of(walk->reader->types->unit, cursor);
    const char *name =
        molt__arena_format(arena_of(walk), "l %s:%u:%u[]", place.file, place.line, place.column);
    uint32_t before = walk->reader->out->count;
    derive(walk, name, index, 0);
    if (walk->reader->out->count > before) {
        molt__flow_add(arena_of(walk), walk->reader->out,
                       (MoltFlow){.kind = MOLT_FLOW_SLOT, .a = name, .b = "", .place = place});
    }
}

/* ---- what hands numbers on ------------------------------------------------------------------- */

typedef struct List {
    const Walk *walk;
    CXType type;
    unsigned index;
} List;

typedef struct Member {
    unsigned left;
    CXCursor found;
} Member;

static enum CXVisitorResult visit_field(CXCursor field, CXClientData data)
{
    Member *member = data;
    if (member->left-- == 0) {
        member->found = field;
        return CXVisit_Break;
    }
    return CXVisit_Continue;
}

static enum CXChildVisitResult visit_listed(CXCursor cursor, CXCursor parent, CXClientData data)
{
    List *list = data;
    CXCursor value = cursor;
    Member member = {list->index, clang_getNullCursor()};
    MoltExpressions parts = molt__expression_children(cursor);
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_InitListExpr && parts.count == 2 &&
        clang_getCursorKind(parts.items[0]) == CXCursor_MemberRef) {
        member.found = clang_getCursorReferenced(parts.items[0]);
        value = parts.items[1];
    } else {
        clang_Type_visitFields(list->type, visit_field, &member);
    }
    if (!clang_Cursor_isNull(member.found)) {
        give(list->walk, declared(list->walk, member.found), value, 0);
    }
    list->index++;
    return CXChildVisit_Continue;
}

static void read_assignment(const Walk *walk, CXCursor assignment)
{
    MoltExpressions parts = molt__expression_children(assignment);
    if (parts.count != 2 || !is_integer(clang_getCursorType(assignment)) ||
        !molt__expression_assigns(assignment)) {
        return;
    }
    CXCursor left = molt__expression_strip(parts.items[0]);
    enum CXCursorKind kind = clang_getCursorKind(left);
    if (kind == CXCursor_DeclRefExpr || kind == CXCursor_MemberRefExpr) {
        const char *to = declared(walk, clang_getCursorReferenced(left));
        give(walk, to, parts.items[1], 0);
        derive(walk, to, parts.items[1], 0);
    }
}

static void read_cursor(const Walk *walk, CXCursor cursor)
{
    CXCursor value;
    MoltExpressions parts;
    switch (clang_getCursorKind(cursor)) {
    case CXCursor_VarDecl:
        value = clang_Cursor_getVarDeclInitializer(cursor);
        if (!clang_Cursor_isNull(value)) {
            const char *to = declared(walk, cursor);
            give(walk, to, value, 0);
            derive(walk, to, value, 0);
        }
        break;
    case CXCursor_BinaryOperator:
        read_assignment(walk, cursor);
        parts = molt__expression_children(cursor);
        if (parts.count == 2 && is_pointer(cursor) && is_pointer(parts.items[0]) &&
            is_integer(clang_getCursorType(parts.items[1]))) {
            read_index(walk, cursor, parts.items[1]);
        }
        break;
    case CXCursor_CompoundAssignOperator:
        parts = molt__expression_children(cursor);
        if (parts.count == 2 && is_integer(clang_getCursorType(cursor))) {
            CXCursor left = molt__expression_strip(parts.items[0]);
            derive(walk, declared(walk, clang_getCursorReferenced(left)), parts.items[1], 0);
        }
        break;
    case CXCursor_ArraySubscriptExpr:
        parts = molt__expression_children(cursor);
        if (parts.count == 2) {
            read_index(walk, cursor, parts.items[1]);
        }
        break;
    case CXCursor_CallExpr:
        for (int i = 0; i < clang_Cursor_getNumArguments(cursor); i++) {
            value = clang_Cursor_getArgument(cursor, (unsigned)i);
            if (is_integer(clang_getCursorType(value))) {
                const char *to = callee(walk, cursor, i);
                give(walk, to, value, 0);
                derive(walk, to, value, 0);
            }
        }
        break;
    case CXCursor_ReturnStmt:
        parts = molt__expression_children(cursor);
        if (parts.count == 1 && !clang_Cursor_isNull(walk->function) &&
            is_integer(clang_getCursorResultType(walk->function))) {
            const char *to = molt__place_of_call(walk->reader->types, walk->function,
                                                 clang_getCursorType(walk->function), -1);
            give(walk, to, parts.items[0], 0);
            derive(walk, to, parts.items[0], 0);
        }
        break;
    case CXCursor_InitListExpr: {
        List list = {walk, clang_getCanonicalType(clang_getCursorType(cursor)), 0};
        if (list.type.kind == CXType_Record) {
            clang_visitChildren(cursor, visit_listed, &list);
        }
        break;
    }
    default: break;
    }
}

static enum CXChildVisitResult visit_part(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    read_cursor(data, cursor);
    return CXChildVisit_Recurse;
}

void molt__number_flow_read(MoltFlowReader *reader, CXCursor declaration)
{
    Walk walk = {.reader = reader, .function = clang_getNullCursor()};
    if (clang_getCursorKind(declaration) == CXCursor_FunctionDecl) {
        walk.function = declaration;
    } else {
        read_cursor(&walk, declaration);
    }
    clang_visitChildren(declaration, visit_part, &walk);
}
