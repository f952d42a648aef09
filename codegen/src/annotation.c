#include "annotation.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "literal.h"

enum { INDEX_DIGITS = 9 }; /* of an index in a path */

typedef struct Rule {
    const char *word, *macro;
    MoltNoteKind kind;
    unsigned where; /* MoltWhere bits */
} Rule;

static const Rule RULES[] = {
    {"was", "MOLT_WAS", MOLT_NOTE_WAS,
     MOLT_WHERE_FIELD | MOLT_WHERE_ENUMERATOR | MOLT_WHERE_RECORD | MOLT_WHERE_ENUM |
         MOLT_WHERE_VARIABLE | MOLT_WHERE_CONSTANT},
    {"removed", "MOLT_REMOVED", MOLT_NOTE_REMOVED, MOLT_WHERE_RECORD | MOLT_WHERE_ENUM},
    {"default", "MOLT_DEFAULT", MOLT_NOTE_DEFAULT, MOLT_WHERE_FIELD},
    {"required", "MOLT_REQUIRED", MOLT_NOTE_REQUIRED, MOLT_WHERE_FIELD},
    {"transient", "MOLT_TRANSIENT", MOLT_NOTE_TRANSIENT, MOLT_WHERE_FIELD | MOLT_WHERE_VARIABLE},
    {"external", "MOLT_EXTERNAL", MOLT_NOTE_EXTERNAL, MOLT_WHERE_FIELD | MOLT_WHERE_VARIABLE},
    {"flags", "MOLT_FLAGS", MOLT_NOTE_FLAGS, MOLT_WHERE_ENUM},
    {"fallback", "MOLT_FALLBACK", MOLT_NOTE_FALLBACK, MOLT_WHERE_ENUMERATOR},
    {"convert", "MOLT_CONVERT", MOLT_NOTE_CONVERT, MOLT_WHERE_FIELD | MOLT_WHERE_VARIABLE},
    {"count", "MOLT_COUNT", MOLT_NOTE_COUNT, MOLT_WHERE_FIELD},
    {"tag", "MOLT_TAG", MOLT_NOTE_TAG, MOLT_WHERE_FIELD | MOLT_WHERE_GROUP},
    {"index", "MOLT_INDEX", MOLT_NOTE_INDEX,
     MOLT_WHERE_FIELD | MOLT_WHERE_VARIABLE | MOLT_WHERE_CONSTANT},
    {"moved", "MOLT_MOVED", MOLT_NOTE_MOVED, MOLT_WHERE_FIELD},
    {"arm", "MOLT_ARM", MOLT_NOTE_ARM, MOLT_WHERE_FIELD | MOLT_WHERE_GROUP},
    {"version", "MOLT_VERSION", MOLT_NOTE_VERSION, MOLT_WHERE_RECORD},
    {"pool", "MOLT_POOL", MOLT_NOTE_POOL,
     MOLT_WHERE_FIELD | MOLT_WHERE_VARIABLE | MOLT_WHERE_CONSTANT | MOLT_WHERE_LOCAL},
};

static const char *place_words(unsigned where)
{
    if (where == MOLT_WHERE_ENUM) {
        return "put it after the } of an enum";
    }
    if (where == MOLT_WHERE_RECORD) {
        return "put it after the } of a struct or union";
    }
    if (where == (MOLT_WHERE_RECORD | MOLT_WHERE_ENUM)) {
        return "put it after the } of the struct, union or enum that had the name";
    }
    if (where == MOLT_WHERE_ENUMERATOR) {
        return "put it after the name of an enumerator";
    }
    if (where == MOLT_WHERE_FIELD) {
        return "put it on a field, before its ';'";
    }
    if (where & MOLT_WHERE_GROUP) {
        return "put it on the member: after its name, or after the } of an anonymous one";
    }
    if (where & MOLT_WHERE_VARIABLE && !(where & MOLT_WHERE_ENUM)) {
        return "put it on a field or a variable, before its ';'";
    }
    return "put it on a field, on an enumerator, or after the } of a struct or enum";
}

/* What to write instead on a variable; NULL when there is nothing special about it. */
static const char *variable_words(MoltNoteKind kind)
{
    switch (kind) {
    case MOLT_NOTE_DEFAULT: return "give the variable that initialiser: it is its default";
    case MOLT_NOTE_REQUIRED:
        return "remove it: a variable that is new starts with its initialiser, as in any library";
    case MOLT_NOTE_MOVED:
        return "name the variable that had the value with MOLT_WAS; out of a struct, or into one, "
               "carry "
               "it in code";
    case MOLT_NOTE_COUNT:
        return "put it on a field: a pointer or flexible array, with its count beside it in a "
               "struct";
    case MOLT_NOTE_TAG:
    case MOLT_NOTE_ARM: return "put the union into a struct, with its tag beside it";
    default: return NULL;
    }
}

typedef struct Reading {
    MoltDiagnostics *diagnostics;
    MoltPlace place;
    MoltWhere where;
    MoltModelNotes *out;
    bool present;
} Reading;

static const char *skip_identifier(const char *at)
{
    if (isalpha((unsigned char)*at) || *at == '_') {
        while (isalnum((unsigned char)*at) || *at == '_') {
            at++;
        }
    }
    return at;
}

static bool is_identifier(const char *text)
{
    return *text != '\0' && *skip_identifier(text) == '\0';
}

/* An anonymous member is called after those in it: "<x,y>", "<x,<y,z>>". */
static bool is_group(const char *text)
{
    bool good = *text == '<';
    for (; *text != '\0'; text++) {
        good = good && (isalnum((unsigned char)*text) || strchr("_<>,", *text) != NULL);
    }
    return good;
}

/* A field or an enumerator is an identifier. Others may stand in a file, a function or a struct;
 * statics of one name in a function are numbered: "ground.c:grow():calls#2". */
static bool is_earlier_name(const Reading *reading, const char *text)
{
    if (reading->where != MOLT_WHERE_FIELD && reading->where != MOLT_WHERE_ENUMERATOR) {
        const char *scope = strrchr(text, ':');
        text = scope != NULL ? scope + 1 : text;
    }
    const char *end = skip_identifier(text);
    if (reading->where == MOLT_WHERE_VARIABLE && end > text && *end == '#') {
        return end[1] != '\0' && end[1 + strspn(end + 1, "0123456789")] == '\0';
    }
    bool may_be_group = reading->where != MOLT_WHERE_ENUMERATOR;
    return (end > text && *end == '\0') || (may_be_group && is_group(text));
}

/* "old", "older": one note each. */
static void read_names(Reading *reading, const Rule *rule, const char *text)
{
    MoltArena *arena = reading->diagnostics->arena;
    const char *at = text;
    for (;;) {
        MoltValue name = {0};
        if (!molt__literal_string(arena, &at, &name) || name.length == 0 ||
            strlen(name.bytes) != name.length || (*at != ',' && *at != '\0')) {
            molt__refuse(reading->diagnostics, reading->place,
                         molt__arena_format(arena,
                                            "write earlier names as strings: %s(\"old_name\")",
                                            rule->macro),
                         "%s(%s) does not list names", rule->macro, text);
            return;
        }
        if (rule->kind == MOLT_NOTE_WAS && !is_earlier_name(reading, name.bytes)) {
            molt__refuse(reading->diagnostics, reading->place,
                         "write the name alone, as it was declared: MOLT_WAS(\"old_name\")",
                         "MOLT_WAS(%s): '%s' is no name of one of these", text, name.bytes);
            return;
        }
        molt__model_add_note(arena, reading->out, rule->kind, name.bytes);
        if (*at == '\0') {
            return;
        }
        at++;
    }
}

static bool is_conversion(const char *word)
{
    static const char *const words[] = {"trunc", "round", "saturate", "truncate"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A path as molt_schema_find_path reads it, after any number of "^" that climb to the struct around;
 * NULL when it is none. */
static const char *skip_path(const char *at)
{
    while (*at == '^') {
        at += at[1] == '.' ? 2 : 1;
    }
    for (bool first = true;; first = false) {
        if (*at == '.' && !first) {
            at++;
        } else if (!first && *at != '[') {
            return at;
        }
        if (*at == '[') {
            size_t digits = strspn(at + 1, "0123456789");
            if (first || digits == 0 || digits > INDEX_DIGITS || at[1 + digits] != ']') {
                return NULL;
            }
            at += digits + 2;
            continue;
        }
        const char *name = at;
        at = skip_identifier(name);
        if (at == name) {
            return NULL;
        }
    }
}

/* "pos[1].x", with or without the quotes. */
static void read_path(Reading *reading, const char *text)
{
    MoltArena *arena = reading->diagnostics->arena;
    MoltValue string = {0};
    const char *at = text, *path = text;
    if (*text == '"') {
        path = molt__literal_string(arena, &at, &string) && *at == '\0' ? string.bytes : "";
    }
    const char *end = skip_path(path);
    if (end == NULL || *end != '\0') {
        molt__refuse(reading->diagnostics, reading->place,
                     "write the old place as in C: MOLT_MOVED(\"pos[1]\"), or "
                     "MOLT_MOVED(\"^.speed\") for one of the struct around this one",
                     "MOLT_MOVED(%s) is no path", text);
    } else if (molt__model_note(reading->out, MOLT_NOTE_MOVED) != NULL) {
        molt__refuse(reading->diagnostics, reading->place, "keep one of them",
                     "MOLT_MOVED stands here twice");
    } else {
        molt__model_add_note(arena, reading->out, MOLT_NOTE_MOVED, path);
    }
}

/* As text, so that equal numbers are spelled alike: no sign, no leading zero. */
static bool is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 9 && text[digits] == '\0' && (*text != '0' || digits == 1);
}

static void apply_rule(Reading *reading, const Rule *rule, const char *text)
{
    if (!(rule->where & (unsigned)reading->where)) {
        bool variable = reading->where == MOLT_WHERE_VARIABLE;
        const char *words = variable ? variable_words(rule->kind) : NULL;
        molt__refuse(reading->diagnostics, reading->place,
                     words != NULL ? words : place_words(rule->where),
                     words != NULL ? "%s means nothing on a variable" : "%s means nothing here",
                     rule->macro);
        return;
    }
    if (rule->kind == MOLT_NOTE_WAS || rule->kind == MOLT_NOTE_REMOVED) {
        read_names(reading, rule, text);
        return;
    }
    if (rule->kind == MOLT_NOTE_MOVED) {
        read_path(reading, text);
        return;
    }
    if (rule->kind == MOLT_NOTE_CONVERT && !is_conversion(text)) {
        molt__refuse(reading->diagnostics, reading->place,
                     "name one of trunc, round, saturate, truncate",
                     "MOLT_CONVERT(%s) names no known conversion", text);
        return;
    }
    if (rule->kind == MOLT_NOTE_VERSION && !is_number(text)) {
        molt__refuse(reading->diagnostics, reading->place,
                     "write a plain number and raise it by one with each change: MOLT_VERSION(2)",
                     "MOLT_VERSION(%s) is no number", text);
        return;
    }
    if (rule->kind == MOLT_NOTE_INDEX && strncmp(text, "enum ", 5) == 0) {
        text += 5;
    }
    if (rule->kind == MOLT_NOTE_INDEX && !is_identifier(text)) {
        molt__refuse(reading->diagnostics, reading->place,
                     "name the enum whose enumerators are the indices: MOLT_INDEX(Caste)",
                     "MOLT_INDEX(%s) names no enum", text);
        return;
    }
    if (rule->kind == MOLT_NOTE_TAG && !is_identifier(text)) {
        molt__refuse(reading->diagnostics, reading->place,
                     "name the enum field beside the union: MOLT_TAG(kind)",
                     "MOLT_TAG(%s) names no field", text);
        return;
    }
    if (rule->kind == MOLT_NOTE_ARM && !is_identifier(text)) {
        molt__refuse(reading->diagnostics, reading->place,
                     "give the tag an enum and name its enumerator: MOLT_ARM(KIND_FISH)",
                     "MOLT_ARM(%s) names no enumerator", text);
        return;
    }
    if (molt__model_note(reading->out, rule->kind) != NULL) {
        if (*text != '\0') {
            molt__refuse(reading->diagnostics, reading->place, "keep one of them",
                         "%s stands here twice", rule->macro);
        }
        return;
    }
    molt__model_add_note(reading->diagnostics->arena, reading->out, rule->kind, text);
}

/* `text` is what follows "molt:". */
static void read_annotation(Reading *reading, const char *text)
{
    size_t length = strcspn(text, " \t");
    const char *rest = text + length;
    while (isspace((unsigned char)*rest)) {
        rest++;
    }
    bool heads_function = length == 7 && strncmp(text, "migrate", length) == 0;
    if (strcmp(text, "root") == 0 || (reading->where == MOLT_WHERE_NOWHERE && heads_function)) {
        return;
    }
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++) {
        if (strlen(RULES[i].word) == length && strncmp(RULES[i].word, text, length) == 0) {
            apply_rule(reading, &RULES[i], rest);
            return;
        }
    }
    molt__refuse(reading->diagnostics, reading->place,
                 "use the macros of molt.h, and the molt.h that came with this molt-codegen",
                 "unknown annotation \"molt:%s\"", text);
}

static enum CXChildVisitResult visit_attribute(CXCursor cursor, CXCursor parent, CXClientData data)
{
    Reading *reading = data;
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr) {
        return CXChildVisit_Continue;
    }
    CXString spelling = clang_getCursorSpelling(cursor);
    const char *text = clang_getCString(spelling);
    if (text != NULL && strncmp(text, "molt:", 5) == 0) {
        reading->present = true;
        if (reading->out != NULL) {
            MoltArena *arena = reading->diagnostics->arena;
            read_annotation(reading, molt__arena_copy(arena, text + 5, strlen(text + 5)));
        }
    }
    clang_disposeString(spelling);
    return CXChildVisit_Continue;
}

void molt__annotations_read(MoltDiagnostics *diagnostics, CXCursor cursor, MoltPlace place,
                            MoltWhere where, MoltModelNotes *out)
{
    Reading reading = {diagnostics, place, where, out, false};
    clang_visitChildren(cursor, visit_attribute, &reading);
}

bool molt__annotations_present(CXCursor cursor)
{
    Reading reading = {.out = NULL};
    clang_visitChildren(cursor, visit_attribute, &reading);
    return reading.present;
}

typedef struct Pool {
    MoltArena *arena;
    const char *type;
} Pool;

static enum CXChildVisitResult visit_pool(CXCursor cursor, CXCursor parent, CXClientData data)
{
    static const char start[] = "molt:pool ";
    Pool *pool = data;
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr) {
        return CXChildVisit_Continue;
    }
    CXString spelling = clang_getCursorSpelling(cursor);
    const char *text = clang_getCString(spelling);
    if (text != NULL && strncmp(text, start, sizeof start - 1) == 0) {
        text += sizeof start - 1;
        pool->type = molt__arena_copy(pool->arena, text, strlen(text));
    }
    clang_disposeString(spelling);
    return CXChildVisit_Continue;
}

const char *molt__annotation_pool(MoltArena *arena, CXCursor cursor)
{
    Pool pool = {arena, NULL};
    clang_visitChildren(cursor, visit_pool, &pool);
    return pool.type;
}
