#include "hook_code.h"

#include <string.h>

#include "translation_unit.h"

/* Definitions that have been read or wait for it: each counts once, so that recursion ends. */
typedef struct Reading {
    MoltArena *arena;
    CXCursor *found;
    uint32_t count, capacity;
    uint64_t hash;
} Reading;

/* FNV-1a; the zero behind each text keeps words apart. */
static void add_text(Reading *reading, const char *text)
{
    do {
        reading->hash = (reading->hash ^ (unsigned char)*text) * 0x100000001b3u;
    } while (*text++ != '\0');
}

static void add_number(Reading *reading, uint64_t number)
{
    for (int i = 0; i < 8; i++, number >>= 8) {
        reading->hash = (reading->hash ^ (number & 0xffu)) * 0x100000001b3u;
    }
}

static void add_words(Reading *reading, CXCursor definition)
{
    CXTranslationUnit unit = clang_Cursor_getTranslationUnit(definition);
    CXToken *tokens = NULL;
    unsigned count = 0;
    clang_tokenize(unit, clang_getCursorExtent(definition), &tokens, &count);
    for (unsigned i = 0; i < count; i++) {
        if (clang_getTokenKind(tokens[i]) == CXToken_Comment) {
            continue;
        }
        CXString spelling = clang_getTokenSpelling(unit, tokens[i]);
        add_text(reading, clang_getCString(spelling));
        clang_disposeString(spelling);
    }
    clang_disposeTokens(unit, tokens, count);
}

/* A literal may come out of a macro, whose name alone is among the words. */
static void add_value(Reading *reading, CXCursor cursor)
{
    CXEvalResult result = clang_Cursor_Evaluate(cursor);
    if (result == NULL) {
        return;
    }
    double value = clang_EvalResult_getAsDouble(result);
    uint64_t bits = (uint64_t)clang_EvalResult_getAsLongLong(result);
    if (clang_EvalResult_getKind(result) == CXEval_Float) {
        memcpy(&bits, &value, sizeof bits);
    }
    add_number(reading, bits);
    clang_EvalResult_dispose(result);
}

static void find(Reading *reading, CXCursor definition)
{
    if (clang_Cursor_isNull(definition) || molt__is_system(definition)) {
        return;
    }
    for (uint32_t i = 0; i < reading->count; i++) {
        if (clang_equalCursors(reading->found[i], definition)) {
            return;
        }
    }
    reading->found = molt__arena_grow(reading->arena, reading->found, reading->count,
                                      &reading->capacity, sizeof *reading->found);
    reading->found[reading->count++] = definition;
}

/* What an enumerator is worth is part of what uses it; a variable that may change is not. */
static void follow(Reading *reading, CXCursor named)
{
    enum CXCursorKind kind = clang_getCursorKind(named);
    if (kind == CXCursor_EnumConstantDecl) {
        add_number(reading, (uint64_t)clang_getEnumConstantDeclValue(named));
        return;
    }
    CXType type = clang_getCanonicalType(clang_getCursorType(named));
    bool constant = clang_isConstQualifiedType(type) != 0;
    while (type.kind == CXType_ConstantArray) {
        type = clang_getElementType(type);
        constant = constant || clang_isConstQualifiedType(type) != 0;
    }
    if (kind == CXCursor_FunctionDecl || (kind == CXCursor_VarDecl && constant)) {
        find(reading, clang_getCursorDefinition(named));
    }
}

static enum CXChildVisitResult visit(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Reading *reading = data;
    (void)parent;
    switch (clang_getCursorKind(cursor)) {
    case CXCursor_DeclRefExpr:
        follow(reading, clang_getCursorReferenced(cursor));
        break;
    case CXCursor_IntegerLiteral:
    case CXCursor_FloatingLiteral:
    case CXCursor_CharacterLiteral:
        add_value(reading, cursor);
        break;
    default:
        break;
    }
    return CXChildVisit_Recurse;
}

uint64_t molt__hook_code(MoltArena *arena, CXCursor function)
{
    Reading reading = {.arena = arena, .hash = 0xcbf29ce484222325u};
    find(&reading, function);
    for (uint32_t i = 0; i < reading.count; i++) {
        add_words(&reading, reading.found[i]);
        clang_visitChildren(reading.found[i], visit, &reading);
    }
    return reading.hash > 0 ? reading.hash : 1;
}
