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
#include "recordings.h"
#include "report_words.h"
#include "state.h"
#include "steps.h"

static const char help[] =
    "molt migrate FILE --to SCHEMA.json -o FILE2           a snapshot file for another version\n"
    "molt migrate FILE... --to SCHEMA.json --out-dir DIR   many of them, under their own names\n"
    "molt migrate FILE... --to SCHEMA.json --in-place      each takes the place of the old one\n"
    "\n"
    "  --to FILE         the schema of the version that is to load them\n"
    "  --to DIR          recorded schemas, v0001.json and so on: each FILE goes from the one\n"
    "                    that it has through all later ones to the newest, a step to each, so\n"
    "                    that notes count which a later version dropped; a FILE that has none\n"
    "                    of them goes to the newest at once\n"
    "  --policy POLICY   strict (default): a value that would be lost refuses, in any step;\n"
    "                    live: it is lost for good, since the new file has no undo, and\n"
    "                    reported\n"
    "  --missing-functions null\n"
    "                    with --policy live: a pointer to a function whose type is another one\n"
    "                    in that version becomes NULL, where it would be refused (default: "
    "refuse);\n"
    "                    with --hooks also one to a function that LIB does not have\n"
    "  --hooks LIB       the game library of that version: its hooks run, by molt-host;\n"
    "                    the game is started but plays no frame. With a DIR it does the last\n"
    "                    step, or all from the first that needs a hook\n"
    "  --report FILE     with one file: what changed and what was lost, as JSON; with a DIR\n"
    "                    of each step\n"
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
    const MoltRecordings *recordings; /* that lead to it; without items: none were given */
    const char *folder;               /* where they are */
    const char *schema_name;          /* its file */
    MoltPolicy policy;
    const char *report_name, *hooks;
    bool json;
    MoltMissingFunctions missing;
} Migrate;

/* Short enough to be written at one go, so that lines of several processes do not mix. */
static void print_outcome(const char *from, const char *to, MoltStatus status,
                          const MoltReport *report, const MoltToolSteps *steps,
                          const MoltError *error)
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
                                molt_report_total(report, severity) +
                                    molt__tool_steps_total(steps, severity));
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

static MoltStatus write_report(const char *path, const MoltReport *report,
                               const MoltToolSteps *steps, MoltError *error)
{
    char *text = steps->count > 0 ? molt__tool_steps_json(steps) : molt__tool_report_json(report);
    if (text == NULL) {
        return molt_error(error, MOLT_OUT_OF_MEMORY, "%s: no memory for the report", path);
    }
    MoltStatus status = molt__tool_write(path, text, strlen(text), error);
    free(text);
    return status;
}

/* A migration of one file, while it goes on. */
typedef struct Work {
    const Migrate *migrate;
    const char *name; /* of the file, for people */
    MoltToolState state;
    MoltToolSteps steps;
    MoltReport report; /* of what is in no step */
    MoltError error;
    char input[32], hooked[32]; /* temporary files; "": there is none */
} Work;

static MoltStatus make_temporary(Work *work, char *path, size_t size)
{
    snprintf(path, size, "/tmp/molt-migrate-XXXXXX");
    int made = mkstemp(path);
    if (made < 0) {
        MoltStatus status = molt_error(&work->error, MOLT_SYSTEM, "%s: %s", path, strerror(errno));
        path[0] = '\0';
        return status;
    }
    close(made);
    return MOLT_OK;
}

/* Keeps standard input, which the library could not read, in a file. */
static MoltStatus keep_input(Work *work)
{
    size_t length = 0;
    MoltStatus status = make_temporary(work, work->input, sizeof work->input);
    char *bytes = status == MOLT_OK ? molt__tool_read("-", 0, &length, &work->error) : NULL;
    if (status == MOLT_OK) {
        status = bytes != NULL ? molt__tool_write(work->input, bytes, length, &work->error)
                               : MOLT_SYSTEM;
    }
    free(bytes);
    return status;
}

/* The state as the library makes it of `from`, opened: what it has saved is of the schema already, and only
 * a failure to open that has anything to add. */
static MoltStatus run_hooks(Work *work, const char *from)
{
    const Migrate *migrate = work->migrate;
    const MoltToolHooks hooks = {migrate->hooks, migrate->schema, migrate->schema_name,
                                 migrate->policy, migrate->missing};
    MoltReport again;
    molt_report_init(&again, NULL);
    MoltStatus status = make_temporary(work, work->hooked, sizeof work->hooked);
    if (status == MOLT_OK) {
        status =
            molt__tool_run_hooks(&hooks, from, work->hooked, &work->report, &work->error);
    }
    if (status == MOLT_OK) {
        status = molt__tool_state_open(work->hooked, migrate->schema, migrate->policy,
                                       migrate->missing, &work->state, &again, &work->error);
        for (uint32_t i = 0; status != MOLT_OK && i < again.count; i++) {
            molt_report_add(&work->report, &again.findings[i]);
        }
    }
    molt_report_clear(&again);
    return status;
}

/* What the steps lead to goes to the library, as a file. */
static MoltStatus hand_over(Work *work, const char *from)
{
    MoltStatus status = MOLT_OK;
    if (work->steps.count > 0) {
        if (work->input[0] == '\0') {
            status = make_temporary(work, work->input, sizeof work->input);
        }
        if (status == MOLT_OK) {
            status =
                molt__tool_state_save(work->state.heap, molt_snapshot_file_code(work->state.file),
                                      work->state.file, work->input, &work->report, &work->error);
        }
        from = work->input;
    }
    molt__tool_state_close(&work->state);
    return status == MOLT_OK ? run_hooks(work, from) : status;
}

static void tell_unrecorded(const Work *work)
{
    const MoltRecordings *recordings = work->migrate->recordings;
    if (work->steps.count > 0 && work->steps.items[0].from == 0) {
        fprintf(stderr, "%s: its schema is none of %s: it goes to v%04u at once\n", work->name,
                work->migrate->folder, recordings->items[recordings->count - 1].number);
    }
}

/* Opens the file and takes it to the schema asked for. */
static MoltStatus make_state(Work *work)
{
    const Migrate *migrate = work->migrate;
    const char *file = work->name;
    MoltStatus status = MOLT_OK;
    if (migrate->hooks != NULL && strcmp(file, "-") == 0) {
        status = keep_input(work);
        file = work->input;
    }
    if (status == MOLT_OK && migrate->recordings->count > 0) {
        status = molt__tool_state_open(file, NULL, migrate->policy, migrate->missing, &work->state,
                                       &work->report, &work->error);
        if (status == MOLT_OK) {
            status = molt__tool_steps_take(&work->state, migrate->recordings, migrate->policy,
                                           migrate->missing, migrate->hooks != NULL, &work->steps,
                                           &work->error);
            tell_unrecorded(work);
        }
        return status == MOLT_OK && migrate->hooks != NULL ? hand_over(work, file) : status;
    }
    if (status == MOLT_OK && migrate->hooks != NULL) {
        return run_hooks(work, file);
    }
    return status == MOLT_OK
               ? molt__tool_state_open(file, migrate->schema, migrate->policy, migrate->missing,
                                       &work->state, &work->report, &work->error)
               : status;
}

static int migrate_one(const Migrate *migrate, const char *from, const char *to)
{
    Work work = {.migrate = migrate, .name = from};
    molt_report_init(&work.report, NULL);
    MoltStatus status = make_state(&work);
    if (status == MOLT_OK) {
        status = molt__tool_state_save(work.state.heap, molt_snapshot_file_code(work.state.file),
                                       work.state.file, to, &work.report, &work.error);
    }
    molt__progress_end();
    molt__tool_steps_print(from, &work.steps);
    molt__tool_report_print(from, &work.report);
    if (migrate->report_name != NULL && (status == MOLT_OK || status == MOLT_REFUSED)) {
        MoltError unwritten;
        if (write_report(migrate->report_name, &work.report, &work.steps, &unwritten) != MOLT_OK) {
            work.error = unwritten;
            status = unwritten.status;
        }
    }
    if (migrate->json) {
        print_outcome(from, to, status, &work.report, &work.steps, &work.error);
    }
    if (status != MOLT_OK) {
        fprintf(stderr, "molt migrate: %s: %s\n", from,
                status == MOLT_REFUSED ? "refused, nothing was written" : work.error.text);
    }
    molt__tool_state_close(&work.state);
    molt__tool_steps_free(&work.steps);
    molt_report_clear(&work.report);
    if (work.input[0] != '\0') {
        unlink(work.input);
    }
    if (work.hooked[0] != '\0') {
        unlink(work.hooked);
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

/* Nothing that is written takes the place of the schema `read`. */
static bool spares(const Words *words, char **files, int count, const char *read)
{
    const MoltToolCommand *command = &molt__command_migrate;
    bool good = molt__tool_spares(command, &read, 1, words->out, NULL) &&
                molt__tool_spares(command, &read, 1, words->report, NULL);
    for (int i = 0; i < count && good && words->folder != NULL; i++) {
        char *to = target_of(words->folder, files[i]);
        good = molt__tool_spares(command, &read, 1, to, NULL);
        free(to);
    }
    return good;
}

/* No file that is read may be lost, unless that is what was asked for. */
static bool spares_inputs(const Words *words, char **files, int count)
{
    const MoltToolCommand *command = &molt__command_migrate;
    const char *const *inputs = (const char *const *)files, *how = "--in-place replaces files";
    bool good = molt__tool_spares(command, inputs, count, words->out, how) &&
                molt__tool_spares(command, inputs, count, words->report, NULL) &&
                spares(words, files, count, words->to);
    for (int i = 0; i < count && good && words->folder != NULL; i++) {
        char *to = target_of(words->folder, files[i]);
        good = molt__tool_spares(command, inputs, count, to, how);
        free(to);
    }
    return good;
}

/* Reads the schema that --to names, or those of the folder. */
static int take_target(const Words *words, char **files, int count, MoltRecordings *recordings,
                       MoltSchema **schema, Migrate *migrate)
{
    MoltError error;
    struct stat to;
    bool folder = stat(words->to, &to) == 0 && S_ISDIR(to.st_mode);
    MoltStatus status = folder ? molt__recordings_read(words->to, recordings, &error)
                               : molt__tool_read_schema(words->to, schema, &error);
    if (status == MOLT_OK && folder && recordings->count == 0) {
        status = molt_error(&error, MOLT_NOT_FOUND,
                            "%s holds no recorded schema (v0001.json ...); record one with molt "
                            "schema record",
                            words->to);
    }
    if (status != MOLT_OK) {
        return molt__tool_fail(&molt__command_migrate, &error);
    }
    migrate->recordings = recordings;
    migrate->folder = words->to;
    migrate->schema = folder ? recordings->items[recordings->count - 1].schema : *schema;
    migrate->schema_name = folder ? recordings->items[recordings->count - 1].path : words->to;
    for (uint32_t i = 0; i < recordings->count; i++) {
        const char *const recording = recordings->items[i].path;
        if (!spares(words, files, count, recording)) {
            return MOLT__EXIT_USAGE;
        }
    }
    return MOLT__EXIT_OK;
}

static int run(int argc, char **argv)
{
    Words words = {.policy = "strict", .missing = "refuse", .jobs = "1"};
    const MoltToolOption options[] = {{"--to", &words.to, NULL},
                                      {"--policy", &words.policy, NULL},
                                      {"--report", &words.report, NULL},
                                      {"-o", &words.out, NULL},
                                      {"--out-dir", &words.folder, NULL},
                                      {"-j", &words.jobs, NULL},
                                      {"--quiet", NULL, &words.quiet},
                                      {"--hooks", &words.hooks, NULL},
                                      {"--json", NULL, &words.json},
                                      {"--in-place", NULL, &words.in_place},
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
    Migrate migrate = {
        .policy = strcmp(words.policy, "live") == 0 ? MOLT_POLICY_LIVE : MOLT_POLICY_STRICT,
        .report_name = words.report,
        .hooks = words.hooks,
        .json = words.json,
        .missing = strcmp(words.missing, "null") == 0 ? MOLT_MISSING_FUNCTIONS_NULL
                                                      : MOLT_MISSING_FUNCTIONS_REFUSE};
    MoltRecordings recordings = {0};
    MoltSchema *schema = NULL;
    int result = take_target(&words, argv, count, &recordings, &schema, &migrate);
    if (result == MOLT__EXIT_OK && words.folder != NULL && mkdir(words.folder, 0777) != 0 &&
        errno != EEXIST) {
        fprintf(stderr, "molt migrate: %s: %s\n", words.folder, strerror(errno));
        result = MOLT__EXIT_USAGE;
    }
    if (result == MOLT__EXIT_OK && words.out == NULL) {
        result =
            migrate_many(&migrate, argv, count, words.folder, words.job_count, words.quiet);
    } else if (result == MOLT__EXIT_OK) {
        if (!words.quiet) {
            molt__progress_begin(&molt__command_migrate, argv[0], false);
        }
        result = migrate_one(&migrate, argv[0], words.out);
    }
    molt__recordings_free(&recordings);
    molt_schema_free(schema);
    return result;
}

const MoltToolCommand molt__command_migrate = {"migrate", "a snapshot file for another version",
                                               help, run};
