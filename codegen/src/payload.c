#include "payload.h"

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

void molt__payloads_read(MoltTypeReader *reader, const MoltPayloads *payloads)
{
    bool lenient = reader->lenient;
    reader->lenient = true;
    reader->model->payload_first = reader->model->type_count;
    for (uint32_t i = 0; i < payloads->count; i++) {
        CXCursor declaration = clang_getTypeDeclaration(payloads->items[i]);
        MoltTypeContext context = {.place = molt__place_of(reader->unit, declaration),
                                   .follow = true};
        molt__type_read_in(reader, payloads->items[i], context);
    }
    molt__records_follow(reader);
    reader->lenient = lenient;
}
