#include <cjson/cJSON.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "file.h"
#include "hook_library.h"
#include "progress.h"
#include "report_words.h"
#include "state.h"

static const char help[] =
    "molt migrate FILE --to SCHEMA.json -o FILE2           a snapshot file for another version\n"
    "molt migrate FILE... --to SCHEMA.json --out-dir DIR   many of them, under their own names\n"
    "molt migrate FILE... --to SCHEMA.json --in-place      each takes the place of the old one\n"
    "\n"
    "  --to FILE         the schema of the version that is to load them\n"
    "  --policy POLICY   strict (default): a value that would be lost refuses; live: it is lost "
    "for\n"
    "                    good, since the new file has no undo, and reported\n"
    "  --missing-functions null\n"
    "                    with --policy live: a pointer to a function whose type is another one\n"
    "                    in that version becomes NULL, where it would be refused (default: refuse)\n"
    "  --hooks LIB       the game library of that version: its hooks run, by molt-host, strictly; "
    "the\n"
    "                    game is started but plays no frame\n"
    "  --report FILE     with one file: what changed and what was lost, as JSON\n"
    "  -j N              with several: N files at a time, 1024 at most\n"
    "  --quiet           no progress; without, a terminal on standard error shows it: of one file "
    "once it\n"
    "                    takes half a second, of several which it is at\n"
    "  --json            a line of JSON for each file: file, outcome (migrated, refused, "
    "unreadable),\n"
    "                    to, numbers of info, loss and refuse findings, error\n"
    "\n"
    "FILE is replaced with --in-place only, and only when the new one is written whole. What\n"
    "was refused is not written and FILE stays as it is; the findings go to standard error. "
    "A\n"
    "struct with a MOLT_MIGRATE hook is refused without --hooks, because a hook needs its "
    "library.\n"
    "Exit 0: all migrated; 1: some refused; 2: wrong usage or unreadable input.\n";

typedef struct Migrate {
    const MoltSchema *schema;
    MoltPolicy policy;
    const char *report_name, *hooks;
    bool json;
    MoltMissingFunctions missing;
} Migrate;

/* Short enough to be written at one go, so that lines of several processes do not mix. */
static void print_outcome(const char *from, const char *to, MoltStatus status,
                          const MoltReport *report, const MoltError *error)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "file", from);
    cJSON_AddStringToObject(item, "outcome",
                            status == MOLT_OK        ? "migrated"
                            : status == MOLT_REFUSED ? "refused"
                                                     : "unreadable");
    if (status == MOLT_OK) {
        cJSON_AddStringToObject(item, "to", to);
    }
    for (MoltSeverity severity = MOLT_INFO; severity <= MOLT_REFUSE; severity++) {
        cJSON_AddNumberToObject(item, molt_severity_id(severity),
                                molt_report_total(report, severity));
    }
    if (status != MOLT_OK && status != MOLT_REFUSED) {
        cJSON_AddStringToObject(item, "error", error->text);
    }
    char *text = cJSON_PrintUnformatted(item);
    puts(text != NULL ? text : "null");
    fflush(stdout);
    free(text);
    cJSON_Delete(item);
}

static MoltStatus write_report(const char *path, const MoltReport *report, MoltError *error)
{
    char *text = molt__tool_report_json(report);
    if (text == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "%s: no memory for the report", path);
    }
    MoltStatus status = molt__tool_write(path, text, strlen(text), error);
    free(text);
    return status;
}

/* The state as the library makes it of `from`, in a temporary file at `path`. */
static MoltStatus run_hooks(const Migrate *migrate, const char *from, char *path, MoltError *error)
{
    bool standard = strcmp(from, "-") == 0;
    char input[] = "/tmp/molt-input-XXXXXX";
    int made = mkstemp(path), held = standard ? mkstemp(input) : -1;
    MoltStatus status = MOLT_OK;
    if (made < 0 || (standard && held < 0)) {
        status = molt_error(error, MOLT_SYSTEM, "%s: %s", path, strerror(errno));
    }
    if (status == MOLT_OK && standard) {
        size_t length = 0;
        char *bytes = molt__tool_read(from, 0, &length, error);
        status = bytes != NULL ? molt__tool_write(input, bytes, length, error) : MOLT_SYSTEM;
        free(bytes);
    }
    if (status == MOLT_OK) {
        status = molt__tool_run_hooks(migrate->hooks, standard ? input : from, path, error);
    }
    if (made >= 0) {
        close(made);
    }
    if (held >= 0) {
        close(held);
        unlink(input);
    }
    return status;
}

static int migrate_one(const Migrate *migrate, const char *from, const char *to)
{
    MoltToolState state = {0};
    MoltReport report;
    MoltError error;
    char hooked[] = "/tmp/molt-hooked-XXXXXX";
    molt_report_init(&report, NULL);
    MoltStatus status = MOLT_OK;
    if (migrate->hooks != NULL && (status = run_hooks(migrate, from, hooked, &error)) != MOLT_OK) {
        fprintf(stderr, "%s: %s\n", from, error.text);
    }
    if (status == MOLT_OK) {
        status = molt__tool_state_open(migrate->hooks != NULL ? hooked : from, migrate->schema,
                                       migrate->policy, migrate->missing, &state, &report, &error);
    }
    if (status == MOLT_OK) {
        status = molt__tool_state_save(state.heap, molt_snapshot_file_code(state.file), state.file, to,
                                       &report, &error);
    }
    molt__progress_end();
    molt__tool_report_print(from, &report);
    if (migrate->report_name != NULL && (status == MOLT_OK || status == MOLT_REFUSED)) {
        MoltError unwritten;
        if (write_report(migrate->report_name, &report, &unwritten) != MOLT_OK) {
            error = unwritten;
            status = unwritten.status;
        }
    }
    if (migrate->json) {
        print_outcome(from, to, status, &report, &error);
    }
    if (status != MOLT_OK) {
        fprintf(stderr, "molt migrate: %s: %s\n", from,
                status == MOLT_REFUSED ? "refused, nothing was written" : error.text);
    }
    molt__tool_state_close(&state);
    molt_report_clear(&report);
    if (migrate->hooks != NULL) {
        unlink(hooked);
    }
    return status == MOLT_OK        ? MOLT__EXIT_OK
           : status == MOLT_REFUSED ? MOLT__EXIT_REFUSED
                                    : MOLT__EXIT_USAGE;
}

/* ---- many files ----------------------------------------------------------------------------------- */

/* Where a file goes: into the folder, or without one to its own place. Freed with free(). */
static char *target_of(const char *folder, const char *file)
{
    char *copy = strdup(file), *path = NULL;
    if (folder == NULL) {
        return copy;
    }
    if (copy != NULL && asprintf(&path, "%s/%s", folder, basename(copy)) < 0) {
        path = NULL;
    }
    free(copy);
    return path;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

/* Two files of one name would overwrite each other. Sorts the files by their names. */
static bool has_namesakes(char **files, int count)
{
    qsort(files, (size_t)count, sizeof *files, compare_names);
    for (int i = 1; i < count; i++) {
        if (compare_names(&files[i - 1], &files[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int worse(int a, int b)
{
    return a > b ? a : b;
}

static int take_child(int result)
{
    int status = 0;
    if (wait(&status) < 0) {
        return MOLT__EXIT_USAGE;
    }
    return worse(result, WIFEXITED(status) ? WEXITSTATUS(status) : MOLT__EXIT_USAGE);
}

/* A process for each file: a heap is a large range of addresses, and one bad file leaves the others
 * alone. */
static int migrate_many(const Migrate *migrate, char **files, int count, const char *folder,
                        int jobs, bool quiet)
{
    int running = 0, result = MOLT__EXIT_OK;
    for (int i = 0; i < count; i++) {
        if (running == jobs) {
            result = take_child(result);
            running--;
        }
        if (!quiet && isatty(STDERR_FILENO)) {
            fprintf(stderr, "\r%d of %d ", i + 1, count);
        }
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            char *to = target_of(folder, files[i]);
            int status = to != NULL ? migrate_one(migrate, files[i], to) : MOLT__EXIT_USAGE;
            fflush(NULL);
            _exit(status);
        }
        if (child < 0) {
            fprintf(stderr, "molt migrate: %s: %s\n", files[i], strerror(errno));
            result = MOLT__EXIT_USAGE;
            break;
        }
        running++;
    }
    for (; running > 0; running--) {
        result = take_child(result);
    }
    if (!quiet && isatty(STDERR_FILENO)) {
        fputc('\n', stderr);
    }
    return result;
}

/* ---- the command ----------------------------------------------------------------------------------- */

typedef struct Words {
    const char *to, *policy, *missing, *report, *out, *folder, *jobs, *hooks;
    bool quiet, json, in_place;
    int job_count;
} Words;

/* What is wrong with the words, or NULL. */
static const char *check_words(Words *words, char **files, int count)
{
    char *end;
    long jobs = strtol(words->jobs, &end, 10);
    words->job_count = (int)jobs;
    if (count < 1 || words->to == NULL) {
        return "a snapshot file and --to are needed";
    }
    if ((words->out != NULL) + (words->folder != NULL) + words->in_place != 1) {
        return "either -o, --out-dir or --in-place is needed";
    }
    if (words->out != NULL && count > 1) {
        return "-o takes one file; several go to --out-dir";
    }
    if (words->report != NULL && words->out != NULL && strcmp(words->report, words->out) == 0 &&
        strcmp(words->out, "-") != 0) {
        return "the report would take the place of the file: give --report and -o two names";
    }
    if (words->out == NULL && words->report != NULL) {
        return "--report is for one file, with -o";
    }
    if (words->hooks != NULL && (words->report != NULL || strcmp(words->policy, "strict") != 0)) {
        return "with --hooks the policy is strict, and there is no --report";
    }
    if (strcmp(words->policy, "strict") != 0 && strcmp(words->policy, "live") != 0) {
        return "--policy is strict or live";
    }
    if (strcmp(words->missing, "refuse") != 0 && strcmp(words->missing, "null") != 0) {
        return "--missing-functions is refuse or null";
    }
    if (strcmp(words->missing, "null") == 0 && strcmp(words->policy, "live") != 0) {
        return "--missing-functions null needs --policy live: a NULL is a loss";
    }
    if (*end != '\0' || jobs < 1 || jobs > 1024) {
        return "-j takes a number of processes from 1 to 1024";
    }
    if (words->folder != NULL && has_namesakes(files, count)) {
        return "two of the files have one name, and would become one file";
    }
    for (int i = 0; words->out == NULL && i < count; i++) {
        if (strcmp(files[i], "-") == 0) {
            return "standard input has no name to go under; use -o";
        }
    }
    if (words->json && words->out != NULL && strcmp(words->out, "-") == 0) {
        return "--json and -o - would both go to standard output";
    }
    return NULL;
}

/* No file that is read may be lost, unless that is what was asked for. */
static bool spares_inputs(const Words *words, char **files, int count)
{
    const MoltToolCommand *command = &molt__command_migrate;
    const char *const *inputs = (const char *const *)files, *how = "--in-place replaces files";
    bool good = molt__tool_spares(command, inputs, count, words->out, how) &&
                molt__tool_spares(command, inputs, count, words->report, NULL) &&
                molt__tool_spares(command, &words->to, 1, words->out, NULL) &&
                molt__tool_spares(command, &words->to, 1, words->report, NULL);
    for (int i = 0; i < count && good && words->folder != NULL; i++) {
        char *to = target_of(words->folder, files[i]);
        good = molt__tool_spares(command, inputs, count, to, how) &&
               molt__tool_spares(command, &words->to, 1, to, NULL);
        free(to);
    }
    return good;
}

static int run(int argc, char **argv)
{
    Words words = {.policy = "strict", .missing = "refuse", .jobs = "1"};
    const MoltToolOption options[] = {
        {"--to", &words.to, NULL},          {"--policy", &words.policy, NULL},
        {"--report", &words.report, NULL},  {"-o", &words.out, NULL},
        {"--out-dir", &words.folder, NULL}, {"-j", &words.jobs, NULL},
        {"--quiet", NULL, &words.quiet},    {"--hooks", &words.hooks, NULL},
        {"--json", NULL, &words.json},      {"--in-place", NULL, &words.in_place},
        {"--missing-functions", &words.missing, NULL},
        {NULL, NULL, NULL}};
    int count = molt__tool_words(&molt__command_migrate, argc, argv, options);
    if (count < 0) {
        return MOLT__EXIT_USAGE;
    }
    const char *wrong = check_words(&words, argv, count);
    if (wrong != NULL) {
        return molt__tool_misuse(&molt__command_migrate, "%s", wrong);
    }
    if (!molt__tool_one_input(&molt__command_migrate, (const char *const[]){words.to, argv[0]}, 2) ||
        !molt__tool_one_output(&molt__command_migrate, words.out, words.report) ||
        !molt__tool_one_output(&molt__command_migrate, words.report, words.json ? "-" : NULL) ||
        !spares_inputs(&words, argv, count)) {
        return MOLT__EXIT_USAGE;
    }
    MoltSchema *schema = NULL;
    MoltError error;
    if (molt__tool_read_schema(words.to, &schema, &error) != MOLT_OK) {
        fprintf(stderr, "molt migrate: %s\n", error.text);
        return MOLT__EXIT_USAGE;
    }
    if (words.folder != NULL && mkdir(words.folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "molt migrate: %s: %s\n", words.folder, strerror(errno));
        molt_schema_free(schema);
        return MOLT__EXIT_USAGE;
    }
    Migrate migrate = {schema,
                       strcmp(words.policy, "live") == 0 ? MOLT_POLICY_LIVE : MOLT_POLICY_STRICT,
                       words.report,
                       words.hooks,
                       words.json,
                       strcmp(words.missing, "null") == 0 ? MOLT_MISSING_FUNCTIONS_NULL
                                                          : MOLT_MISSING_FUNCTIONS_REFUSE};
    int result;
    if (words.out == NULL) {
        result = migrate_many(&migrate, argv, count, words.folder, words.job_count, words.quiet);
    } else {
        if (!words.quiet) {
            molt__progress_begin(&molt__command_migrate, argv[0], false);
        }
        result = migrate_one(&migrate, argv[0], words.out);
    }
    molt_schema_free(schema);
    return result;
}

const MoltToolCommand molt__command_migrate = {"migrate", "a snapshot file for another version",
                                               help, run};
