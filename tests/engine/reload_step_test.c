/* A failure at every step of a reload, each time that a step is begun, and of every allocation for the
 * state: the old code runs on bit-identical state, the event says which step it was, nothing stays behind,
 * and the next try goes as if there had been none. */
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/reload.h>

#include "counting_allocator.h"
#include "loom_host.h"
#include "step_fault.h"
#include "thread_moment.h"

/* Tables that the heap keeps for the next try: few, however many there are. */
enum { SPARE = 8 };

typedef struct Session {
    LoomHost host;
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
    StepFault fault;
    CountingAllocator counting;
    MoltAllocator allocator;
} Session;

static void stop_test(void *context, const char *text)
{
    (void)context;
    fail_msg("heap fault: %s", text);
}

/* Threads and jobs rest throughout: what they do in between would be a change, too. */
static void open_session(Session *session, void **state, const char *library, bool through_file)
{
    MoltError error = {0};
    const MoltThreadsDesc threads = {.count = 2};
    loom_host_init(&session->host);
    assert_int_equal(molt_threads_create(&threads, &session->host.threads, &error), MOLT_OK);
    assert_true(molt_threads_rest(session->host.threads));
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, library);
    session->allocator = counting_allocator(&session->counting);
    const MoltReloadDesc desc = {.library = session->library,
                                 .api = &session->host.api,
                                 .threads = session->host.threads,
                                 .no_watch = true,
                                 .history = 2,
                                 .through_file = through_file,
                                 .heap = {.allocator = &session->allocator},
                                 .steps = step_fault_steps(&session->fault),
                                 .fault = stop_test};
    if (molt_reload_create(&desc, &session->reload, &error) != MOLT_OK ||
        molt_reload_start(session->reload, &error) != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(molt_reload_frame(session->reload));
    assert_true(molt_reload_frame(session->reload));
}

static void close_session(Session *session)
{
    molt_threads_go_on(session->host.threads);
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
    molt_threads_destroy(session->host.threads);
    assert_int_equal(session->counting.blocks, 0);
    assert_int_equal(sandbox_mappings("/game."), 0);
}

/* What must be the same after a failure as before. The state with its addresses, as text too, for that
 * shows the variables. */
typedef struct Moment {
    MoltHash digest;
    char *dump;
    unsigned libraries, files;
    uint32_t generation;
    uint64_t blocks; /* of the heap's allocator */
    MoltThreadMoment threads;
} Moment;

static Moment look(const Session *session)
{
    Moment moment = {.libraries = sandbox_mappings("/game."),
                     .files = sandbox_open_files(),
                     .generation = molt_reload_generation(session->reload)};
    assert_int_equal(molt_reload_dump(session->reload, true, &moment.dump, NULL, NULL), MOLT_OK);
    moment.digest = molt_heap_digest(molt_reload_heap(session->reload));
    moment.blocks = session->counting.blocks;
    assert_true(molt__thread_moment_take(&moment.threads, session->host.threads));
    return moment;
}

static void clear(Moment *moment)
{
    molt__thread_moment_clear(&moment->threads);
    free(moment->dump);
}

/* Who runs, by name, step and context. */
static bool same_threads(const Moment *a, const Moment *b)
{
    bool same = a->threads.count == b->threads.count;
    for (uint32_t i = 0; same && i < a->threads.count; i++) {
        const MoltThreadMark *one = &a->threads.items[i], *other = &b->threads.items[i];
        same = strcmp(one->name, other->name) == 0 && one->step == other->step &&
               one->context == other->context && one->own == other->own;
    }
    return same;
}

static void assert_same_moment(const Session *session, const Moment *before, const char *what)
{
    Moment now = look(session);
    if (memcmp(&now.digest, &before->digest, sizeof now.digest) != 0 ||
        strcmp(now.dump, before->dump) != 0) {
        fail_msg("%s: the state is another\n%s\n%s", what, before->dump, now.dump);
    }
    if (!same_threads(&now, before)) {
        fail_msg("%s: other threads and jobs", what);
    }
    assert_int_equal(now.libraries, before->libraries);
    assert_int_equal(now.files, before->files);
    assert_int_equal(now.generation, before->generation);
    assert_true(now.blocks <= before->blocks + SPARE);
    clear(&now);
}

static bool attempt(Session *session, const char *library)
{
    sandbox_replace(session->library, library);
    session->fault.asked = 0;
    session->counting.calls = 0;
    molt_reload_force(session->reload, &session->event);
    return session->event.kind == MOLT_EVENT_RELOADED;
}

/* Fails each step in turn until one try meets no failure, which must succeed. */
static void sweep_steps(Session *session, const char *library)
{
    Moment before = look(session);
    for (session->fault.fail_at = 1;; session->fault.fail_at++) {
        bool reloaded = attempt(session, library);
        const char *step = molt_reload_step_id(session->fault.last);
        if (session->fault.asked < session->fault.fail_at) {
            if (!reloaded) {
                fail_msg("without a failure: %s\n%s", session->event.headline,
                         session->event.detail);
            }
            break;
        }
        MoltEventKind kind =
            session->fault.last < MOLT_STEP_PLAN ? MOLT_EVENT_LOAD_FAILED : MOLT_EVENT_REFUSED;
        if (session->event.kind != kind || strstr(session->event.detail, step) == NULL) {
            fail_msg("%s: %s\n%s", step, session->event.headline, session->event.detail);
        }
        molt_reload_poll(session->reload, &session->event); /* what was left goes here */
        assert_same_moment(session, &before, step);
    }
    session->fault.fail_at = 0;
    clear(&before);
    assert_true(molt_reload_frame(session->reload));
    molt_reload_poll(session->reload, &session->event);
}

/* The same with each allocation of the heap's bookkeeping, the migration's included. */
static void sweep_memory(Session *session, const char *library)
{
    Moment before = look(session);
    for (session->counting.fail_at = 1;; session->counting.fail_at++) {
        bool reloaded = attempt(session, library);
        if (session->counting.calls < session->counting.fail_at) {
            assert_true(reloaded);
            break;
        }
        uint64_t fail_at = session->counting.fail_at;
        session->counting.fail_at = 0;
        if (reloaded) { /* only that it was told, or an old library was closed, needs what was missing */
            break;
        }
        assert_true(session->event.detail[0] != 0);
        molt_reload_poll(session->reload, &session->event);
        assert_same_moment(session, &before, "memory");
        session->counting.fail_at = fail_at;
    }
    session->counting.fail_at = 0;
    clear(&before);
    assert_true(molt_reload_frame(session->reload));
}

static void failure_at_every_step_leaves_the_old_code_on_the_same_state(void **state)
{
    static const struct {
        const char *first, *second;
        bool through_file;
    } ways[] = {
        {FIXTURE_POND_1, FIXTURE_POND_2, false},     /* functions, literals, constants */
        {FIXTURE_POND_1, FIXTURE_POND_7, false},     /* a hook */
        {FIXTURE_METER_1, FIXTURE_METER_2, false},   /* variables, a thread-local */
        {FIXTURE_PANTRY_1, FIXTURE_PANTRY_2, false}, /* malloc */
        {FIXTURE_LOOM_1, FIXTURE_LOOM_5, false},     /* threads, jobs, a hook beside them */
        {FIXTURE_POND_1, FIXTURE_POND_2, true},
    };
    uint64_t seen = 0;
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        Session session = {0};
        open_session(&session, state, ways[w].first, ways[w].through_file);
        sweep_steps(&session, ways[w].second);
        sweep_steps(&session, ways[w].first); /* the way back, with what the attic holds */
        seen |= session.fault.seen;
        close_session(&session);
    }
    for (unsigned step = 0; step < MOLT_STEP_COUNT; step++) {
        if ((seen >> step & 1) == 0) {
            fail_msg("no reload came to the step %s", molt_reload_step_id((MoltReloadStep)step));
        }
    }
}

static void memory_that_runs_out_at_any_time_does_so_too(void **state)
{
    static const char *const ways[][2] = {{FIXTURE_POND_1, FIXTURE_POND_7},
                                          {FIXTURE_LOOM_1, FIXTURE_LOOM_5},
                                          {FIXTURE_METER_1, FIXTURE_METER_2},
                                          {FIXTURE_PANTRY_1, FIXTURE_PANTRY_2}};
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        Session session = {0};
        open_session(&session, state, ways[w][0], false);
        sweep_memory(&session, ways[w][1]);
        sweep_memory(&session, ways[w][0]);
        close_session(&session);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(failure_at_every_step_leaves_the_old_code_on_the_same_state),
        TEST(memory_that_runs_out_at_any_time_does_so_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
