/* What a new process knows that goes on after a crash: the jobs and threads of the state, the saves that no
 * build has taken, the library that nobody has loaded. This program is that process, too: with a folder, the
 * name of a case and `--resume` it goes on with the case. */
#include "sandbox.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <molt/globals.h>

#include "guard.h"
#include "reload_parts.h"
#include "runner.h"
#include "trap_host.h"

#define TAKE "cp $(cat choice) game.tmp && mv game.tmp game.so"
enum { DONE = 66 };

typedef struct Session {
    TrapHost host;
    MoltReload *reload;
    MoltReloadEvent event;
    const char *folder;
    unsigned builds, reloads; /* events that were seen */
} Session;

typedef struct Case {
    const char *name;
    void (*before)(Session *session);  /* in the process that then crashes */
    void (*between)(const char *folder); /* before the new one has begun */
    const char *(*after)(Session *session); /* what is wrong, or NULL */
    Where where;
} Case;

static const char *path_in(const char *folder, const char *name)
{
    static char paths[4][600];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static MoltStatus start(Session *session, char *const *command, const char *resume, MoltError *error)
{
    const MoltReloadDesc desc = {.library = path_in(session->folder, "game.so"),
                                 .guard = true,
                                 .no_resident = true,
                                 .checkpoint_ms = 3600000,
                                 .restart = command,
                                 .resume = resume};
    return trap_host_start(&session->host, true, &desc, &session->reload, error);
}

static TrapHead *head(const Session *session)
{
    return trap_head(session->reload);
}

static void look(Session *session)
{
    while (molt_reload_poll(session->reload, &session->event)) {
        session->builds += session->event.kind == MOLT_EVENT_BUILD_STARTED;
        session->reloads += session->event.kind == MOLT_EVENT_RELOADED;
    }
    molt_reload_frame(session->reload);
    sandbox_sleep(2);
}

static bool wait_reload(Session *session)
{
    for (int i = 0; i < 5000 && session->reloads == 0; i++) {
        look(session);
    }
    return session->reloads == 1;
}

/* ---- jobs and threads ------------------------------------------------------------------------ */

static MoltRunner *find(const Session *session, const char *name)
{
    MoltRunner *runner = session->host.threads->first;
    while (runner != NULL && strcmp(runner->name, name) != 0) {
        runner = runner->next;
    }
    return runner;
}

/* The trap's variable that counts its frames. */
static void *calls_of(const Session *session)
{
    const MoltGlobals *globals = session->reload->current->globals;
    const MoltTables *tables = &globals->schema->tables;
    for (uint32_t i = 0; i < globals->count; i++) {
        const MoltField *field = &tables->fields[tables->types[globals->type].first + i];
        if (strcmp(tables->strings + field->name, "trap.c:calls") == 0) {
            return globals->places[i];
        }
    }
    return NULL;
}

/* The third cell that the trap has made. */
static unsigned char *find_cell(const Session *session)
{
    const MoltHeap *heap = molt_reload_heap(session->reload);
    uint64_t cursor = 0;
    MoltBlock block;
    while (molt_heap_next(heap, MOLT_NO_TYPE, &cursor, &block)) {
        if (strcmp(molt_type_name(molt_heap_schema(heap), block.type), "Cell") == 0 && block.serial == 2) {
            return block.start;
        }
    }
    return NULL;
}

/* Beside the trap's own thread, which goes on; these rest, for they would write on what they are given. */
static void start_threads(Session *session)
{
    MoltThreads *threads = session->host.threads;
    MoltStep step = find(session, "pump")->step;
    bool all = molt_threads_rest(threads) &&
               molt_threads_start(threads, "inner", step, find_cell(session) + 8) &&
               molt_threads_job_start(threads, "none", step, NULL) &&
               molt_threads_job_start(threads, "calls", step, calls_of(session)) &&
               molt_threads_start(threads, "foreign", step, malloc(4096)) &&
               molt_threads_start(threads, "stopped", step, NULL);
    molt_threads_stop(threads, "stopped");
    if (!all) {
        _exit(93);
    }
}

static const char *check_threads(Session *session)
{
    const MoltRunner *pump = find(session, "pump"), *inner = find(session, "inner");
    const MoltRunner *none = find(session, "none"), *calls = find(session, "calls");
    unsigned count = 0;
    for (const MoltRunner *runner = session->host.threads->first; runner != NULL; runner = runner->next) {
        count++;
    }
    if (strstr(session->event.detail, "Not started again: the thread foreign\n") == NULL) {
        return "who cannot go on is not named";
    }
    if (count != 4 || pump == NULL || inner == NULL || none == NULL || calls == NULL || !pump->own ||
        !inner->own || none->own || calls->own) {
        return "it has other threads than the state";
    }
    if (pump->context != head(session) || inner->context != find_cell(session) + 8 ||
        none->context != NULL || calls->context != calls_of(session)) {
        return "a context is not where it was";
    }
    if (inner->step != pump->step || none->step != pump->step || calls->step != pump->step) {
        return "a step is another one";
    }
    molt_threads_stop(session->host.threads, "inner");
    molt_threads_stop(session->host.threads, "none");
    molt_threads_stop(session->host.threads, "calls");
    uint32_t turns = head(session)->turns;
    look(session);
    if (head(session)->turns != turns) {
        return "a thread takes a step while the game stands still";
    }
    sandbox_replace(path_in(session->folder, "game.so"), FIXTURE_TRAP_2);
    if (!wait_reload(session)) {
        return "no new code was taken";
    }
    for (int i = 0; i < 5000 && head(session)->code != 2; i++) {
        look(session);
    }
    return head(session)->code == 2 ? NULL : "the thread does not go on in the new code";
}

/* ---- saves ----------------------------------------------------------------------------------- */

static void choose(const char *folder, const char *library)
{
    sandbox_text(path_in(folder, "choice"), library);
    sandbox_text(path_in(folder, "src/trap.c"), "saved");
}

/* A build is under way, whose process tells its number. */
static void save_slowly(Session *session)
{
    sandbox_text(path_in(session->folder, "slow"), "x");
    choose(session->folder, FIXTURE_TRAP_2);
    for (int i = 0; i < 5000 && access(path_in(session->folder, "began"), F_OK) != 0; i++) {
        look(session);
    }
    unlink(path_in(session->folder, "slow"));
}

static const char *check_build(Session *session)
{
    bool good = wait_reload(session);
    FILE *began = fopen(path_in(session->folder, "began"), "r");
    int builder = 0;
    bool told = began != NULL && fscanf(began, "%d", &builder) == 1;
    if (began != NULL) {
        fclose(began);
    }
    if (!good) {
        return "what was saved was not built";
    }
    if (session->builds != 1 || !told) {
        return "it was built more than once";
    }
    return kill(builder, 0) == 0 ? "the build of the process before goes on" : NULL;
}

static void save_between(const char *folder)
{
    choose(folder, FIXTURE_TRAP_2);
}

/* Saved while the process hung, or was on its way to become another one. */
static const char *check_saved(Session *session)
{
    return wait_reload(session) && session->builds == 1 ? NULL : "a save in between was not built";
}

static void build_between(const char *folder)
{
    sandbox_replace(path_in(folder, "game.so"), FIXTURE_TRAP_2);
}

static const char *check_built(Session *session)
{
    return wait_reload(session) && session->builds == 0 ? NULL : "a library from in between was not taken";
}

static const char *check_quiet(Session *session)
{
    for (int i = 0; i < 100; i++) {
        look(session);
    }
    return session->builds != 0    ? "what was built already is built again"
           : session->reloads != 0 ? "the code that crashed came back by itself"
                                   : NULL;
}

/* A library whose constructor crashes whoever loads it: tried by two processes, and left alone by the
 * third. */
static void crash_by_loading(Session *session)
{
    setenv(TRAP_CONSTRUCTOR, "1", 1);
    sandbox_replace(path_in(session->folder, "game.so"), FIXTURE_TRAP_2);
    for (int i = 0; i < 5000; i++) {
        look(session);
    }
}

static const char *check_suspect(Session *session)
{
    for (int i = 0; i < 200; i++) {
        look(session); /* the second process ends in here */
    }
    return session->reloads == 0 ? NULL : "a library that crashes whoever loads it was taken";
}

static const Case cases[] = {
    {"threads", start_threads, NULL, check_threads, WHERE_FRAME},
    {"build", save_slowly, NULL, check_build, WHERE_FRAME},
    {"saved", NULL, save_between, check_saved, WHERE_FRAME},
    {"built", NULL, build_between, check_built, WHERE_FRAME},
    {"quiet", NULL, NULL, check_quiet, WHERE_FRAME},
    {"suspect", crash_by_loading, NULL, check_suspect, WHERE_END},
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* ---- processes ------------------------------------------------------------------------------- */

/* Of a process without a parent in here. */
static void leave(const char *folder, int status, const char *why)
{
    FILE *report = fopen(path_in(folder, "report"), "a");
    fprintf(report, "%s\n", why);
    fclose(report);
    _exit(status);
}

static const Case *find_case(const char *name)
{
    for (int i = 0; i < CASES; i++) {
        if (strcmp(cases[i].name, name) == 0) {
            return &cases[i];
        }
    }
    abort();
}

static int go_on(char **arguments, const char *resume)
{
    Session session = {.folder = arguments[1]};
    const Case *which = find_case(arguments[2]);
    MoltError error = {0};
    if (which->between != NULL) {
        which->between(session.folder);
    }
    if (start(&session, arguments, resume, &error) != MOLT_OK) {
        leave(session.folder, 1, error.text);
    }
    if (!molt_reload_poll(session.reload, &session.event) ||
        session.event.kind != MOLT_EVENT_CRASHED || !molt_reload_frozen(session.reload)) {
        leave(session.folder, 2, "no crash is told");
    }
    FILE *report = fopen(path_in(session.folder, "report"), "a");
    fprintf(report, "%s\n", session.event.headline);
    fclose(report);
    const char *wrong = which->after(&session);
    if (wrong != NULL) {
        leave(session.folder, 3, wrong);
    }
    molt_reload_stop(session.reload);
    molt_reload_destroy(session.reload);
    molt_threads_destroy(session.host.threads);
    leave(session.folder, DONE, "went on");
    return 0;
}

/* Until the files to start again with are there. */
static void await_files(const char *folder)
{
    glob_t found = {0};
    for (int i = 0; i < 20000 && glob(path_in(folder, "molt-*/restart"), 0, NULL, &found) != 0; i++) {
        sandbox_sleep(1);
    }
    globfree(&found);
}

/* In a child, which becomes another program when it crashes. */
static void crash(const char *folder, const Case *which)
{
    static char program[] = "handover_test";
    static char argument[512], name[32];
    char *command[] = {program, argument, name, NULL};
    const int numbers[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    Session session = {.folder = argument};
    MoltError error = {0};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        signal(numbers[i], SIG_DFL); /* cmocka has them */
    }
    snprintf(argument, sizeof argument, "%s", folder);
    snprintf(name, sizeof name, "%s", which->name);
    setenv("TMPDIR", folder, 1);
    if (start(&session, command, NULL, &error) != MOLT_OK) {
        _exit(90);
    }
    for (int i = 0; i < 10; i++) { /* what was written before the watch stood is not from in between */
        sandbox_sleep(2);
        molt_reload_poll(session.reload, &session.event);
    }
    if (which->before != NULL && which->where == WHERE_FRAME) {
        which->before(&session);
    }
    molt_reload_frame(session.reload);
    await_files(folder);
    if (which->where != WHERE_FRAME) {
        which->before(&session);
    }
    head(&session)->where = WHERE_FRAME;
    head(&session)->trick = TRICK_LIBC;
    molt_reload_frame(session.reload);
    _exit(91);
}

static char *read_report(void *const *state)
{
    size_t size = 0;
    const char *path = sandbox_path(state, "report");
    unsigned char *bytes = access(path, R_OK) == 0 ? sandbox_read(path, &size) : NULL;
    char *text = calloc(1, size + 1);
    memcpy(text, bytes != NULL ? (const char *)bytes : "", size);
    free(bytes);
    return text;
}

static unsigned count(const char *text, const char *word)
{
    unsigned found = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        found++;
    }
    return found;
}

static void play(void **state, const char *name)
{
    const Case *which = find_case(name);
    const char *reason;
    int status = 0;
    if (!molt__guard_possible(&reason)) {
        print_message("SKIPPED: %s\n", reason);
        skip();
    }
    sandbox_folder(sandbox_path(state, "src"));
    sandbox_text(sandbox_path(state, "src/trap.c"), "as it was built");
    sandbox_text(sandbox_path(state, "game.so.molt"),
                 "{\"watch\": [\"src\"], \"build\": [\"sh\", \"-c\", \"echo $$ > began; "
                 "if [ -e slow ]; then sleep 30; fi; " TAKE "\"]}");
    sandbox_replace(sandbox_path(state, "game.so"), FIXTURE_TRAP_1);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        crash(*state, which);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    char *text = read_report(state);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE) {
        fail_msg("%s ended with %d: %s", name, status, text);
    }
    assert_int_equal(count(text, "crashed"), which->where == WHERE_FRAME ? 1 : 2);
    free(text);
    assert_int_equal(sandbox_zombies(), 0);
}

static void jobs_and_threads_go_on(void **state)
{
    play(state, "threads");
}

static void build_under_way_is_begun_anew(void **state)
{
    play(state, "build");
}

static void save_in_between_is_built(void **state)
{
    play(state, "saved");
}

static void library_from_in_between_is_taken(void **state)
{
    play(state, "built");
}

static void nothing_new_is_left_alone(void **state)
{
    play(state, "quiet");
}

static void library_that_crashes_two_processes_is_left_alone(void **state)
{
    play(state, "suspect");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)
        X(jobs_and_threads_go_on),
        X(build_under_way_is_begun_anew),
        X(save_in_between_is_built),
        X(library_from_in_between_is_taken),
        X(nothing_new_is_left_alone),
        X(library_that_crashes_two_processes_is_left_alone),
#undef X
    };
    if (argc == 5 && strcmp(argv[3], "--resume") == 0) {
        return go_on(argv, argv[4]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
