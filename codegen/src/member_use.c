#include "member_use.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading --------------------------------------------------------------------------------- */

void molt__use_see(MoltArena *arena, MoltSeenUses *seen, CXCursor cursor, const char *function)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (kind != CXCursor_MemberRefExpr && kind != CXCursor_MemberRef) {
        return;
    }
    seen->items = molt__arena_grow(arena, seen->items, seen->count, &seen->capacity,
                                   sizeof *seen->items);
    seen->items[seen->count++] = (MoltSeenUse){cursor, function != NULL ? function : ""};
}

/* Records of the model by their declarations. */
typedef struct Records {
    const MoltModelType **slots;
    uint32_t mask;
} Records;

static Records index_records(const MoltModel *model)
{
    uint32_t size = 16;
    while (size < 2 * model->type_count) {
        size *= 2;
    }
    Records records = {molt__arena_alloc(model->arena, size * sizeof(MoltModelType *)), size - 1};
    for (uint32_t i = 0; i < model->type_count; i++) {
        const MoltModelType *type = model->types[i];
        if (type->kind != MOLT_KIND_STRUCT && type->kind != MOLT_KIND_UNION) {
            continue;
        }
        uint32_t at = clang_hashCursor(type->cursor) & records.mask;
        while (records.slots[at] != NULL) {
            at = (at + 1) & records.mask;
        }
        records.slots[at] = type;
    }
    return records;
}

static const MoltModelType *find_record(const Records *records, CXCursor declaration)
{
    uint32_t at = clang_hashCursor(declaration) & records->mask;
    while (records->slots[at] != NULL &&
           !clang_equalCursors(records->slots[at]->cursor, declaration)) {
        at = (at + 1) & records->mask;
    }
    return records->slots[at];
}

/* Members of an unnamed struct in another are the outer one's. */
static const MoltModelType *find_owner(const Records *records, CXCursor member)
{
    CXCursor owner = clang_getCanonicalCursor(clang_getCursorSemanticParent(member));
    const MoltModelType *type = find_record(records, owner);
    while (type == NULL && clang_Cursor_isAnonymousRecordDecl(owner)) {
        owner = clang_getCanonicalCursor(clang_getCursorSemanticParent(owner));
        type = find_record(records, owner);
    }
    return type;
}

/* The text of the line in which a cursor stands; in a macro's body, the macro's line. */
static const char *line_of(MoltTranslationUnit *unit, CXCursor cursor, size_t *length)
{
    CXFile file = NULL;
    unsigned line, column, offset;
    size_t size = 0;
    clang_getSpellingLocation(clang_getCursorLocation(cursor), &file, &line, &column, &offset);
    const char *text = file != NULL ? clang_getFileContents(unit->handle, file, &size) : NULL;
    if (text == NULL || offset >= size) {
        *length = 0;
        return "";
    }
    size_t begin = offset, end = offset;
    while (begin > 0 && text[begin - 1] != '\n') {
        begin--;
    }
    while (end < size && text[end] != '\n') {
        end++;
    }
    *length = end - begin;
    return text + begin;
}

void molt__uses_read(MoltTranslationUnit *unit, const MoltModel *model, const MoltSeenUses *seen,
                     MoltUnit *out)
{
    MoltArena *arena = model->arena;
    Records records = index_records(model);
    for (uint32_t i = 0; i < seen->count; i++) {
        CXCursor member = clang_getCursorReferenced(seen->items[i].cursor);
        const MoltModelType *type = find_owner(&records, member);
        if (type == NULL) {
            continue;
        }
        size_t length = 0;
        CXString spelling = clang_getCursorSpelling(member);
        const char *name = clang_getCString(spelling);
        if (name != NULL && name[0] != '\0') {
            const char *line = line_of(unit, seen->items[i].cursor, &length);
            out->uses = molt__arena_grow(arena, out->uses, out->use_count, &out->use_capacity,
                                         sizeof *out->uses);
            out->uses[out->use_count++] =
                (MoltUnitUse){type->name, molt__arena_copy(arena, name, strlen(name)),
                              seen->items[i].function, molt_usage_line(line, length, name)};
        }
        clang_disposeString(spelling);
    }
}

/* ---- linking --------------------------------------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_uses(const void *left, const void *right)
{
    const MoltUnitUse *a = left, *b = right;
    int order = compare_numbers(molt_usage_member(a->type, a->member),
                                molt_usage_member(b->type, b->member));
    order = order != 0 ? order : strcmp(a->function, b->function);
    return order != 0 ? order : compare_numbers(a->line, b->line);
}

static void sort_uses(MoltUnit *library)
{
    uint32_t kept = 0;
    if (library->use_count > 0) {
        qsort(library->uses, library->use_count, sizeof *library->uses, compare_uses);
    }
    for (uint32_t i = 0; i < library->use_count; i++) {
        if (kept == 0 || compare_uses(&library->uses[kept - 1], &library->uses[i]) != 0) {
            library->uses[kept++] = library->uses[i];
        }
    }
    library->use_count = kept;
}

void molt__uses_link(MoltArena *arena, const MoltLibraryNames *names, MoltUnit *library)
{
    for (uint32_t u = 0; u < names->unit_count; u++) {
        const MoltUnit *unit = &names->units[u];
        for (uint32_t i = 0; i < unit->use_count; i++) {
            MoltUnitUse use = unit->uses[i];
            MoltTypeId type = molt_schema_find(unit->schema, use.type);
            if (type == MOLT_NO_TYPE) {
                continue;
            }
            use.type = molt__library_name(names, u, type);
            library->uses = molt__arena_grow(arena, library->uses, library->use_count,
                                             &library->use_capacity, sizeof *library->uses);
            library->uses[library->use_count++] = use;
        }
    }
    sort_uses(library);
}

/* ---- as text ---------------------------------------------------------------------------------- */

/* One string for each use: four words with tabs between them, so that a thousand cost little. */
cJSON *molt__uses_to_json(MoltArena *arena, const MoltUnit *unit)
{
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < unit->use_count; i++) {
        const MoltUnitUse *use = &unit->uses[i];
        cJSON_AddItemToArray(list, cJSON_CreateString(molt__arena_format(
                                       arena, "%s\t%s\t%s\t%u", use->type, use->member,
                                       use->function, use->line)));
    }
    return list;
}

bool molt__uses_from_json(MoltArena *arena, const cJSON *list, MoltUnit *out)
{
    const cJSON *item = NULL;
    if (!cJSON_IsArray(list)) {
        return false;
    }
    out->use_capacity = (uint32_t)cJSON_GetArraySize(list);
    out->uses = molt__arena_alloc(arena, out->use_capacity * sizeof *out->uses);
    cJSON_ArrayForEach(item, list) {
        char *words[4] = {NULL}, *end = NULL;
        if (!cJSON_IsString(item)) {
            return false;
        }
        words[0] = molt__arena_copy(arena, item->valuestring, strlen(item->valuestring));
        for (int w = 1; w < 4; w++) {
            char *tab = strchr(words[w - 1], '\t');
            if (tab == NULL) {
                return false;
            }
            *tab = '\0';
            words[w] = tab + 1;
        }
        unsigned long line = strtoul(words[3], &end, 10);
        if (end == words[3] || *end != '\0' || line > UINT32_MAX) {
            return false;
        }
        out->uses[out->use_count++] =
            (MoltUnitUse){words[0], words[1], words[2], (uint32_t)line};
    }
    return true;
}

const char *molt__uses_text(MoltArena *arena, const MoltUnit *library)
{
    MoltText text = {.arena = arena};
    molt__text_add(&text, MOLT_USAGE_HEAD);
    for (uint32_t i = 0; i < library->use_count; i++) {
        const MoltUnitUse *use = &library->uses[i];
        molt__text_add(&text, "%s\t%s\t%s\t%u\n", use->type, use->member, use->function,
                       use->line);
    }
    return text.bytes;
}
