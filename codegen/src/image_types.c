#include "image_types.h"

#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "translation_unit.h"

/* ---- types ----------------------------------------------------------------------------------- */

typedef struct Reading {
    MoltArena *arena;
    MoltFlows *out;
} Reading;

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

/* What all sources call a struct or union. */
static const char *name_of(MoltArena *arena, CXCursor declaration)
{
    CXString usr = clang_getCursorUSR(declaration);
    const char *text = clang_getCString(usr);
    const char *copy = text == NULL ? "" : molt__arena_copy(arena, text, strlen(text));
    clang_disposeString(usr);
    return copy;
}

/* True when the fact is new. */
static bool add(const Reading *reading, MoltFlowKind kind, const char *a, const char *b)
{
    uint32_t before = reading->out->count;
    molt__flow_add(reading->arena, reading->out, (MoltFlow){.kind = kind, .a = a, .b = b});
    return reading->out->count > before;
}

typedef struct Whole {
    const Reading *reading;
    const char *name;
} Whole;

static void add_parts(const Reading *reading, CXType record, const char *name);

static enum CXVisitorResult visit_part(CXCursor field, CXClientData data)
{
    const Whole *whole = data;
    CXType type = elements_of(clang_getCursorType(field));
    if (type.kind == CXType_Record) {
        const char *name = name_of(whole->reading->arena, clang_getTypeDeclaration(type));
        if (add(whole->reading, MOLT_FLOW_PART, whole->name, name)) {
            add_parts(whole->reading, type, name);
        }
    }
    return CXVisit_Continue;
}

static void add_parts(const Reading *reading, CXType record, const char *name)
{
    Whole whole = {reading, name};
    clang_Type_visitFields(record, visit_part, &whole);
}

/* An object of the type lies in the image, or may. */
static void add_lies(const Reading *reading, CXType type)
{
    CXType record = elements_of(type);
    if (record.kind == CXType_Record) {
        const char *name = name_of(reading->arena, clang_getTypeDeclaration(record));
        if (add(reading, MOLT_FLOW_LIES, name, "")) {
            add_parts(reading, record, name);
        }
    }
}

static void add_seen(const Reading *reading, CXType from, CXType to)
{
    const char *was = name_of(reading->arena, clang_getTypeDeclaration(from));
    const char *is = name_of(reading->arena, clang_getTypeDeclaration(to));
    if (strcmp(was, is) != 0 && add(reading, MOLT_FLOW_SEEN, was, is)) {
        add_parts(reading, from, was);
        add_parts(reading, to, is);
    }
}

/* ---- pointers that become others --------------------------------------------------------------- */

/* What a pointer leads to in the end, and over how many pointers. */
typedef struct Aim {
    CXType type;
    unsigned depth; /* 0: no pointer */
} Aim;

static Aim aim_of(CXType type)
{
    Aim aim = {clang_getCanonicalType(type), 0};
    while (aim.type.kind == CXType_Pointer || (aim.depth == 0 && is_array(aim.type))) {
        aim.type = elements_of(aim.type.kind == CXType_Pointer ? clang_getPointeeType(aim.type)
                                                               : aim.type);
        aim.depth++;
    }
    return aim;
}

static bool is_function(CXType type)
{
    return type.kind == CXType_FunctionProto || type.kind == CXType_FunctionNoProto;
}

/* A call gives memory that nothing of the library is in, or gives its argument back under its own type. */
static bool allocates(CXCursor call)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "reallocarray", "alloc", "memalign"};
    CXCursor callee = clang_getCursorReferenced(call);
    CXCursor around = clang_getCursorSemanticParent(callee);
    CXString spelling = clang_getCursorSpelling(callee), owner = clang_getCursorSpelling(around);
    const char *name = clang_getCString(spelling), *of = clang_getCString(owner);
    bool found = name != NULL && strncmp(name, "molt_", 5) == 0;
    found = found || (of != NULL && strcmp(of, "MoltHeapApi") == 0);
    bool system = clang_getCursorKind(callee) == CXCursor_FunctionDecl && molt__is_system(callee);
    for (size_t i = 0; name != NULL && system && i < sizeof names / sizeof names[0]; i++) {
        found = found || strstr(name, names[i]) != NULL;
    }
    clang_disposeString(spelling);
    clang_disposeString(owner);
    return found;
}

/* The operand that is a pointer where just one is; null otherwise. */
static CXCursor pointer_of(CXCursor cursor)
{
    MoltExpressions parts = molt__expression_children(cursor);
    CXCursor found = clang_getNullCursor();
    unsigned count = 0;
    for (unsigned i = 0; i < parts.count && parts.count == 2; i++) {
        if (aim_of(clang_getCursorType(parts.items[i])).depth > 0) {
            found = parts.items[i];
            count++;
        }
    }
    return count == 1 ? found : clang_getNullCursor();
}

/* What the pointer was before it was one to nothing in particular. False: it never leads to the library. */
static bool trace(CXCursor cursor, Aim *out)
{
    while (!clang_Cursor_isNull(cursor)) {
        enum CXCursorKind kind = clang_getCursorKind(cursor);
        *out = aim_of(clang_getCursorType(cursor));
        if (out->depth > 0 && out->type.kind == CXType_Record) {
            return true;
        }
        if (kind == CXCursor_IntegerLiteral || (kind == CXCursor_CallExpr && allocates(cursor))) {
            return false;
        }
        if (kind == CXCursor_ParenExpr || kind == CXCursor_UnexposedExpr ||
            kind == CXCursor_CStyleCastExpr) {
            cursor = molt__expression_last(cursor);
        } else {
            cursor = kind == CXCursor_BinaryOperator ? pointer_of(cursor) : clang_getNullCursor();
        }
    }
    *out = (Aim){.depth = 0};
    return true;
}

/* A value of the type `from` is taken for one of the type `to`. */
static void give(const Reading *reading, Aim from, Aim to)
{
    if (to.depth == 0 || to.type.kind != CXType_Record) {
        return;
    }
    if (from.depth == to.depth && from.type.kind == CXType_Record) {
        add_seen(reading, from.type, to.type);
    } else {
        add_lies(reading, to.type);
    }
}

/* A function is called as one of the type `to`, which hands it other pointers and takes others from it. */
static void read_function(const Reading *reading, CXType from, CXType to)
{
    int count = is_function(from) ? clang_getNumArgTypes(from) : 0;
    bool known = is_function(to) && clang_getNumArgTypes(to) == count;
    for (int i = 0; i < count; i++) {
        Aim given = {.depth = 0};
        if (known) {
            given = aim_of(clang_getArgType(to, (unsigned)i));
        }
        give(reading, given, aim_of(clang_getArgType(from, (unsigned)i)));
    }
    if (is_function(to)) {
        Aim result = {.depth = 0};
        if (is_function(from)) {
            result = aim_of(clang_getResultType(from));
        }
        give(reading, result, aim_of(clang_getResultType(to)));
    }
}

static void read_conversion(const Reading *reading, CXCursor cursor)
{
    Aim to = aim_of(clang_getCursorType(cursor)), from;
    CXCursor operand = to.depth > 0 ? molt__expression_last(cursor) : clang_getNullCursor();
    if (clang_Cursor_isNull(operand) || !clang_isExpression(clang_getCursorKind(operand))) {
        return;
    }
    from = aim_of(clang_getCursorType(operand));
    if (is_function(to.type) || (is_function(from.type) && from.depth > 0)) {
        if (from.depth > 0 && !clang_equalTypes(from.type, to.type)) {
            read_function(reading, from.type, to.type);
        }
    } else if (to.type.kind == CXType_Record && trace(operand, &from)) {
        give(reading, from, to);
    }
}

/* ---- a source ------------------------------------------------------------------------------------ */

static bool is_static(CXCursor variable)
{
    enum CX_StorageClass storage = clang_Cursor_getStorageClass(variable);
    CXCursor around = clang_getCursorSemanticParent(variable);
    return storage == CX_SC_Static || storage == CX_SC_Extern ||
           clang_getCursorKind(around) == CXCursor_TranslationUnit;
}

void molt__image_types_see(MoltArena *arena, MoltFlows *out, CXCursor cursor, bool top)
{
    Reading reading = {arena, out};
    CXType type = clang_getCursorType(cursor);
    switch (clang_getCursorKind(cursor)) {
    case CXCursor_VarDecl:
        if (is_static(cursor)) {
            add_lies(&reading, type);
        }
        break;
    case CXCursor_CompoundLiteralExpr: /* a compiler may keep a constant one with the constants */
        if (top || clang_isConstQualifiedType(elements_of(type)) || clang_isConstQualifiedType(type)) {
            add_lies(&reading, type);
        }
        break;
    case CXCursor_CStyleCastExpr:
    case CXCursor_UnexposedExpr: read_conversion(&reading, cursor); break;
    default: break;
    }
}

void molt__image_types_name(MoltFlows *out, const MoltModel *model)
{
    const Reading reading = {model->arena, out};
    for (uint32_t i = 0; i < model->type_count; i++) {
        const MoltModelType *type = model->types[i];
        bool record = type->kind == MOLT_KIND_STRUCT || type->kind == MOLT_KIND_UNION;
        if (record && !clang_Cursor_isNull(type->cursor)) {
            add(&reading, MOLT_FLOW_NAMED, name_of(model->arena, type->cursor), type->name);
        }
    }
}

/* ---- the library --------------------------------------------------------------------------------- */

/* All types that a source names, whether objects of them lie in the image, and where each leads. */
typedef struct Known {
    MoltFlows types; /* as facts NAMED of their own, for their table */
    bool *lies;
    uint32_t *found; /* those that lie there, of which the first ones are followed */
    uint32_t found_count;
    uint32_t *edges; /* per type: the last fact about it, from 1; per fact, the one before it */
    uint32_t *before;
} Known;

static uint32_t number_of(MoltArena *arena, Known *known, const char *name)
{
    const MoltFlow *flow = molt__flow_add(
        arena, &known->types, (MoltFlow){.kind = MOLT_FLOW_NAMED, .a = name, .b = ""});
    return (uint32_t)(flow - known->types.items);
}

static void mark(Known *known, uint32_t type)
{
    if (!known->lies[type]) {
        known->lies[type] = true;
        known->found[known->found_count++] = type;
    }
}

static bool leads(const MoltFlow *flow)
{
    return flow->kind == MOLT_FLOW_PART || flow->kind == MOLT_FLOW_SEEN;
}

static uint32_t *table(MoltArena *arena, uint32_t count)
{
    uint32_t *items = molt__arena_alloc(arena, (count + 1) * sizeof *items);
    memset(items, 0, (count + 1) * sizeof *items);
    return items;
}

/* From what lies there to what is in it, and to what pointers to it become. */
static void follow(MoltArena *arena, Known *known, const MoltFlows *all)
{
    for (uint32_t f = 0; f < all->count; f++) {
        number_of(arena, known, all->items[f].a);
        if (leads(&all->items[f])) {
            number_of(arena, known, all->items[f].b);
        }
    }
    known->lies = molt__arena_alloc(arena, (known->types.count + 1) * sizeof *known->lies);
    memset(known->lies, 0, (known->types.count + 1) * sizeof *known->lies);
    known->found = table(arena, known->types.count);
    known->edges = table(arena, known->types.count);
    known->before = table(arena, all->count);
    for (uint32_t f = 0; f < all->count; f++) {
        uint32_t from = number_of(arena, known, all->items[f].a);
        if (leads(&all->items[f])) {
            known->before[f] = known->edges[from];
            known->edges[from] = f + 1;
        } else if (all->items[f].kind == MOLT_FLOW_LIES) {
            mark(known, from);
        }
    }
    for (uint32_t done = 0; done < known->found_count; done++) {
        for (uint32_t f = known->edges[known->found[done]]; f != 0; f = known->before[f - 1]) {
            mark(known, number_of(arena, known, all->items[f - 1].b));
        }
    }
}

/* The types of one unit that stay out of the image. */
static void list_apart(MoltArena *arena, const MoltLibraryNames *names, uint32_t unit, Known *known,
                       MoltFlows *apart, MoltFlows *there)
{
    const MoltFlows *flows = &names->units[unit].image;
    for (uint32_t f = 0; f < flows->count; f++) {
        const MoltFlow *flow = &flows->items[f];
        MoltTypeId id = flow->kind == MOLT_FLOW_NAMED
                            ? molt_schema_find(names->units[unit].schema, flow->b)
                            : MOLT_NO_TYPE;
        if (id != MOLT_NO_TYPE) {
            bool lies = known->lies[number_of(arena, known, flow->a)];
            molt__flow_add(arena, lies ? there : apart,
                           (MoltFlow){.kind = MOLT_FLOW_NAMED,
                                      .a = molt__library_name(names, unit, id),
                                      .b = ""});
        }
    }
}

void molt__image_types_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library)
{
    MoltFlows all = {0}, apart = {0}, there = {0};
    Known known = {.found_count = 0};
    for (uint32_t u = 0; u < names->unit_count; u++) {
        const MoltFlows *flows = &names->units[u].image;
        for (uint32_t f = 0; f < flows->count; f++) {
            molt__flow_add(arena, &all, flows->items[f]);
        }
    }
    follow(arena, &known, &all);
    for (uint32_t u = 0; u < names->unit_count; u++) {
        list_apart(arena, names, u, &known, &apart, &there);
    }
    library->apart = molt__arena_alloc(arena, (apart.count + 1) * sizeof *library->apart);
    for (uint32_t i = 0; i < apart.count; i++) {
        uint32_t before = there.count;
        molt__flow_add(arena, &there, apart.items[i]);
        if (there.count > before) { /* else another type of that name lies there */
            library->apart[library->apart_count++] = apart.items[i].a;
        }
    }
}

static int compare(const void *left, const void *right)
{
    MoltTypeId a = *(const MoltTypeId *)left, b = *(const MoltTypeId *)right;
    return (a > b) - (a < b);
}

uint32_t molt__image_types_write(MoltText *text, const MoltUnit *library)
{
    MoltTypeId *ids = molt__arena_alloc(text->arena, (library->apart_count + 1) * sizeof *ids);
    uint32_t count = 0;
    for (uint32_t i = 0; i < library->apart_count; i++) {
        MoltTypeId id = molt_schema_find(library->schema, library->apart[i]);
        if (id != MOLT_NO_TYPE) {
            ids[count++] = id;
        }
    }
    if (count == 0) {
        return 0;
    }
    qsort(ids, count, sizeof *ids, compare);
    molt__text_add(text, "static const MoltTypeId apart_types[] = {");
    for (uint32_t i = 0; i < count; i++) {
        molt__text_add(text, "%s%u,", i % 12 == 0 ? "\n    " : " ", ids[i]);
    }
    molt__text_add(text, "\n};\n\n");
    return count;
}
