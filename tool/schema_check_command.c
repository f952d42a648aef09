/* molt schema check: what recorded versions, and today's, lose of each other's states. */
#include <stdlib.h>
#include <string.h>

#include "accepted.h"
#include "command.h"
#include "file.h"
#include "recordings.h"
#include "schema_findings.h"

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
    "  --notes WORD     what only values meet that the declarations do not call for, such as a "
    "number\n"
    "                   that no enumerator names: list (default), hide, or fail\n"
    "  --all            show INFO and accepted findings too\n"
    "  --json           print JSON instead of text\n"
    "\n"
    "DIR holds v0001.json and so on, as `molt schema record` writes them. A finding is a value "
    "that\n"
    "some state would lose, or an edit that no state survives, without an annotation that says it "
    "is\n"
    "meant; each stands at file:line of the declaration, with its rule and the ways to settle it. "
    "Where\n"
    "no save has such a value, a line `v0003 RULE PATH` in DIR/accepted.txt accepts the finding "
    "for\n"
    "v0003 and what is older.\n"
    "Exit 0: compatible; 1: findings; 2: wrong usage or unreadable input.\n";

typedef struct Check {
    const MoltRecordings *recordings;
    MoltSchema *replaced; /* recorded, in whose place today's schema is; NULL without */
    MoltChain *chain;     /* all recorded ones, then today's */
    MoltAccepted accepted;
    const char *folder;
    bool backward, forward, transitive;
    bool all, hide_notes, fail_notes;
    cJSON *list;     /* NULL: print text */
    bool bad;        /* something fails the check */
    bool settleable; /* by an annotation of today's sources */
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

static bool take_notes(const char *word, Check *check)
{
    check->hide_notes = strcmp(word, "hide") == 0;
    check->fail_notes = strcmp(word, "fail") == 0;
    return check->hide_notes || check->fail_notes || strcmp(word, "list") == 0;
}

/* "2 findings, 1 note, 3 accepted", "compatible". */
static void print_totals(const Check *check, const MoltFindingTotals *totals)
{
    if (totals->bad == 0) {
        printf("compatible");
    } else {
        printf("%u finding%s", totals->bad, totals->bad == 1 ? "" : "s");
    }
    if (totals->notes > 0 && !check->hide_notes) {
        printf(", %u note%s", totals->notes, totals->notes == 1 ? "" : "s");
    }
    if (totals->accepted > 0) {
        printf(", %u accepted", totals->accepted);
    }
    puts("");
}

/* States of recording `from`, read by the code of recording `to`. */
static MoltStatus check_pair(Check *check, uint32_t from, uint32_t to, MoltError *error)
{
    const MoltRecording *writer = &check->recordings->items[from];
    const MoltRecording *reader = &check->recordings->items[to];
    uint32_t older = from < to ? writer->number : reader->number;
    MoltSchemaFindings findings;
    MoltStatus status = molt__schema_findings(
        writer->schema, reader->schema, from < to ? check->chain : NULL, from, &findings, error);
    if (status != MOLT_OK) {
        return status;
    }
    const MoltFindingView view = {.infos = check->all,
                                  .notes = !check->hide_notes,
                                  .acceptance = check->accepted.name,
                                  .folder = check->folder,
                                  .older = older,
                                  .frozen = to < from};
    molt__schema_findings_accept(&findings, &check->accepted, older);
    MoltFindingTotals totals = molt__schema_findings_total(&findings);
    bool bad = totals.bad > 0 || (check->fail_notes && totals.notes > 0);
    check->bad = check->bad || bad;
    check->settleable = check->settleable || (totals.bad > 0 && from < to);
    if (check->list != NULL) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddItemToArray(check->list, item);
        cJSON_AddNumberToObject(item, "writer", writer->number);
        cJSON_AddNumberToObject(item, "reader", reader->number);
        cJSON_AddBoolToObject(item, "compatible", !bad);
        cJSON_AddNumberToObject(item, "notes", totals.notes);
        cJSON_AddNumberToObject(item, "accepted", totals.accepted);
        cJSON_AddItemToObject(item, "findings", molt__schema_findings_json(&findings, &view));
    } else {
        printf("v%04u read by v%04u: ", writer->number, reader->number);
        print_totals(check, &totals);
        molt__schema_findings_print(&findings, &view, stdout);
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

/* The notes of the recorded version that today's schema stands for count like those of all others. */
static MoltStatus make_chain(Check *check, MoltError *error)
{
    uint32_t count = 0, last = check->recordings->count - 1;
    const MoltSchema **versions = calloc((size_t)last + 2, sizeof *versions);
    if (versions == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for the recorded schemas");
    }
    for (uint32_t v = 0; v < last; v++) {
        versions[count++] = check->recordings->items[v].schema;
    }
    if (check->replaced != NULL) {
        versions[count++] = check->replaced;
    }
    versions[count++] = check->recordings->items[last].schema;
    MoltStatus status = molt_chain_build(versions, count, NULL, &check->chain, error);
    free(versions);
    return status;
}

/* Puts today's schema, whose notes may settle what the newest recorded one does not, in the place of
 * that, which becomes *replaced, or behind it when it has other layouts; `*recorded` is false then. */
static MoltStatus add_current(MoltRecordings *recordings, const char *name, const char *folder,
                              bool *recorded, MoltSchema **replaced, MoltError *error)
{
    MoltSchema *current = NULL;
    MoltStatus status = molt__tool_read_schema(name, &current, error);
    if (status != MOLT_OK) {
        return status;
    }
    MoltRecording *newest = &recordings->items[recordings->count - 1];
    *recorded = molt__recorded_alike(newest->schema, current);
    if (*recorded) {
        *replaced = newest->schema;
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

/* Lines that accept nothing are most often of findings that were settled, or misspelt. */
static void tell_unused(const MoltAccepted *accepted)
{
    for (uint32_t i = 0; i < accepted->count; i++) {
        if (!accepted->items[i].used) {
            fprintf(stderr, "%s:%u: accepts no finding of this check\n", accepted->name,
                    accepted->items[i].line);
        }
    }
}

static MoltStatus read_all(const char *folder, MoltRecordings *recordings, MoltAccepted *accepted,
                           MoltError *error)
{
    MoltStatus status = molt__recordings_read(folder, recordings, error);
    if (status == MOLT_OK && recordings->count == 0) {
        status = molt_error(
            error, MOLT_NOT_FOUND,
            "%s holds no recorded schema (v0001.json ...); record one with molt schema record",
            folder);
    }
    return status == MOLT_OK ? molt__accepted_read(folder, accepted, error) : status;
}

static void print_end(const Check *check, const char *current)
{
    if (check->recordings->count == 1) {
        printf("v%04u is the only recorded schema\n", check->recordings->items[0].number);
    }
    if (check->settleable && current == NULL) {
        puts("Annotations count as they are recorded: check today's with --current FILE, or write "
             "them "
             "into the newest version with molt schema record --replace.");
    }
}

static int run_check(int argc, char **argv)
{
    const char *level = "backward-transitive", *current_name = NULL, *notes = "list";
    bool json = false, recorded = true;
    const MoltToolCommand *command = &molt__command_schema_check;
    MoltRecordings recordings = {0};
    Check check = {.recordings = &recordings};
    const MoltToolOption options[] = {{"--level", &level, NULL}, {"--current", &current_name, NULL},
                                      {"--notes", &notes, NULL}, {"--all", NULL, &check.all},
                                      {"--json", NULL, &json},   {NULL, NULL, NULL}};
    MoltError error;
    int status, operands = molt__tool_words(command, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands != 1) {
        return molt__tool_misuse(command, "one folder of recorded schemas is needed");
    }
    if (!take_level(level, &check)) {
        return molt__tool_misuse(command, "'%s' is no level", level);
    }
    if (!take_notes(notes, &check)) {
        return molt__tool_misuse(command, "--notes is list, hide or fail, not '%s'", notes);
    }
    check.folder = argv[0];
    check.list = json ? cJSON_CreateArray() : NULL;
    if (read_all(argv[0], &recordings, &check.accepted, &error) != MOLT_OK ||
        (current_name != NULL && add_current(&recordings, current_name, argv[0], &recorded,
                                             &check.replaced, &error) != MOLT_OK) ||
        make_chain(&check, &error) != MOLT_OK || check_all(&check, &error) != MOLT_OK) {
        status = molt__tool_fail(command, &error);
        goto cleanup;
    }
    status = check.bad || !recorded ? MOLT__EXIT_REFUSED : MOLT__EXIT_OK;
    tell_unused(&check.accepted);
    if (json) {
        status = molt__tool_print_json(command, check.list, status);
        check.list = NULL;
    } else {
        print_end(&check, current_name);
    }

cleanup:
    cJSON_Delete(check.list);
    molt__accepted_free(&check.accepted);
    molt_chain_free(check.chain);
    molt_schema_free(check.replaced);
    molt__recordings_free(&recordings);
    return status;
}

const MoltToolCommand molt__command_schema_check = {
    "schema check", "can the newest recorded schema read what earlier ones saved?", check_help,
    run_check};
