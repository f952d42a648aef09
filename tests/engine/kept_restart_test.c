/* What edits took away, across a crash that ends the process: this program is the host that crashes,
 * and with a library, a file for its report and `--resume` the one that goes on. */
#include "sandbox.h"

#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "trap_host.h"

#define KEPT "MOLT_TEST_KEPT" /* how many crashes are to come, and what an edit took away */
#define HOW "MOLT_TEST_HOW"   /* a How */
enum { DONE = 66 };

typedef enum How {
    HOW_EDIT,  /* another edit brings it back */
    HOW_UNDO,  /* the code before does */
    HOW_DAMAGE /* nothing does: the file with it is damaged */
} How;

typedef struct Session {
    TrapHost host;
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
} Session;

static How how(void)
{
    return (How)atoi(getenv(HOW));
}

/* ---- a host ---------------------------------------------------------------------------------- */

static MoltStatus start(Session *session, char *const *command, const char *resume,
                        MoltError *error)
{
    const MoltReloadDesc desc = {.library = session->library,
                                 .no_watch = true,
                                 .guard = true,
                                 .probation = 5,
                                 .checkpoint_ms = 20,
                                 .restart = command,
                                 .resume = resume};
    return trap_host_start(&session->host, true, &desc, &session->reload, error);
}

static void force(Session *session, const char *library)
{
    sandbox_replace(session->library, library);
    molt_reload_force(session->reload, &session->event);
}

static void crash(Session *session)
{
    TrapHead *head = trap_head(session->reload);
    head->trick = TRICK_LIBC;
    head->where = WHERE_FRAME;
    molt_reload_frame(session->reload);
    _exit(91);
}

/* Of a process without a parent in here: complains on the report and leaves. */
static void leave(FILE *report, int status, const char *why)
{
    fprintf(report, "%s\n", why);
    fclose(report);
    _exit(status);
}

/* What version 2 has of its mark, as a dump says it: {"since":3,"wide":1003}. */
static bool find_mark(const Session *session, char *text, size_t size)
{
    static const char name[] = "\"mark\":{\"since\":";
    size_t length = 0;
    char *dump = NULL;
    if (molt_reload_dump(session->reload, false, &dump, &length, NULL) != MOLT_OK) {
        return false;
    }
    const char *at = strstr(dump, name);
    snprintf(text, size, "%.*s", at != NULL ? (int)strcspn(at, "}") : 0, at != NULL ? at : "");
    free(dump);
    return at != NULL;
}

/* Until the files are of a moment that many frames after the process began. */
static void play_until_written(Session *session, uint64_t frames)
{
    char pattern[600];
    uint64_t there = 0;
    snprintf(pattern, sizeof pattern, "%s/molt-*/restart", getenv("TMPDIR"));
    for (int i = 0; i < 20000 && there < frames; i++) {
        glob_t found = {0};
        molt_reload_frame(session->reload);
        sandbox_sleep(1);
        FILE *file = glob(pattern, 0, NULL, &found) == 0 ? fopen(found.gl_pathv[0], "r") : NULL;
        if (file == NULL || fscanf(file, "%*u %*u %" SCNu64, &there) != 1) {
            there = 0;
        }
        if (file != NULL) {
            fclose(file);
        }
        globfree(&found);
    }
}

/* ---- the one that crashes -------------------------------------------------------------------- */

static char own_library[512], own_report[512];

/* In a child: goes from version 2 to version 1, whose mark holds less, and becomes another program. */
static void lose_and_crash(void **state)
{
    static char name[] = "kept_restart_test";
    char *command[] = {name, own_library, own_report, NULL};
    char mark[80] = "", kept[100];
    Session session = {0};
    MoltError error = {0};
    signal(SIGSEGV, SIG_DFL); /* cmocka has it */
    setenv("TMPDIR", *state, 1);
    freopen("/dev/null", "w", stderr);
    snprintf(own_library, sizeof own_library, "%s", sandbox_path(state, "game.so"));
    snprintf(own_report, sizeof own_report, "%s", sandbox_path(state, "report"));
    snprintf(session.library, sizeof session.library, "%s", own_library);
    sandbox_replace(own_library, FIXTURE_TRAP_1);
    if (start(&session, command, NULL, &error) != MOLT_OK) {
        _exit(90);
    }
    molt_reload_frame(session.reload);
    force(&session, FIXTURE_TRAP_2);
    for (int i = 0; i < 10; i++) {
        molt_reload_frame(session.reload);
    }
    if (!find_mark(&session, mark, sizeof mark)) {
        _exit(93);
    }
    snprintf(kept, sizeof kept, "%.1s%s", getenv(KEPT), mark);
    setenv(KEPT, kept, 1);
    force(&session, FIXTURE_TRAP_1);
    play_until_written(&session, 14);
    crash(&session);
}

/* ---- the one that goes on -------------------------------------------------------------------- */

/* Some bytes of the file with what edits keep. */
static void damage_kept(const char *folder)
{
    char pattern[600];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/restart-*.kept", folder);
    (void)glob(pattern, 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "r+b");
        if (file != NULL && fseek(file, 1000, SEEK_SET) == 0) {
            fputs("damage", file);
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    globfree(&found);
}

/* Crashes again in the code of before, which has to be loaded anew for it. */
static void crash_again(Session *session, FILE *report, const char *kept)
{
    char next[100];
    force(session, FIXTURE_TRAP_1);
    snprintf(next, sizeof next, "%c%s", kept[0] - 1, kept + 1);
    setenv(KEPT, next, 1);
    fclose(report);
    play_until_written(session, 7);
    crash(session);
}

static int go_on(char **arguments, const char *resume)
{
    Session session = {0};
    MoltError error = {0};
    char mark[80] = "", now[80] = "none";
    FILE *report = fopen(arguments[2], "a");
    snprintf(session.library, sizeof session.library, "%s", arguments[1]);
    snprintf(mark, sizeof mark, "%s", getenv(KEPT) + 1);
    if (how() == HOW_DAMAGE) {
        damage_kept(resume);
    }
    if (start(&session, arguments, resume, &error) != MOLT_OK) {
        leave(report, 1, error.text);
    }
    if (!molt_reload_poll(session.reload, &session.event)) {
        leave(report, 2, "no crash is told");
    }
    fprintf(report, "%s\n%s\n", session.event.headline, session.event.detail);
    if (getenv(KEPT)[0] > '1') {
        crash_again(&session, report, getenv(KEPT));
    }
    if (how() != HOW_UNDO) {
        force(&session, FIXTURE_TRAP_2);
    } else if (molt_reload_generation(session.reload) != 3 ||
               !molt_reload_step(session.reload, -1, &session.event) ||
               molt_reload_generation(session.reload) != 2) {
        leave(report, 12, "the code before is not there");
    }
    (void)find_mark(&session, now, sizeof now);
    fprintf(report, "was %s and is %s\n", mark, now);
    molt_reload_stop(session.reload);
    molt_reload_destroy(session.reload);
    molt_threads_destroy(session.host.threads);
    leave(report, (strcmp(now, mark) == 0) == (how() != HOW_DAMAGE) ? DONE : 11, "went on");
    return 0;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* How the last process ended, and what all of them have said. */
static int crash_and_go_on(void **state, int crashes, How what, char **said)
{
    char text[20];
    int status = 0;
    size_t size = 0;
    snprintf(text, sizeof text, "%d", crashes);
    setenv(KEPT, text, 1);
    snprintf(text, sizeof text, "%d", (int)what);
    setenv(HOW, text, 1);
    fflush(NULL);
    unlink(sandbox_path(state, "report"));
    pid_t child = fork();
    if (child == 0) {
        lose_and_crash(state);
    }
    unsetenv(KEPT);
    unsetenv(HOW);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(access(sandbox_path(state, "report"), R_OK), 0);
    unsigned char *report = sandbox_read(sandbox_path(state, "report"), &size);
    *said = calloc(1, size + 1);
    memcpy(*said, report, size);
    free(report);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check(void **state, int crashes, How what, const char *words, const char *never)
{
    const char *reason;
    char *said = NULL;
    if (!molt__guard_possible(&reason)) {
        print_message("SKIPPED: %s\n", reason);
        skip();
    }
    int status = crash_and_go_on(state, crashes, what, &said);
    if (status != DONE || strstr(said, words) == NULL ||
        (never != NULL && strstr(said, never) != NULL)) {
        fail_msg("ended with %d: %s", status, said);
    }
    free(said);
}

#define LOST "values that edits took away and that do not return now: "

/* Also from one process to the next, and to the one after that. Nobody says that anything is lost. */
static void what_edits_took_away_outlives_the_process(void **state)
{
    for (int crashes = 1; crashes <= 3; crashes++) {
        check(state, crashes, HOW_EDIT, "was \"mark\":{\"since\":", LOST);
    }
}

static void undo_outlives_the_process(void **state)
{
    check(state, 1, HOW_UNDO, "was \"mark\":{\"since\":", LOST);
}

/* The state does without it, and the fields are named. */
static void damage_costs_what_was_kept_alone(void **state)
{
    check(state, 1, HOW_DAMAGE, "Mark.since (1 object), Mark.wide (1 object)", "is none");
    check(state, 1, HOW_DAMAGE, "What was kept is damaged, at byte 0: the checksum does not match.",
          NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)
        X(what_edits_took_away_outlives_the_process),
        X(undo_outlives_the_process),
        X(damage_costs_what_was_kept_alone),
#undef X
    };
    if (argc == 5 && strcmp(argv[3], "--resume") == 0) {
        return go_on(argv, argv[4]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
