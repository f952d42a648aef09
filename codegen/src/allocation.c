#include "allocation.h"

#include <string.h>

#include "allocated_type.h"
#include "annotation.h"
#include "pool.h"
#include "scaled_size.h"
#include "wanted.h"

/* C's functions that allocate; `sizes` are the arguments that make the size, `into` the one that is the
 * address of the pointer which takes the block. RESULT: the call gives it; TEXT: as a copy of a text, which
 * is of char whatever takes it. */
enum { RESULT = -1, TEXT = -2 };

typedef struct Allocator {
    const char *name;
    int sizes[2], into;
} Allocator;

static const Allocator ALLOCATORS[] = {
    {"malloc", {0, -1}, RESULT},
    {"calloc", {0, 1}, RESULT},
    {"realloc", {1, -1}, RESULT},
    {"reallocarray", {1, 2}, RESULT},
    {"aligned_alloc", {1, -1}, RESULT},
    {"memalign", {1, -1}, RESULT},
    {"posix_memalign", {2, -1}, 0},
    {"valloc", {0, -1}, RESULT},
    {"pvalloc", {0, -1}, RESULT},
    {"wcsdup", {-1, -1}, RESULT},
    {"strdup", {-1, -1}, TEXT},
    {"__strdup", {-1, -1}, TEXT},
    {"strndup", {-1, -1}, TEXT},
    {"__strndup", {-1, -1}, TEXT},
};

enum { STACK_MAX = 128, HANDED_MAX = 16 };

/* A variable or parameter that holds an allocated block and may be given on. */
typedef struct Handed {
    CXCursor variable;
    uint32_t allocation; /* index in out->allocations */
    bool returned, changed;
} Handed;

typedef struct Walk {
    MoltAllocationReader *reader;
    CXCursor function;
    const char *name, *file; /* of the function; the file of a static one, else "" */
    CXCursor stack[STACK_MAX];
    unsigned depth;
    Handed handed[HANDED_MAX];
    unsigned handed_count;
} Walk;

/* ---- cursors --------------------------------------------------------------------------------- */

static MoltArena *arena_of(const MoltAllocationReader *reader)
{
    return reader->types->model->arena;
}

static const char *copy_spelling(const MoltAllocationReader *reader, CXCursor cursor)
{
    CXString string = clang_getCursorSpelling(cursor);
    const char *text = clang_getCString(string);
    const char *copy = text == NULL ? "" : molt__arena_copy(arena_of(reader), text, strlen(text));
    clang_disposeString(string);
    return copy;
}

static bool is_transparent(enum CXCursorKind kind)
{
    return kind == CXCursor_ParenExpr || kind == CXCursor_UnexposedExpr ||
           kind == CXCursor_CStyleCastExpr;
}

typedef struct Nth {
    unsigned left;
    CXCursor found;
} Nth;

static enum CXChildVisitResult visit_nth(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Nth *nth = data;
    (void)parent;
    if (nth->left == 0) {
        nth->found = cursor;
        return CXChildVisit_Break;
    }
    nth->left--;
    return CXChildVisit_Continue;
}

static CXCursor child_of(CXCursor cursor, unsigned index)
{
    Nth nth = {index, clang_getNullCursor()};
    clang_visitChildren(cursor, visit_nth, &nth);
    return nth.found;
}

/* The expression without parentheses and casts; of a cast the last child is the expression. */
static CXCursor strip(CXCursor cursor)
{
    while (is_transparent(clang_getCursorKind(cursor))) {
        CXCursor last = clang_getNullCursor(), next = child_of(cursor, 0);
        for (unsigned i = 0; !clang_Cursor_isNull(next); next = child_of(cursor, ++i)) {
            last = next;
        }
        if (clang_Cursor_isNull(last)) {
            return cursor;
        }
        cursor = last;
    }
    return cursor;
}

typedef struct Search {
    CXCursor declaration; /* null: any parameter */
    bool found;
} Search;

static enum CXChildVisitResult visit_reference(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Search *search = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_DeclRefExpr) {
        CXCursor target = clang_getCursorReferenced(cursor);
        search->found = clang_Cursor_isNull(search->declaration)
                            ? clang_getCursorKind(target) == CXCursor_ParmDecl
                            : clang_equalCursors(target, search->declaration) != 0;
    }
    return search->found ? CXChildVisit_Break : CXChildVisit_Recurse;
}

static bool refers_to(CXCursor expression, CXCursor declaration)
{
    Search search = {declaration, false};
    if (clang_Cursor_isNull(expression)) {
        return false;
    }
    visit_reference(expression, expression, &search);
    if (!search.found) {
        clang_visitChildren(expression, visit_reference, &search);
    }
    return search.found;
}

static CXCursor referenced(CXCursor expression)
{
    CXCursor stripped = strip(expression);
    enum CXCursorKind kind = clang_getCursorKind(stripped);
    return kind == CXCursor_DeclRefExpr || kind == CXCursor_MemberRefExpr
               ? clang_getCursorReferenced(stripped)
               : clang_getNullCursor();
}

/* ---- calls ----------------------------------------------------------------------------------- */

static const Allocator *find_allocator(const char *name)
{
    for (size_t i = 0; i < sizeof ALLOCATORS / sizeof ALLOCATORS[0]; i++) {
        if (strcmp(name, ALLOCATORS[i].name) == 0) {
            return &ALLOCATORS[i];
        }
    }
    return NULL;
}

/* The name without what compilers put in front of their own; NULL when the function is the game's. */
static const char *libc_name(const MoltAllocationReader *reader, CXCursor callee)
{
    static const char builtin[] = "__builtin_";
    const char *name = copy_spelling(reader, callee);
    if (strncmp(name, builtin, sizeof builtin - 1) == 0) {
        return name + sizeof builtin - 1;
    }
    return molt__is_system(callee) ? name : NULL;
}

static bool is_integer(CXType type)
{
    type = clang_getCanonicalType(type);
    return type.kind >= CXType_Bool && type.kind <= CXType_Int128 &&
           type.kind != CXType_Bool;
}

static bool is_bytes(CXType pointer)
{
    CXType to = clang_getCanonicalType(clang_getPointeeType(clang_getCanonicalType(pointer)));
    return to.kind == CXType_Void || clang_Type_getSizeOf(to) == 1;
}

/* Integer arguments of a call that may be one of a wrapper; 0 when it cannot be. */
static unsigned wrapper_sizes(CXCursor call, CXCursor sizes[HANDED_MAX])
{
    unsigned count = 0;
    bool named = false;
    int arguments = clang_Cursor_getNumArguments(call);
    CXType result = clang_getCanonicalType(clang_getCursorType(call));
    for (int i = 0; i < arguments && count < HANDED_MAX && result.kind == CXType_Pointer; i++) {
        CXCursor argument = clang_Cursor_getArgument(call, (unsigned)i);
        if (is_integer(clang_getCursorType(argument))) {
            sizes[count++] = argument;
            named = named || molt__allocated_names_type(argument);
        }
    }
    return named || is_bytes(result) ? count : 0;
}

/* ---- who takes the block --------------------------------------------------------------------- */

typedef struct Taker {
    CXType pointee;       /* CXType_Invalid: nobody whose type is known */
    CXCursor declaration; /* of the variable or field; null for none */
    CXCursor variable;    /* where that is a variable or parameter */
    bool returned;
} Taker;

static CXType pointee_of(CXType pointer)
{
    CXType none = {.kind = CXType_Invalid};
    CXType canonical = clang_getCanonicalType(pointer);
    return canonical.kind == CXType_Pointer
               ? clang_getCanonicalType(clang_getPointeeType(canonical))
               : none;
}

static void take(Taker *taker, CXType pointer)
{
    if (taker->pointee.kind == CXType_Invalid || taker->pointee.kind == CXType_Void) {
        CXType pointee = pointee_of(pointer);
        if (pointee.kind != CXType_Invalid) {
            taker->pointee = pointee;
        }
    }
}

static void take_declared(Taker *taker, CXCursor declaration)
{
    taker->declaration = declaration;
    enum CXCursorKind kind = clang_getCursorKind(declaration);
    if (kind == CXCursor_VarDecl || kind == CXCursor_ParmDecl) {
        taker->variable = declaration;
    }
}

/* memcpy(malloc(n), text, n) and the like give on their first argument: it takes what is copied. */
static bool take_copied(const Walk *walk, Taker *taker, CXCursor call, CXCursor inner)
{
    static const char *const names[] = {"memcpy", "memmove", "strcpy", "stpcpy", "strncpy"};
    CXCursor callee = clang_getCursorReferenced(call);
    bool function = clang_getCursorKind(callee) == CXCursor_FunctionDecl;
    const char *name = function ? libc_name(walk->reader, callee) : NULL;
    for (size_t i = 0; name != NULL && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0 &&
            clang_equalCursors(clang_Cursor_getArgument(call, 0), inner)) {
            take(taker, clang_getCursorType(strip(clang_Cursor_getArgument(call, 1))));
            return true;
        }
    }
    return false;
}

/* Outwards from the call at the top of the stack, through parentheses and casts. */
static Taker find_taker(const Walk *walk)
{
    Taker taker = {.pointee = {.kind = CXType_Invalid},
                   .declaration = clang_getNullCursor(),
                   .variable = clang_getNullCursor()};
    CXCursor inner = walk->stack[walk->depth - 1];
    for (unsigned i = walk->depth - 1; i-- > 0;) {
        CXCursor outer = walk->stack[i];
        enum CXCursorKind kind = clang_getCursorKind(outer);
        if (kind == CXCursor_CStyleCastExpr) {
            take(&taker, clang_getCursorType(outer));
        } else if (kind == CXCursor_BinaryOperator) {
            CXCursor left = child_of(outer, 0);
            bool value = clang_equalCursors(child_of(outer, 1), inner) != 0;
            if (value && clang_getCanonicalType(clang_getCursorType(outer)).kind == CXType_Pointer) {
                take(&taker, clang_getCursorType(left));
                take_declared(&taker, referenced(left));
            }
            return taker;
        } else if (kind == CXCursor_VarDecl) {
            take(&taker, clang_getCursorType(outer));
            take_declared(&taker, outer);
            return taker;
        } else if (kind == CXCursor_ReturnStmt) {
            take(&taker, clang_getCursorResultType(walk->function));
            taker.returned = true;
            return taker;
        } else if (kind == CXCursor_CallExpr) {
            if (!take_copied(walk, &taker, outer, inner)) {
                return taker;
            }
        } else if (kind != CXCursor_ConditionalOperator && !is_transparent(kind)) {
            return taker;
        }
        inner = outer;
    }
    return taker;
}

/* posix_memalign(&pointer, ...), also with a cast. */
static Taker find_taker_of_address(CXCursor argument)
{
    Taker taker = {.pointee = {.kind = CXType_Invalid},
                   .declaration = clang_getNullCursor(),
                   .variable = clang_getNullCursor()};
    CXCursor address = strip(argument);
    if (clang_getCursorKind(address) == CXCursor_UnaryOperator) {
        CXCursor operand = child_of(address, 0);
        take(&taker, clang_getCursorType(operand));
        take_declared(&taker, referenced(operand));
    }
    return taker;
}

/* ---- one allocation -------------------------------------------------------------------------- */

static MoltUnitAllocation *add(Walk *walk, CXCursor call, const char *callee)
{
    MoltAllocationReader *reader = walk->reader;
    MoltUnit *out = reader->out;
    MoltPlace place = molt__place_of(reader->types->unit, call);
    out->allocations =
        molt__arena_grow(arena_of(reader), out->allocations, out->allocation_count,
                         &out->allocation_capacity, sizeof *out->allocations);
    MoltUnitAllocation *made = &out->allocations[out->allocation_count++];
    *made = (MoltUnitAllocation){.place = place,
                                 .callee = callee,
                                 .callee_file = "",
                                 .function = walk->name,
                                 .function_file = walk->file,
                                 .type = "",
                                 .reason = "",
                                 .view = ""};
    return made;
}

/* "MOLT_POOL(Ant) on Nest.ants" */
static const char *claim_of(const Walk *walk, const char *name, CXCursor declaration)
{
    CXCursor holder = clang_getCursorSemanticParent(declaration);
    bool field = clang_getCursorKind(declaration) == CXCursor_FieldDecl;
    const char *own = copy_spelling(walk->reader, declaration);
    const char *owner = field ? copy_spelling(walk->reader, holder) : "";
    return molt__arena_format(arena_of(walk->reader), "MOLT_POOL(%s) on %s%s%s", name, owner,
                              owner[0] != '\0' ? "." : "", own);
}

/* The type that MOLT_POOL names on the declaration, unless the size says another one; true when there is
 * such a note. */
static bool read_pool(Walk *walk, const Taker *taker, const CXCursor *sizes, unsigned count,
                      MoltUnitAllocation *allocation)
{
    MoltTypeReader *types = walk->reader->types;
    MoltArena *arena = arena_of(walk->reader);
    const char *name = clang_Cursor_isNull(taker->declaration)
                           ? NULL
                           : molt__annotation_pool(arena, taker->declaration);
    CXType type, other;
    if (name == NULL) {
        return false;
    }
    MoltPoolNames names = molt__pool_names(arena, name);
    name = names.type;
    if (names.header[0] != '\0') {
        allocation->reason =
            molt__arena_format(arena, "a %s lies before the objects", names.header);
        return true;
    }
    allocation->pool = true;
    MoltPlace place = molt__place_of(types->unit, taker->declaration);
    if (!molt__wanted_find(types, name, &type)) {
        molt__refuse(types->diagnostics, place,
                     "name a struct, union or typedef that this source or a header of it defines",
                     "MOLT_POOL(%s): there is no such type", name);
        return true;
    }
    const char *contradiction = molt__allocated_contradiction(sizes, count, type, &other);
    const MoltModelType *read = molt__type_read(types, type, place);
    const MoltModelType *measured = contradiction != NULL && other.kind != CXType_Invalid
                                        ? molt__type_read(types, other, place)
                                        : NULL;
    allocation->reason = claim_of(walk, name, taker->declaration);
    if (contradiction == NULL) {
        const MoltModelType *view = taker->pointee.kind == CXType_Record
                                        ? molt__type_read(types, taker->pointee, place)
                                        : NULL;
        allocation->type = read != NULL ? read->name : "";
        allocation->view = view != NULL ? view->name : "";
        for (unsigned i = 0; i < count; i++) {
            allocation->sized = allocation->sized || molt__allocated_names_type(sizes[i]);
        }
        return true;
    }
    allocation->reason =
        molt__arena_format(arena, "%s says %s, but %s%s%s", allocation->reason, name, contradiction,
                           measured != NULL ? " " : "", measured != NULL ? measured->name : "");
    return true;
}

static void read_type(Walk *walk, MoltUnitAllocation *allocation, const CXCursor *sizes,
                      unsigned count, const Taker *taker)
{
    if (read_pool(walk, taker, sizes, count, allocation)) {
        return;
    }
    MoltAllocatedType type = molt__allocated_type(sizes, count, taker->pointee);
    if (!type.known) {
        allocation->reason = type.reason;
        return;
    }
    const MoltModelType *read = molt__type_read(walk->reader->types, type.type, allocation->place);
    allocation->type = read != NULL ? read->name : "";
    allocation->by_pointer = !type.named;
}

/* A size that comes from the function's own parameters is its caller's to say. */
static bool passes_on(const CXCursor *sizes, unsigned count)
{
    bool parameter = false;
    for (unsigned i = 0; i < count; i++) {
        if (molt__allocated_names_type(sizes[i])) {
            return false;
        }
        parameter = parameter || refers_to(sizes[i], clang_getNullCursor());
    }
    return parameter;
}

/* The block is larger than what its parameters say. */
static bool adds_to(const CXCursor *sizes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (refers_to(sizes[i], clang_getNullCursor()) && !molt__size_is_scaled(sizes[i])) {
            return true;
        }
    }
    return false;
}

static void note_handed(Walk *walk, const Taker *taker)
{
    uint32_t index = walk->reader->out->allocation_count - 1;
    if (taker->returned) {
        walk->reader->out->allocations[index].gives_on = true;
    } else if (!clang_Cursor_isNull(taker->variable) && walk->handed_count < HANDED_MAX) {
        walk->handed[walk->handed_count++] = (Handed){.variable = taker->variable,
                                                      .allocation = index};
    }
}

static void read_allocator(Walk *walk, CXCursor call, const Allocator *allocator)
{
    CXCursor sizes[2];
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (allocator->sizes[i] >= 0) {
            sizes[count++] = clang_Cursor_getArgument(call, (unsigned)allocator->sizes[i]);
        }
    }
    Taker taker = allocator->into < 0
                      ? find_taker(walk)
                      : find_taker_of_address(
                            clang_Cursor_getArgument(call, (unsigned)allocator->into));
    MoltUnitAllocation *made = add(walk, call, allocator->name);
    made->libc = true;
    if (allocator->into == TEXT) {
        made->type = "char";
        return;
    }
    if (passes_on(sizes, count)) {
        made->adds = adds_to(sizes, count);
        note_handed(walk, &taker);
    }
    read_type(walk, made, sizes, count, &taker);
}

static void read_wrapper(Walk *walk, CXCursor call, CXCursor callee)
{
    CXCursor sizes[HANDED_MAX];
    unsigned count = wrapper_sizes(call, sizes);
    if (count == 0) {
        return;
    }
    Taker taker = find_taker(walk);
    MoltUnitAllocation *made = add(walk, call, copy_spelling(walk->reader, callee));
    if (clang_getCursorLinkage(callee) == CXLinkage_Internal) {
        made->callee_file = molt__place_of(walk->reader->types->unit, callee).file;
    }
    if (passes_on(sizes, count)) {
        made->adds = adds_to(sizes, count);
        note_handed(walk, &taker);
    }
    read_type(walk, made, sizes, count, &taker);
}

static void read_call(Walk *walk, CXCursor call)
{
    CXCursor callee = clang_getCursorReferenced(call);
    if (clang_getCursorKind(callee) != CXCursor_FunctionDecl) {
        return; /* through a pointer */
    }
    const char *name = libc_name(walk->reader, callee);
    const Allocator *allocator = name != NULL ? find_allocator(name) : NULL;
    if (allocator != NULL) {
        read_allocator(walk, call, allocator);
    } else if (name == NULL) {
        read_wrapper(walk, call, callee);
    }
}

/* ---- the body of a function ------------------------------------------------------------------ */

static enum CXChildVisitResult visit_body(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Walk *walk = data;
    (void)parent;
    if (walk->depth == STACK_MAX) {
        return CXChildVisit_Continue;
    }
    walk->stack[walk->depth++] = cursor;
    if (clang_getCursorKind(cursor) == CXCursor_CallExpr) {
        read_call(walk, cursor);
    }
    clang_visitChildren(cursor, visit_body, walk);
    walk->depth--;
    return CXChildVisit_Continue;
}

/* What happens to one variable that holds a block. */
static void judge(Handed *handed, CXCursor cursor)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (kind == CXCursor_ReturnStmt) {
        CXCursor value = child_of(cursor, 0);
        CXCursor choice = strip(value);
        bool plain = clang_equalCursors(referenced(value), handed->variable) != 0;
        /* `return p ? p : fail()` gives on what it got, `return p + 1` does not */
        for (unsigned i = 1; clang_getCursorKind(choice) == CXCursor_ConditionalOperator && i < 3;
             i++) {
            plain = plain ||
                    clang_equalCursors(referenced(child_of(choice, i)), handed->variable) != 0;
        }
        handed->returned = handed->returned || plain;
        handed->changed = handed->changed || (!plain && refers_to(value, handed->variable));
    } else if (kind == CXCursor_CompoundAssignOperator || kind == CXCursor_UnaryOperator) {
        bool own = clang_equalCursors(referenced(child_of(cursor, 0)), handed->variable) != 0;
        bool same = clang_equalTypes(clang_getCursorType(cursor),
                                     clang_getCursorType(handed->variable)) != 0;
        handed->changed = handed->changed || (own && same);
    } else if (kind == CXCursor_BinaryOperator &&
               clang_equalCursors(referenced(child_of(cursor, 0)), handed->variable) &&
               clang_equalTypes(clang_getCursorType(cursor),
                                clang_getCursorType(handed->variable))) {
        CXCursor value = strip(child_of(cursor, 1));
        handed->changed = handed->changed || (clang_getCursorKind(value) != CXCursor_CallExpr &&
                                              refers_to(value, handed->variable));
    }
}

static enum CXChildVisitResult visit_handed(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Walk *walk = data;
    (void)parent;
    for (unsigned i = 0; i < walk->handed_count; i++) {
        judge(&walk->handed[i], cursor);
    }
    return CXChildVisit_Recurse;
}

void molt__allocations_read(MoltAllocationReader *reader, CXCursor function)
{
    Walk walk = {.reader = reader,
                 .function = function,
                 .name = copy_spelling(reader, function),
                 .file = ""};
    if (clang_getCursorLinkage(function) == CXLinkage_Internal) {
        walk.file = molt__place_of(reader->types->unit, function).file;
    }
    clang_visitChildren(function, visit_body, &walk);
    if (walk.handed_count > 0) {
        clang_visitChildren(function, visit_handed, &walk);
    }
    for (unsigned i = 0; i < walk.handed_count; i++) {
        reader->out->allocations[walk.handed[i].allocation].gives_on =
            walk.handed[i].returned && !walk.handed[i].changed;
    }
}
