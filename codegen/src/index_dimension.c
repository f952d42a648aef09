#include "index_dimension.h"

#include <stdlib.h>

enum { DIMENSIONS = 32, DEPTH_MAX = 8 };

/* ---- sizes as the source writes them --------------------------------------------------------- */

typedef struct Mention {
    CXCursor index; /* the enum */
    int depth;
    bool found;
} Mention;

/* An enumerator of the enum, or one of another enum that is computed from it. */
static enum CXChildVisitResult visit_mention(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Mention *mention = data;
    (void)parent;
    CXCursor named = clang_getCursorReferenced(cursor);
    if (clang_getCursorKind(cursor) != CXCursor_DeclRefExpr ||
        clang_getCursorKind(named) != CXCursor_EnumConstantDecl) {
        return CXChildVisit_Recurse;
    }
    CXCursor holder = clang_getCanonicalCursor(clang_getCursorSemanticParent(named));
    if (clang_equalCursors(holder, mention->index)) {
        mention->found = true;
    } else if (mention->depth < DEPTH_MAX) {
        Mention inner = {mention->index, mention->depth + 1, false};
        clang_visitChildren(named, visit_mention, &inner);
        mention->found = inner.found;
    }
    return mention->found ? CXChildVisit_Break : CXChildVisit_Recurse;
}

static bool mentions(CXCursor size, CXCursor index)
{
    Mention mention = {clang_getCanonicalCursor(index), 0, false};
    if (visit_mention(size, size, &mention) == CXChildVisit_Recurse) {
        clang_visitChildren(size, visit_mention, &mention);
    }
    return mention.found;
}

typedef struct Sizes {
    CXCursor items[DIMENSIONS]; /* of one declarator, the innermost first */
    uint32_t count;
    CXCursor value; /* a variable's initialiser */
} Sizes;

static enum CXChildVisitResult visit_size(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Sizes *sizes = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    (void)parent;
    if (clang_isExpression(kind) && kind != CXCursor_InitListExpr &&
        kind != CXCursor_StringLiteral && !clang_equalCursors(cursor, sizes->value) &&
        sizes->count < DIMENSIONS) {
        sizes->items[sizes->count++] = cursor;
    }
    return CXChildVisit_Continue;
}

/* The dimensions, as bits from `first` on, whose sizes name the enum. What a declarator leaves open, an
 * outermost `[]`, has no size; further dimensions are those of the typedef that it is an array of. */
static uint32_t written_with(CXCursor index, CXCursor declared, CXType type, uint32_t first)
{
    uint32_t found = 0;
    for (int depth = 0; depth < DEPTH_MAX && first < DIMENSIONS; depth++) {
        Sizes sizes = {.value = clang_Cursor_getVarDeclInitializer(declared)};
        uint32_t count = 0;
        clang_visitChildren(declared, visit_size, &sizes);
        for (; type.kind == CXType_ConstantArray || type.kind == CXType_IncompleteArray;
             type = clang_getArrayElementType(type)) {
            count++;
        }
        uint32_t open = count > sizes.count ? count - sizes.count : 0;
        for (uint32_t d = open; d < count && first + d < DIMENSIONS; d++) {
            if (mentions(sizes.items[sizes.count - 1 - (d - open)], index)) {
                found |= 1u << (first + d);
            }
        }
        if (type.kind == CXType_Elaborated) {
            type = clang_Type_getNamedType(type);
        }
        declared = clang_getTypeDeclaration(type);
        if (type.kind != CXType_Typedef) {
            break;
        }
        type = clang_getTypedefDeclUnderlyingType(declared);
        first += count;
    }
    return found;
}

/* ---- which it is ----------------------------------------------------------------------------- */

bool molt__index_has_room(const MoltModelType *index, uint64_t length)
{
    for (uint32_t i = 0; i < index->enumerator_count; i++) {
        uint64_t value = index->enumerators[i].value;
        bool counts = i == index->enumerator_count - 1 && value == length;
        if (value >= length && !counts) {
            return false;
        }
    }
    return true;
}

/* An element for each enumerator and no more; whether the last one is an index or the length nobody says. */
static bool is_exact(const MoltModelType *index, uint64_t length)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < index->enumerator_count; i++) {
        uint64_t value = index->enumerators[i].value;
        most = value > most ? value : most;
    }
    return molt__index_has_room(index, length) && (length == most || length == most + 1);
}

typedef struct Choice {
    const MoltModelType *index;
    uint64_t lengths[DIMENSIONS];
    uint32_t candidates; /* bits: all but the lengths of texts */
} Choice;

typedef bool Fits(const MoltModelType *index, uint64_t length);

static uint32_t those_that(const Choice *choice, uint32_t of, Fits *fits)
{
    uint32_t found = 0;
    for (uint32_t d = 0; d < DIMENSIONS; d++) {
        if ((of >> d & 1u) != 0 && fits(choice->index, choice->lengths[d])) {
            found |= 1u << d;
        }
    }
    return found;
}

static bool is_of_one_length(const Choice *choice, uint32_t dimensions)
{
    uint64_t length = 0;
    for (uint32_t d = 0; d < DIMENSIONS; d++) {
        if ((dimensions >> d & 1u) == 0) {
            continue;
        }
        if (length > 0 && choice->lengths[d] != length) {
            return false;
        }
        length = choice->lengths[d];
    }
    return dimensions != 0;
}

/* 0 where it is not clear. Sizes alone do not tell two dimensions of a length apart. */
static uint32_t choose(const Choice *choice, uint32_t written)
{
    uint32_t exact = those_that(choice, written ? written : choice->candidates, is_exact);
    if (written != 0) {
        uint32_t among = is_of_one_length(choice, written) ? written : exact;
        return is_of_one_length(choice, among) ? among : 0;
    }
    uint32_t among = exact ? exact : those_that(choice, choice->candidates, molt__index_has_room);
    return (among & (among - 1)) == 0 ? among : 0;
}

void molt__index_dimensions_read(MoltTypeReader *reader, MoltPlace place, const char *path,
                                 CXCursor declared, const MoltModelType *type,
                                 MoltModelNotes *notes)
{
    const MoltModelNote *note = molt__model_note(notes, MOLT_NOTE_INDEX);
    const MoltModelType *index = note ? molt__model_find(reader->model, note->text) : NULL;
    MoltArena *arena = reader->model->arena;
    if (index == NULL || index->kind != MOLT_KIND_ENUM || index->enumerator_count == 0) {
        return;
    }
    Choice choice = {.index = index};
    const MoltModelType *at = type;
    for (uint32_t d = 0; at->kind == MOLT_KIND_ARRAY && d < DIMENSIONS; d++, at = at->elem) {
        choice.lengths[d] = at->length;
        if (d == 0 || (at->elem->flags & MOLT_TYPE_CHAR) == 0) {
            choice.candidates |= 1u << d;
        }
    }
    if ((choice.candidates & (choice.candidates - 1)) == 0) {
        return;
    }
    uint32_t written =
        written_with(index->cursor, declared, clang_getCursorType(declared), 0) & choice.candidates;
    uint32_t along = choose(&choice, written);
    if (along == 0) {
        const char *last = index->enumerators[index->enumerator_count - 1].name;
        molt__refuse(reader->diagnostics, place,
                     molt__arena_format(arena,
                                        "write the size of the dimension that has an element for "
                                        "each enumerator with the enum, [%s] or [%s + 1], and the "
                                        "others without it",
                                        last, last),
                     "MOLT_INDEX(%s) of '%s': nothing says which dimension of %s it indexes",
                     note->text, path, type->name);
    }
    for (uint32_t d = 0; d < DIMENSIONS; d++) {
        if ((along >> d & 1u) != 0) {
            molt__model_add_note(arena, notes, MOLT_NOTE_ALONG, molt__arena_format(arena, "%u", d));
        }
    }
}

const MoltModelType *molt__index_followed(const MoltModelType *type, const MoltModelNotes *notes)
{
    const MoltModelNote *along = molt__model_note(notes, MOLT_NOTE_ALONG);
    unsigned long dimension = along ? strtoul(along->text, NULL, 10) : 0;
    for (; dimension > 0 && type->kind == MOLT_KIND_ARRAY; dimension--) {
        type = type->elem;
    }
    return type;
}
