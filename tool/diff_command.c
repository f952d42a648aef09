#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "state.h"

static const char help[] =
    "molt diff A B      where two states, or two schemas, differ\n"
    "\n"
    "A and B are snapshot files or dumps in JSON; of two schemas it prints what molt schema diff does.\n"
    "Objects are paired by their ids (Ant:17), and each value that differs has a line:\n"
    "    Ant:17.pos.x: 1.5 -> 2\n"
    "\n"
    "  --ignore PATTERN   leave out values whose path matches, with Ant:17 or just Ant for the object:\n"
    "                     'Ant.pos.*', 'Colony:0.frame' (several with commas between)\n"
    "  --json             print JSON instead of text\n"
    "\n"
    "Exit 0: no difference; 1: differences; 2: wrong usage or unreadable input.\n";

/* Marks a number among the strings: numbers are compared by their digits, because a double would make
 * two different 64-bit integers equal. */
#define NUMBER_MARK "\\u0001"

typedef struct Diff {
    const char *ignore; /* patterns, separated by commas; NULL: none */
    cJSON *list;        /* NULL: print text */
    uint64_t count;
} Diff;

/* ---- the trees ------------------------------------------------------------------------------------- */

static const char *skip_string(const char *text)
{
    for (text++; *text != '\0' && *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0') {
            text++;
        }
    }
    return *text == '"' ? text + 1 : text;
}

/* The text with each number as a string that begins with the mark; freed with free(). */
static char *mark_numbers(const char *text, size_t length)
{
    char *marked = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&marked, &size);
    const char *end = text + length;
    while (out != NULL && text < end) {
        const char *from = text;
        if (*text == '"') {
            text = skip_string(text);
            fwrite(from, 1, (size_t)(text - from), out);
        } else if (*text == '-' || (*text >= '0' && *text <= '9')) {
            text += strspn(text, "+-.0123456789eE");
            fprintf(out, "\"" NUMBER_MARK "%.*s\"", (int)(text - from), from);
        } else {
            text += strcspn(text, "\"-0123456789");
            fwrite(from, 1, (size_t)(text - from), out);
        }
    }
    if (out == NULL || fclose(out) != 0) {
        free(marked);
        return NULL;
    }
    return marked;
}

static MoltStatus parse(const char *name, const char *text, size_t length, cJSON **out,
                        MoltError *error)
{
    char *marked = mark_numbers(text, length);
    cJSON *tree = marked != NULL ? cJSON_Parse(marked) : NULL;
    free(marked);
    if (tree == NULL || !cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(tree, "objects"))) {
        cJSON_Delete(tree);
        return molt_error(error, MOLT_INVALID, "%s: neither a snapshot file nor a dump", name);
    }
    *out = tree;
    return MOLT_OK;
}

static MoltStatus read_state(const char *name, cJSON **out, MoltError *error)
{
    size_t length = 0;
    char *text = molt__tool_read(name, 0, &length, error), *dump = NULL;
    if (text == NULL) {
        return MOLT_SYSTEM;
    }
    if (length > 0 && (text[0] == '{' || text[0] == '\n' || text[0] == ' ')) {
        MoltStatus status = parse(name, text, length, out, error);
        free(text);
        return status;
    }
    MoltToolState state = {.bytes = text};
    const MoltLoadDesc load = {.heap = {.reserve = molt__tool_state_reserve()}};
    MoltReport report;
    MoltError reason;
    molt_report_init(&report, NULL);
    MoltStatus status = molt_snapshot_file_open_memory(text, length, NULL, &state.file, &reason);
    if (status == MOLT_OK) {
        status = molt_snapshot_file_load(state.file, &load, &state.heap, &report, &reason);
    }
    if (status == MOLT_OK) {
        status = molt__tool_state_dump(&state, NULL, &dump, &length, &reason);
    }
    if (status != MOLT_OK) {
        molt_error(error, status, "%s: %s", name, reason.text);
    } else {
        status = parse(name, dump, length, out, error);
    }
    free(dump);
    molt_report_clear(&report);
    molt__tool_state_close(&state);
    return status;
}

/* ---- what differs ----------------------------------------------------------------------------------- */

/* "Ant:17.pos" as "Ant.pos". */
static void without_number(const char *path, char *buffer, size_t size)
{
    size_t stem = strcspn(path, ".[");
    size_t colon = stem;
    while (colon > 0 && path[colon - 1] != ':') {
        colon--;
    }
    snprintf(buffer, size, "%.*s%s", (int)(colon > 0 ? colon - 1 : stem), path, path + stem);
}

static bool is_ignored(const Diff *diff, const char *path)
{
    char pattern[512], plain[1024];
    without_number(path, plain, sizeof plain);
    for (const char *at = diff->ignore; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ",");
        snprintf(pattern, sizeof pattern, "%.*s", (int)length, at);
        if (fnmatch(pattern, path, 0) == 0 || fnmatch(pattern, plain, 0) == 0) {
            return true;
        }
        at += length + (at[length] == ',');
    }
    return false;
}

/* A value as it stands in the dump; freed with free(). */
static char *show(const cJSON *value)
{
    if (value == NULL) {
        return strdup("(none)");
    }
    if (cJSON_IsString(value) && value->valuestring[0] == '\1') {
        return strdup(value->valuestring + 1);
    }
    char *text = cJSON_PrintUnformatted(value);
    char *from = text, *to = text;
    while (from != NULL && *from != '\0') { /* "\u00011.5" is 1.5 */
        if (strncmp(from, "\"" NUMBER_MARK, sizeof NUMBER_MARK) == 0) {
            from += sizeof NUMBER_MARK;
            while (*from != '\0' && *from != '"') {
                *to++ = *from++;
            }
            from += *from == '"';
        } else {
            *to++ = *from++;
        }
    }
    if (to != NULL) {
        *to = '\0';
    }
    return text;
}

static void tell(Diff *diff, const char *path, const cJSON *a, const cJSON *b)
{
    if (is_ignored(diff, path)) {
        return;
    }
    diff->count++;
    char *was = show(a), *is = show(b);
    if (diff->list != NULL) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(diff->list, item);
        cJSON_AddStringToObject(item, "path", path);
        if (a != NULL) {
            cJSON_AddItemToObject(item, "a", cJSON_CreateRaw(was != NULL ? was : "null"));
        }
        if (b != NULL) {
            cJSON_AddItemToObject(item, "b", cJSON_CreateRaw(is != NULL ? is : "null"));
        }
    } else {
        printf("%s: %.300s -> %.300s\n", path, was != NULL ? was : "", is != NULL ? is : "");
    }
    free(was);
    free(is);
}

static void compare(Diff *diff, const char *path, const cJSON *a, const cJSON *b);

static void compare_objects(Diff *diff, const char *path, const cJSON *a, const cJSON *b)
{
    char inner[1024];
    for (const cJSON *item = a->child; item != NULL; item = item->next) {
        snprintf(inner, sizeof inner, "%s%s%s", path, *path != '\0' ? "." : "", item->string);
        compare(diff, inner, item, cJSON_GetObjectItemCaseSensitive(b, item->string));
    }
    for (const cJSON *item = b->child; item != NULL; item = item->next) {
        if (cJSON_GetObjectItemCaseSensitive(a, item->string) == NULL) {
            snprintf(inner, sizeof inner, "%s%s%s", path, *path != '\0' ? "." : "", item->string);
            tell(diff, inner, NULL, item);
        }
    }
}

static void compare_arrays(Diff *diff, const char *path, const cJSON *a, const cJSON *b)
{
    char inner[1024];
    const cJSON *left = a->child, *right = b->child;
    for (size_t index = 0; left != NULL || right != NULL; index++) {
        snprintf(inner, sizeof inner, "%s[%zu]", path, index);
        compare(diff, inner, left, right);
        left = left != NULL ? left->next : NULL;
        right = right != NULL ? right->next : NULL;
    }
}

static void compare(Diff *diff, const char *path, const cJSON *a, const cJSON *b)
{
    if (a != NULL && b != NULL && cJSON_IsObject(a) && cJSON_IsObject(b)) {
        compare_objects(diff, path, a, b);
    } else if (a != NULL && b != NULL && cJSON_IsArray(a) && cJSON_IsArray(b)) {
        compare_arrays(diff, path, a, b);
    } else if (a == NULL || b == NULL || !cJSON_Compare(a, b, true)) {
        tell(diff, path, a, b);
    }
}

/* ---- objects by their ids ---------------------------------------------------------------------------- */

typedef struct Entry {
    const char *id;
    const cJSON *object;
} Entry;

static int by_id(const void *left, const void *right)
{
    return strcmp(((const Entry *)left)->id, ((const Entry *)right)->id);
}

static Entry *entries_of(const cJSON *tree, size_t *count)
{
    const cJSON *objects = cJSON_GetObjectItemCaseSensitive(tree, "objects"), *item;
    *count = 0;
    Entry *entries = calloc((size_t)cJSON_GetArraySize(objects) + 1, sizeof *entries);
    cJSON_ArrayForEach(item, objects)
    {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "id");
        if (entries != NULL && cJSON_IsString(id)) {
            entries[(*count)++] = (Entry){id->valuestring, item};
        }
    }
    if (entries != NULL) {
        qsort(entries, *count, sizeof *entries, by_id);
    }
    return entries;
}

/* What of an object is its state: all members but the id. */
static void compare_pair(Diff *diff, const char *id, const cJSON *a, const cJSON *b)
{
    static const char *const members[] = {"type", "value", "tail", "count", "from"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char path[1024];
        const cJSON *was = cJSON_GetObjectItemCaseSensitive(a, members[i]);
        const cJSON *is = cJSON_GetObjectItemCaseSensitive(b, members[i]);
        bool value = strncmp(members[i], "value", 5) == 0;
        snprintf(path, sizeof path, value ? "%s" : "%s.(%s)", id, members[i]);
        if (was != NULL || is != NULL) {
            compare(diff, path, was, is);
        }
    }
}

static bool compare_states(Diff *diff, const cJSON *a, const cJSON *b)
{
    size_t old_count = 0, new_count = 0, o = 0, n = 0;
    Entry *olds = entries_of(a, &old_count), *news = entries_of(b, &new_count);
    bool good = olds != NULL && news != NULL;
    compare(diff, "roots", cJSON_GetObjectItemCaseSensitive(a, "roots"),
            cJSON_GetObjectItemCaseSensitive(b, "roots"));
    while (good && (o < old_count || n < new_count)) {
        int order = o == old_count ? 1 : n == new_count ? -1 : strcmp(olds[o].id, news[n].id);
        if (order == 0) {
            compare_pair(diff, olds[o].id, olds[o].object, news[n].object);
            o++, n++;
        } else if (order < 0) {
            tell(diff, olds[o].id, olds[o].object, NULL);
            o++;
        } else {
            tell(diff, news[n].id, NULL, news[n].object);
            n++;
        }
    }
    free(olds);
    free(news);
    return good;
}

/* ---- the command ------------------------------------------------------------------------------------- */

static bool is_schema(const char *name)
{
    MoltSchema *schema = NULL;
    bool found = strcmp(name, "-") != 0 && molt__tool_read_schema(name, &schema, NULL) == MOLT_OK;
    molt_schema_free(schema);
    return found;
}

static int run(int argc, char **argv)
{
    Diff diff = {0};
    bool json = false;
    const MoltToolCommand *command = &molt__command_diff;
    const MoltToolOption options[] = {
        {"--ignore", &diff.ignore, NULL}, {"--json", NULL, &json}, {NULL, NULL, NULL}};
    int operands = molt__tool_words(command, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands != 2) {
        return molt__tool_misuse(command, "two files are needed");
    }
    if (!molt__tool_one_input(command, (const char *const[]){argv[0], argv[1]}, 2)) {
        return MOLT__EXIT_USAGE;
    }
    if (is_schema(argv[0]) && is_schema(argv[1])) {
        char *words[] = {argv[0], argv[1], "--json"};
        return molt__command_schema_diff.run(json ? 3 : 2, words);
    }
    cJSON *a = NULL, *b = NULL;
    MoltError error;
    int status = MOLT__EXIT_USAGE;
    diff.list = json ? cJSON_CreateArray() : NULL;
    if (read_state(argv[0], &a, &error) != MOLT_OK || read_state(argv[1], &b, &error) != MOLT_OK) {
        fprintf(stderr, "molt diff: %s\n", error.text);
    } else if (!compare_states(&diff, a, b)) {
        fputs("molt diff: no memory\n", stderr);
    } else {
        status = diff.count > 0 ? MOLT__EXIT_REFUSED : MOLT__EXIT_OK;
        char *text = json ? cJSON_Print(diff.list) : NULL;
        if (text != NULL) {
            puts(text);
        }
        free(text);
    }
    cJSON_Delete(diff.list);
    cJSON_Delete(a);
    cJSON_Delete(b);
    return status;
}

const MoltToolCommand molt__command_diff = {"diff", "where two states or two schemas differ", help,
                                            run};
