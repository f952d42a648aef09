#include "system_record.h"

#include <string.h>

#include "translation_unit.h"

const char molt__system_remedy[] =
    "annotate it with MOLT_TRANSIENT, which starts it anew, all zero, when what holds it is "
    "rebuilt; or keep "
    "a pointer to one that is allocated for itself, which stays where it is";

/* What they mean lies in the kernel, on the stack or in their own address. */
static bool is_bound(CXType record)
{
    static const char *const names[] = {
        "pthread_mutex_t", "pthread_cond_t", "pthread_rwlock_t", "pthread_barrier_t", "sem_t",
        "mtx_t",           "cnd_t",          "__jmp_buf_tag",    "_IO_FILE",
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

typedef struct Search {
    bool in_union;
    bool found; /* a pointer in a union */
} Search;

static enum CXVisitorResult visit_field(CXCursor cursor, CXClientData data)
{
    Search *search = data;
    CXType type = clang_getCanonicalType(clang_getCursorType(cursor));
    while (type.kind == CXType_ConstantArray) {
        type = clang_getCanonicalType(clang_getArrayElementType(type));
    }
    if (type.kind == CXType_Record) {
        CXCursor declaration = clang_getTypeDeclaration(type);
        Search inner = *search;
        inner.in_union = inner.in_union || clang_getCursorKind(declaration) == CXCursor_UnionDecl;
        clang_Type_visitFields(type, visit_field, &inner); /* as deep as C nests by value */
        search->found = inner.found;
    }
    search->found = search->found || (search->in_union && type.kind == CXType_Pointer);
    return search->found ? CXVisit_Break : CXVisit_Continue;
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

bool molt__system_record(CXType type)
{
    CXCursor definition;
    if (!find_record(&type, &definition)) {
        return false;
    }
    Search search = {clang_getCursorKind(definition) == CXCursor_UnionDecl, false};
    if (!is_bound(type)) {
        clang_Type_visitFields(type, visit_field, &search);
    }
    return search.found || is_bound(type);
}
