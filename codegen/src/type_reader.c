#include "type_reader.h"

#include <string.h>

#include "annotation.h"
#include "declarator.h"
#include "system_record.h"

static const char *copy_string(MoltTypeReader *reader, CXString string)
{
    const char *text = clang_getCString(string);
    const char *copy =
        molt__arena_copy(reader->model->arena, text == NULL ? "" : text,
                         text == NULL ? 0 : strlen(text));
    clang_disposeString(string);
    return copy;
}

MoltModelType *molt__type_refuse(MoltTypeReader *reader, MoltTypeContext context, const char *what,
                                  const char *remedy)
{
    if (reader->lenient) {
        return NULL;
    }
    if (context.owner != NULL) {
        molt__refuse(reader->diagnostics, context.place, remedy,
                     "'%s.%s': %s not supported yet", context.owner, context.field, what);
    } else {
        molt__refuse(reader->diagnostics, context.place, remedy, "%s not supported yet", what);
    }
    return NULL;
}

/* ---- arithmetic types ------------------------------------------------------------------------ */

typedef struct Arithmetic {
    enum CXTypeKind clang;
    const char *name;
    MoltKind kind;
    uint32_t flags;
} Arithmetic;

static const Arithmetic ARITHMETIC[] = {
    {CXType_Void, "void", MOLT_KIND_VOID, 0},
    {CXType_Bool, "bool", MOLT_KIND_BOOL, 0},
    {CXType_Char_S, "char", MOLT_KIND_INT, MOLT_TYPE_SIGNED | MOLT_TYPE_CHAR},
    {CXType_Char_U, "char", MOLT_KIND_INT, MOLT_TYPE_CHAR},
    {CXType_SChar, "signed char", MOLT_KIND_INT, MOLT_TYPE_SIGNED},
    {CXType_UChar, "unsigned char", MOLT_KIND_INT, 0},
    {CXType_Short, "short", MOLT_KIND_INT, MOLT_TYPE_SIGNED},
    {CXType_UShort, "unsigned short", MOLT_KIND_INT, 0},
    {CXType_Int, "int", MOLT_KIND_INT, MOLT_TYPE_SIGNED},
    {CXType_UInt, "unsigned int", MOLT_KIND_INT, 0},
    {CXType_Long, "long", MOLT_KIND_INT, MOLT_TYPE_SIGNED},
    {CXType_ULong, "unsigned long", MOLT_KIND_INT, 0},
    {CXType_LongLong, "long long", MOLT_KIND_INT, MOLT_TYPE_SIGNED},
    {CXType_ULongLong, "unsigned long long", MOLT_KIND_INT, 0},
    {CXType_Int128, "__int128", MOLT_KIND_INT, MOLT_TYPE_SIGNED},
    {CXType_UInt128, "unsigned __int128", MOLT_KIND_INT, 0},
    {CXType_Float, "float", MOLT_KIND_FLOAT, MOLT_TYPE_BINARY_FLOAT},
    {CXType_Double, "double", MOLT_KIND_FLOAT, MOLT_TYPE_BINARY_FLOAT},
    {CXType_LongDouble, "long double", MOLT_KIND_FLOAT, 0},
};

void molt__type_measure(MoltModelType *into, CXType type)
{
    long long size = clang_Type_getSizeOf(type), align = clang_Type_getAlignOf(type);
    into->size = size < 0 ? 0 : (uint64_t)size;
    into->align = align < 0 ? 0 : (uint32_t)align;
}

static MoltModelType *read_arithmetic(MoltTypeReader *reader, CXType type)
{
    for (size_t i = 0; i < sizeof ARITHMETIC / sizeof ARITHMETIC[0]; i++) {
        const Arithmetic *row = &ARITHMETIC[i];
        if (row->clang != type.kind) {
            continue;
        }
        MoltModelType *found = molt__model_find(reader->model, row->name);
        if (found == NULL) {
            found = molt__model_add(reader->model, row->name, "");
            found->kind = row->kind;
            found->flags = row->flags;
            if (row->kind != MOLT_KIND_VOID) {
                molt__type_measure(found, type);
            }
        }
        return found;
    }
    return NULL;
}

/* What C measures itself; 0 for what depends on more than the game's ABI tells. */
static uint32_t size_of(const MoltTypeReader *reader, const char *name)
{
    static const struct {
        const char *name;
        uint32_t size;
    } SIZES[] = {{"bool", 1},  {"char", 1},   {"signed char", 1},    {"unsigned char", 1},
                 {"short", 2}, {"int", 4},    {"unsigned short", 2}, {"unsigned int", 4},
                 {"float", 4}, {"double", 8}, {"long long", 8},      {"unsigned long long", 8}};
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        if (strcmp(SIZES[i].name, name) == 0) {
            return SIZES[i].size;
        }
    }
    bool is_long = strcmp(name, "long") == 0 || strcmp(name, "unsigned long") == 0;
    return is_long ? reader->model->abi.long_size : 0;
}

MoltModelType *molt__type_read_number(MoltTypeReader *reader, const char *name)
{
    MoltModelType *found = molt__model_find(reader->model, name);
    uint32_t size = size_of(reader, name);
    for (size_t i = 0; found == NULL && size > 0; i++) {
        const Arithmetic *row = &ARITHMETIC[i];
        if (strcmp(row->name, name) != 0) {
            continue;
        }
        found = molt__model_add(reader->model, row->name, "");
        found->kind = row->kind;
        found->flags = row->flags;
        found->size = found->align = size;
    }
    if (found != NULL && (found->flags & MOLT_TYPE_CHAR) != 0) {
        found->flags = MOLT_TYPE_CHAR | (reader->model->abi.char_signed ? MOLT_TYPE_SIGNED : 0);
    }
    return size > 0 ? found : NULL;
}

MoltModelType *molt__type_read_char(MoltTypeReader *reader)
{
    return molt__type_read_number(reader, "char");
}

/* ---- derived types --------------------------------------------------------------------------- */

static MoltDeclarator declarator_of(const MoltModelType *type)
{
    return (MoltDeclarator){type->prefix, type->suffix};
}

/* The type spelled so, made when it is new: *is_new tells. */
static MoltModelType *derive(MoltTypeReader *reader, MoltKind kind, MoltDeclarator spelled,
                             bool *is_new)
{
    MoltArena *arena = reader->model->arena;
    const char *name = molt__arena_format(arena, "%s%s", spelled.prefix, spelled.suffix);
    MoltModelType *found = molt__model_find(reader->model, name);
    *is_new = found == NULL;
    if (found == NULL) {
        found = molt__model_add(reader->model, spelled.prefix, spelled.suffix);
        found->kind = kind;
    }
    return found;
}

static MoltModelType *read_pointer(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    CXType pointee = clang_getCanonicalType(clang_getPointeeType(type));
    CXCursor declaration = clang_getTypeDeclaration(pointee);
    CXCursor definition = clang_getCursorDefinition(declaration);
    /* Records of system headers belong to their library: FILE, SDL_Texture, a lock. */
    if (pointee.kind == CXType_Record &&
        molt__is_system(clang_Cursor_isNull(definition) ? declaration : definition)) {
        context.follow = false;
    }
    MoltModelType *elem = molt__type_read_in(reader, pointee, context);
    if (elem == NULL) {
        return NULL;
    }
    MoltDeclarator spelled =
        molt__declare_pointer(reader->model->arena, declarator_of(elem), elem->kind);
    bool is_new = false;
    MoltModelType *pointer = derive(reader, MOLT_KIND_POINTER, spelled, &is_new);
    if (is_new) {
        pointer->elem = elem;
        molt__type_measure(pointer, type);
    }
    return pointer;
}

static MoltModelType *read_array(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltArena *arena = reader->model->arena;
    bool flexible = context.flexible;
    long long length = flexible ? 0 : clang_getArraySize(type);
    if (length <= 0 && !flexible && !reader->lenient) {
        return molt__type_refuse(reader, context, "an array without elements is",
                                 "make it the last member of a struct that is allocated by "
                                 "molt_new_flexible, or a pointer to molt_new_array(T, n)");
    }
    context.flexible = false;
    MoltModelType *elem = molt__type_read_in(reader, clang_getArrayElementType(type), context);
    if (elem == NULL) {
        return NULL;
    }
    MoltDeclarator spelled =
        flexible ? molt__declare_flexible(arena, declarator_of(elem))
                 : molt__declare_array(arena, declarator_of(elem), length < 0 ? 0 : (uint64_t)length);
    bool is_new = false;
    MoltModelType *array = derive(reader, MOLT_KIND_ARRAY, spelled, &is_new);
    if (is_new) {
        array->elem = elem;
        array->length = length < 0 ? 0 : (uint64_t)length;
        array->flags = flexible ? MOLT_TYPE_FLEXIBLE : 0;
        molt__type_measure(array, type);
    }
    return array;
}

MoltModelType *molt__type_without_tail(MoltTypeReader *reader, const MoltModelType *flexible)
{
    MoltArena *arena = reader->model->arena;
    bool is_new = false;
    MoltModelType *array =
        derive(reader, MOLT_KIND_ARRAY,
               molt__declare_array(arena, declarator_of(flexible->elem), 0), &is_new);
    if (is_new) {
        array->elem = flexible->elem;
        array->size = flexible->size;
        array->align = flexible->align;
    }
    return array;
}

/* A type made of values of `elem` whose name says nothing to the right of a declared object. */
static MoltModelType *derive_sequence(MoltTypeReader *reader, MoltKind kind, const char *name,
                                      MoltModelType *elem, uint64_t length, CXType type)
{
    bool is_new = false;
    MoltModelType *found = derive(reader, kind, (MoltDeclarator){name, ""}, &is_new);
    if (is_new) {
        found->elem = elem;
        found->length = length;
        molt__type_measure(found, type);
    }
    return found;
}

/* gcc keeps the size of every struct, clang rounds those up to 16 bytes to a power of two: two
 * object files of one game could disagree. */
static MoltModelType *read_atomic(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    CXType value = clang_getCanonicalType(clang_Type_getValueType(type));
    MoltModelType *elem = molt__type_read_in(reader, value, context);
    if (elem == NULL) {
        return NULL;
    }
    const char *name =
        molt__declare_atomic(reader->model->arena, declarator_of(elem)).prefix;
    if (clang_Type_getSizeOf(type) != clang_Type_getSizeOf(value) && !context.signature) {
        return molt__type_refuse(
            reader, context,
            molt__arena_format(reader->model->arena,
                               "'%s', to which compilers give different sizes, is", name),
            "pad the struct to a size of 1, 2, 4, 8 or 16 bytes");
    }
    return derive_sequence(reader, MOLT_KIND_ATOMIC, name, elem, 1, type);
}

static MoltModelType *read_complex(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltModelType *elem = molt__type_read_in(reader, clang_getElementType(type), context);
    if (elem == NULL) {
        return NULL;
    }
    const char *name = molt__arena_format(reader->model->arena, "_Complex %s", elem->name);
    return derive_sequence(reader, MOLT_KIND_COMPLEX, name, elem, 2, type);
}

static MoltModelType *read_vector(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltModelType *elem = molt__type_read_in(reader, clang_getElementType(type), context);
    long long length = clang_getNumElements(type);
    if (elem == NULL || length <= 0) {
        return NULL;
    }
    const char *name =
        molt__arena_format(reader->model->arena, "%s __attribute__((vector_size(%llu)))",
                           elem->name, (unsigned long long)elem->size * (uint64_t)length);
    return derive_sequence(reader, MOLT_KIND_VECTOR, name, elem, (uint64_t)length, type);
}

/* A parameter's type; arrays are pointers there. */
static MoltModelType *read_param(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    CXType canonical = clang_getCanonicalType(type);
    if (canonical.kind == CXType_ConstantArray || canonical.kind == CXType_IncompleteArray ||
        canonical.kind == CXType_VariableArray) {
        MoltModelType *elem =
            molt__type_read_in(reader, clang_getArrayElementType(canonical), context);
        if (elem == NULL) {
            return NULL;
        }
        bool is_new = false;
        MoltDeclarator spelled =
            molt__declare_pointer(reader->model->arena, declarator_of(elem), elem->kind);
        MoltModelType *pointer = derive(reader, MOLT_KIND_POINTER, spelled, &is_new);
        if (is_new) {
            pointer->elem = elem;
            pointer->size = sizeof(void *);
            pointer->align = _Alignof(void *);
        }
        return pointer;
    }
    return molt__type_read_in(reader, canonical, context);
}

static MoltModelType *read_function(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltArena *arena = reader->model->arena;
    context.follow = false;
    context.signature = true;
    MoltModelType *result = molt__type_read_in(reader, clang_getResultType(type), context);
    int count = type.kind == CXType_FunctionProto ? clang_getNumArgTypes(type) : 0;
    uint32_t param_count = count < 0 ? 0 : (uint32_t)count;
    MoltModelType **params = molt__arena_alloc(arena, param_count * sizeof *params);
    const char *list = "";
    for (uint32_t i = 0; i < param_count; i++) {
        params[i] = read_param(reader, clang_getArgType(type, i), context);
        if (params[i] == NULL) {
            return NULL;
        }
        list = molt__arena_format(arena, "%s%s%s", list, i == 0 ? "" : ", ", params[i]->name);
    }
    if (result == NULL) {
        return NULL;
    }
    bool variadic = clang_isFunctionTypeVariadic(type) != 0;
    if (variadic) {
        list = molt__arena_format(arena, "%s%s...", list, param_count == 0 ? "" : ", ");
    } else if (param_count == 0 && type.kind == CXType_FunctionProto) {
        list = "void";
    }
    MoltDeclarator spelled = molt__declare_function(arena, declarator_of(result), list);
    bool is_new = false;
    MoltModelType *function = derive(reader, MOLT_KIND_FUNCTION, spelled, &is_new);
    if (is_new) {
        function->elem = result;
        function->params = params;
        function->param_count = param_count;
        function->flags = variadic ? MOLT_TYPE_VARIADIC : 0;
    }
    return function;
}

/* ---- records and enums ----------------------------------------------------------------------- */

/* The tag, the typedef that names it, or NULL. `keyword` gets "struct ", "union ", "enum " or
 * "". */
static const char *declared_name(MoltTypeReader *reader, CXType type, const char **keyword)
{
    static const char *const keywords[] = {"struct ", "union ", "enum "};
    const char *name = copy_string(reader, clang_getTypeSpelling(type));
    *keyword = "";
    /* Canonical types keep their qualifiers. */
    static const char *const qualifiers[] = {"const ", "volatile ", "restrict "};
    for (size_t i = 0; i < 2 * sizeof qualifiers / sizeof qualifiers[0]; i++) {
        const char *word = qualifiers[i % 3];
        if (strncmp(name, word, strlen(word)) == 0) {
            name += strlen(word);
        }
    }
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (strncmp(name, keywords[i], strlen(keywords[i])) == 0) {
            name += strlen(keywords[i]);
            *keyword = keywords[i];
        }
    }
    /* Names of unnamed things hold a place in the source: "(unnamed struct at ant.h:3:5)". */
    return strchr(name, '(') != NULL || *name == '\0' ? NULL : name;
}

const char *molt__type_name(MoltTypeReader *reader, CXType type)
{
    const char *keyword = "";
    type = clang_getCanonicalType(type);
    if (type.kind == CXType_Record || type.kind == CXType_Enum) {
        return declared_name(reader, type, &keyword);
    }
    for (size_t i = 0; i < sizeof ARITHMETIC / sizeof ARITHMETIC[0]; i++) {
        if (ARITHMETIC[i].clang == type.kind) {
            return ARITHMETIC[i].name;
        }
    }
    return NULL;
}

static void refuse_second_body(MoltTypeReader *reader, const MoltModelType *first,
                               CXCursor second)
{
    if (reader->lenient) {
        return;
    }
    MoltPlace here = molt__place_of(reader->unit, second);
    MoltPlace there = molt__place_of(reader->unit, first->cursor);
    molt__refuse(reader->diagnostics, here, "give one of them another name",
                 "two different types are called '%s'; the other is at %s:%u", first->name,
                 there.file == NULL ? "(built in)" : there.file, there.line);
}

typedef struct Holder {
    CXCursor declaration; /* of a type without a name */
    CXCursor field;       /* the first that leads to it */
} Holder;

static enum CXVisitorResult visit_holder(CXCursor cursor, CXClientData data)
{
    Holder *holder = data;
    CXType type = clang_getCanonicalType(clang_getCursorType(cursor));
    for (CXType inner = type; inner.kind != CXType_Invalid;) {
        type = clang_getCanonicalType(inner);
        inner = type.kind == CXType_Pointer ? clang_getPointeeType(type)
                                            : clang_getArrayElementType(type);
    }
    if (clang_equalCursors(clang_getCanonicalCursor(clang_getTypeDeclaration(type)),
                           holder->declaration)) {
        holder->field = cursor;
        return CXVisit_Break;
    }
    return CXVisit_Continue;
}

static const char *member_name(MoltTypeReader *reader, CXCursor declaration);

/* What members of the record are called after: its name, or for an unnamed group that of the one around. */
static const char *owner_name(MoltTypeReader *reader, CXCursor record)
{
    const char *keyword = "";
    CXType type = clang_getCanonicalType(clang_getCursorType(record));
    const char *name = type.kind == CXType_Record ? declared_name(reader, type, &keyword) : NULL;
    if (name != NULL || type.kind != CXType_Record) {
        return name;
    }
    return clang_Cursor_isAnonymousRecordDecl(record)
               ? owner_name(reader, clang_getCursorLexicalParent(record))
               : member_name(reader, clang_getCanonicalCursor(record));
}

/* "Game::slots", for what stands in a member of a struct; NULL for what stands elsewhere. Code may need a
 * type before the member is read, as malloc(sizeof *game->slots) does. */
static const char *member_name(MoltTypeReader *reader, CXCursor declaration)
{
    CXCursor outer = clang_getCursorLexicalParent(declaration);
    CXType type = clang_getCanonicalType(clang_getCursorType(outer));
    Holder holder = {declaration, clang_getNullCursor()};
    if (type.kind == CXType_Record) {
        clang_Type_visitFields(type, visit_holder, &holder);
    }
    const char *owner =
        clang_Cursor_isNull(holder.field) ? NULL : owner_name(reader, outer);
    return owner == NULL
               ? NULL
               : molt__arena_format(reader->model->arena, "%s::%s", owner,
                                    copy_string(reader, clang_getCursorSpelling(holder.field)));
}

/* The model's entry for a declared record or enum: found by name, or added as OPAQUE. */
static MoltModelType *declared_type(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltArena *arena = reader->model->arena;
    CXCursor declaration = clang_getCanonicalCursor(clang_getTypeDeclaration(type));
    for (uint32_t i = 0; i < reader->model->type_count; i++) {
        if (clang_equalCursors(reader->model->types[i]->cursor, declaration)) {
            return reader->model->types[i];
        }
    }
    const char *keyword = "";
    const char *name = declared_name(reader, type, &keyword);
    const char *spelling = NULL;
    if (name != NULL) {
        spelling = molt__arena_format(arena, "%s%s", keyword, name);
    } else if (context.owner != NULL && !context.signature) {
        name = molt__arena_format(arena, "%s::%s", context.owner, context.field);
    } else if ((name = member_name(reader, declaration)) == NULL) {
        return molt__type_refuse(reader, context, "a type without a name is", "give it a name");
    }
    MoltModelType *found = molt__model_find(reader->model, name);
    if (found != NULL && reader->lenient && spelling != NULL && *keyword != '\0') {
        name = spelling; /* "struct Ant" beside another Ant */
        found = molt__model_find(reader->model, name);
    }
    if (found != NULL) {
        refuse_second_body(reader, found, declaration);
        return NULL;
    }
    found = molt__model_add(reader->model, name, "");
    found->kind = MOLT_KIND_OPAQUE;
    found->cursor = declaration;
    found->spelling = spelling;
    return found;
}

/* Notes of the declaration and of the typedef that stands for it. */
static void read_declaration_notes(MoltTypeReader *reader, CXCursor definition,
                                   MoltModelType *type, MoltWhere where)
{
    molt__annotations_read(reader->diagnostics, definition, type->place, where, &type->notes);
    for (uint32_t i = 0; i < reader->alias_count; i++) {
        if (clang_equalCursors(reader->aliases[i].declaration, type->cursor)) {
            molt__annotations_read(reader->diagnostics, reader->aliases[i].alias, type->place,
                                   where, &type->notes);
        }
    }
}

typedef struct EnumWalk {
    MoltTypeReader *reader;
    MoltModelType *type;
    bool is_signed;
    const char *fallback; /* the enumerator that is one; NULL: none so far */
} EnumWalk;

static enum CXChildVisitResult visit_enumerator(CXCursor cursor, CXCursor parent, CXClientData data)
{
    EnumWalk *walk = data;
    MoltTypeReader *reader = walk->reader;
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_EnumConstantDecl) {
        return CXChildVisit_Continue;
    }
    MoltModelEnumerator *enumerator = molt__model_add_enumerator(reader->model, walk->type);
    enumerator->name = copy_string(reader, clang_getCursorSpelling(cursor));
    enumerator->place = molt__place_of(reader->unit, cursor);
    /* The signed reading sign-extends unsigned values and the other way round. */
    enumerator->value = walk->is_signed
                            ? (uint64_t)clang_getEnumConstantDeclValue(cursor)
                            : (uint64_t)clang_getEnumConstantDeclUnsignedValue(cursor);
    molt__annotations_read(reader->diagnostics, cursor, enumerator->place, MOLT_WHERE_ENUMERATOR,
                           &enumerator->notes);
    if (molt__model_note(&enumerator->notes, MOLT_NOTE_FALLBACK) != NULL) {
        if (walk->fallback != NULL) {
            molt__refuse(reader->diagnostics, enumerator->place, "keep one of them",
                         "'%s' is MOLT_FALLBACK, and '%s' of the same enum is, too",
                         enumerator->name, walk->fallback);
        }
        walk->fallback = enumerator->name;
    }
    return CXChildVisit_Continue;
}

static MoltModelType *read_enum(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltModelType *found = declared_type(reader, type, context);
    CXCursor definition = clang_getCursorDefinition(clang_getTypeDeclaration(type));
    if (found == NULL || found->followed || clang_Cursor_isNull(definition)) {
        return found;
    }
    CXType storage = clang_getCanonicalType(clang_getEnumDeclIntegerType(definition));
    found->followed = true;
    found->elem = read_arithmetic(reader, storage);
    if (found->elem == NULL) {
        return molt__type_refuse(reader, context, "an enum of this storage is",
                           "let a standard integer type store it");
    }
    found->kind = MOLT_KIND_ENUM;
    found->place = molt__place_of(reader->unit, definition);
    molt__type_measure(found, type);
    read_declaration_notes(reader, definition, found, MOLT_WHERE_ENUM);
    found->flags = found->elem->flags & MOLT_TYPE_SIGNED;
    if (molt__model_note(&found->notes, MOLT_NOTE_FLAGS) != NULL) {
        found->flags |= MOLT_TYPE_FLAGS;
    }
    EnumWalk walk = {reader, found, (found->flags & MOLT_TYPE_SIGNED) != 0, NULL};
    clang_visitChildren(definition, visit_enumerator, &walk);
    return found;
}

/* True when generated code, which includes headers only, can name the record. */
static bool is_nameable(MoltTypeReader *reader, CXCursor definition, const MoltModelType *type)
{
    enum CXCursorKind scope = clang_getCursorKind(clang_getCursorSemanticParent(definition));
    bool at_file_scope = scope == CXCursor_TranslationUnit || scope == CXCursor_StructDecl ||
                         scope == CXCursor_UnionDecl;
    return at_file_scope && type->place.file != NULL &&
           strcmp(type->place.file, reader->unit->path) != 0;
}

static MoltModelType *read_record(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltModelType *found = declared_type(reader, type, context);
    CXCursor definition = clang_getCursorDefinition(clang_getTypeDeclaration(type));
    if (found == NULL || found->followed || !context.follow || clang_Cursor_isNull(definition)) {
        return found;
    }
    found->followed = true;
    found->kind = clang_getCursorKind(definition) == CXCursor_UnionDecl ? MOLT_KIND_UNION
                                                                        : MOLT_KIND_STRUCT;
    found->cursor = clang_getCanonicalCursor(definition);
    found->place = molt__place_of(reader->unit, definition);
    molt__type_measure(found, type);
    if (!is_nameable(reader, definition, found)) {
        found->spelling = NULL;
    }
    read_declaration_notes(reader, definition, found, MOLT_WHERE_RECORD);
    if (!reader->lenient && molt__system_bytes(type)) {
        molt__type_conceal(reader, found, type);
        return found;
    }
    reader->pending = molt__arena_grow(reader->model->arena, reader->pending,
                                       reader->pending_count, &reader->pending_capacity,
                                       sizeof *reader->pending);
    reader->pending[reader->pending_count++] = found;
    return found;
}

/* ---- any type -------------------------------------------------------------------------------- */

/* In a signature a type is only compared by name, so any will do. */
static MoltModelType *opaque_type(MoltTypeReader *reader, CXType type)
{
    const char *name = copy_string(reader, clang_getTypeSpelling(type));
    MoltModelType *found = molt__model_find(reader->model, name);
    if (found == NULL) {
        found = molt__model_add(reader->model, name, "");
        found->kind = MOLT_KIND_OPAQUE;
    }
    return found;
}

static MoltModelType *read_other(MoltTypeReader *reader, CXType type, MoltTypeContext context)
{
    MoltModelType *found = read_arithmetic(reader, type);
    if (found != NULL) {
        return found;
    }
    if (context.signature) {
        return opaque_type(reader, type);
    }
    switch (type.kind) {
    case CXType_VariableArray:
        return molt__type_refuse(reader, context, "an array of variable length is",
                           "put the elements on the heap: a pointer to molt_new_array(T, n) and a "
                           "count");
    default: {
        const char *name = copy_string(reader, clang_getTypeSpelling(type));
        return molt__type_refuse(reader, context,
                           molt__arena_format(reader->model->arena, "the type '%s' is", name),
                           "use a standard integer or floating type, a struct or an array");
    }
    }
}

/* Recurses only along one declarator: pointers and arrays of arrays, never through records. */
MoltModelType *molt__type_read_in(MoltTypeReader *reader, CXType sugared, MoltTypeContext context)
{
    CXType type = clang_getCanonicalType(sugared);
    switch (type.kind) {
    case CXType_Pointer:
        return read_pointer(reader, type, context);
    case CXType_ConstantArray:
    case CXType_IncompleteArray:
        return read_array(reader, type, context);
    case CXType_FunctionProto:
    case CXType_FunctionNoProto:
        return read_function(reader, type, context);
    case CXType_Record:
        return read_record(reader, type, context);
    case CXType_Enum:
        return read_enum(reader, type, context);
    case CXType_Atomic:
        return read_atomic(reader, type, context);
    case CXType_Complex:
        return read_complex(reader, type, context);
    case CXType_Vector:
    case CXType_ExtVector:
        return read_vector(reader, type, context);
    default:
        return read_other(reader, type, context);
    }
}

MoltModelType *molt__type_read(MoltTypeReader *reader, CXType type, MoltPlace place)
{
    MoltTypeContext context = {.place = place, .follow = true};
    MoltModelType *found = molt__type_read_in(reader, type, context);
    if (found != NULL && (found->kind == MOLT_KIND_OPAQUE || found->kind == MOLT_KIND_VOID ||
                          found->kind == MOLT_KIND_FUNCTION)) {
        molt__refuse(reader->diagnostics, place, "include the header that defines it",
                     "'%s' has no size here", found->name);
        return NULL;
    }
    return found;
}

MoltModelType *molt__type_bytes(MoltTypeReader *reader, CXType type)
{
    long long size = clang_Type_getSizeOf(type);
    const char *name = molt__arena_format(reader->model->arena, "unsigned char[%lld]", size);
    MoltModelType *found = molt__model_find(reader->model, name);
    MoltModelType *byte = molt__model_find(reader->model, "unsigned char");
    if (size < 0 || found != NULL) {
        return found;
    }
    if (byte == NULL) {
        byte = molt__model_add(reader->model, "unsigned char", "");
        byte->kind = MOLT_KIND_INT;
        byte->size = byte->align = 1;
    }
    found = molt__model_add(reader->model, "unsigned char",
                            molt__arena_format(reader->model->arena, "[%lld]", size));
    found->kind = MOLT_KIND_ARRAY;
    found->elem = byte;
    found->length = found->size = (uint64_t)size;
    found->align = 1;
    return found;
}

void molt__type_conceal(MoltTypeReader *reader, MoltModelType *record, CXType type)
{
    MoltModelType *bytes = molt__type_bytes(reader, type);
    record->kind = MOLT_KIND_STRUCT;
    record->fields = NULL;
    record->field_count = record->field_capacity = 0;
    if (bytes != NULL) {
        *molt__model_add_field(reader->model, record) =
            (MoltModelField){.name = "bytes", .type = bytes, .place = record->place};
    }
}
