#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "file.h"
#include "recordings.h"
#include "schema_findings.h"

/* ---- molt schema diff ----------------------------------------------------------------------------- */

static const char diff_help[] =
    "molt schema diff OLD.json NEW.json      what changes for a state of OLD that NEW reads\n"
    "\n"
    "  --ignore PATTERN   leave out what is at paths that match: 'Ant.*', 'Grid.m' (several with "
    "commas\n"
    "                     between; * is any characters, ? one)\n"
    "  --json             print JSON instead of text\n"
    "\n"
    "A line for each change: file:line of the declaration, severity, rule, path, declarations and\n"
    "what settles it. INFO loses nothing, LOSS loses a value that some state may hold, REFUSE "
    "cannot\n"
    "be done, NOTE does either, but only to values that the declarations do not call for. Exit 0: "
    "equal\n"
    "layouts, or all that differs is ignored; 1: differences.\n";

static int show_diff(const MoltSchema *before, const MoltSchema *after, const char *ignore,
                     bool json)
{
    const MoltFindingView all = {.infos = true, .notes = true, .ignore = ignore};
    MoltSchemaFindings findings;
    MoltError error;
    if (molt__schema_findings(before, after, NULL, 0, &findings, &error) != MOLT_OK) {
        return molt__tool_fail(&molt__command_schema_diff, &error);
    }
    bool same = molt__recorded_alike(before, after);
    uint32_t ignored = molt__schema_findings_ignored(&findings, &all);
    bool settled = ignored > 0 && ignored == findings.report.count;
    int status = same || settled ? MOLT__EXIT_OK : MOLT__EXIT_REFUSED;
    if (json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddBoolToObject(object, "equal_layouts", same);
        cJSON_AddItemToObject(object, "findings", molt__schema_findings_json(&findings, &all));
        status = molt__tool_print_json(&molt__command_schema_diff, object, status);
    } else if (same && findings.report.count == 0) {
        puts("equal layouts");
    } else {
        molt__schema_findings_print(&findings, &all, stdout);
    }
    molt__schema_findings_free(&findings);
    return status;
}

static int run_diff(int argc, char **argv)
{
    bool json = false;
    const char *ignore = NULL;
    const MoltToolOption options[] = {
        {"--ignore", &ignore, NULL}, {"--json", NULL, &json}, {NULL, NULL, NULL}};
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
        status = molt__tool_fail(&molt__command_schema_diff, &error);
    } else {
        status = show_diff(before, after, ignore, json);
    }
    molt_schema_free(before);
    molt_schema_free(after);
    return status;
}

const MoltToolCommand molt__command_schema_diff = {
    "schema diff", "what changes for a state that another schema reads", diff_help, run_diff};

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
    molt__tool_print_json(&molt__command_schema_record, item, MOLT__EXIT_OK);
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
    if (newest != NULL && !replace && molt__recorded_alike(newest->schema, schema)) {
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
        return molt__tool_fail(command, &error);
    }
    if (molt__recordings_read(argv[1], &recordings, &error) != MOLT_OK) {
        return molt__tool_fail(command, &error);
    }
    int status = record(argv[0], argv[1], &recordings, replace, json, &error);
    molt__recordings_free(&recordings);
    return status == MOLT__EXIT_USAGE ? molt__tool_fail(command, &error) : status;
}

const MoltToolCommand molt__command_schema_record = {
    "schema record", "keep a schema as the next recorded version", record_help, run_record};
