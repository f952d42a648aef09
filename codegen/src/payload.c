#include "payload.h"

#include "flexible.h"
#include "record_reader.h"

static enum CXChildVisitResult visit_operand(CXCursor cursor, CXCursor parent, CXClientData data)
{
    (void)parent;
    /* of a written cast the type comes first, as a reference */
    if (clang_isExpression(clang_getCursorKind(cursor))) {
        *(CXCursor *)data = cursor;
    }
    return CXChildVisit_Continue;
}

static CXType pointee_of(CXCursor expression)
{
    CXType type = clang_getCanonicalType(clang_getCursorType(expression));
    if (type.kind != CXType_Pointer) {
        return (CXType){.kind = CXType_Invalid};
    }
    return clang_getCanonicalType(clang_getPointeeType(type));
}

static bool is_untyped(CXType type)
{
    return type.kind == CXType_Void || type.kind == CXType_Char_S || type.kind == CXType_Char_U ||
           type.kind == CXType_UChar;
}

void molt__payload_see(MoltArena *arena, MoltPayloads *payloads, CXCursor cursor)
{
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (kind != CXCursor_CStyleCastExpr && kind != CXCursor_UnexposedExpr) {
        return;
    }
    CXType there = pointee_of(cursor);
    if (there.kind != CXType_Record) {
        return;
    }
    CXCursor operand = clang_getNullCursor();
    clang_visitChildren(cursor, visit_operand, &operand);
    CXCursor definition = clang_getCursorDefinition(clang_getTypeDeclaration(there));
    if (clang_Cursor_isNull(operand) || !is_untyped(pointee_of(operand)) ||
        clang_Cursor_isNull(definition) || molt__is_system(definition)) {
        return;
    }
    molt__payload_add(arena, payloads, clang_getCursorType(definition)); /* without const */
}

void molt__payload_add(MoltArena *arena, MoltPayloads *payloads, CXType type)
{
    for (uint32_t i = 0; i < payloads->count; i++) {
        if (clang_equalTypes(payloads->items[i], type)) {
            return;
        }
    }
    payloads->items = molt__arena_grow(arena, payloads->items, payloads->count, &payloads->capacity,
                                       sizeof *payloads->items);
    payloads->items[payloads->count++] = type;
}

static bool is_flexible(const MoltModelType *type)
{
    return type->kind == MOLT_KIND_ARRAY && (type->flags & MOLT_TYPE_FLEXIBLE) != 0;
}

/* Read here, not as part of the state. */
static bool is_payload(const MoltModel *model, const MoltModelType *type)
{
    for (uint32_t i = model->payload_first; i < model->type_count; i++) {
        if (model->types[i] == type) {
            return true;
        }
    }
    return false;
}

/* A flexible array that metadata can have is the last member of a struct which nothing holds by
 * value. What compilers allow beyond that counts as no elements. */
static void cut_tails(MoltTypeReader *reader, MoltModelType *type)
{
    for (uint32_t f = 0; f < type->field_count; f++) {
        MoltModelField *field = &type->fields[f];
        MoltModelType *held = field->type;
        bool last = type->kind == MOLT_KIND_STRUCT && f + 1 == type->field_count;
        if (is_flexible(held) && !last) {
            field->type = molt__type_without_tail(reader, held);
        }
        while (held->kind == MOLT_KIND_ARRAY) {
            held = held->elem;
        }
        if (held->kind == MOLT_KIND_STRUCT && molt__flexible_tail(held) != NULL &&
            is_payload(reader->model, held)) {
            MoltModelField *tail = &held->fields[held->field_count - 1];
            tail->type = molt__type_without_tail(reader, tail->type);
        }
    }
}

void molt__payloads_read(MoltTypeReader *reader, const MoltPayloads *payloads)
{
    bool lenient = reader->lenient;
    reader->lenient = true;
    reader->tails = !lenient;
    reader->model->payload_first = reader->model->type_count;
    for (uint32_t i = 0; i < payloads->count; i++) {
        CXCursor declaration = clang_getTypeDeclaration(payloads->items[i]);
        MoltTypeContext context = {.place = molt__place_of(reader->unit, declaration),
                                   .follow = true};
        molt__type_read_in(reader, payloads->items[i], context);
    }
    molt__records_follow(reader);
    for (uint32_t i = reader->model->payload_first; reader->tails && i < reader->model->type_count;
         i++) {
        cut_tails(reader, reader->model->types[i]);
    }
    reader->lenient = lenient;
    reader->tails = false;
}
