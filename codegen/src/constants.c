#include "constants.h"

#include <string.h>

#include "expression.h"
#include "path.h"

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct Rows {
    MoltArena *arena;
    const char **keys;
    uint64_t count;
} Rows;

static void name_row(Rows *rows, CXCursor enumerator)
{
    unsigned long long row = clang_getEnumConstantDeclUnsignedValue(enumerator);
    CXString spelling = clang_getCursorSpelling(enumerator);
    const char *name = clang_getCString(spelling);
    if (row < rows->count && rows->keys[row] == NULL && name != NULL) {
        rows->keys[row] = molt__arena_copy(rows->arena, name, strlen(name));
    }
    clang_disposeString(spelling);
}

static enum CXChildVisitResult visit_enumerator(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_EnumConstantDecl) {
        name_row(data, cursor);
    }
    return CXChildVisit_Continue;
}

/* `[ITEM_SWORD] = {...}` is an expression of the designator and the value, without a type. */
static enum CXChildVisitResult visit_row(CXCursor cursor, CXCursor parent, CXClientData data)
{
    MoltExpressions parts = molt__expression_children(cursor);
    (void)parent;
    if (parts.count > 1 && clang_getCursorType(cursor).kind == CXType_Void) {
        CXCursor designator = clang_getCursorReferenced(molt__expression_strip(parts.items[0]));
        if (clang_getCursorKind(designator) == CXCursor_EnumConstantDecl) {
            name_row(data, designator);
        }
    }
    return CXChildVisit_Continue;
}

static void read_keys(Rows *rows, CXCursor value, CXType index)
{
    rows->keys = molt__arena_alloc(rows->arena, rows->count * sizeof *rows->keys);
    memset(rows->keys, 0, rows->count * sizeof *rows->keys);
    if (index.kind == CXType_Enum) {
        clang_visitChildren(clang_getTypeDeclaration(index), visit_enumerator, rows);
    } else if (clang_getCursorKind(value) == CXCursor_InitListExpr) {
        clang_visitChildren(value, visit_row, rows);
    }
}

/* The keys, "" for rows without one; NULL where no row has one. */
static const char **finish_keys(const Rows *rows)
{
    bool any = false;
    for (uint64_t i = 0; i < rows->count; i++) {
        any = any || rows->keys[i] != NULL;
        rows->keys[i] = rows->keys[i] != NULL ? rows->keys[i] : "";
    }
    return any ? rows->keys : NULL;
}

/* The type of an element and how many there are: rows, and in each row those of the inner arrays. */
static CXType element_of(CXType type, uint64_t *rows, uint64_t *per_row)
{
    type = clang_getCanonicalType(type);
    *rows = *per_row = 1;
    for (bool outer = true; type.kind == CXType_ConstantArray; outer = false) {
        uint64_t length = (uint64_t)clang_getNumElements(type);
        *rows *= outer ? length : 1;
        *per_row *= outer ? 1 : length;
        type = clang_getCanonicalType(clang_getArrayElementType(type));
    }
    return type;
}

static const char **names_before(MoltArena *arena, const MoltModelNotes *notes)
{
    const char **names = molt__arena_alloc(arena, (notes->count + 1) * sizeof *names);
    uint32_t count = 0;
    for (uint32_t i = 0; i < notes->count; i++) {
        if (notes->items[i].kind == MOLT_NOTE_WAS) {
            names[count++] = notes->items[i].text;
        }
    }
    names[count] = NULL;
    return count > 0 ? names : NULL;
}

void molt__constant_read(MoltTypeReader *reader, MoltUnit *out, CXCursor variable, const char *name,
                         const MoltModelNotes *notes, CXType index)
{
    MoltArena *arena = reader->model->arena;
    uint64_t rows = 0, per_row = 0;
    CXCursor value = clang_Cursor_getVarDeclInitializer(variable);
    CXType type = element_of(clang_getCursorType(variable), &rows, &per_row);
    long long size = clang_Type_getSizeOf(type);
    const char *element = molt__type_name(reader, type);
    if (clang_Cursor_isNull(value) || element == NULL || size <= 0 || rows == 0 || per_row == 0 ||
        rows > UINT32_MAX || per_row > UINT32_MAX) {
        return;
    }
    MoltPlace place = {.file = NULL};
    if (type.kind == CXType_Record || type.kind == CXType_Enum) {
        CXCursor body = clang_getCursorDefinition(clang_getTypeDeclaration(type));
        place = molt__place_of(reader->unit, body);
    }
    Rows keys = {.arena = arena, .count = rows};
    read_keys(&keys, value, index);
    out->constants = molt__arena_grow(arena, out->constants, out->constant_count,
                                      &out->constant_capacity, sizeof *out->constants);
    out->constants[out->constant_count++] =
        (MoltUnitConstant){.name = name,
                           .type = element,
                           .file = molt__path_recorded(arena, out->base, place.file),
                           .line = place.line,
                           .size = (uint32_t)size,
                           .rows = (uint32_t)rows,
                           .per_row = (uint32_t)per_row,
                           .keys = finish_keys(&keys),
                           .was = names_before(arena, notes)};
}

/* ---- in the unit's file ----------------------------------------------------------------------- */

cJSON *molt__constants_to_json(const MoltUnit *unit)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < unit->constant_count; i++) {
        const MoltUnitConstant *constant = &unit->constants[i];
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "name", constant->name);
        cJSON_AddStringToObject(json, "type", constant->type);
        cJSON_AddStringToObject(json, "file", constant->file);
        cJSON_AddNumberToObject(json, "line", constant->line);
        cJSON_AddNumberToObject(json, "size", constant->size);
        cJSON_AddNumberToObject(json, "rows", constant->rows);
        cJSON_AddNumberToObject(json, "per_row", constant->per_row);
        cJSON *keys = constant->keys != NULL ? cJSON_AddArrayToObject(json, "keys") : NULL;
        for (uint32_t row = 0; keys != NULL && row < constant->rows; row++) {
            cJSON_AddItemToArray(keys, cJSON_CreateString(constant->keys[row]));
        }
        cJSON *was = constant->was != NULL ? cJSON_AddArrayToObject(json, "was") : NULL;
        for (const char **name = constant->was; was != NULL && *name != NULL; name++) {
            cJSON_AddItemToArray(was, cJSON_CreateString(*name));
        }
        cJSON_AddItemToArray(list, json);
    }
    return list;
}

static const char *text_of(MoltArena *arena, const cJSON *item, bool *good)
{
    *good = *good && cJSON_IsString(item);
    return *good ? molt__arena_copy(arena, item->valuestring, strlen(item->valuestring)) : "";
}

static uint32_t number_of(const cJSON *json, const char *key, bool *good)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    *good = *good && cJSON_IsNumber(item) && item->valuedouble >= 0 &&
            item->valuedouble <= UINT32_MAX;
    return *good ? (uint32_t)item->valuedouble : 0;
}

static const char **keys_of(MoltArena *arena, const cJSON *list, uint32_t rows, bool *good)
{
    const cJSON *item = NULL;
    uint32_t row = 0;
    *good = *good && cJSON_IsArray(list) && cJSON_GetArraySize(list) == (int)rows;
    if (!*good) {
        return NULL;
    }
    const char **keys = molt__arena_alloc(arena, rows * sizeof *keys);
    cJSON_ArrayForEach(item, list) {
        keys[row++] = text_of(arena, item, good);
    }
    return keys;
}

static const char **was_of(MoltArena *arena, const cJSON *list, bool *good)
{
    const cJSON *item = NULL;
    uint32_t count = 0;
    *good = *good && cJSON_IsArray(list);
    if (!*good) {
        return NULL;
    }
    const char **was =
        molt__arena_alloc(arena, ((size_t)cJSON_GetArraySize(list) + 1) * sizeof *was);
    cJSON_ArrayForEach(item, list) {
        was[count++] = text_of(arena, item, good);
    }
    was[count] = NULL;
    return was;
}

bool molt__constants_from_json(MoltArena *arena, const cJSON *json, MoltUnit *out)
{
    const cJSON *item = NULL;
    bool good = cJSON_IsArray(json) != 0;
    cJSON_ArrayForEach(item, json) {
        MoltUnitConstant constant = {
            .name = text_of(arena, cJSON_GetObjectItemCaseSensitive(item, "name"), &good),
            .type = text_of(arena, cJSON_GetObjectItemCaseSensitive(item, "type"), &good),
            .file = text_of(arena, cJSON_GetObjectItemCaseSensitive(item, "file"), &good),
            .line = number_of(item, "line", &good),
            .size = number_of(item, "size", &good),
            .rows = number_of(item, "rows", &good),
            .per_row = number_of(item, "per_row", &good)};
        const cJSON *keys = cJSON_GetObjectItemCaseSensitive(item, "keys");
        const cJSON *was = cJSON_GetObjectItemCaseSensitive(item, "was");
        constant.keys = keys != NULL ? keys_of(arena, keys, constant.rows, &good) : NULL;
        constant.was = was != NULL ? was_of(arena, was, &good) : NULL;
        out->constants = molt__arena_grow(arena, out->constants, out->constant_count,
                                          &out->constant_capacity, sizeof *out->constants);
        out->constants[out->constant_count++] = constant;
    }
    return good;
}

/* ---- linking ----------------------------------------------------------------------------------- */

void molt__constants_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library)
{
    for (uint32_t u = 0; u < names->unit_count; u++) {
        const MoltUnit *unit = &names->units[u];
        for (uint32_t i = 0; i < unit->constant_count; i++) {
            MoltUnitConstant constant = unit->constants[i];
            MoltTypeId type = molt_schema_find(unit->schema, constant.type);
            if (type != MOLT_NO_TYPE) {
                constant.type = molt__library_name(names, u, type);
            }
            library->constants =
                molt__arena_grow(arena, library->constants, library->constant_count,
                                 &library->constant_capacity, sizeof *library->constants);
            library->constants[library->constant_count++] = constant;
        }
    }
}

/* The type in the library's schema: the same body, not another one of that name. */
static MoltTypeId type_of(const MoltSchema *schema, const MoltUnitConstant *constant)
{
    MoltTypeId id = molt_schema_find(schema, constant->type);
    const MoltType *type = id != MOLT_NO_TYPE ? molt_type(schema, id) : NULL;
    bool same = type != NULL && type->size == constant->size;
    if (same && constant->file[0] != '\0') {
        same = type->line == constant->line &&
               strcmp(molt_string(schema, type->file), constant->file) == 0;
    }
    return same ? id : MOLT_NO_TYPE;
}

/* A constant of a name that another one has too cannot be told from it. */
static bool is_alone(const MoltUnit *library, uint32_t index)
{
    for (uint32_t i = 0; i < library->constant_count; i++) {
        if (i != index && strcmp(library->constants[i].name, library->constants[index].name) == 0) {
            return false;
        }
    }
    return true;
}

static uint32_t add_string(MoltText *strings, uint32_t *size, const char *text)
{
    uint32_t at = *size;
    molt__text_add(strings, " \"\\0\"\n    ");
    molt__text_add_literal(strings, text);
    *size += (uint32_t)strlen(text) + 1;
    return at;
}

/* The names, and an empty one behind them. */
static uint32_t add_was(MoltText *strings, uint32_t *size, const char *const *was)
{
    uint32_t first = was != NULL ? add_string(strings, size, was[0]) : 0;
    for (uint32_t i = 1; was != NULL && was[i - 1] != NULL; i++) {
        add_string(strings, size, was[i] != NULL ? was[i] : "");
    }
    return first;
}

uint32_t molt__constants_write(MoltText *text, const MoltUnit *library)
{
    MoltText strings = {.arena = text->arena}, keys = {.arena = text->arena};
    MoltText items = {.arena = text->arena};
    uint32_t size = 1, key_count = 1, count = 0; /* 0 means no keys */
    molt__text_add(&strings, "\"\"");
    for (uint32_t i = 0; i < library->constant_count; i++) {
        const MoltUnitConstant *constant = &library->constants[i];
        MoltTypeId type = type_of(library->schema, constant);
        if (type == MOLT_NO_TYPE || !is_alone(library, i)) {
            continue;
        }
        uint32_t name = add_string(&strings, &size, constant->name);
        molt__text_add(&items,
                       "    {.name = %u, .type = %u, .rows = %u, .per_row = %u, .keys = %u, "
                       ".was = %u},\n",
                       name, type, constant->rows, constant->per_row,
                       constant->keys != NULL ? key_count : 0,
                       add_was(&strings, &size, constant->was));
        for (uint32_t row = 0; constant->keys != NULL && row < constant->rows; row++) {
            const char *key = constant->keys[row];
            molt__text_add(&keys, "%s%u,", key_count % 12 == 0 ? "\n    " : " ",
                           key[0] != '\0' ? add_string(&strings, &size, key) : 0);
            key_count++;
        }
        count++;
    }
    if (count == 0) {
        return 0;
    }
    molt__text_add(text, "static const char constant_text[] = %s;\n\n", strings.bytes);
    molt__text_add(text, "static const uint32_t constant_keys[] = {0,%s\n};\n\n",
                   keys.bytes != NULL ? keys.bytes : "");
    molt__text_add(text, "static const MoltConstant named_constants[] = {\n%s};\n\n", items.bytes);
    return count;
}
