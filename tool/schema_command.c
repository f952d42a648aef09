#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "file.h"
#include "recordings.h"
#include "schema_findings.h"

static int fail(const MoltToolCommand *command, const MoltError *error)
{
    fprintf(stderr, "molt %s: %s\n", command->name, error->text);
    return MOLT__EXIT_USAGE;
}

static bool same_layouts(const MoltSchema *a, const MoltSchema *b)
{
    return memcmp(&a->tables.hash, &b->tables.hash, sizeof(MoltHash)) == 0;
}

static int print_json(const MoltToolCommand *command, cJSON *value, int status)
{
    char *text = cJSON_Print(value);
    cJSON_Delete(value);
    if (text == NULL) {
        return fail(command, &(MoltError){.text = "no memory for the JSON"});
    }
    puts(text);
    free(text);
    return status;
}

/* ---- molt schema diff ----------------------------------------------------------------------------- */

static const char diff_help[] =
    "molt schema diff OLD.json NEW.json      what changes for a state of OLD that NEW reads\n"
    "\n"
    "  --json   print JSON instead of text\n"
    "\n"
    "A line for each change: file:line of the declaration, severity, rule, path, declarations and\n"
    "what settles it. INFO loses nothing, LOSS loses a value that some state may hold, REFUSE cannot\n"
    "be done. Exit 0: equal layouts; 1: differences.\n";

static int show_diff(const MoltSchema *before, const MoltSchema *after, bool json)
{
    MoltSchemaFindings findings;
    MoltError error;
    if (molt__schema_findings(before, after, &findings, &error) != MOLT_OK) {
        return fail(&molt__command_schema_diff, &error);
    }
    bool same = same_layouts(before, after);
    int status = same ? MOLT__EXIT_OK : MOLT__EXIT_REFUSED;
    if (json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddBoolToObject(object, "equal_layouts", same);
        cJSON_AddItemToObject(object, "findings", molt__schema_findings_json(&findings, MOLT_INFO));
        status = print_json(&molt__command_schema_diff, object, status);
    } else if (same && molt__schema_findings_count(&findings, MOLT_INFO) == 0) {
        puts("equal layouts");
    } else {
        molt__schema_findings_print(&findings, MOLT_INFO, stdout);
    }
    molt__schema_findings_free(&findings);
    return status;
}

static int run_diff(int argc, char **argv)
{
    bool json = false;
    const MoltToolOption options[] = {{"--json", NULL, &json}, {NULL, NULL, NULL}};
    int operands = molt__tool_words(&molt__command_schema_diff, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands != 2) {
        return molt__tool_misuse(&molt__command_schema_diff, "two schemas are needed");
    }
    if (!molt__tool_one_input(&molt__command_schema_diff,
                              (const char *const[]){argv[0], argv[1]}, 2)) {
        return MOLT__EXIT_USAGE;
    }
    MoltSchema *before = NULL, *after = NULL;
    MoltError error;
    int status;
    if (molt__tool_read_schema(argv[0], &before, &error) != MOLT_OK ||
        molt__tool_read_schema(argv[1], &after, &error) != MOLT_OK) {
        status = fail(&molt__command_schema_diff, &error);
    } else {
        status = show_diff(before, after, json);
    }
    molt_schema_free(before);
    molt_schema_free(after);
    return status;
}

const MoltToolCommand molt__command_schema_diff = {
    "schema diff", "what changes for a state that another schema reads", diff_help, run_diff};

/* ---- molt schema check ---------------------------------------------------------------------------- */

static const char check_help[] =
    "molt schema check DIR      can the newest recorded schema read what the earlier ones saved?\n"
    "\n"
    "  --level LEVEL    backward: the newest reads states of the version before it\n"
    "                   forward: the version before it reads states of the newest\n"
    "                   full: both\n"
    "                   with -transitive: of and by every recorded version (default:\n"
    "                   backward-transitive)\n"
    "  --current FILE   the schema of today's sources: it must be the newest recorded one, and is\n"
    "                   what reads and is read in its place\n"
    "  --all            show INFO findings too\n"
    "  --json           print JSON instead of text\n"
    "\n"
    "DIR holds v0001.json and so on, as `molt schema record` writes them. A finding is a value "
    "that\n"
    "some state would lose, or an edit that no state survives, without an annotation that says it "
    "is\n"
    "meant; each stands at file:line of the declaration, with its rule and what settles it.\n"
    "Exit 0: compatible; 1: findings; 2: wrong usage or unreadable input.\n";

typedef struct Check {
    const MoltRecordings *recordings;
    bool backward, forward, transitive;
    MoltSeverity least; /* shown */
    cJSON *list;        /* NULL: print text */
    uint32_t bad;       /* LOSS and REFUSE */
} Check;

static bool take_level(const char *level, Check *check)
{
    char word[32];
    snprintf(word, sizeof word, "%s", level);
    char *dash = strchr(word, '-');
    if (dash != NULL && strcmp(dash, "-transitive") != 0) {
        return false;
    }
    check->transitive = dash != NULL;
    if (dash != NULL) {
        *dash = '\0';
    }
    check->backward = strcmp(word, "backward") == 0 || strcmp(word, "full") == 0;
    check->forward = strcmp(word, "forward") == 0 || strcmp(word, "full") == 0;
    return check->backward || check->forward;
}

/* States of recording `from`, read by the code of recording `to`. */
static MoltStatus check_pair(Check *check, uint32_t from, uint32_t to, MoltError *error)
{
    const MoltRecording *writer = &check->recordings->items[from];
    const MoltRecording *reader = &check->recordings->items[to];
    MoltSchemaFindings findings;
    MoltStatus status = molt__schema_findings(writer->schema, reader->schema, &findings, error);
    if (status != MOLT_OK) {
        return status;
    }
    uint32_t bad = molt__schema_findings_count(&findings, MOLT_LOSS);
    check->bad += bad;
    if (check->list != NULL) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(check->list, item);
        cJSON_AddNumberToObject(item, "writer", writer->number);
        cJSON_AddNumberToObject(item, "reader", reader->number);
        cJSON_AddBoolToObject(item, "compatible", bad == 0);
        cJSON_AddItemToObject(item, "findings",
                              molt__schema_findings_json(&findings, check->least));
    } else {
        printf("v%04u read by v%04u: ", writer->number, reader->number);
        printf(bad == 0 ? "compatible\n" : "%u finding%s\n", bad, bad == 1 ? "" : "s");
        molt__schema_findings_print(&findings, check->least, stdout);
    }
    molt__schema_findings_free(&findings);
    return MOLT_OK;
}

static MoltStatus check_all(Check *check, MoltError *error)
{
    uint32_t newest = check->recordings->count - 1;
    uint32_t oldest = check->transitive || newest == 0 ? 0 : newest - 1;
    MoltStatus status = MOLT_OK;
    for (uint32_t v = oldest; v < newest && status == MOLT_OK; v++) {
        if (check->backward) {
            status = check_pair(check, v, newest, error);
        }
        if (check->forward && status == MOLT_OK) {
            status = check_pair(check, newest, v, error);
        }
    }
    return status;
}

/* Puts today's schema, whose notes may settle what the newest recorded one does not, in the place of
 * that, or behind it when it has other layouts; `*recorded` is false then. */
static MoltStatus add_current(MoltRecordings *recordings, const char *name, const char *folder,
                              bool *recorded, MoltError *error)
{
    MoltSchema *current = NULL;
    MoltStatus status = molt__tool_read_schema(name, &current, error);
    if (status != MOLT_OK) {
        return status;
    }
    MoltRecording *newest = &recordings->items[recordings->count - 1];
    *recorded = same_layouts(newest->schema, current);
    if (*recorded) {
        molt_schema_free(newest->schema);
        newest->schema = current;
        return MOLT_OK;
    }
    fprintf(stderr,
            "%s is not what %s records: a layout changed without a recorded version.\n"
            "When the change is meant: molt schema record %s %s\n",
            name, newest->path, name, folder);
    uint32_t number = newest->number + 1;
    return molt__recordings_append(recordings, number, current, error);
}

static int run_check(int argc, char **argv)
{
    const char *level = "backward-transitive", *current_name = NULL;
    bool all = false, json = false;
    const MoltToolCommand *command = &molt__command_schema_check;
    const MoltToolOption options[] = {{"--level", &level, NULL},
                                      {"--current", &current_name, NULL},
                                      {"--all", NULL, &all},
                                      {"--json", NULL, &json},
                                      {NULL, NULL, NULL}};
    int operands = molt__tool_words(command, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    MoltRecordings recordings = {0};
    Check check = {.recordings = &recordings, .least = all ? MOLT_INFO : MOLT_LOSS};
    if (operands != 1) {
        return molt__tool_misuse(command, "one folder of recorded schemas is needed");
    }
    if (!take_level(level, &check)) {
        return molt__tool_misuse(command, "'%s' is no level", level);
    }
    bool recorded = true;
    MoltError error;
    int status = MOLT__EXIT_OK;
    if (molt__recordings_read(argv[0], &recordings, &error) != MOLT_OK) {
        status = fail(command, &error);
        goto cleanup;
    }
    if (recordings.count == 0) {
        molt_error(&error, MOLT_NOT_FOUND,
                   "%s holds no recorded schema (v0001.json ...); record one with molt schema record",
                   argv[0]);
        status = fail(command, &error);
        goto cleanup;
    }
    if (current_name != NULL &&
        add_current(&recordings, current_name, argv[0], &recorded, &error) != MOLT_OK) {
        status = fail(command, &error);
        goto cleanup;
    }
    check.list = json ? cJSON_CreateArray() : NULL;
    if (check_all(&check, &error) != MOLT_OK) {
        cJSON_Delete(check.list);
        status = fail(command, &error);
        goto cleanup;
    }
    if (check.bad > 0 || !recorded) {
        status = MOLT__EXIT_REFUSED;
    }
    if (json) {
        status = print_json(command, check.list, status);
    } else if (recordings.count == 1) {
        printf("v%04u is the only recorded schema\n", recordings.items[0].number);
    }

cleanup:
    molt__recordings_free(&recordings);
    return status;
}

const MoltToolCommand molt__command_schema_check = {
    "schema check", "can the newest recorded schema read what earlier ones saved?", check_help,
    run_check};

/* ---- molt schema record --------------------------------------------------------------------------- */

static const char record_help[] =
    "molt schema record SCHEMA.json DIR      keep a schema as the next version, DIR/vNNNN.json\n"
    "\n"
    "  --replace   write the newest version again instead, while no release has it\n"
    "  --json      print JSON instead of text: the version, its path, whether it was written\n"
    "\n"
    "DIR is made when it is missing. Nothing is written when the newest version has the same\n"
    "layouts already. Review and commit the file; `molt schema check DIR` compares them.\n"
    "Exit 0: recorded, or nothing to record; 2: wrong usage or unreadable input.\n";

static void print_recorded(bool json, uint32_t number, const char *path, bool written)
{
    if (!json) {
        printf(written ? "recorded %s\n" : "%s has these layouts already\n", path);
        return;
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "version", number);
    cJSON_AddStringToObject(item, "path", path);
    cJSON_AddBoolToObject(item, "written", written);
    print_json(&molt__command_schema_record, item, MOLT__EXIT_OK);
}

static int record(const char *source, const char *folder, const MoltRecordings *recordings,
                  bool replace, bool json, MoltError *error)
{
    MoltSchema *schema = NULL;
    char *text = NULL, *path = NULL;
    int status = MOLT__EXIT_USAGE;
    const MoltRecording *newest =
        recordings->count > 0 ? &recordings->items[recordings->count - 1] : NULL;
    if (molt__tool_read_schema(source, &schema, error) != MOLT_OK ||
        molt_schema_to_json(schema, &text, error) != MOLT_OK) {
        goto cleanup;
    }
    if (newest != NULL && !replace && same_layouts(newest->schema, schema)) {
        print_recorded(json, newest->number, newest->path, false);
        status = MOLT__EXIT_OK;
        goto cleanup;
    }
    uint32_t number = newest == NULL ? 1 : replace ? newest->number : newest->number + 1;
    path = molt__recording_path(folder, number);
    if (path == NULL) {
        molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for a path");
    } else if (molt__tool_write(path, text, strlen(text), error) == MOLT_OK) {
        print_recorded(json, number, path, true);
        status = MOLT__EXIT_OK;
    }

cleanup:
    molt_schema_free(schema);
    free(text);
    free(path);
    return status;
}

static int run_record(int argc, char **argv)
{
    bool replace = false, json = false;
    const MoltToolCommand *command = &molt__command_schema_record;
    const MoltToolOption options[] = {
        {"--replace", NULL, &replace}, {"--json", NULL, &json}, {NULL, NULL, NULL}};
    int operands = molt__tool_words(command, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands != 2) {
        return molt__tool_misuse(command, "a schema and a folder are needed");
    }
    MoltRecordings recordings = {0};
    MoltError error;
    if (mkdir(argv[1], 0777) != 0 && errno != EEXIST) {
        molt_error(&error, MOLT_SYSTEM, "%s: %s", argv[1], strerror(errno));
        return fail(command, &error);
    }
    if (molt__recordings_read(argv[1], &recordings, &error) != MOLT_OK) {
        return fail(command, &error);
    }
    int status = record(argv[0], argv[1], &recordings, replace, json, &error);
    molt__recordings_free(&recordings);
    return status == MOLT__EXIT_USAGE ? fail(command, &error) : status;
}

const MoltToolCommand molt__command_schema_record = {
    "schema record", "keep a schema as the next recorded version", record_help, run_record};
