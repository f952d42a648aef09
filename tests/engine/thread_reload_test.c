/* Reloads of a real game that works on several threads: what they do goes on in the new code, on the
 * state where it is then; and what cannot go on is refused or postponed, in words. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <molt/reload.h>

#include "loom_host.h"
#include "reload_parts.h"
#include "step_fault.h"
#include "thread_moment.h"
#include "thread_record.h"

enum { RELOADS = 100, DEADLINE_MS = 300 };

typedef struct Session {
    LoomHost host;
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
    StepFault fault;
    MoltHash digest, after; /* of the state around the attempt, where threads rested for it */
} Session;

static void stop_test(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "heap fault: %s\n", text); /* cmocka's way out is for its own thread alone */
    abort();
}

/* Nothing rests for an attempt that failed before it came to that. */
static void take_digest(const Session *session, MoltHash *out)
{
    bool failed = session->fault.asked == session->fault.fail_at;
    if (session->fault.fail_at > 0 && (!failed || session->fault.last >= MOLT_STEP_REST)) {
        *out = molt_heap_digest(molt_reload_heap(session->reload));
    }
}

static void hook_before(void *context)
{
    Session *session = context;
    take_digest(session, &session->digest);
}

static void hook_after(void *context, const MoltReloadEvent *event)
{
    Session *session = context;
    (void)event;
    take_digest(session, &session->after);
}

static void open_session(Session *session, void **state, bool through_file, uint32_t threads)
{
    MoltError error = {0};
    const MoltThreadsDesc desc = {.count = threads, .deadline_ms = DEADLINE_MS};
    loom_host_init(&session->host);
    assert_int_equal(molt_threads_create(&desc, &session->host.threads, NULL), MOLT_OK);
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "loom.so"));
    sandbox_replace(session->library, FIXTURE_LOOM_1);
    const MoltReloadDesc reload = {.library = session->library,
                                   .api = &session->host.api,
                                   .threads = session->host.threads,
                                   .no_watch = true,
                                   .through_file = through_file,
                                   .history = 2,
                                   .steps = step_fault_steps(&session->fault),
                                   .hooks = {hook_before, hook_after, session},
                                   .fault = stop_test};
    if (molt_reload_create(&reload, &session->reload, &error) != MOLT_OK ||
        molt_reload_start(session->reload, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(molt_reload_frame(session->reload));
}

static void close_session(Session *session)
{
    MoltError error = {0};
    molt_reload_stop(session->reload);
    if (molt_reload_left(session->reload, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    molt_reload_destroy(session->reload);
    molt_threads_destroy(session->host.threads);
}

static void frame(Session *session, enum LoomWish wish)
{
    atomic_store(&session->host.wish, wish);
    assert_true(molt_reload_frame(session->reload));
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

/* A number of the state, which is read at rest. */
static uint64_t number(const Session *session, const char *path)
{
    MoltError error = {0};
    char *text = NULL;
    size_t length;
    if (molt_reload_dump_path(session->reload, path, &text, &length, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    const char *value = strstr(text, "\"value\":");
    assert_non_null(value);
    uint64_t found = strtoull(value + strlen("\"value\":"), NULL, 10);
    free(text);
    return found;
}

static void check_right(const Session *session)
{
    assert_int_equal(number(session, "state.wrong"), 0);
    assert_int_equal(number(session, "state.weft.wrong"), 0);
    assert_int_equal(number(session, "state.warp->wrong"), 0);
    assert_int_equal(number(session, "globals.\"fixtures/loom.c:spare\".wrong"), 0);
}

/* Until all three have turned by the code of that version. */
static void wait_for_code(const Session *session, uint64_t version)
{
    static const char *const codes[] = {"state.warp->code", "state.weft.code",
                                        "globals.\"fixtures/loom.c:spare\".code"};
    int waits = 0;
    for (int i = 0; i < 3;) {
        if (number(session, codes[i]) == version) {
            i++;
        } else if (waits++ == 5000) {
            fail_msg("%s is not %d", codes[i], (int)version);
        } else {
            sandbox_sleep(1);
        }
    }
}

/* ---- what goes on -------------------------------------------------------------------------- */

static void threads_and_jobs_go_on_in_the_new_code(void **state)
{
    Session session = {0};
    open_session(&session, state, false, 3);
    unsigned files = 0;
    wait_for_code(&session, 1);
    for (int i = 1; i <= RELOADS; i++) {
        uint64_t turns = number(&session, "state.warp->turns");
        frame(&session, i % 10 == 0 ? LOOM_JOB : LOOM_GO);
        force(&session, i % 2 == 1 ? FIXTURE_LOOM_2 : FIXTURE_LOOM_1, MOLT_EVENT_RELOADED);
        assert_string_equal(session.event.outcome, "migrated");
        assert_true(number(&session, "state.warp->turns") >= turns);
        if (i % 10 == 1) {
            wait_for_code(&session, 2);
        }
        check_right(&session);
        files = i == 2 ? sandbox_open_files() : files;
    }
    wait_for_code(&session, 1);
    assert_int_equal(number(&session, "state.frames"), RELOADS + 1);
    assert_int_equal(number(&session, "state.started"), RELOADS + 1);
    assert_int_equal(sandbox_open_files(), files);
    close_session(&session);
    assert_int_equal(sandbox_mappings("loom."), 0);
}

static void without_workers_jobs_take_a_step_a_frame(void **state)
{
    Session session = {0};
    open_session(&session, state, false, 1);
    uint64_t turns = number(&session, "globals.\"fixtures/loom.c:spare\".turns");
    for (int i = 0; i < 10; i++) {
        frame(&session, LOOM_GO);
    }
    assert_int_equal(number(&session, "globals.\"fixtures/loom.c:spare\".turns"), turns + 10);
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    frame(&session, LOOM_JOB);
    wait_for_code(&session, 2);
    check_right(&session);
    close_session(&session);
}

static void failure_at_any_step_lets_threads_go_on(void **state)
{
    Session session = {0};
    open_session(&session, state, false, 2);
    wait_for_code(&session, 1);
    sandbox_replace(session.library, FIXTURE_LOOM_2);
    for (session.fault.fail_at = 1;; session.fault.fail_at++) {
        session.fault.asked = 0;
        uint64_t turns = number(&session, "state.warp->turns");
        molt_reload_force(session.reload, &session.event);
        if (session.fault.asked < session.fault.fail_at) {
            break;
        }
        const char *step = molt_reload_step_id(session.fault.last);
        bool rested = session.fault.last >= MOLT_STEP_REST;
        if (session.event.kind == MOLT_EVENT_RELOADED ||
            strstr(session.event.detail, step) == NULL ||
            (rested && memcmp(&session.digest, &session.after, sizeof session.after) != 0)) {
            fail_msg("%s: %s\n%s", step, session.event.headline, session.event.detail);
        }
        for (int i = 0; number(&session, "state.warp->turns") == turns; i++) {
            assert_true(i < 5000);
            sandbox_sleep(1);
        }
        wait_for_code(&session, 1);
        check_right(&session);
    }
    assert_int_equal(session.event.kind, MOLT_EVENT_RELOADED);
    wait_for_code(&session, 2);
    check_right(&session);
    close_session(&session);
}

static void undo_takes_threads_back(void **state)
{
    Session session = {0};
    open_session(&session, state, false, 2);
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    wait_for_code(&session, 2);
    assert_true(molt_reload_step(session.reload, -1, &session.event));
    assert_int_equal(session.event.kind, MOLT_EVENT_RELOADED);
    wait_for_code(&session, 1);
    check_right(&session);
    close_session(&session);
}

/* ---- what does not ------------------------------------------------------------------------- */

static void stubborn_step_postpones_the_reload(void **state)
{
    Session session = {0};
    MoltError error = {0};
    char *dump = NULL;
    size_t length;
    open_session(&session, state, false, 2);
    frame(&session, LOOM_STUBBORN);
    sandbox_sleep(20);
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_POSTPONED);
    assert_string_equal(session.event.outcome, "postponed");
    assert_non_null(strstr(session.event.headline, "warp"));
    assert_non_null(strstr(session.event.detail, "reload_pending"));
    assert_int_equal(session.event.generation, 1);
    assert_true(session.event.pause_ns >= DEADLINE_MS * UINT64_C(1000000));
    assert_true(molt_threads_pending(session.host.threads));
    for (int i = 0; i < 5; i++) { /* the game goes on, and nobody waits again */
        assert_true(molt_reload_frame(session.reload));
        assert_false(molt_reload_poll(session.reload, &session.event));
    }
    assert_int_equal(molt_reload_dump(session.reload, false, &dump, &length, &error), MOLT_BUSY);
    assert_non_null(strstr(error.text, "warp"));

    atomic_store(&session.host.wish, LOOM_GO);
    for (int i = 0; i < 5000 && !molt_reload_poll(session.reload, &session.event); i++) {
        sandbox_sleep(1);
    }
    assert_int_equal(session.event.kind, MOLT_EVENT_RELOADED);
    assert_int_equal(session.event.generation, 2);
    assert_false(molt_threads_pending(session.host.threads));
    wait_for_code(&session, 2);
    check_right(&session);
    close_session(&session);
}

static void refuse(Session *session, const char *library, const char *who, const char *what)
{
    uint32_t generation = molt_reload_generation(session->reload);
    force(session, library, MOLT_EVENT_REFUSED);
    if (strstr(session->event.headline, who) == NULL ||
        strstr(session->event.detail, what) == NULL) {
        fail_msg("no %s, %s: %s\n%s", who, what, session->event.headline, session->event.detail);
    }
    assert_int_equal(molt_reload_generation(session->reload), generation);
    uint64_t turns = number(session, "state.warp->turns");
    for (int i = 0; i < 5000 && number(session, "state.warp->turns") == turns; i++) {
        sandbox_sleep(1);
    }
    assert_true(number(session, "state.warp->turns") > turns); /* the old code goes on */
    check_right(session);
}

static void step_that_is_gone_or_another_is_refused(void **state)
{
    Session session = {0};
    open_session(&session, state, false, 2);
    refuse(&session, FIXTURE_LOOM_3, "the thread weft", "turn_weft of loom.c");
    refuse(&session, FIXTURE_LOOM_4, "the thread weft", "int (char *, int)");
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    wait_for_code(&session, 2);
    close_session(&session);
}

static void context_that_is_deleted_is_refused(void **state)
{
    Session session = {0};
    open_session(&session, state, false, 2);
    frame(&session, LOOM_GHOST);
    refuse(&session, FIXTURE_LOOM_2, "the thread ghost", "freed memory");
    frame(&session, LOOM_NO_GHOST);
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    check_right(&session);
    close_session(&session);
}

/* Who runs, and on what, is as before: also where the hook itself fails. */
static void what_a_hook_asks_of_threads_refuses_the_reload(void **state)
{
    static const struct {
        enum LoomWish wish;
        const char *call;
    } asks[] = {
        {LOOM_HOOK_JOB, "it called job_start(\"new job\")"},
        {LOOM_HOOK_THREAD, "it called thread_start(\"new thread\")"},
        {LOOM_HOOK_STOP, "it called thread_stop(\"warp\")"},
        {LOOM_HOOK_WAIT, "it called job_wait(\"spare\")"},
    };
    Session session = {0};
    open_session(&session, state, false, 2);
    wait_for_code(&session, 1);
    for (size_t i = 0; i < 2 * sizeof asks / sizeof asks[0]; i++) {
        bool fails = i % 2 == 1;
        MoltThreadMoment before = {0}, after = {0};
        uint64_t turns = number(&session, "state.warp->turns");
        assert_true(molt__thread_moment_take(&before, session.host.threads));
        atomic_store(&session.host.wish, asks[i / 2].wish + (fails ? LOOM_HOOK_FAILS : 0));
        force(&session, FIXTURE_LOOM_5, MOLT_EVENT_REFUSED);
        const char *said = fails ? "it was told to" : asks[i / 2].call;
        if (strstr(session.event.detail, said) == NULL ||
            (!fails && strstr(session.event.detail, "Do that in end_reload()") == NULL) ||
            strstr(session.event.detail, "the hook of Spool, loom.c:") == NULL) {
            fail_msg("%s: %s", said, session.event.detail);
        }
        assert_true(molt__thread_moment_take(&after, session.host.threads));
        assert_int_equal(after.count, before.count);
        assert_memory_equal(after.items, before.items, before.count * sizeof *before.items);
        molt__thread_moment_clear(&before);
        molt__thread_moment_clear(&after);
        for (int wait = 0; number(&session, "state.warp->turns") == turns; wait++) {
            assert_true(wait < 5000);
            sandbox_sleep(1);
        }
    }
    check_right(&session);
    atomic_store(&session.host.wish, LOOM_GO); /* the hook stops who is not there: that is nothing */
    force(&session, FIXTURE_LOOM_5, MOLT_EVENT_RELOADED);
    wait_for_code(&session, 5);
    frame(&session, LOOM_JOB);
    check_right(&session);
    close_session(&session);
}

static void threads_of_the_game_itself_are_refused(void **state)
{
    Session session = {0};
    open_session(&session, state, false, 2);
    frame(&session, LOOM_OWN_PTHREAD);
    refuse(&session, FIXTURE_LOOM_1, "run_own", "api->thread_start()");
    frame(&session, LOOM_JOIN);
    force(&session, FIXTURE_LOOM_1, MOLT_EVENT_RELOADED);
#ifndef __SANITIZE_THREAD__ /* which knows no thrd_create() */
    frame(&session, LOOM_OWN_THRD);
    refuse(&session, FIXTURE_LOOM_1, "run_own_c11", "api->thread_start()");
    frame(&session, LOOM_JOIN);
#endif
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    check_right(&session);
    close_session(&session);
}

/* The thread ends some time after its file has gone. */
static void force_when_ended(Session *session, const char *library)
{
    sandbox_replace(session->library, library);
    for (int i = 0; i < 500; i++) {
        molt_reload_force(session->reload, &session->event);
        if (session->event.kind == MOLT_EVENT_RELOADED) {
            return;
        }
        sandbox_sleep(10);
    }
    fail_msg("%s\n%s", session->event.headline, session->event.detail);
}

/* A sanitizer of threads knows nothing of those that libc makes. */
static bool timers_are_possible(void)
{
#if defined(__SANITIZE_THREAD__)
    return false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    return true;
}

static void wait_for_tick(const Session *session)
{
    uint64_t ticks = number(session, "state.ticks");
    for (int i = 0; number(session, "state.ticks") == ticks; i++) {
        assert_true(i < 5000);
        sandbox_sleep(1);
    }
}

/* Through a file. */
static void load_own_state(Session *session, void **state)
{
    MoltReport report;
    MoltError error = {0};
    const char *path = sandbox_path(state, "ticks.molt");
    molt_report_init(&report, NULL);
    if (molt_reload_save(session->reload, path, NULL, 0, &report, &error) != MOLT_OK ||
        molt_reload_load(session->reload, path, false, NULL, 0, NULL, &report, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    molt_report_clear(&report);
}

static void timers_of_the_game_are_refused(void **state)
{
    Session session = {0};
    if (!timers_are_possible()) {
        skip();
    }
    open_session(&session, state, false, 2);
    for (int round = 0; round < 3; round++) {
        frame(&session, LOOM_TIMER);
        wait_for_tick(&session);
        refuse(&session, FIXTURE_LOOM_2, "tick", "SIGEV_THREAD");
        wait_for_tick(&session); /* the old code goes on */
        frame(&session, LOOM_NO_TIMER);
        force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
        frame(&session, LOOM_GO);
        force(&session, FIXTURE_LOOM_1, MOLT_EVENT_RELOADED);
        check_right(&session);
    }
    frame(&session, LOOM_TIMER);
    wait_for_tick(&session);
    load_own_state(&session, state); /* a load ends timers like jobs */
    uint64_t ticks = number(&session, "state.ticks");
    sandbox_sleep(20);
    assert_int_equal(number(&session, "state.ticks"), ticks);
    frame(&session, LOOM_GO);
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    check_right(&session);
    frame(&session, LOOM_TIMER);
    wait_for_tick(&session);
    close_session(&session); /* who deletes what the game has left */
    assert_int_equal(sandbox_mappings("loom."), 0);
    sandbox_sleep(5);
}

static void thread_of_a_constructor_is_refused(void **state)
{
    Session session = {0};
    char path[512];
    snprintf(path, sizeof path, "%s", sandbox_path(state, "early"));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    open_session(&session, state, false, 2);
    setenv("LOOM_EARLY", path, 1);
    refuse(&session, FIXTURE_LOOM_3, "the thread weft", "turn_weft of loom.c");
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED); /* that of the refused library is no hindrance */
    unsetenv("LOOM_EARLY");
    refuse(&session, FIXTURE_LOOM_1, "run_early", "api->thread_start()");
    unlink(path);
    force_when_ended(&session, FIXTURE_LOOM_1);
    check_right(&session);
    close_session(&session);
    assert_int_not_equal(sandbox_mappings("loom."), 0); /* the refused one, for its thread */
}

/* ---- files and the end --------------------------------------------------------------------- */

static bool rest_for_ever(void *context)
{
    (void)context;
    sandbox_sleep(1);
    return true;
}

static void load_ends_threads_and_the_game_starts_them_again(void **state)
{
    Session session = {0};
    MoltReport report;
    MoltError error = {0};
    char path[600];
    char *dump = NULL;
    size_t length;
    open_session(&session, state, false, 2);
    molt_report_init(&report, NULL);
    snprintf(path, sizeof path, "%s", sandbox_path(state, "loom.molt"));
    wait_for_code(&session, 1);
    assert_int_equal(molt_reload_save(session.reload, path, NULL, 0, &report, &error), MOLT_OK);
    assert_int_equal(number(&session, "state.started"), 1); /* no begin_reload, so no end_reload */
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    if (molt_reload_load(session.reload, path, false, NULL, 0, NULL, &report, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    molt_report_clear(&report);
    assert_null(strstr(session.host.logged, "the load ended"));
    assert_int_equal(number(&session, "state.started"), 2);
    wait_for_code(&session, 2);
    assert_true(molt_threads_start(session.host.threads, "forgotten", rest_for_ever, NULL));
    assert_int_equal(molt_reload_dump(session.reload, false, &dump, &length, &error), MOLT_OK);
    const MoltImportDesc import = {0};
    if (molt_reload_load_json(session.reload, dump, length, &import, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    free(dump);
    assert_non_null(strstr(session.host.logged, "the load ended the thread forgotten, and end_reload()"));
    assert_false(molt_threads_running(session.host.threads, "forgotten"));
    wait_for_code(&session, 2);
    frame(&session, LOOM_JOB);
    check_right(&session);
    close_session(&session);
}

/* What another process would read, in this one. */
static void threads_of_a_file_go_on(void **state)
{
    Session session = {0};
    char path[600], missing[300];
    open_session(&session, state, false, 2);
    MoltThreads *threads = session.host.threads;
    const MoltReload *reload = session.reload;
    snprintf(path, sizeof path, "%s", sandbox_path(state, "threads"));
    wait_for_code(&session, 1);
    assert_true(molt_threads_start(threads, "foreign", rest_for_ever, NULL));
    assert_true(molt_threads_rest(threads));
    assert_true(molt__thread_record_write(path, threads, NULL, reload->current, reload->heap));
    assert_true(molt_threads_end(threads));
    assert_false(molt_threads_running(threads, "warp"));
    molt__thread_record_start(path, threads, reload->current, reload->heap, missing, sizeof missing);
    assert_string_equal(missing, "Not started again: the thread foreign");
    assert_true(molt_threads_running(threads, "warp"));
    assert_true(molt_threads_running(threads, "weft"));
    assert_true(molt_threads_running(threads, "spare"));
    assert_false(molt_threads_running(threads, "foreign"));
    molt_threads_go_on(threads);
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    wait_for_code(&session, 2);
    check_right(&session);
    molt__thread_record_start("/nowhere", threads, reload->current, reload->heap, missing, sizeof missing);
    assert_string_equal(missing, "");
    close_session(&session);
}

static void reload_through_a_file_starts_them_again(void **state)
{
    Session session = {0};
    open_session(&session, state, true, 2);
    force(&session, FIXTURE_LOOM_2, MOLT_EVENT_RELOADED);
    assert_int_equal(number(&session, "state.started"), 2);
    wait_for_code(&session, 2);
    check_right(&session);
    close_session(&session);
}

static void thread_that_never_returns_is_named_at_the_end(void **state)
{
    Session session = {0};
    MoltError error = {0};
    open_session(&session, state, false, 2);
    frame(&session, LOOM_STUBBORN);
    sandbox_sleep(20);
    molt_reload_stop(session.reload);
    assert_int_equal(molt_reload_left(session.reload, &error), MOLT_BUSY);
    assert_non_null(strstr(error.text, "warp"));
    assert_true(sandbox_mappings("loom.") > 0);
    atomic_store(&session.host.wish, LOOM_GO);
    for (int i = 0; i < 20 && !molt_threads_end(session.host.threads); i++) {
        sandbox_sleep(1);
    }
    close_session(&session);
    assert_int_equal(sandbox_mappings("loom."), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(threads_and_jobs_go_on_in_the_new_code),
        TEST(without_workers_jobs_take_a_step_a_frame),
        TEST(failure_at_any_step_lets_threads_go_on),
        TEST(undo_takes_threads_back),
        TEST(stubborn_step_postpones_the_reload),
        TEST(step_that_is_gone_or_another_is_refused),
        TEST(context_that_is_deleted_is_refused),
        TEST(what_a_hook_asks_of_threads_refuses_the_reload),
        TEST(threads_of_the_game_itself_are_refused),
        TEST(timers_of_the_game_are_refused),
        TEST(load_ends_threads_and_the_game_starts_them_again),
        TEST(threads_of_a_file_go_on),
        TEST(reload_through_a_file_starts_them_again),
        TEST(thread_that_never_returns_is_named_at_the_end),
        TEST(thread_of_a_constructor_is_refused), /* last: a library stays */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
