#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "file.h"
#include "molt/state_diff.h"
#include "path_pattern.h"
#include "progress.h"
#include "state.h"

static const char help[] =
    "molt diff A B      where two states, or two schemas, differ\n"
    "\n"
    "A and B are snapshot files or dumps in JSON; of two schemas it prints what molt schema diff "
    "does.\n"
    "Objects are paired by their ids (Ant:17), and each value that differs has a line:\n"
    "    Ant:17.pos.x: 1.5 -> 2\n"
    "Of long values it has the first 300 characters, --json has all. Numbers are equal to the last "
    "bit.\n"
    "Snapshot files are compared as they lie, so that it takes little more memory than they "
    "do.\n" MOLT__PROGRESS_HELP "\n"
    "\n"
    "  --ignore PATTERN   leave out values, or fields of schemas, whose path matches, with Ant:17 or "
    "just\n"
    "                     Ant for the object: 'Ant.pos.*', 'Colony:0.frame', 'Grid.m[*]' (several "
    "with\n"
    "                     commas between; * is any characters, ? one)\n"
    "  --json             print JSON instead of text\n"
    "\n"
    "Exit 0: no difference; 1: differences; 2: wrong usage or unreadable input.\n";

/* Characters of a value in a line of text. */
#define SHOWN 300

typedef struct Diff {
    const char *ignore; /* patterns, separated by commas; NULL: none */
    bool json;
    uint64_t count;
} Diff;

/* ---- the two states -------------------------------------------------------------------------------- */

/* A snapshot file's state, or the text of a dump. */
typedef struct Input {
    MoltToolState state;
    char *text;
    size_t length;
} Input;

static void close_input(Input *input)
{
    molt__tool_state_close(&input->state);
    free(input->text);
}

/* Snapshot files are mapped. What is no file can be read once, so that its kind shows in memory. */
static bool is_snapshot(const char *path)
{
    char head[16];
    struct stat info;
    FILE *file = strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode)
                     ? fopen(path, "rb")
                     : NULL;
    size_t size = file != NULL ? fread(head, 1, sizeof head, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    return size > 0 && molt_snapshot_file_size(head, size) != 0;
}

static MoltStatus read_state(const Diff *diff, const char *path, Input *out, MoltError *error)
{
    molt__progress_begin(&molt__command_diff, path, diff->json);
    MoltReport report;
    MoltStatus status;
    molt_report_init(&report, NULL);
    if (is_snapshot(path)) {
        status = molt__tool_state_open(path, NULL, MOLT_POLICY_STRICT, MOLT_MISSING_FUNCTIONS_REFUSE,
                                       &out->state, &report, error);
    } else {
        out->text = molt__tool_read(path, 0, &out->length, error);
        status = out->text != NULL ? MOLT_OK : MOLT_SYSTEM;
        if (status == MOLT_OK && molt_snapshot_file_size(out->text, out->length) != 0) {
            char *bytes = out->text;
            out->text = NULL;
            status = molt__tool_state_take(path, bytes, out->length, &out->state, &report, error);
        }
    }
    molt_report_clear(&report);
    return status;
}

static MoltDiffSide side_of(const Input *input, const char *name)
{
    MoltDiffSide side = {.text = input->text,
                         .length = input->length,
                         .name = strcmp(name, "-") == 0 ? "standard input" : name};
    if (input->text == NULL) {
        side.heap = input->state.heap;
        side.code = molt_snapshot_file_code(input->state.file);
    }
    return side;
}

/* ---- what differs ----------------------------------------------------------------------------------- */

static bool wants(void *context, const char *path)
{
    const Diff *diff = context;
    return !molt__path_matches(diff->ignore, path);
}

/* A value without the space in it, the first `most` characters. */
static void print_value(MoltDiffText value, size_t most)
{
    bool quoted = false;
    for (size_t i = 0, printed = 0; i < value.length && printed < most; i++) {
        char c = value.bytes[i];
        if (!quoted && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
            continue;
        }
        putchar(c);
        printed++;
        if (quoted && c == '\\' && i + 1 < value.length) {
            putchar(value.bytes[++i]);
            printed++;
        } else if (c == '"') {
            quoted = !quoted;
        }
    }
}

static void print_json(const Diff *diff, const char *path, MoltDiffText a, MoltDiffText b)
{
    cJSON *name = cJSON_CreateString(path);
    char *text = cJSON_PrintUnformatted(name);
    printf("%s\n{\"path\":%s", diff->count > 1 ? "," : "[", text != NULL ? text : "null");
    if (a.bytes != NULL) {
        fputs(",\"a\":", stdout);
        print_value(a, SIZE_MAX);
    }
    if (b.bytes != NULL) {
        fputs(",\"b\":", stdout);
        print_value(b, SIZE_MAX);
    }
    putchar('}');
    free(text);
    cJSON_Delete(name);
}

static void take(void *context, const char *path, MoltDiffText a, MoltDiffText b)
{
    static const MoltDiffText none = {"(none)", 6};
    Diff *diff = context;
    diff->count++;
    molt__progress_clear();
    if (diff->json) {
        print_json(diff, path, a, b);
        return;
    }
    printf("%s: ", path);
    print_value(a.bytes != NULL ? a : none, SHOWN);
    fputs(" -> ", stdout);
    print_value(b.bytes != NULL ? b : none, SHOWN);
    putchar('\n');
}

/* ---- the command ------------------------------------------------------------------------------------- */

/* By its beginning: what is no schema may be large, and what is no file can be read only once, so that
 * standard input is taken for what the other one is. */
static bool is_schema(const char *path, const char *other)
{
    if (strcmp(path, "-") == 0 && strcmp(other, "-") != 0) {
        return is_schema(other, "-");
    }
    char head[4097];
    struct stat info;
    FILE *file = strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISREG(info.st_mode)
                     ? fopen(path, "rb")
                     : NULL;
    size_t size = file != NULL ? fread(head, 1, sizeof head - 1, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    head[size] = '\0';
    return strstr(head, "\"molt_schema\"") != NULL && strstr(head, "\"molt_dump\"") == NULL;
}

static MoltStatus compare(Diff *diff, char **names, MoltError *error)
{
    Input inputs[2] = {{.length = 0}, {.length = 0}};
    const MoltDiffSink sink = {
        .wants = wants, .take = take, .context = diff, .progress = molt__progress("comparing")};
    MoltStatus status = read_state(diff, names[0], &inputs[0], error);
    if (status == MOLT_OK) {
        status = read_state(diff, names[1], &inputs[1], error);
    }
    if (status == MOLT_OK) {
        MoltDiffSide a = side_of(&inputs[0], names[0]), b = side_of(&inputs[1], names[1]);
        MoltError reason;
        status = molt_state_diff(&a, &b, &sink, &reason);
        if (status != MOLT_OK) {
            molt_error(error, status, "%s%s",
                       status == MOLT_INVALID ? "neither a snapshot file nor a dump: " : "",
                       reason.text);
        }
    }
    molt__progress_end();
    close_input(&inputs[0]);
    close_input(&inputs[1]);
    return status;
}

static int run(int argc, char **argv)
{
    static char ignore_option[] = "--ignore", json_option[] = "--json";
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
    if (is_schema(argv[0], argv[1]) && is_schema(argv[1], argv[0])) {
        char *words[5] = {argv[0], argv[1]};
        int count = 2;
        if (diff.ignore != NULL) {
            words[count++] = ignore_option;
            words[count++] = (char *)(uintptr_t)diff.ignore;
        }
        if (json) {
            words[count++] = json_option;
        }
        return molt__command_schema_diff.run(count, words);
    }
    MoltError error;
    diff.json = json;
    if (compare(&diff, argv, &error) != MOLT_OK) {
        fprintf(stderr, "molt diff: %s\n", error.text);
        return MOLT__EXIT_USAGE;
    }
    if (json) {
        puts(diff.count > 0 ? "\n]" : "[]");
    }
    return diff.count > 0 ? MOLT__EXIT_REFUSED : MOLT__EXIT_OK;
}

const MoltToolCommand molt__command_diff = {"diff", "where two states or two schemas differ", help,
                                            run};
