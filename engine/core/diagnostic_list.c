#include "diagnostic_list.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDED "In file included from "
#define CMAKE_ERROR "CMake Error"

/* The reader takes a copy of the text apart in place: it puts NULs behind what it keeps, so that items can
 * point there. */
typedef struct Reader {
    MoltDiagnosticList *list;
    const char *included; /* of the next message; "" when its file was not included */
    bool repeats;         /* the last message was there before: its notes go as well */
    bool wants_message;   /* the last item has its message on a line that follows */
    bool wants_place;     /* likewise its place */
} Reader;

const char *molt_diagnostic_id(MoltDiagnosticKind kind)
{
    static const char *const ids[] = {"note", "warning", "error"};
    return (unsigned)kind < sizeof ids / sizeof ids[0] ? ids[kind] : "unknown";
}

/* ---- places -------------------------------------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Takes ":<number>" from the end of `text`; 0 when it does not end in one. */
static uint32_t take_number(char *text)
{
    char *colon = strrchr(text, ':');
    if (colon == NULL || !isdigit((unsigned char)colon[1])) {
        return 0;
    }
    char *end;
    unsigned long number = strtoul(colon + 1, &end, 10);
    if (*end != 0 || number > UINT32_MAX) {
        return 0;
    }
    *colon = 0;
    return (uint32_t)number;
}

/* "ant.c:14:9", "ant.c:14", "ant.c:(.text+0x5)" or "ant.o:ant.c:14" as file, line and column. */
static void set_place(MoltDiagnostic *item, char *place)
{
    char *object = strstr(place, ".o:");
    if (object != NULL && object[3] != '(' && !isdigit((unsigned char)object[3])) {
        place = object + 3;
    }
    char *section = strstr(place, ":(");
    if (section != NULL) {
        *section = 0;
    }
    uint32_t last = take_number(place), before = take_number(place);
    item->line = before != 0 ? before : last;
    item->column = before != 0 ? last : 0;
    item->file = place;
}

/* The word before ": error:" is a tool and no file: "ld.lld", "/usr/bin/ld", "cc1", "ninja". */
static bool is_tool(const char *place)
{
    static const char *const tools[] = {"ld",   "ld.bfd",      "ld.gold",     "ld.lld", "mold",
                                        "gcc",  "cc",          "clang",       "cc1",    "collect2",
                                        "as",   "ninja",       "make",        "gmake",  "cmake",
                                        "lto1", "lto-wrapper", "molt-codegen"};
    const char *slash = strrchr(place, '/');
    const char *name = slash != NULL ? slash + 1 : place;
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
        size_t known = strlen(tools[i]);
        bool versioned =
            length > known + 1 && name[known] == '-' && isdigit((unsigned char)name[known + 1]);
        if (strncmp(name, tools[i], known) == 0 && (length == known || versioned)) {
            return true;
        }
    }
    return false;
}

/* ---- items --------------------------------------------------------------------------------- */

static bool same_message(const MoltDiagnostic *a, const MoltDiagnostic *b)
{
    return a->kind == b->kind && a->line == b->line && a->column == b->column &&
           strcmp(a->file, b->file) == 0 && strcmp(a->message, b->message) == 0;
}

static MoltDiagnostic *add(Reader *reader, MoltDiagnostic item)
{
    MoltDiagnosticList *list = reader->list;
    item.included = item.kind == MOLT_DIAGNOSTIC_NOTE ? "" : reader->included;
    reader->included = "";
    reader->wants_message = reader->wants_place = false;
    if (item.kind == MOLT_DIAGNOSTIC_NOTE && (reader->repeats || list->count == 0)) {
        return NULL;
    }
    reader->repeats = false;
    for (uint32_t i = 0; i < list->count && item.kind != MOLT_DIAGNOSTIC_NOTE; i++) {
        if (same_message(&list->items[i], &item)) {
            reader->repeats = true;
            return NULL;
        }
    }
    if (list->count == MOLT__DIAGNOSTICS_MOST) {
        reader->repeats = true;
        return NULL;
    }
    list->items[list->count] = item;
    return &list->items[list->count++];
}

/* ---- forms of lines: each returns whether the line was one -------------------------------------- */

typedef struct Severity {
    const char *word;
    MoltDiagnosticKind kind;
} Severity;

/* Where a severity stands first in the line, with what it says; NULL without one. */
static char *find_severity(char *line, Severity *out)
{
    static const Severity severities[] = {
        {": fatal error: ", MOLT_DIAGNOSTIC_ERROR}, {": error: ", MOLT_DIAGNOSTIC_ERROR},
        {": Error: ", MOLT_DIAGNOSTIC_ERROR},       {": warning: ", MOLT_DIAGNOSTIC_WARNING},
        {": Warning: ", MOLT_DIAGNOSTIC_WARNING},   {": note: ", MOLT_DIAGNOSTIC_NOTE},
        {": remark: ", MOLT_DIAGNOSTIC_NOTE},
    };
    char *first = NULL;
    for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++) {
        char *at = strstr(line, severities[i].word);
        if (at != NULL && (first == NULL || at < first)) {
            first = at;
            *out = severities[i];
        }
    }
    return first;
}

/* "ant.c:14:9: error: expected ';' before x"; "ld.lld: error: undefined symbol: hatch". */
static bool read_message(Reader *reader, char *line)
{
    Severity severity = {0};
    char *at = find_severity(line, &severity);
    if (at == NULL && starts_with(line, "error: ")) {
        add(reader,
            (MoltDiagnostic){.kind = MOLT_DIAGNOSTIC_ERROR, .file = "", .message = line + 7});
        return true;
    }
    if (at == NULL) {
        return false;
    }
    char *message = at + strlen(severity.word);
    /* These only repeat that a step failed. */
    if (starts_with(message, "ld returned") || starts_with(message, "linker command failed") ||
        starts_with(message, "no such file or directory: ''")) {
        return true;
    }
    *at = 0;
    MoltDiagnostic item = {.kind = severity.kind, .file = "", .message = message};
    bool tool = is_tool(line);
    if (!tool) {
        set_place(&item, line);
    }
    MoltDiagnostic *added = add(reader, item);
    reader->wants_place = added != NULL && tool;
    return true;
}

/* bfd and gold: "[/usr/bin/ld: ][ant.o:]ant.c:5: undefined reference to `hatch'". */
static bool read_link_error(Reader *reader, char *line)
{
    static const char *const words[] = {"undefined reference to ", "multiple definition of ",
                                        "cannot find ", "relocation R_", "undefined symbol: "};
    char *message = NULL;
    for (size_t i = 0; i < sizeof words / sizeof words[0] && message == NULL; i++) {
        char *found = strstr(line, words[i]);
        if (found != NULL && found - line >= 2 && found[-1] == ' ' && found[-2] == ':') {
            message = found;
        }
    }
    if (message == NULL) {
        return false;
    }
    message[-2] = 0;
    char *place = line;
    char *space = strstr(line, ": ");
    if (space != NULL) { /* "/usr/bin/ld: " in front */
        *space = 0;
        place = is_tool(line) ? space + 2 : line;
    }
    MoltDiagnostic item = {.kind = MOLT_DIAGNOSTIC_ERROR, .file = "", .message = message};
    if (!is_tool(place)) {
        set_place(&item, place);
    }
    add(reader, item);
    return true;
}

/* lld and mold: ">>> referenced by ant.c:5 (/game/ant.c:5)", ">>> defined at ant.c:3". */
static bool read_link_place(Reader *reader, char *line)
{
    static const char *const words[] = {">>> referenced by ", ">>> defined at ", ">>> defined in "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!starts_with(line, words[i])) {
            continue;
        }
        if (reader->wants_place) {
            char *place = line + strlen(words[i]);
            char *whole = strchr(place, '(');
            size_t length = strlen(place);
            if (whole != NULL && place[length - 1] == ')') {
                place[length - 1] = 0;
                place = whole + 1;
            }
            set_place(&reader->list->items[reader->list->count - 1], place);
            reader->wants_place = false;
        }
        return true;
    }
    return starts_with(line, ">>>");
}

/* "In file included from a.h:3," and below it "                 from b.c:5:": the last one is the source. */
static bool read_included(Reader *reader, char *line)
{
    char *place = line + strspn(line, " ");
    bool first = starts_with(line, INCLUDED);
    if (!first && (place == line || !starts_with(place, "from "))) {
        return false;
    }
    place = first ? line + strlen(INCLUDED) : place + strlen("from ");
    size_t length = strlen(place);
    while (length > 0 && (place[length - 1] == ',' || place[length - 1] == ':')) {
        place[--length] = 0;
    }
    char *line_at = strchr(place, ':'); /* "b.c:5:1" loses its column */
    char *column_at = line_at != NULL ? strchr(line_at + 1, ':') : NULL;
    if (column_at != NULL) {
        *column_at = 0;
    }
    reader->included = place;
    return true;
}

/* "CMake Error at CMakeLists.txt:5 (add_library):", its message below, indented. */
static bool read_cmake(Reader *reader, char *line)
{
    if (!starts_with(line, CMAKE_ERROR)) {
        return false;
    }
    char *place = line + strlen(CMAKE_ERROR);
    if (starts_with(place, ": ")) {
        add(reader,
            (MoltDiagnostic){.kind = MOLT_DIAGNOSTIC_ERROR, .file = "", .message = place + 2});
        return true;
    }
    MoltDiagnostic item = {.kind = MOLT_DIAGNOSTIC_ERROR, .file = "", .message = ""};
    if (starts_with(place, " at ") || starts_with(place, " in ")) {
        place += 4;
        char *end = strstr(place, " (");
        end = end != NULL ? end : place + strlen(place) - (place[0] != 0);
        *end = 0;
        set_place(&item, place);
    }
    reader->wants_message = add(reader, item) != NULL;
    return true;
}

/* "Makefile:5: *** missing separator.  Stop.", "make: *** No rule to make target 'x'.  Stop.". What make
 * says of a command that failed, "make: *** [Makefile:5: ant.o] Error 1", tells nothing new. */
static bool read_make(Reader *reader, char *line)
{
    char *stars = strstr(line, ": *** ");
    if (stars == NULL) {
        return false;
    }
    char *message = stars + strlen(": *** ");
    if (message[0] == '[') {
        return true;
    }
    *stars = 0;
    char *level = strchr(line, '['); /* "make[1]" */
    if (level != NULL) {
        *level = 0;
    }
    MoltDiagnostic item = {.kind = MOLT_DIAGNOSTIC_ERROR, .file = "", .message = message};
    if (!is_tool(line)) {
        set_place(&item, line);
    }
    add(reader, item);
    return true;
}

/* molt-codegen's "  remedy: annotate the member". */
static bool read_remedy(Reader *reader, char *line)
{
    char *text = line + strspn(line, " ");
    if (!starts_with(text, "remedy: ")) {
        return false;
    }
    add(reader, (MoltDiagnostic){.kind = MOLT_DIAGNOSTIC_NOTE, .file = "", .message = text});
    return true;
}

static void read_line(Reader *reader, char *line)
{
    char *text = line + strspn(line, " ");
    if (reader->wants_message && text[0] != 0) {
        reader->list->items[reader->list->count - 1].message = text;
        reader->wants_message = false;
        return;
    }
    (void)(read_included(reader, line) || read_cmake(reader, line) || read_make(reader, line) ||
           read_link_place(reader, line) || read_remedy(reader, line) ||
           read_message(reader, line) || read_link_error(reader, line));
}

/* ---- interface ----------------------------------------------------------------------------- */

void molt__diagnostic_list_clear(MoltDiagnosticList *list)
{
    free(list->texts);
    list->texts = NULL;
    list->count = 0;
}

void molt__diagnostic_list_read(MoltDiagnosticList *list, const char *text)
{
    molt__diagnostic_list_clear(list);
    list->texts = strdup(text);
    Reader reader = {.list = list, .included = ""};
    for (char *line = list->texts; line != NULL;) {
        char *newline = strchr(line, '\n');
        if (newline != NULL) {
            *newline = 0;
        }
        read_line(&reader, line);
        line = newline != NULL ? newline + 1 : NULL;
    }
}
