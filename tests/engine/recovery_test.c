/* Crashes elsewhere than in a frame alone: in the entries of a library, in hooks, on other threads; and the
 * new process that goes on where no jump is possible, which this program is, too: with a library, a file
 * for its report and `--resume` it plays on. */
#include "sandbox.h"

#include <dlfcn.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"
#include "trap_host.h"

#define HANG_MS 60 /* of processor time: a frame or a step of the trap takes far less */
#define AGAIN "MOLT_TEST_AGAIN" /* crash once more, in the first frame of the new code */
#define IDLE "MOLT_TEST_IDLE"   /* the host itself crashes, before any frame of the game */
#define OFFSET "MOLT_TEST_OFFSET" /* of the function that the bytes lead to, in its library */
enum { DONE = 66 };

typedef struct Session {
    TrapHost host;
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
} Session;

static bool impossible(void)
{
    const char *reason;
    if (molt__guard_possible(&reason)) {
        return false;
    }
    print_message("SKIPPED: %s\n", reason);
    return true;
}

/* ---- a host ---------------------------------------------------------------------------------- */

/* `command`: of the process that goes on after a crash; NULL: none does. `resume`: see MoltReloadDesc. */
static MoltStatus start(Session *session, bool threaded, char *const *command, const char *resume,
                        MoltError *error)
{
    const MoltReloadDesc desc = {.library = session->library,
                                 .no_watch = true,
                                 .guard = true,
                                 .probation = 5,
                                 .checkpoint_ms = 3600000,
                                 .hang_ms = HANG_MS,
                                 .restart = command,
                                 .resume = resume};
    return trap_host_start(&session->host, threaded, &desc, &session->reload, error);
}

static void open_session(Session *session, void **state, bool threaded)
{
    MoltError error = {0};
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, FIXTURE_TRAP_1);
    if (start(session, threaded, NULL, NULL, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(molt_reload_guard_problem(session->reload), "");
}

static void close_session(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
    molt_threads_destroy(session->host.threads);
}

static TrapHead *head(const Session *session)
{
    return trap_head(session->reload);
}

static void tell(const Session *session, Trick trick, Where where)
{
    head(session)->trick = (int32_t)trick;
    head(session)->where = (int32_t)where;
}

static void play(Session *session, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        assert_true(molt_reload_frame(session->reload));
        assert_false(molt_reload_frozen(session->reload));
    }
}

static void force(Session *session, const char *library, MoltEventKind kind)
{
    sandbox_replace(session->library, library);
    molt_reload_force(session->reload, &session->event);
    if (session->event.kind != kind) {
        fail_msg("%s: %s\n%s", molt_event_id(session->event.kind), session->event.headline,
                 session->event.detail);
    }
}

static bool same(MoltHash a, MoltHash b)
{
    return a.low == b.low && a.high == b.high;
}

static MoltHash digest(const Session *session)
{
    return molt_heap_digest(molt_reload_heap(session->reload));
}

static void assert_says(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) {
        fail_msg("no %s in: %s", what, text);
    }
}

/* The crash is told once, and then the game stands still. */
static void assert_frozen(Session *session, const char *what)
{
    assert_true(molt_reload_poll(session->reload, &session->event));
    assert_int_equal(session->event.kind, MOLT_EVENT_CRASHED);
    assert_says(session->event.headline, what);
    assert_says(session->event.headline, "(trap.c:");
    assert_true(molt_reload_frozen(session->reload));
    MoltHash now = digest(session);
    sandbox_sleep(3);
    assert_true(molt_reload_frame(session->reload));
    assert_false(molt_reload_poll(session->reload, &session->event));
    assert_true(same(now, digest(session)));
}

/* ---- entries --------------------------------------------------------------------------------- */

/* Refused: the old code goes on, on the bytes of before. */
static void crash_in_hook_refuses_the_reload(void **state)
{
    static const Trick tricks[] = {TRICK_WRITE, TRICK_ABORT, TRICK_LOOP, TRICK_OVERFLOW};
    Session session = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, true);
    play(&session, 3);
    for (size_t i = 0; i < sizeof tricks / sizeof tricks[0]; i++) {
        tell(&session, tricks[i], WHERE_HOOK);
        assert_true(molt_threads_rest(session.host.threads));
        uint32_t begun = head(&session)->begun;
        MoltHash there = digest(&session);
        force(&session, FIXTURE_TRAP_2, MOLT_EVENT_REFUSED);
        assert_says(session.event.detail, "it crashed in ");
        assert_says(session.event.detail, "(trap.c:");
        assert_int_equal(head(&session)->begun, begun + 1);
        assert_int_equal(head(&session)->ended, begun + 1);
        head(&session)->begun = head(&session)->ended = begun;
        assert_true(same(there, digest(&session)));
        molt_threads_go_on(session.host.threads);
        play(&session, 2);
        assert_int_equal(molt_reload_generation(session.reload), 1);
    }
    tell(&session, TRICK_NONE, WHERE_FRAME);
    force(&session, FIXTURE_TRAP_2, MOLT_EVENT_RELOADED);
    play(&session, 10);
    close_session(&session);
}

/* The state is that of before; the next reload does without. */
static void crash_in_begin_reload_refuses_the_reload(void **state)
{
    Session session = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, false);
    play(&session, 3);
    tell(&session, TRICK_DEEP, WHERE_BEGIN);
    MoltHash there = digest(&session);
    force(&session, FIXTURE_TRAP_2, MOLT_EVENT_REFUSED);
    assert_says(session.event.headline, "begin_reload() crashed");
    assert_says(session.event.detail, "write_nowhere (trap.c:");
    assert_true(same(there, digest(&session)));
    assert_false(molt_reload_frozen(session.reload));
    play(&session, 2);
    force(&session, FIXTURE_TRAP_2, MOLT_EVENT_RELOADED);
    assert_int_equal(head(&session)->begun, 0);
    assert_int_equal(head(&session)->ended, 1);
    tell(&session, TRICK_NONE, WHERE_FRAME);
    play(&session, 10);
    force(&session, FIXTURE_TRAP_FAST, MOLT_EVENT_RELOADED);
    assert_int_equal(head(&session)->begun, 1);
    assert_int_equal(head(&session)->frames, 15);
    close_session(&session);
}

/* The new code has not run a frame: back to the old. */
static void crash_in_end_reload_takes_the_new_code_back(void **state)
{
    Session session = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, false);
    play(&session, 3);
    for (int round = 0; round < 3; round++) {
        tell(&session, TRICK_DEEP, WHERE_END);
        MoltHash there = digest(&session);
        uint32_t begun = head(&session)->begun;
        force(&session, FIXTURE_TRAP_2, MOLT_EVENT_RELOADED);
        assert_frozen(&session, "end_reload() of ");
        assert_int_equal(molt_reload_generation(session.reload), 1);
        assert_int_equal(head(&session)->begun, 1); /* and not again while it stands still */
        assert_int_equal(head(&session)->ended, 0);
        head(&session)->begun = begun;
        assert_true(same(there, digest(&session)));
        head(&session)->begun = 1;
    }
    tell(&session, TRICK_NONE, WHERE_FRAME);
    force(&session, FIXTURE_TRAP_2, MOLT_EVENT_RELOADED);
    play(&session, 10);
    assert_int_equal(head(&session)->frames, 13);
    assert_int_equal(head(&session)->begun, head(&session)->ended);
    close_session(&session);
}

/* A save or a load between frames is no way to end the host either. */
static void crash_while_saving_goes_back(void **state)
{
    Session session = {0};
    MoltReport report;
    MoltError error = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, false);
    molt_report_init(&report, NULL);
    MoltHash there = digest(&session);
    play(&session, 3);
    tell(&session, TRICK_ASSERT, WHERE_BEGIN);
    const char *path = sandbox_path(state, "state.molt");
    assert_int_equal(molt_reload_save(session.reload, path, NULL, 0, &report, &error),
                     MOLT_REFUSED);
    assert_says(error.text, "begin_reload() of ");
    assert_int_not_equal(access(path, F_OK), 0);
    assert_frozen(&session, "SIGABRT");
    assert_true(same(there, digest(&session)));
    force(&session, FIXTURE_TRAP_2, MOLT_EVENT_RELOADED);
    play(&session, 10);
    molt_report_clear(&report);
    close_session(&session);
}

static void crash_in_shut_down_is_told(void **state)
{
    Session session = {0};
    MoltError error = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, true);
    play(&session, 3);
    tell(&session, TRICK_DEEP, WHERE_SHUT_DOWN);
    molt_reload_stop(session.reload);
    assert_int_equal(molt_reload_left(session.reload, &error), MOLT_REFUSED);
    assert_says(error.text, "shut_down() of ");
    assert_says(error.text, "write_nowhere (trap.c:");
    molt_reload_destroy(session.reload);
    molt_threads_destroy(session.host.threads);
    assert_int_equal(sandbox_mappings("/molt-"), 0);
}

static void crash_in_start_up_is_told(void **state)
{
    Session session = {0};
    MoltError error = {0};
    if (impossible()) {
        skip();
    }
    snprintf(session.library, sizeof session.library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session.library, FIXTURE_TRAP_2);
    setenv(TRAP_START, "1", 1);
    MoltStatus status = start(&session, true, NULL, NULL, &error);
    unsetenv(TRAP_START);
    assert_int_equal(status, MOLT_REFUSED);
    assert_says(error.text, "start_up() of ");
    assert_says(error.text, "write_nowhere (trap.c:");
    molt_reload_destroy(session.reload);
    molt_threads_destroy(session.host.threads);
    assert_int_equal(sandbox_mappings("/molt-"), 0);
}

/* The kernel would end the process, without a word to anybody. */
static void blocked_and_ignored_signals_hide_no_crash(void **state)
{
    Session session = {0};
    sigset_t mask;
    struct sigaction action;
    if (impossible()) {
        skip();
    }
    open_session(&session, state, false);
    play(&session, 3);
    tell(&session, TRICK_BLOCKED, WHERE_FRAME);
    assert_true(molt_reload_frame(session.reload));
    assert_frozen(&session, "write_nowhere (trap.c:");
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGSEGV), 0);
    assert_int_equal(sigaction(SIGBUS, NULL, &action), 0);
    assert_true((action.sa_flags & SA_SIGINFO) != 0); /* the guard's */
    force(&session, FIXTURE_TRAP_2, MOLT_EVENT_RELOADED);
    play(&session, 10);
    close_session(&session);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void wait_for_code(const Session *session, uint32_t version)
{
    const volatile TrapHead *trap = head(session);
    for (int i = 0; i < 5000 && trap->code != version; i++) {
        sandbox_sleep(1);
    }
    assert_int_equal(trap->code, version);
}

/* Those of the moment go on with its step functions; what began since ends; what ended since begins. */
static void threads_go_back_with_the_state(void **state)
{
    Session session = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, true);
    play(&session, 3);
    wait_for_code(&session, 1);
    for (int round = 0; round < 5; round++) {
        force(&session, FIXTURE_TRAP_2, MOLT_EVENT_RELOADED);
        wait_for_code(&session, 2);
        if (round % 2 == 0) {
            molt_threads_stop(session.host.threads, "pump");
        }
        tell(&session, TRICK_DEEP, WHERE_FRAME);
        assert_true(molt_reload_frame(session.reload));
        assert_frozen(&session, "write_nowhere (trap.c:");
        assert_int_equal(head(&session)->code, 1);
        assert_int_equal(molt_reload_generation(session.reload), 1);
        assert_true(molt_threads_running(session.host.threads, "pump"));
        assert_int_equal(head(&session)->trick, TRICK_NONE);
    }
    force(&session, FIXTURE_TRAP_1, MOLT_EVENT_RELOADED);
    head(&session)->code = 0;
    wait_for_code(&session, 1);
    play(&session, 10);
    close_session(&session);
}

/* ---- a new process --------------------------------------------------------------------------- */

/* Of a process without a parent in here: complains on the report and leaves. */
static void leave(FILE *report, int status, const char *why)
{
    fprintf(report, "%s\n", why);
    fclose(report);
    _exit(status);
}

/* Until the files to start again with are there. */
static void await_files(const char *folder)
{
    char pattern[600];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/molt-*/restart", folder);
    for (int i = 0; i < 20000 && glob(pattern, 0, NULL, &found) != 0; i++) {
        sandbox_sleep(1);
    }
    globfree(&found);
}

/* The function that the bytes lead to, from where its library lies. */
static uint64_t function_in_bytes(const TrapHead *trap)
{
    Dl_info info;
    uintptr_t function;
    memcpy(&function, trap->bytes + sizeof(void *), sizeof function);
    return dladdr((void *)function, &info) != 0 ? function - (uintptr_t)info.dli_fbase : 0; /* NOLINT */
}

/* Addresses that no file of the state can keep are there again. */
static bool has_addresses(const TrapHead *trap)
{
    const char *offset = getenv(OFFSET);
    return offset == NULL || (memcmp(trap->bytes, &trap, sizeof trap) == 0 &&
                              function_in_bytes(trap) == strtoull(offset, NULL, 10));
}

/* What goes on after a crash: says what it hears, stands still, takes new code and plays. */
static int go_on(char **arguments, const char *resume)
{
    Session session = {0};
    MoltError error = {0};
    FILE *report = fopen(arguments[2], "a");
    snprintf(session.library, sizeof session.library, "%s", arguments[1]);
    unsetenv(TRAP_CONSTRUCTOR);
    if (start(&session, true, arguments, resume, &error) != MOLT_OK) {
        leave(report, 1, error.text);
    }
    if (!molt_reload_poll(session.reload, &session.event) ||
        session.event.kind != MOLT_EVENT_CRASHED) {
        leave(report, 2, "no crash is told");
    }
    fprintf(report, "%s\n%s\n", session.event.headline, session.event.detail);
    MoltHash now = digest(&session);
    sandbox_sleep(3);
    if (!molt_reload_frame(session.reload) || !molt_reload_frozen(session.reload) ||
        !same(now, digest(&session))) {
        leave(report, 3, "it does not stand still");
    }
    if (head(&session)->frames != 0 || head(&session)->trick != TRICK_NONE) {
        leave(report, 4, "the state is not that of the checkpoint");
    }
    if (!has_addresses(head(&session))) {
        leave(report, 10, "the addresses in bytes are not those of this process");
    }
    if (access(resume, F_OK) == 0) {
        leave(report, 5, "the folder of the process before is left");
    }
    if (getenv(IDLE) != NULL) {
        fclose(report);
        await_files(getenv("TMPDIR"));
        raise(SIGSEGV);
    }
    molt_reload_force(session.reload, &session.event);
    if (session.event.kind != MOLT_EVENT_RELOADED) {
        leave(report, 6, session.event.headline);
    }
    if (getenv(AGAIN) != NULL) {
        unsetenv(AGAIN);
        fclose(report);
        await_files(getenv("TMPDIR"));
        tell(&session, TRICK_LIBC, WHERE_FRAME);
        molt_reload_frame(session.reload);
        _exit(9);
    }
    for (int i = 0; i < 10; i++) {
        if (!molt_reload_frame(session.reload) || molt_reload_frozen(session.reload)) {
            leave(report, 7, "it does not go on");
        }
    }
    if (head(&session)->frames != 10 || head(&session)->begun != 1 || head(&session)->ended != 1) {
        leave(report, 8, "begin_reload() and end_reload() were not called in turns");
    }
    close_session(&session);
    leave(report, DONE, "went on");
    return 0;
}

/* In a child, which becomes another program when it crashes. */
static void crash_in_child(void **state, Trick trick, Where where)
{
    static char name[] = "recovery_test";
    static char library[512], report[512];
    char offset[32];
    char *command[] = {name, library, report, NULL};
    Session session = {0};
    MoltError error = {0};
    const int numbers[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        signal(numbers[i], SIG_DFL); /* cmocka has them */
    }
    setenv("TMPDIR", *state, 1);
    freopen("/dev/null", "w", stderr);
    snprintf(library, sizeof library, "%s", sandbox_path(state, "game.so"));
    snprintf(report, sizeof report, "%s", sandbox_path(state, "report"));
    snprintf(session.library, sizeof session.library, "%s", library);
    sandbox_replace(library, FIXTURE_TRAP_1);
    if (trick == TRICK_LIBC && where == WHERE_FRAME) {
        setenv(TRAP_BYTES, "1", 1);
    }
    if (start(&session, true, command, NULL, &error) != MOLT_OK) {
        _exit(90);
    }
    if (getenv(TRAP_BYTES) != NULL) {
        snprintf(offset, sizeof offset, "%" PRIu64, function_in_bytes(head(&session)));
        setenv(OFFSET, offset, 1);
        unsetenv(TRAP_BYTES); /* what is there after the restart comes from the files */
    }
    molt_reload_frame(session.reload);
    await_files(*state);
    tell(&session, trick, where);
    if (where == WHERE_END) { /* stands for the constructor of the library that comes */
        setenv(TRAP_CONSTRUCTOR, "1", 1);
        sandbox_replace(library, FIXTURE_TRAP_2);
        molt_reload_force(session.reload, &session.event);
    }
    if (where == WHERE_HOOK) {
        sandbox_replace(library, FIXTURE_TRAP_2);
        molt_reload_force(session.reload, &session.event);
    }
    if (where == WHERE_SHUT_DOWN) {
        molt_reload_stop(session.reload);
        _exit(92);
    }
    for (int i = 0; i < 10000; i++) {
        molt_reload_frame(session.reload);
        if (trick == TRICK_SLEEP && molt_reload_poll(session.reload, &session.event)) {
            FILE *out = fopen(report, "w"); /* between two sleeps it is met in the game's code */
            leave(out, DONE, session.event.headline);
        }
        sandbox_sleep(1);
    }
    _exit(91);
}

static void restart(void **state, Trick trick, Where where, const char *const *words)
{
    int status = 0;
    size_t size = 0;
    fflush(NULL);
    unlink(sandbox_path(state, "report"));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        crash_in_child(state, trick, where);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    bool told = access(sandbox_path(state, "report"), R_OK) == 0;
    char *text = told ? (char *)sandbox_read(sandbox_path(state, "report"), &size) : NULL;
    char *words_said = calloc(1, size + 1);
    memcpy(words_said, text != NULL ? text : "", size);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE) {
        fail_msg("trick %d at %d ended with %d: %s", trick, where, status, words_said);
    }
    for (; *words != NULL; words++) {
        assert_says(words_said, *words);
    }
    free(words_said);
    free(text);
}

static void other_threads_start_the_host_again(void **state)
{
    static const struct {
        Trick trick;
        Where where;
        const char *words[4];
    } cases[] = {
        {TRICK_LIBC, WHERE_FRAME, {"SIGSEGV", "in memset, called by play (trap.c:", NULL}},
        {TRICK_LIBC, WHERE_HOOK, {"SIGSEGV", "in memset, called by play (trap.c:", NULL}},
        {TRICK_LOST, WHERE_FRAME, {"SIGSEGV", "in qsort, called by play (trap.c:", NULL}},
        {TRICK_SLEEP, WHERE_FRAME, {"endless loop", "play (trap.c:", NULL}},
        {TRICK_CORRUPT,
         WHERE_FRAME,
         {"SIGABRT: ", "double free", "in free, called by free_twice (trap.c:", NULL}},
        {TRICK_TRAP, WHERE_THREAD, {"SIGTRAP", "play (trap.c:", "on the thread thread", NULL}},
        {TRICK_DEEP, WHERE_JOB, {"write_nowhere (trap.c:", "on the thread molt-worker", NULL}},
        {TRICK_ABORT, WHERE_THREAD, {"SIGABRT", "on the thread thread", NULL}},
        {TRICK_OVERFLOW, WHERE_THREAD, {"stack overflow", "overflow (trap.c:", NULL}},
        {TRICK_OVERFLOW, WHERE_OWN, {"stack overflow", NULL}},
        {TRICK_LOOP, WHERE_JOB, {"endless loop", "play (trap.c:", "molt-worker", NULL}},
        {TRICK_LOOP_OUT,
         WHERE_THREAD,
         {"endless loop", "play (trap.c:", "on the thread thread", NULL}},
        {TRICK_LOOP, WHERE_TASK, {"endless loop", "play (trap.c:", "molt-worker", NULL}},
        {TRICK_MISUSE, WHERE_PART, {"misuse of the heap: molt_delete(", "play (trap.c:", NULL}},
        {TRICK_DEEP, WHERE_PART, {"write_nowhere (trap.c:", "started again", NULL}},
        {TRICK_MISUSE, WHERE_THREAD, {"misuse of the heap: molt_delete(", "play (trap.c:", NULL}},
        {TRICK_WRITE, WHERE_OWN, {"write_nowhere (trap.c:", NULL}},
        {TRICK_WRITE, WHERE_TIMER, {"write_nowhere (trap.c:", "play_by_timer (trap.c:", NULL}},
        {TRICK_BLOCKED, WHERE_THREAD, {"write_nowhere (trap.c:", "on the thread thread", NULL}},
        {TRICK_WRITE, WHERE_STUCK, {"write_nowhere (trap.c:", "started again", NULL}},
        {TRICK_WRITE, WHERE_END, {"SIGSEGV", "started again", NULL}}, /* a constructor */
        {TRICK_SMASH, WHERE_FRAME, {"SIGSEGV", NULL}},
    };
    if (impossible()) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        restart(state, cases[i].trick, cases[i].where, cases[i].words);
    }
}

/* The files of a process that has only just begun are its own; each crash is told. */
static void crash_after_crash_starts_again(void **state)
{
    static const char *const words[] = {"in write_nowhere (trap.c:", "on the thread molt-worker",
                                        "in memset, called by play (trap.c:", NULL};
    if (impossible()) {
        skip();
    }
    setenv(AGAIN, "1", 1);
    restart(state, TRICK_DEEP, WHERE_JOB, words);
    unsetenv(AGAIN);
}

/* A host that cannot even stand still is begun a few times, and then it is over. */
static void host_that_crashes_by_itself_does_not_begin_for_ever(void **state)
{
    int status = 0;
    size_t size = 0;
    unsigned told = 0;
    if (impossible()) {
        skip();
    }
    setenv(IDLE, "1", 1);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        crash_in_child(state, TRICK_LIBC, WHERE_FRAME);
    }
    unsetenv(IDLE);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    unsigned char *text = sandbox_read(sandbox_path(state, "report"), &size);
    for (size_t i = 0; i + 8 < size; i++) {
        told += memcmp(text + i, "\ncrashed", 8) == 0;
    }
    assert_int_equal(told, 3); /* beside the first */
    free(text);
}

/* Who ends the game does not want to see it again. */
static void crash_at_the_end_starts_nothing_again(void **state)
{
    int status = 0;
    if (impossible()) {
        skip();
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        crash_in_child(state, TRICK_LIBC, WHERE_SHUT_DOWN);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_int_not_equal(access(sandbox_path(state, "report"), F_OK), 0);
}

/* ---- large states ---------------------------------------------------------------------------- */

/* A state of which pages are tracked: its pointers to what an edit moves are looked for before the pause, and
 * those that were written since are found all the same. */
static void play_with_reeds(void **state, const char *first, const char *second)
{
    enum { REEDS = 400000 };
    struct {
        uint64_t frames;
        void *frog;
        uint32_t begun, ended, version, reeds_wanted;
        void *unfollowed, *stone, *reeds;
    } *pond;
    Session session = {0};
    MoltError error = {0};
    const MoltReloadDesc desc = {.library = session.library,
                                 .no_watch = true,
                                 .guard = true,
                                 .probation = 2,
                                 .checkpoint_ms = 1};
    snprintf(session.library, sizeof session.library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session.library, first);
    if (trap_host_start(&session.host, false, &desc, &session.reload, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    play(&session, 2);
    pond = molt_reload_state(session.reload);
    pond->reeds_wanted = REEDS;
    for (int i = 0; i < 4; i++) {
        play(&session, 1);
        sandbox_sleep(20); /* a checkpoint may take a hundredth of the time */
    }
    assert_non_null(pond->reeds);
    force(&session, second, MOLT_EVENT_RELOADED);
    play(&session, 3);
    force(&session, first, MOLT_EVENT_RELOADED);
    play(&session, 3);
    pond = molt_reload_state(session.reload);
    assert_int_equal(pond->reeds_wanted, REEDS);
    close_session(&session);
}

static void pointers_of_a_large_state_are_looked_for_before(void **state)
{
    if (impossible()) {
        skip();
    }
    play_with_reeds(state, FIXTURE_POND_1, FIXTURE_POND_2);
    play_with_reeds(state, FIXTURE_POND_HOOKS_1, FIXTURE_POND_HOOKS_2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)
        X(crash_in_hook_refuses_the_reload),
        X(crash_in_begin_reload_refuses_the_reload),
        X(crash_in_end_reload_takes_the_new_code_back),
        X(crash_while_saving_goes_back),
        X(crash_in_shut_down_is_told),
        X(crash_in_start_up_is_told),
        X(blocked_and_ignored_signals_hide_no_crash),
        X(threads_go_back_with_the_state),
        X(other_threads_start_the_host_again),
        X(crash_after_crash_starts_again),
        X(host_that_crashes_by_itself_does_not_begin_for_ever),
        X(crash_at_the_end_starts_nothing_again),
        X(pointers_of_a_large_state_are_looked_for_before),
#undef X
    };
    if (argc == 5 && strcmp(argv[3], "--resume") == 0) {
        return go_on(argv, argv[4]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
