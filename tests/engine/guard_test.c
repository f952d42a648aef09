/* Crashes in a game: signals, aborts, loops, overflows, in probation and later. What cannot be caught in
 * the process is tried in a child. */
#include "sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <molt/reload.h>

#include "fixtures/trap.h"
#include "guard.h"

#define HANG_MS 60 /* of processor time: a frame of the trap takes far less */

typedef struct Session {
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
} Session;

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

/* What the messages must say, per trick. */
static const struct {
    const char *what, *place;
} expected[TRICK_COUNT_SAFE] = {
    [TRICK_WRITE] = {"SIGSEGV (address 0x0)", "write_nowhere (trap.c:"},
    [TRICK_CALL] = {"SIGSEGV (address 0x0)", "(trap.c:"},
    [TRICK_DIVIDE] = {"SIGFPE", "(trap.c:"},
    [TRICK_ILLEGAL] = {"SIGILL", "(trap.c:"},
    [TRICK_BUS] = {"SIGBUS", "(trap.c:"},
    [TRICK_ABORT] = {"SIGABRT (abort was called)", "(trap.c:"},
    [TRICK_ASSERT] = {"SIGABRT: Assertion `zero == 1' failed.", "(trap.c:"},
    [TRICK_RAISE] = {"SIGSEGV", "(trap.c:"},
    [TRICK_BREAK] = {"SIGTRAP", "leave_breakpoint (trap.c:"},
    [TRICK_TRAP] = {"SIGTRAP", "(trap.c:"},
    [TRICK_SYSTEM] = {"SIGSYS", "(trap.c:"},
    [TRICK_KILL] = {"SIGFPE", "(trap.c:"},
    [TRICK_LOOP] = {"endless loop", "(trap.c:"},
    [TRICK_LOOP_OUT] = {"endless loop", "(trap.c:"},
    [TRICK_OVERFLOW] = {"stack overflow", "overflow (trap.c:"},
    [TRICK_MISUSE] = {"misuse of the heap: molt_delete(", "(trap.c:"},
    [TRICK_DEEP] = {"SIGSEGV (address 0x0)", "write_nowhere (trap.c:"},
};

static bool impossible(void)
{
    const char *reason;
    if (molt__guard_possible(&reason)) {
        return false;
    }
    print_message("SKIPPED: %s\n", reason);
    return true;
}

static void open_session(Session *session, void **state, const char *library, bool guard)
{
    MoltError error = {0};
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, library);
    const MoltReloadDesc desc = {.library = session->library,
                                 .api = &api,
                                 .no_watch = true,
                                 .guard = guard,
                                 .probation = 5,
                                 .checkpoint_ms = 3600000,
                                 .hang_ms = HANG_MS};
    MoltStatus status = molt_reload_create(&desc, &session->reload, &error);
    if (status == MOLT_OK) {
        status = molt_reload_start(session->reload, &error);
    }
    if (status != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(molt_reload_guard_problem(session->reload), "");
}

static void close_session(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
}

static TrapHead *head(const Session *session)
{
    return molt_reload_state(session->reload);
}

static void play(Session *session, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        assert_true(molt_reload_frame(session->reload));
        assert_false(molt_reload_frozen(session->reload));
    }
}

static void load(Session *session, const char *library)
{
    sandbox_replace(session->library, library);
    molt_reload_force(session->reload, &session->event);
    if (session->event.kind != MOLT_EVENT_RELOADED) {
        fail_msg("%s: %s\n%s", molt_event_id(session->event.kind), session->event.headline,
                 session->event.detail);
    }
}

static MoltHash digest(const Session *session)
{
    return molt_heap_digest(molt_reload_heap(session->reload));
}

static void assert_same(MoltHash a, MoltHash b)
{
    assert_true(a.low == b.low && a.high == b.high);
}

/* What a reload must be able to go back to. */
typedef struct Moment {
    MoltHash hash;
    uint32_t begun;
} Moment;

static Moment moment(const Session *session)
{
    return (Moment){digest(session), head(session)->begun};
}

/* The state is that of before the reload, of which begin_reload() was told and end_reload() not yet. */
static void assert_before_reload(Session *session, Moment there)
{
    TrapHead *trap = head(session);
    uint32_t begun = trap->begun;
    assert_int_equal(begun, trap->ended + 1);
    trap->begun = there.begun;
    assert_same(there.hash, digest(session));
    trap->begun = begun;
}

/* The frame ends, the message is right, and nothing moves until somebody acts. */
static void crash(Session *session, Trick trick, unsigned frames_back)
{
    MoltReloadEvent *event = &session->event;
    assert_true(molt_reload_frame(session->reload));
    if (!molt_reload_frozen(session->reload)) {
        fail_msg("trick %d did not crash", trick);
    }
    assert_true(molt_reload_poll(session->reload, event));
    assert_int_equal(event->kind, MOLT_EVENT_CRASHED);
    if (strstr(event->headline, expected[trick].what) == NULL ||
        strstr(event->headline, expected[trick].place) == NULL ||
        (trick != TRICK_OVERFLOW &&
         strstr(event->detail, "called by main_loop (trap.c:") == NULL)) {
        fail_msg("trick %d: %s\n%s", trick, event->headline, event->detail);
    }
    assert_int_equal(event->frames_back, frames_back);
    assert_int_equal(event->generation, molt_reload_generation(session->reload));
    assert_false(molt_reload_poll(session->reload, event));
    MoltHash now = digest(session);
    assert_true(molt_reload_frame(session->reload));
    assert_same(now, digest(session));
}

/* ---- later than the probation ---------------------------------------------------------------- */

/* The state is that of the checkpoint, and corrected code goes on with it. */
static void crash_later(void **state, Trick trick)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_TRAP_1, true);
    head(&session)->trick = (int32_t)trick;
    head(&session)->from = 3;
    MoltHash there = digest(&session); /* the first frame is preceded by a checkpoint */
    play(&session, 3);
    crash(&session, trick, 3);
    assert_same(there, digest(&session));
    assert_int_equal(molt_reload_generation(session.reload), 1);
    head(&session)->trick = TRICK_NONE;
    load(&session, FIXTURE_TRAP_2);
    assert_false(molt_reload_frozen(session.reload));
    play(&session, 20);
    assert_int_equal(head(&session)->frames, 20);
    close_session(&session);
}

static void every_crash_goes_back_to_the_checkpoint(void **state)
{
    if (impossible()) {
        skip();
    }
    for (int trick = TRICK_NONE + 1; trick < TRICK_COUNT_SAFE; trick++) {
        crash_later(state, (Trick)trick);
    }
}

/* ---- in probation ---------------------------------------------------------------------------- */

/* New code with another layout crashes: old code, old layout, old bytes. */
static void crash_in_probation(void **state, const char *library, Trick trick)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_TRAP_1, true);
    play(&session, 7);
    head(&session)->trick = (int32_t)trick;
    head(&session)->from = 9;
    Moment there = moment(&session);
    const MoltSchema *schema = molt_reload_schema(session.reload);
    load(&session, library);
    assert_int_equal(molt_reload_generation(session.reload), 2);
    play(&session, 2);
    crash(&session, trick, 2);
    assert_before_reload(&session, there);
    assert_ptr_equal(molt_reload_schema(session.reload), schema);
    assert_int_equal(molt_reload_generation(session.reload), 1);

    head(&session)->trick = TRICK_NONE; /* a corrected save */
    load(&session, library);
    assert_int_equal(molt_reload_generation(session.reload), 3);
    play(&session, 20);
    assert_int_equal(head(&session)->frames, 27);
    close_session(&session);
}

static void new_code_that_crashes_is_taken_back(void **state)
{
    if (impossible()) {
        skip();
    }
    for (int trick = TRICK_NONE + 1; trick < TRICK_COUNT_SAFE; trick++) {
        crash_in_probation(state, FIXTURE_TRAP_2, (Trick)trick);
    }
}

/* Without frame pointers the way up is known from the unwind tables. */
static void optimised_code_is_taken_back(void **state)
{
    if (impossible()) {
        skip();
    }
    crash_in_probation(state, FIXTURE_TRAP_FAST, TRICK_DEEP);
    crash_in_probation(state, FIXTURE_TRAP_FAST, TRICK_LOOP);
}

/* The probation over, the old library is gone and the crash goes back to the checkpoint since. */
static void probation_ends(void **state)
{
    Session session = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, FIXTURE_TRAP_1, true);
    play(&session, 2);
    unsigned one = sandbox_mappings("/molt-");
    load(&session, FIXTURE_TRAP_2);
    head(&session)->trick = TRICK_WRITE;
    head(&session)->from = 2 + 5 + 4;
    assert_false(molt_reload_poll(session.reload, &session.event));
    assert_int_equal(sandbox_mappings("/molt-"), 2 * one); /* the old one is kept */
    play(&session, 5);
    assert_false(molt_reload_poll(session.reload, &session.event)); /* it leaves between frames */
    assert_int_equal(sandbox_mappings("/molt-"), one);
    MoltHash there = digest(&session);
    play(&session, 4);
    crash(&session, TRICK_WRITE, 4);
    assert_same(there, digest(&session));
    assert_int_equal(molt_reload_generation(session.reload), 2);
    close_session(&session);
}

/* Crash after crash, also of the code before; nothing is left behind. */
static void crashes_leave_nothing_behind(void **state)
{
    Session session = {0};
    if (impossible()) {
        skip();
    }
    open_session(&session, state, FIXTURE_TRAP_1, true);
    play(&session, 2);
    unsigned one = sandbox_mappings("/molt-"), files = sandbox_open_files();
    for (int i = 0; i < 20; i++) {
        Moment there = moment(&session);
        load(&session, i % 2 != 0 ? FIXTURE_TRAP_FAST : FIXTURE_TRAP_2);
        play(&session, 1);
        head(&session)->trick = TRICK_DEEP;
        crash(&session, TRICK_DEEP, 1);
        assert_before_reload(&session, there);
    }
    assert_int_equal(sandbox_mappings("/molt-"), one);
    assert_int_equal(sandbox_open_files(), files);
    close_session(&session);
}

/* ---- what cannot be caught, and who does not want it ----------------------------------------- */

/* How a child ends that plays the trick. */
static int end_of_child(void **state, Trick trick, bool guard)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        Session session = {0};
        const int numbers[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            signal(numbers[i], SIG_DFL); /* cmocka has them */
        }
        setenv("TMPDIR", *state, 1); /* what it leaves goes with the folder */
        close(STDERR_FILENO);
        open_session(&session, state, FIXTURE_TRAP_1, guard);
        head(&session)->trick = (int32_t)trick;
        molt_reload_frame(session.reload);
        _exit(molt_reload_frozen(session.reload) ? 77 : 78);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* libc, another thread or the unwinder may be in the middle of something: no jump. */
static void unsafe_crashes_are_not_caught(void **state)
{
    if (impossible()) {
        skip();
    }
    for (int trick = TRICK_COUNT_SAFE; trick < TRICK_COUNT; trick++) {
        int status = end_of_child(state, (Trick)trick, true);
        /* one that sleeps is now and then met in its own code, and caught */
        bool awake = trick == TRICK_SLEEP && WIFEXITED(status) && WEXITSTATUS(status) == 77;
        if (!WIFSIGNALED(status) && !awake) {
            fail_msg("trick %d ended with %d", trick, status);
        }
    }
}

static void without_guard_the_process_dies(void **state)
{
    if (impossible()) {
        skip();
    }
    int status = end_of_child(state, TRICK_WRITE, false);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    status = end_of_child(state, TRICK_ASSERT, false);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_int_equal(WEXITSTATUS(end_of_child(state, TRICK_WRITE, true)),
                     77); /* and with it, it lives */
}

/* Who attaches while the guard is there sees the fault first, and the process dies of it. */
static void debugger_that_attaches_later_sees_the_crash(void **state)
{
    int status = 0, ready[2], go[2];
    char byte = 0;
    if (impossible()) {
        skip();
    }
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        Session session = {0};
        signal(SIGSEGV, SIG_DFL);
        setenv("TMPDIR", *state, 1);
        open_session(&session, state, FIXTURE_TRAP_1, true);
        molt_reload_frame(session.reload);
        head(&session)->trick = TRICK_WRITE;
        bool told = write(ready[1], "", 1) == 1 && read(go[0], &byte, 1) == 1;
        molt_reload_frame(session.reload);
        _exit(told ? 77 : 78);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    bool attached = ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0;
    assert_int_equal(write(go[1], "", 1), 1);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
    if (!attached) {
        assert_int_equal(waitpid(child, &status, 0), child);
        print_message("SKIPPED: no process may be traced here\n");
        skip();
    }
    int seen = 0;
    while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
        int number = WSTOPSIG(status);
        seen += number == SIGSEGV;
        ptrace(PTRACE_CONT, child, NULL, (void *)(intptr_t)number); /* NOLINT: a number */
    }
    assert_true(seen > 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void a_sanitizer_keeps_its_signals(void **state)
{
    const char *reason;
    if (molt__guard_possible(&reason)) {
        return;
    }
    Session session = {0};
    MoltError error = {0};
    snprintf(session.library, sizeof session.library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session.library, FIXTURE_TRAP_1);
    const MoltReloadDesc desc = {.library = session.library, .api = &api, .guard = true};
    assert_int_equal(molt_reload_create(&desc, &session.reload, &error), MOLT_OK);
    assert_int_equal(molt_reload_start(session.reload, &error), MOLT_OK);
    assert_non_null(strstr(molt_reload_guard_problem(session.reload), reason));
    play(&session, 3);
    close_session(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define X(test) cmocka_unit_test_setup_teardown(test, sandbox_setup, sandbox_teardown)
        X(every_crash_goes_back_to_the_checkpoint),
        X(new_code_that_crashes_is_taken_back),
        X(optimised_code_is_taken_back),
        X(probation_ends),
        X(crashes_leave_nothing_behind),
        X(unsafe_crashes_are_not_caught),
        X(without_guard_the_process_dies),
        X(debugger_that_attaches_later_sees_the_crash),
        X(a_sanitizer_keeps_its_signals),
#undef X
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
