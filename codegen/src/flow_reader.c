#include "flow_reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "place_name.h"

enum { DEPTH_MAX = 24, STACK_MAX = 3 };

typedef struct Walk {
    MoltFlowReader *reader;
    CXCursor function;          /* null in initialisers at file scope */
    CXCursor around[STACK_MAX]; /* the innermost first */
} Walk;

/* What an expression's type says of where it points. */
typedef enum Sort {
    SORT_OTHER, /* no pointer, or one of which the type is clear and which nothing is made of */
    SORT_RAW,   /* void, numbers, text, and pointers to such pointers */
    SORT_TYPED  /* a struct, union or enum that the sources define */
} Sort;

/* ---- types ----------------------------------------------------------------------------------- */

static bool is_array(CXType type)
{
    return type.kind == CXType_ConstantArray || type.kind == CXType_IncompleteArray ||
           type.kind == CXType_VariableArray;
}

static CXType elements_of(CXType type)
{
    type = clang_getCanonicalType(type);
    while (is_array(type)) {
        type = clang_getCanonicalType(clang_getArrayElementType(type));
    }
    return type;
}

static bool is_number(CXType type)
{
    return type.kind >= CXType_Bool && type.kind <= CXType_Float128;
}

/* What a pointer or an array leads to; CXType_Invalid for anything else. */
static CXType pointee_of(CXType type)
{
    type = clang_getCanonicalType(type);
    if (is_array(type)) {
        return elements_of(type);
    }
    if (type.kind == CXType_Pointer) {
        return elements_of(clang_getPointeeType(type));
    }
    return (CXType){.kind = CXType_Invalid};
}

/* The definition's type, without qualifiers; CXType_Invalid when the sources have none. */
static CXType defined(CXType type)
{
    CXType none = {.kind = CXType_Invalid};
    if (type.kind != CXType_Record && type.kind != CXType_Enum) {
        return none;
    }
    CXCursor definition = clang_getCursorDefinition(clang_getTypeDeclaration(type));
    if (clang_Cursor_isNull(definition) || molt__is_system(definition) ||
        clang_getCursorKind(clang_getCursorSemanticParent(definition)) == CXCursor_FunctionDecl) {
        return none;
    }
    return clang_getCanonicalType(clang_getCursorType(definition));
}

static Sort sort_of(CXType type)
{
    CXType to = pointee_of(type);
    if (to.kind == CXType_Record || to.kind == CXType_Enum) {
        return defined(to).kind != CXType_Invalid ? SORT_TYPED : SORT_OTHER;
    }
    bool pointers = to.kind == CXType_Pointer;
    while (to.kind == CXType_Pointer) {
        to = pointee_of(to);
    }
    bool bytes = to.kind == CXType_Void || (is_number(to) && clang_Type_getSizeOf(to) == 1);
    return bytes || (!pointers && is_number(to)) ? SORT_RAW : SORT_OTHER;
}

/* ---- names ----------------------------------------------------------------------------------- */

static MoltArena *arena_of(const Walk *walk)
{
    return walk->reader->types->model->arena;
}

static const char *take(const Walk *walk, CXString string)
{
    return molt__place_spelling(walk->reader->types, string);
}

/* The place of an expression, which is as good as a variable. */
static const char *expression_name(const Walk *walk, CXCursor cursor, const char *what)
{
    MoltPlace place = molt__place_of(walk->reader->types->unit, cursor);
    return molt__arena_format(arena_of(walk), "l %s:%u:%u%s", place.file, place.line, place.column,
                              what);
}

static const char *callee_name(const Walk *walk, CXCursor callee, CXType pointer, int argument)
{
    return molt__place_of_call(walk->reader->types, callee, pointer, argument);
}

/* ---- facts ----------------------------------------------------------------------------------- */

static void add(const Walk *walk, MoltFlowKind kind, const char *a, const char *b)
{
    if (a != NULL && b != NULL && strcmp(a, b) != 0) {
        molt__flow_add(arena_of(walk), walk->reader->out, (MoltFlow){.kind = kind, .a = a, .b = b});
    }
}

/* A number of the type among reader->held, which stands for its name until that is known. */
static const char *number_of(MoltFlowReader *reader, CXType type)
{
    MoltArena *arena = reader->types->model->arena;
    uint32_t i = 0;
    while (i < reader->held_count && !clang_equalTypes(reader->held[i], type)) {
        i++;
    }
    if (i == reader->held_count) {
        reader->held = molt__arena_grow(arena, reader->held, reader->held_count,
                                        &reader->held_capacity, sizeof *reader->held);
        reader->held[reader->held_count++] = type;
    }
    return molt__arena_format(arena, "%u", i);
}

const char *molt__flow_type(MoltFlowReader *reader, CXType type)
{
    CXType own = defined(clang_getCanonicalType(type));
    return own.kind != CXType_Invalid ? number_of(reader, own) : NULL;
}

/* The same of a type that may lie where no type says so: the model is to have it. */
static const char *type_number(const Walk *walk, CXType type)
{
    molt__payload_add(arena_of(walk), walk->reader->payloads, type);
    return number_of(walk->reader, type);
}

/* A pointer of which the address is here: what is written through one such place is read through others. */
static bool leads_to_pointer(CXCursor value)
{
    CXCursor inner = molt__expression_strip(value);
    return pointee_of(clang_getCursorType(value)).kind == CXType_Pointer ||
           pointee_of(clang_getCursorType(inner)).kind == CXType_Pointer;
}

/* `to` is given the value, which points where `from` does. */
static void move(const Walk *walk, const char *to, const char *from, CXCursor value)
{
    add(walk, leads_to_pointer(value) ? MOLT_FLOW_JOIN : MOLT_FLOW_MOVE, to, from);
}

/* GIVE and TAKE. */
static void convert(const Walk *walk, MoltFlowKind kind, const char *at, CXType pointer,
                    CXCursor where)
{
    if (at != NULL) {
        const char *type = type_number(walk, defined(pointee_of(pointer)));
        molt__flow_add(arena_of(walk), walk->reader->out,
                       (MoltFlow){.kind = kind,
                                  .a = at,
                                  .b = type,
                                  .place = molt__place_of(walk->reader->types->unit, where)});
    }
}

/* A pointer to void or bytes that becomes one to wider numbers or to pointers. */
static void note_words(const Walk *walk, const char *at, CXType from, CXType to, CXCursor where)
{
    CXType was = pointee_of(from), is = pointee_of(to);
    bool bytes = was.kind == CXType_Void || (is_number(was) && clang_Type_getSizeOf(was) == 1);
    bool wide = is_number(is) && clang_Type_getSizeOf(is) > 1;
    if (at != NULL && bytes && (wide || is.kind == CXType_Pointer)) {
        molt__flow_add(arena_of(walk), walk->reader->out,
                       (MoltFlow){.kind = MOLT_FLOW_TAKE,
                                  .a = at,
                                  .b = wide ? "(numbers)" : "(pointers)",
                                  .place = molt__place_of(walk->reader->types->unit, where)});
    }
}

/* A variable or field of the state: an array of numbers, so that structs may lie in it, or a pointer that
 * may lead to some. */
static void note_member(const Walk *walk, const char *name, CXCursor declaration)
{
    CXType type = clang_getCanonicalType(clang_getCursorType(declaration));
    CXCursor holder = clang_getCursorSemanticParent(declaration);
    const char *type_name = MOLT_GLOBALS_TYPE;
    bool area = is_array(type) && is_number(elements_of(type));
    if (name[0] != 'd' || (!area && elements_of(type).kind != CXType_Pointer)) {
        return;
    }
    if (clang_getCursorKind(declaration) == CXCursor_FieldDecl) {
        CXType record = defined(clang_getCanonicalType(clang_getCursorType(holder)));
        if (record.kind == CXType_Invalid) {
            return;
        }
        type_name = area ? type_number(walk, record) : number_of(walk->reader, record);
    }
    const char *own = take(walk, clang_getCursorSpelling(declaration));
    molt__flow_add(arena_of(walk), walk->reader->out,
                   (MoltFlow){.kind = area ? MOLT_FLOW_AREA : MOLT_FLOW_FIELD,
                              .a = name,
                              .b = type_name,
                              .place = {.file = own}});
}

/* NULL for what is no place for such pointers. */
static const char *declared_name(const Walk *walk, CXCursor declaration)
{
    const char *name = molt__place_declared(walk->reader->types, declaration);
    if (name != NULL) {
        note_member(walk, name, declaration);
    }
    return name;
}

/* ---- expressions ----------------------------------------------------------------------------- */

static const char *value_at(const Walk *walk, CXCursor cursor, int depth);

/* Where the object lies that an expression names, for its address. */
static const char *object_at(const Walk *walk, CXCursor cursor, int depth)
{
    CXCursor object = molt__expression_strip(cursor);
    MoltExpressions parts = molt__expression_children(object);
    CXType type = elements_of(clang_getCursorType(object));
    switch (clang_getCursorKind(object)) {
    case CXCursor_DeclRefExpr:
    case CXCursor_MemberRefExpr:
        return is_number(type) || sort_of(type) == SORT_RAW
                   ? declared_name(walk, clang_getCursorReferenced(object))
                   : NULL;
    case CXCursor_ArraySubscriptExpr:
    case CXCursor_UnaryOperator:
        return parts.count > 0 ? value_at(walk, parts.items[0], depth + 1) : NULL;
    default: return NULL;
    }
}

static const char *unary_at(const Walk *walk, CXCursor cursor, int depth)
{
    MoltExpressions parts = molt__expression_children(cursor);
    if (parts.count != 1) {
        return NULL;
    }
    CXType result = clang_getCanonicalType(clang_getCursorType(cursor));
    CXType operand = clang_getCanonicalType(clang_getCursorType(parts.items[0]));
    bool address = result.kind == CXType_Pointer &&
                   clang_equalTypes(clang_getCanonicalType(clang_getPointeeType(result)), operand);
    return address ? object_at(walk, parts.items[0], depth)
                   : value_at(walk, parts.items[0], depth + 1);
}

/* An expression whose value is that of a or b. */
static const char *either(const Walk *walk, CXCursor cursor, CXCursor a, CXCursor b, int depth)
{
    const char *left = value_at(walk, a, depth + 1), *right = value_at(walk, b, depth + 1);
    if (left == NULL || right == NULL || strcmp(left, right) == 0) {
        return left != NULL ? left : right;
    }
    const char *whole = expression_name(walk, cursor, "?");
    move(walk, whole, left, a);
    move(walk, whole, right, b);
    return whole;
}

static const char *binary_at(const Walk *walk, CXCursor cursor, CXCursor a, CXCursor b, int depth)
{
    if (!molt__expression_assigns(cursor)) {
        return either(walk, cursor, a, b, depth);
    }
    const char *left = value_at(walk, a, depth + 1), *right = value_at(walk, b, depth + 1);
    move(walk, left, right, b);
    return left != NULL ? left : right;
}

/* A cast or an implied conversion of what lies at `inner`. */
static const char *converted(const Walk *walk, CXCursor cursor, CXCursor inner, int depth)
{
    CXType from = clang_getCursorType(inner), to = clang_getCursorType(cursor);
    Sort before = sort_of(from), after = sort_of(to);
    const char *at = value_at(walk, inner, depth + 1);
    if (before == SORT_TYPED) {
        CXType was = defined(pointee_of(from)), is = defined(pointee_of(to));
        if (after == SORT_TYPED && !clang_equalTypes(was, is)) {
            add(walk, MOLT_FLOW_VIEW, type_number(walk, was), type_number(walk, is));
        } else if (after == SORT_RAW) {
            at = expression_name(walk, inner, "#");
            convert(walk, MOLT_FLOW_GIVE, at, from, inner);
            return at;
        }
        return NULL;
    }
    if (after == SORT_TYPED) {
        convert(walk, MOLT_FLOW_TAKE, at, to, cursor);
        return NULL;
    }
    note_words(walk, at, from, to, cursor);
    return at;
}

/* What C's own functions return of what they are given. */
static const char *library_result(const Walk *walk, CXCursor call, const char *name, int depth)
{
    static const char *const copy[] = {"memcpy",  "memmove", "mempcpy", "memset", "memchr",
                                       "memrchr", "strchr",  "strrchr", "strstr", "strcpy",
                                       "stpcpy",  "strncpy", "strcat",  "strncat"};
    for (size_t i = 0; i < sizeof copy / sizeof copy[0]; i++) {
        if (strstr(name, copy[i]) != NULL) { /* __builtin___memcpy_chk is one, too */
            return value_at(walk, clang_Cursor_getArgument(call, 0), depth + 1);
        }
    }
    bool searches =
        strcmp(name, "bsearch") == 0 || strcmp(name, "lfind") == 0 || strcmp(name, "lsearch") == 0;
    return searches ? value_at(walk, clang_Cursor_getArgument(call, 1), depth + 1)
                    : expression_name(walk, call, "");
}

static const char *call_at(const Walk *walk, CXCursor call, int depth)
{
    CXCursor callee = clang_getCursorReferenced(call);
    if (sort_of(clang_getCursorType(call)) != SORT_RAW) {
        return NULL;
    }
    if (clang_getCursorKind(callee) == CXCursor_FunctionDecl && molt__is_system(callee)) {
        return library_result(walk, call, take(walk, clang_getCursorSpelling(callee)), depth);
    }
    return expression_name(walk, call, "");
}

/* Where the value of a pointer expression points, if its type does not say; NULL where it does. */
static const char *value_at(const Walk *walk, CXCursor cursor, int depth)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    MoltExpressions parts = molt__expression_children(cursor);
    bool raw = sort_of(clang_getCursorType(cursor)) == SORT_RAW;
    if (depth > DEPTH_MAX || parts.count > 4) {
        return NULL;
    }
    switch (kind) {
    case CXCursor_ParenExpr:
    case CXCursor_UnexposedExpr:
    case CXCursor_CStyleCastExpr:
        return parts.count > 0 ? converted(walk, cursor, parts.items[parts.count - 1], depth)
                               : NULL;
    case CXCursor_DeclRefExpr:
    case CXCursor_MemberRefExpr:
        return raw ? declared_name(walk, clang_getCursorReferenced(cursor)) : NULL;
    case CXCursor_ArraySubscriptExpr:
        return raw && parts.count == 2 ? value_at(walk, parts.items[0], depth + 1) : NULL;
    case CXCursor_UnaryOperator: return unary_at(walk, cursor, depth);
    case CXCursor_BinaryOperator:
        return parts.count == 2 ? binary_at(walk, cursor, parts.items[0], parts.items[1], depth)
                                : NULL;
    case CXCursor_CompoundAssignOperator:
        return parts.count > 0 ? value_at(walk, parts.items[0], depth + 1) : NULL;
    case CXCursor_ConditionalOperator:
        return parts.count == 3 ? either(walk, cursor, parts.items[1], parts.items[2], depth)
                                : NULL;
    case CXCursor_CallExpr: return call_at(walk, cursor, depth);
    case CXCursor_StmtExpr:
    case CXCursor_CompoundStmt: {
        CXCursor last = molt__expression_last(cursor);
        return clang_Cursor_isNull(last) ? NULL : value_at(walk, last, depth + 1);
    }
    default: return NULL;
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool is_struct_copy(CXCursor a, CXCursor b)
{
    CXType left = pointee_of(clang_getCursorType(molt__expression_strip(a)));
    CXType right = pointee_of(clang_getCursorType(molt__expression_strip(b)));
    return sort_of(clang_getCursorType(molt__expression_strip(a))) == SORT_TYPED &&
           clang_equalTypes(defined(left), defined(right));
}

static void copy(const Walk *walk, CXCursor to, CXCursor from)
{
    bool pointers = leads_to_pointer(to) || leads_to_pointer(from);
    CXCursor ends[2] = {molt__expression_strip(to), molt__expression_strip(from)};
    for (int i = 0; i < 2 && !pointers; i++) {
        note_words(walk, value_at(walk, ends[i], 0), clang_getCursorType(ends[i]),
                   clang_getCursorType(ends[1 - i]), ends[i]);
    }
    add(walk, pointers ? MOLT_FLOW_JOIN : MOLT_FLOW_COPY, value_at(walk, to, 0),
        value_at(walk, from, 0));
}

/* C's own functions keep nothing but what they are asked to copy or to make longer. */
static void read_library_call(const Walk *walk, CXCursor call, CXCursor callee)
{
    const char *name = take(walk, clang_getCursorSpelling(callee));
    int count = clang_Cursor_getNumArguments(call);
    CXCursor first = clang_Cursor_getArgument(call, 0), second = clang_Cursor_getArgument(call, 1);
    bool copies = strstr(name, "memcpy") != NULL || strstr(name, "memmove") != NULL ||
                  strstr(name, "mempcpy") != NULL || strcmp(name, "bcopy") == 0;
    if (count >= 3 && copies && !is_struct_copy(first, second)) {
        bool reversed = strcmp(name, "bcopy") == 0;
        copy(walk, reversed ? second : first, reversed ? first : second);
    } else if (count >= 2 && strstr(name, "realloc") != NULL) {
        add(walk, MOLT_FLOW_COPY, expression_name(walk, call, ""), value_at(walk, first, 0));
    } else if (count == 3 && strcmp(name, "posix_memalign") == 0) {
        add(walk, MOLT_FLOW_MOVE, value_at(walk, first, 0), expression_name(walk, call, ""));
    } else if (strncmp(name, "__builtin_", 10) != 0 && strncmp(name, "mem", 3) != 0) {
        for (int i = 0; i < count; i++) {
            CXCursor argument = clang_Cursor_getArgument(call, (unsigned)i);
            CXType to = pointee_of(clang_getCursorType(argument));
            const char *at = to.kind == CXType_Char_S || to.kind == CXType_Char_U
                                 ? value_at(walk, argument, 0)
                                 : NULL;
            if (at != NULL) {
                molt__flow_add(arena_of(walk), walk->reader->out,
                               (MoltFlow){.kind = MOLT_FLOW_TEXT, .a = at, .b = ""});
            }
        }
    }
}

static void read_call(const Walk *walk, CXCursor call)
{
    CXCursor callee = clang_getCursorReferenced(call);
    MoltExpressions parts = molt__expression_children(call);
    bool known = clang_getCursorKind(callee) == CXCursor_FunctionDecl;
    if (known && molt__is_system(callee)) {
        read_library_call(walk, call, callee);
        return;
    }
    if (known && strncmp(take(walk, clang_getCursorSpelling(callee)), "molt_", 5) == 0) {
        return;
    }
    CXType pointer = parts.count > 0 ? pointee_of(clang_getCursorType(parts.items[0]))
                                     : (CXType){.kind = CXType_Invalid};
    int count = clang_Cursor_getNumArguments(call);
    for (int i = 0; i < count; i++) {
        CXCursor argument = clang_Cursor_getArgument(call, (unsigned)i);
        const char *at =
            sort_of(clang_getCursorType(argument)) == SORT_RAW ? value_at(walk, argument, 0) : NULL;
        add(walk, leads_to_pointer(argument) ? MOLT_FLOW_LEND : MOLT_FLOW_PASS, at,
            callee_name(walk, callee, pointer, i));
    }
    if (sort_of(clang_getCursorType(call)) == SORT_RAW) {
        const char *result = callee_name(walk, callee, pointer, -1);
        add(walk, MOLT_FLOW_CALL, expression_name(walk, call, ""), result);
        if (leads_to_pointer(call)) {
            add(walk, MOLT_FLOW_MOVE, result, expression_name(walk, call, ""));
        }
    }
}

/* A function whose address is taken: whoever calls one of its type may call it. */
static void read_function(const Walk *walk, CXCursor function)
{
    CXType type = clang_getCursorType(function);
    CXCursor none = clang_getNullCursor();
    int count = clang_Cursor_getNumArguments(function);
    for (int i = 0; i < count; i++) {
        CXCursor parameter = clang_Cursor_getArgument(function, (unsigned)i);
        if (sort_of(clang_getCursorType(parameter)) == SORT_RAW) {
            add(walk, leads_to_pointer(parameter) ? MOLT_FLOW_LEND : MOLT_FLOW_PASS,
                callee_name(walk, none, type, i), callee_name(walk, function, type, i));
        }
    }
    if (sort_of(clang_getResultType(type)) == SORT_RAW) {
        bool pointers = pointee_of(clang_getResultType(type)).kind == CXType_Pointer;
        add(walk, pointers ? MOLT_FLOW_JOIN : MOLT_FLOW_MOVE, callee_name(walk, none, type, -1),
            callee_name(walk, function, type, -1));
    }
}

/* ---- statements ------------------------------------------------------------------------------ */

/* The members of a struct that take such pointers, of one place or of all. */
typedef struct Members {
    const Walk *walk;
    const char *at;
    CXCursor value;         /* what points there */
    unsigned index, wanted; /* UINT_MAX: all */
    bool found;
} Members;

static enum CXVisitorResult visit_field(CXCursor field, CXClientData data)
{
    Members *members = data;
    bool meant = members->wanted == UINT_MAX || members->index == members->wanted;
    members->index++;
    if (meant && sort_of(clang_getCursorType(field)) == SORT_RAW) {
        move(members->walk, declared_name(members->walk, field), members->at, members->value);
        members->found = true;
    }
    return CXVisit_Continue;
}

typedef struct List {
    const Walk *walk;
    CXType type;
    const char *variable; /* an array that is given the values, or NULL */
    unsigned index;
    bool designated; /* some value before named its member */
} List;

/* Where braces are left out, the n-th value is not for the n-th member: then it may be for any. */
static void give_member(const List *list, const char *at, CXCursor value)
{
    Members members = {list->walk, at, value, 0, list->designated ? UINT_MAX : list->index, false};
    clang_Type_visitFields(list->type, visit_field, &members);
    if (!members.found && members.wanted != UINT_MAX) {
        members.wanted = UINT_MAX;
        clang_Type_visitFields(list->type, visit_field, &members);
    }
}

static enum CXChildVisitResult visit_listed(CXCursor cursor, CXCursor parent, CXClientData data)
{
    List *list = data;
    CXCursor value = cursor, member = clang_getNullCursor();
    MoltExpressions parts = molt__expression_children(cursor);
    (void)parent;
    /* .data = p is the member and the value, without a type */
    if (clang_getCursorType(cursor).kind == CXType_Void && parts.count > 1) {
        value = molt__expression_last(cursor);
        member = parts.items[0];
        list->designated = true;
    }
    bool text = clang_getCursorKind(molt__expression_strip(value)) == CXCursor_StringLiteral;
    if (!text && sort_of(clang_getCursorType(value)) == SORT_RAW &&
        clang_getCursorKind(value) != CXCursor_InitListExpr) {
        const char *at = value_at(list->walk, value, 0);
        if (clang_getCursorKind(member) == CXCursor_MemberRef) {
            move(list->walk, declared_name(list->walk, clang_getCursorReferenced(member)), at,
                 value);
        } else if (at != NULL && list->type.kind == CXType_Record) {
            give_member(list, at, value);
        } else {
            move(list->walk, list->variable, at, value);
        }
    }
    list->index++;
    return CXChildVisit_Continue;
}

static void read_list(const Walk *walk, CXCursor cursor, const char *variable)
{
    List list = {.walk = walk,
                 .type = clang_getCanonicalType(clang_getCursorType(cursor)),
                 .variable = variable};
    clang_visitChildren(cursor, visit_listed, &list);
}

static void read_variable(const Walk *walk, CXCursor variable)
{
    CXCursor value = clang_Cursor_getVarDeclInitializer(variable);
    if (clang_Cursor_isNull(value) || sort_of(clang_getCursorType(variable)) != SORT_RAW) {
        return;
    }
    const char *name = declared_name(walk, variable);
    if (clang_getCursorKind(value) == CXCursor_InitListExpr) {
        read_list(walk, value, name);
    } else {
        move(walk, name, value_at(walk, value, 0), value);
    }
}

static void read_return(const Walk *walk, CXCursor statement)
{
    CXCursor none = clang_getNullCursor();
    CXType type = clang_getCursorType(walk->function);
    MoltExpressions parts = molt__expression_children(statement);
    if (parts.count == 1 && sort_of(clang_getResultType(type)) == SORT_RAW &&
        !clang_equalCursors(walk->function, none)) {
        move(walk, callee_name(walk, walk->function, type, -1), value_at(walk, parts.items[0], 0),
             parts.items[0]);
    }
}

/* `*to++ = *from++`, as a memcpy of the game's own does it. */
static void read_byte(const Walk *walk, CXCursor assignment)
{
    MoltExpressions parts = molt__expression_children(assignment);
    const char *at[2] = {NULL, NULL};
    for (unsigned i = 0; i < 2 && parts.count == 2; i++) {
        CXCursor side = molt__expression_strip(parts.items[i]);
        enum CXCursorKind kind = clang_getCursorKind(side);
        CXType type = clang_getCanonicalType(clang_getCursorType(side));
        bool byte = is_number(type) && type.kind != CXType_Bool && clang_Type_getSizeOf(type) == 1;
        if (byte && (kind == CXCursor_ArraySubscriptExpr || kind == CXCursor_UnaryOperator)) {
            at[i] = object_at(walk, side, 0);
        }
    }
    if (at[0] != NULL && at[1] != NULL && molt__expression_assigns(assignment)) {
        add(walk, MOLT_FLOW_COPY, at[0], at[1]);
    }
}

/* The function that a call names, and not its address. */
static bool is_called(const Walk *walk)
{
    CXCursor outer = walk->around[1], call = walk->around[2];
    if (clang_getCursorKind(outer) == CXCursor_CallExpr) {
        call = outer;
    }
    if (clang_Cursor_isNull(call) || clang_getCursorKind(call) != CXCursor_CallExpr) {
        return false;
    }
    MoltExpressions parts = molt__expression_children(call);
    return parts.count > 0 &&
           clang_equalCursors(molt__expression_strip(parts.items[0]), walk->around[0]) != 0;
}

static void read_cursor(const Walk *walk, CXCursor cursor)
{
    switch (clang_getCursorKind(cursor)) {
    case CXCursor_VarDecl: read_variable(walk, cursor); break;
    case CXCursor_ReturnStmt: read_return(walk, cursor); break;
    case CXCursor_CallExpr: read_call(walk, cursor); break;
    case CXCursor_InitListExpr: read_list(walk, cursor, NULL); break;
    case CXCursor_BinaryOperator:
        if (sort_of(clang_getCursorType(cursor)) == SORT_RAW) {
            value_at(walk, cursor, 0);
        } else {
            read_byte(walk, cursor);
        }
        break;
    case CXCursor_CStyleCastExpr:
    case CXCursor_UnexposedExpr:
        if (sort_of(clang_getCursorType(cursor)) == SORT_TYPED) {
            value_at(walk, cursor, 0);
        }
        break;
    case CXCursor_DeclRefExpr: {
        CXCursor target = clang_getCursorReferenced(cursor);
        if (clang_getCursorKind(target) == CXCursor_FunctionDecl && !molt__is_system(target) &&
            !is_called(walk)) {
            read_function(walk, target);
        }
        break;
    }
    default: break;
    }
}

static enum CXChildVisitResult visit_part(CXCursor cursor, CXCursor parent, CXClientData data)
{
    const Walk *outer = data;
    Walk walk = *outer;
    (void)parent;
    memmove(walk.around + 1, walk.around, (STACK_MAX - 1) * sizeof *walk.around);
    walk.around[0] = cursor;
    read_cursor(&walk, cursor);
    clang_visitChildren(cursor, visit_part, &walk);
    return CXChildVisit_Continue;
}

void molt__flow_read(MoltFlowReader *reader, CXCursor declaration)
{
    Walk walk = {.reader = reader, .function = clang_getNullCursor()};
    for (int i = 0; i < STACK_MAX; i++) {
        walk.around[i] = clang_getNullCursor();
    }
    if (clang_getCursorKind(declaration) == CXCursor_FunctionDecl) {
        walk.function = declaration;
    } else {
        read_cursor(&walk, declaration);
    }
    clang_visitChildren(declaration, visit_part, &walk);
}

const char *molt__flow_pointer(MoltFlowReader *reader, CXCursor function, CXCursor pointer)
{
    Walk walk = {.reader = reader, .function = function};
    Sort sort = sort_of(clang_getCursorType(pointer));
    for (int i = 0; i < STACK_MAX; i++) {
        walk.around[i] = clang_getNullCursor();
    }
    if (sort == SORT_TYPED) {
        const char *at = expression_name(&walk, pointer, "#");
        convert(&walk, MOLT_FLOW_GIVE, at, clang_getCursorType(pointer), pointer);
        return at;
    }
    return sort == SORT_RAW ? value_at(&walk, pointer, 0) : NULL;
}

/* ---- names of types -------------------------------------------------------------------------- */

/* The type's name in the model, to which nothing is added; "": the model does not have it. */
static const char *model_name(const MoltModel *model, CXType type)
{
    CXCursor declaration = clang_getCanonicalCursor(clang_getTypeDeclaration(type));
    for (uint32_t i = 0; i < model->type_count; i++) {
        if (clang_equalCursors(model->types[i]->cursor, declaration)) {
            return model->types[i]->name;
        }
    }
    return "";
}

static const char *named(const MoltFlowReader *reader, const char *number)
{
    return number[0] == '('
               ? number /* the variables */
               : model_name(reader->types->model, reader->held[strtoul(number, NULL, 10)]);
}

void molt__flow_name_types(MoltFlowReader *reader)
{
    MoltFlows with_numbers = *reader->out;
    *reader->out = (MoltFlows){0};
    for (uint32_t i = 0; i < with_numbers.count; i++) {
        MoltFlow flow = with_numbers.items[i];
        bool types = flow.kind == MOLT_FLOW_GIVE || flow.kind == MOLT_FLOW_TAKE ||
                     flow.kind == MOLT_FLOW_VIEW || flow.kind == MOLT_FLOW_AREA ||
                     flow.kind == MOLT_FLOW_FIELD || flow.kind == MOLT_FLOW_COUNTER ||
                     flow.kind == MOLT_FLOW_SIZE || flow.kind == MOLT_FLOW_SPOT;
        if (flow.kind == MOLT_FLOW_VIEW) {
            flow.a = named(reader, flow.a);
        }
        if (types) {
            flow.b = named(reader, flow.b);
        }
        if (!types || (flow.a[0] != '\0' && flow.b[0] != '\0')) {
            molt__flow_add(reader->types->model->arena, reader->out, flow);
        }
    }
}
