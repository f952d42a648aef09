#include "record_reader.h"

#include <string.h>

#include "annotation.h"
#include "flexible.h"
#include "index_dimension.h"
#include "pool.h"
#include "system_record.h"

/* ---- fields ---------------------------------------------------------------------------------- */

typedef struct FieldWalk {
    MoltTypeReader *reader;
    MoltModelType *into;  /* gets the fields */
    const char *owner;    /* name of the record that the source names */
    uint64_t base;        /* bits from the start of `into` */
} FieldWalk;

static void walk_fields(FieldWalk *walk, CXType type);

static const char *spelling_of(MoltTypeReader *reader, CXCursor cursor)
{
    CXString spelling = clang_getCursorSpelling(cursor);
    const char *text = clang_getCString(spelling);
    const char *copy = text == NULL
                           ? ""
                           : molt__arena_copy(reader->model->arena, text, strlen(text));
    clang_disposeString(spelling);
    return copy;
}

static enum CXChildVisitResult find_aligned(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_AlignedAttr) {
        *(bool *)data = true;
    }
    return CXChildVisit_Continue;
}

enum { BITS_MAX = 64 /* of a bit-field, as metadata has it */ };

static void check_bit_field(FieldWalk *walk, CXCursor cursor, MoltTypeContext context)
{
    if (clang_getFieldDeclBitWidth(cursor) > BITS_MAX) {
        molt__type_refuse(walk->reader, context, "a bit-field of more than 64 bits is",
                          "split it, or leave its width away");
    }
    bool aligned = false;
    clang_visitChildren(cursor, find_aligned, &aligned);
    if (aligned) {
        molt__type_refuse(walk->reader, context, "'aligned' on a bit-field, which compilers place "
                                           "differently, is",
                    "align the field before it or the whole struct");
    }
}

uint32_t molt__field_flags(const MoltModelNotes *notes)
{
    uint32_t flags = 0;
    flags |= molt__model_note(notes, MOLT_NOTE_TRANSIENT) != NULL ? MOLT_FIELD_TRANSIENT : 0;
    flags |= molt__model_note(notes, MOLT_NOTE_EXTERNAL) != NULL ? MOLT_FIELD_EXTERNAL : 0;
    flags |= molt__model_note(notes, MOLT_NOTE_REQUIRED) != NULL ? MOLT_FIELD_REQUIRED : 0;
    return flags;
}

static bool holds_pointers_only(const MoltModelType *type)
{
    while (type->kind == MOLT_KIND_ARRAY || type->kind == MOLT_KIND_ATOMIC) {
        type = type->elem;
    }
    return type->kind == MOLT_KIND_POINTER;
}

typedef struct EnumSearch {
    MoltTranslationUnit *unit;
    const char *name;
    CXType found;
} EnumSearch;

static enum CXChildVisitResult find_enum(CXCursor cursor, CXCursor parent, CXClientData data)
{
    EnumSearch *search = data;
    (void)parent;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (!molt__translation_unit_sees(search->unit, cursor)) {
        return CXChildVisit_Continue;
    }
    if (kind == CXCursor_StructDecl || kind == CXCursor_UnionDecl) {
        return CXChildVisit_Recurse;
    }
    if (kind != CXCursor_EnumDecl && kind != CXCursor_TypedefDecl) {
        return CXChildVisit_Continue;
    }
    CXString spelling = clang_getCursorSpelling(cursor);
    CXType type = clang_getCanonicalType(clang_getCursorType(cursor));
    if (strcmp(clang_getCString(spelling), search->name) == 0 && type.kind == CXType_Enum) {
        search->found = type;
    }
    clang_disposeString(spelling);
    return search->found.kind == CXType_Enum ? CXChildVisit_Break : CXChildVisit_Continue;
}

CXType molt__index_find(MoltTypeReader *reader, const char *name)
{
    EnumSearch search = {reader->unit, name, {.kind = CXType_Invalid}};
    clang_visitChildren(clang_getTranslationUnitCursor(reader->unit->handle), find_enum, &search);
    return search.found;
}

void molt__index_resolve(MoltTypeReader *reader, MoltTypeContext context, const char *path,
                         const MoltModelType *type, MoltModelNote *note)
{
    CXType found = molt__index_find(reader, note->text);
    if (type->kind != MOLT_KIND_ARRAY) {
        molt__refuse(reader->diagnostics, context.place, "put it on an array",
                     "MOLT_INDEX belongs on arrays; '%s' is %s", path, type->name);
        return;
    }
    const MoltModelType *index = NULL;
    if (found.kind == CXType_Enum) {
        index = molt__type_read_in(reader, found, context);
    }
    if (index == NULL || index->kind != MOLT_KIND_ENUM || (index->flags & MOLT_TYPE_FLAGS)) {
        molt__refuse(reader->diagnostics, context.place,
                     "name an enum that is no set of flags and that this source can see",
                     "MOLT_INDEX(%s) of '%s': there is no such enum", note->text, path);
        return;
    }
    note->text = index->name;
}

bool molt__external_check(MoltTypeReader *reader, MoltPlace place, const char *path,
                          const MoltModelType *type, uint32_t flags)
{
    if (!(flags & MOLT_FIELD_EXTERNAL) || holds_pointers_only(type)) {
        return true;
    }
    molt__refuse(reader->diagnostics, place, "remove it, or use MOLT_TRANSIENT",
                 "MOLT_EXTERNAL belongs on pointers; '%s' is %s", path, type->name);
    return false;
}

static void read_field(FieldWalk *walk, CXCursor cursor, const char *name)
{
    MoltTypeReader *reader = walk->reader;
    MoltPlace place = molt__place_of(reader->unit, cursor);
    MoltModelNotes notes = {0};
    molt__annotations_read(reader->diagnostics, cursor, place, MOLT_WHERE_FIELD, &notes);
    uint32_t flags = molt__field_flags(&notes);
    MoltTypeContext context = {.place = place,
                       .owner = walk->owner,
                       .field = name,
                       .follow = !(flags & MOLT_FIELD_EXTERNAL)};
    bool bits = clang_Cursor_isBitField(cursor) != 0;
    if (bits) {
        check_bit_field(walk, cursor, context);
        if (clang_getFieldDeclBitWidth(cursor) > BITS_MAX) {
            return;
        }
    }
    CXType declared = clang_getCanonicalType(clang_getCursorType(cursor));
    context.flexible = (!reader->lenient || reader->tails) && (declared.kind == CXType_IncompleteArray ||
                        (declared.kind == CXType_ConstantArray &&
                         clang_getArraySize(declared) == 0));
    bool open = !reader->lenient && molt__system_open_record(declared);
    MoltModelType *type = open ? molt__type_bytes(reader, declared)
                               : molt__type_read_in(reader, declared, context);
    if (reader->lenient && (type == NULL || type->kind == MOLT_KIND_OPAQUE)) {
        type = molt__type_bytes(reader, declared);
    }
    if (type == NULL) {
        return;
    }
    const char *path = molt__arena_format(reader->model->arena, "%s.%s", walk->owner, name);
    if (!molt__external_check(reader, place, path, type, flags)) {
        return;
    }
    molt__pool_read(reader, place, &notes);
    MoltModelNote *index = molt__model_note(&notes, MOLT_NOTE_INDEX);
    if (index != NULL) {
        molt__index_resolve(reader, context, path, type, index);
        molt__index_dimensions_read(reader, place, path, cursor, type, &notes);
    }
    MoltModelField *field = molt__model_add_field(reader->model, walk->into);
    *field = (MoltModelField){
        .name = name,
        .type = type,
        .bit_offset = walk->base + (uint64_t)clang_Cursor_getOffsetOfField(cursor),
        .bit_width = bits ? (uint32_t)clang_getFieldDeclBitWidth(cursor) : 0,
        .flags = flags | (bits ? (uint32_t)MOLT_FIELD_BITS : 0u),
        .notes = notes,
        .place = place,
    };
}

/* An anonymous union, or an anonymous struct in a union: one field called after its members, so
 * that it keeps its identity when a member is added beside it. */
static void read_group(FieldWalk *walk, CXCursor cursor, CXType type, bool is_union)
{
    MoltTypeReader *reader = walk->reader;
    MoltArena *arena = reader->model->arena;
    MoltPlace place = molt__place_of(reader->unit, clang_getTypeDeclaration(type));
    MoltModelNotes notes = {0};
    molt__annotations_read(reader->diagnostics, clang_getTypeDeclaration(type), place,
                           MOLT_WHERE_GROUP, &notes);
    MoltModelType members = {.kind = is_union ? MOLT_KIND_UNION : MOLT_KIND_STRUCT};
    FieldWalk inner = {reader, &members, walk->owner, 0};
    walk_fields(&inner, type);
    if (members.field_count == 0) {
        return;
    }
    const char *list = "";
    for (uint32_t i = 0; i < members.field_count; i++) {
        list = molt__arena_format(arena, "%s%s%s", list, i == 0 ? "" : ",",
                                  members.fields[i].name);
    }
    const char *name = molt__arena_format(arena, "<%s>", list);
    MoltModelType *group = molt__model_add(
        reader->model, molt__arena_format(arena, "%s::%s", walk->owner, name), "");
    group->kind = members.kind;
    group->fields = members.fields;
    group->field_count = members.field_count;
    group->field_capacity = members.field_capacity;
    group->cursor = clang_getCanonicalCursor(clang_getTypeDeclaration(type));
    group->place = place;
    group->followed = true;
    molt__type_measure(group, type);
    if (!reader->lenient && molt__system_bytes(type)) {
        molt__type_conceal(reader, group, type);
    }
    MoltModelField *field = molt__model_add_field(reader->model, walk->into);
    field->name = name;
    field->type = group;
    field->bit_offset = walk->base + (uint64_t)clang_Cursor_getOffsetOfField(cursor);
    field->notes = notes;
    field->place = place;
}

static void read_anonymous(FieldWalk *walk, CXCursor cursor, CXType type)
{
    MoltTypeReader *reader = walk->reader;
    CXCursor declaration = clang_getTypeDeclaration(type);
    bool is_union = clang_getCursorKind(declaration) == CXCursor_UnionDecl;
    bool dissolves = is_union == (walk->into->kind == MOLT_KIND_UNION);
    if (molt__annotations_present(cursor) ||
        (dissolves && molt__annotations_present(declaration))) {
        molt__refuse(reader->diagnostics, molt__place_of(reader->unit, declaration),
                     "annotate the members inside", "an annotation on an anonymous member of '%s'",
                     walk->owner);
    }
    if (dissolves) {
        FieldWalk inner = *walk;
        inner.base += (uint64_t)clang_Cursor_getOffsetOfField(cursor);
        walk_fields(&inner, type);
    } else {
        read_group(walk, cursor, type, is_union);
    }
}

static enum CXVisitorResult visit_field(CXCursor cursor, CXClientData data)
{
    FieldWalk *walk = data;
    CXType type = clang_getCanonicalType(clang_getCursorType(cursor));
    const char *name = spelling_of(walk->reader, cursor);
    bool named = *name != '\0' && strchr(name, '(') == NULL;
    bool is_record = type.kind == CXType_Record;
    if (is_record &&
        (!named || clang_Cursor_isAnonymousRecordDecl(clang_getTypeDeclaration(type)))) {
        read_anonymous(walk, cursor, type);
    } else if (named) {
        read_field(walk, cursor, name);
    } /* else an unnamed bit-field, which is padding */
    return CXVisit_Continue;
}

/* Recurses as deep as the source nests anonymous members. */
static void walk_fields(FieldWalk *walk, CXType type)
{
    clang_Type_visitFields(type, visit_field, walk);
}

/* ---- following ------------------------------------------------------------------------------- */

/* gcc swaps the bytes of such a struct's numbers in memory. clang knows no such attribute and has it nowhere
 * in its tree, so it is looked for in the text of the declaration, and behind it up to the ';'. */
static bool is_swapped(MoltTypeReader *reader, CXCursor definition)
{
    static const char attribute[] = "scalar_storage_order";
    CXSourceRange extent = clang_getCursorExtent(definition);
    CXFile file = NULL;
    unsigned begin = 0, end = 0;
    size_t size = 0;
    clang_getSpellingLocation(clang_getRangeStart(extent), &file, NULL, NULL, &begin);
    clang_getSpellingLocation(clang_getRangeEnd(extent), NULL, NULL, NULL, &end);
    const char *text =
        file != NULL ? clang_getFileContents(reader->unit->handle, file, &size) : NULL;
    while (text != NULL && end < size && text[end] != ';') {
        end++;
    }
    for (size_t at = begin; text != NULL && end <= size && at + sizeof attribute <= end; at++) {
        if (strncmp(text + at, attribute, sizeof attribute - 1) == 0) {
            return true;
        }
    }
    return false;
}

static void check_records(MoltTypeReader *reader)
{
    for (uint32_t i = 0; i < reader->model->type_count; i++) {
        const MoltModelType *type = reader->model->types[i];
        if (type->kind == MOLT_KIND_STRUCT && type->size == 0) {
            molt__refuse(reader->diagnostics, type->place, "give it a member",
                         "'%s' is empty; objects without size are not supported yet", type->name);
        }
        molt__flexible_check_record(reader->diagnostics, type);
    }
}

void molt__records_follow(MoltTypeReader *reader)
{
    /* Reading one record's fields appends those that it reaches. */
    for (uint32_t i = 0; i < reader->pending_count; i++) {
        MoltModelType *record = reader->pending[i];
        CXCursor definition = clang_getCursorDefinition(record->cursor);
        FieldWalk walk = {reader, record, record->name, 0};
        if (!reader->lenient && is_swapped(reader, definition)) {
            molt__refuse(reader->diagnostics, record->place,
                         "keep the numbers in the machine's order, or as arrays of bytes, and swap "
                         "them in code",
                         "'%s': scalar_storage_order is not supported yet", record->name);
        }
        walk_fields(&walk, clang_getCanonicalType(clang_getCursorType(definition)));
    }
    reader->pending_count = 0;
    if (reader->diagnostics->count == 0 && !reader->lenient) {
        check_records(reader);
    }
}
