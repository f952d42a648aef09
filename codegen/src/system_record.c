#include "system_record.h"

#include <string.h>

#include "translation_unit.h"

/* Their members are nobody's but the library's that defines them. */
static bool is_private(CXType record)
{
    static const char *const names[] = {
        "pthread_mutex_t", "pthread_cond_t", "pthread_rwlock_t", "pthread_barrier_t", "sem_t",
        "mtx_t",           "cnd_t",          "_IO_FILE",         "__va_list_tag",
    };
    CXString spelling = clang_getTypeSpelling(record);
    const char *name = clang_getCString(spelling);
    const char *last = strrchr(name, ' ');
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
        found = strcmp(last != NULL ? last + 1 : name, names[i]) == 0;
    }
    clang_disposeString(spelling);
    return found;
}

static enum CXVisitorResult visit_member(CXCursor cursor, CXClientData data)
{
    CXType type = clang_getCanonicalType(clang_getCursorType(cursor));
    while (type.kind == CXType_ConstantArray) {
        type = clang_getCanonicalType(clang_getArrayElementType(type));
    }
    bool *found = data;
    *found = type.kind == CXType_Pointer;
    if (type.kind == CXType_Record) {
        clang_Type_visitFields(type, visit_member, found); /* as deep as C nests by value */
    }
    return *found ? CXVisit_Break : CXVisit_Continue;
}

/* The record that `type` is, or an array of which it is, when a system header defines it; else false. */
static bool find_record(CXType *type, CXCursor *definition)
{
    *type = clang_getCanonicalType(*type);
    while (type->kind == CXType_ConstantArray) {
        *type = clang_getCanonicalType(clang_getArrayElementType(*type));
    }
    *definition = clang_getCursorDefinition(clang_getTypeDeclaration(*type));
    return type->kind == CXType_Record && !clang_Cursor_isNull(*definition) &&
           molt__is_system(*definition);
}

static enum CXVisitorResult visit_last(CXCursor cursor, CXClientData data)
{
    CXType type = clang_getCanonicalType(clang_getCursorType(cursor));
    *(bool *)data = type.kind == CXType_IncompleteArray ||
                    (type.kind == CXType_ConstantArray && clang_getArraySize(type) == 0);
    return CXVisit_Continue;
}

bool molt__system_open_record(CXType type)
{
    CXCursor definition;
    bool open = false;
    if (find_record(&type, &definition)) {
        clang_Type_visitFields(type, visit_last, &open);
    }
    return open;
}

bool molt__system_bytes(CXType type)
{
    CXCursor definition;
    bool pointers = false;
    if (clang_getCanonicalType(type).kind != CXType_Record || !find_record(&type, &definition)) {
        return false;
    }
    if (clang_getCursorKind(definition) == CXCursor_UnionDecl) {
        clang_Type_visitFields(type, visit_member, &pointers);
    }
    return pointers || is_private(type);
}
