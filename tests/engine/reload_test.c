#include "sandbox.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <molt/reload.h>

/* A running game whose library file is replaced as a linker would. */
typedef struct Session {
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
    unsigned before, after; /* calls of the hooks */
    MoltHash digest;        /* as the hook `before` saw it */
    char outcome[32];       /* as the hook `after` saw it */
} Session;

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

static void hook_before(void *context)
{
    Session *session = context;
    session->before++;
    session->digest = molt_heap_digest(molt_reload_heap(session->reload));
}

static void hook_after(void *context, const MoltReloadEvent *event)
{
    Session *session = context;
    session->after++;
    snprintf(session->outcome, sizeof session->outcome, "%s", event->outcome);
}

static void stop_test(void *context, const char *text)
{
    (void)context;
    fail_msg("heap fault: %s", text);
}

static MoltReloadDesc describe(Session *session)
{
    return (MoltReloadDesc){
        .library = session->library,
        .api = &api,
        .hooks = {.before = hook_before, .after = hook_after, .context = session},
        .fault = stop_test,
    };
}

static void open_session(Session *session, void **state, const char *library, MoltReloadDesc *desc)
{
    MoltError error = {0};
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session->library, library);
    MoltReloadDesc plain = describe(session);
    MoltStatus status = molt_reload_create(desc != NULL ? desc : &plain, &session->reload, &error);
    if (status == MOLT_OK) {
        status = molt_reload_start(session->reload, &error);
    }
    if (status != MOLT_OK) {
        fail_msg("%s", error.text);
    }
    assert_true(molt_reload_frame(session->reload));
}

static void close_session(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
}

/* Runs frames until an event of that kind; others on the way are passed over. */
static void wait_event(Session *session, MoltEventKind kind)
{
    for (int i = 0; i < 2500; i++) {
        while (molt_reload_poll(session->reload, &session->event)) {
            if (session->event.kind == kind) {
                return;
            }
            if (session->event.outcome[0] != 0) {
                fail_msg("%s instead of %s: %s\n%s", molt_event_id(session->event.kind),
                         molt_event_id(kind), session->event.headline, session->event.detail);
            }
        }
        assert_true(molt_reload_frame(session->reload));
        sandbox_sleep(2);
    }
    fail_msg("no event %s", molt_event_id(kind));
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

/* ---- the way that an editor takes ---------------------------------------------------------- */

static void new_library_migrates_the_state(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_1, NULL);
    assert_int_equal(molt_reload_generation(session.reload), 1);
    sandbox_replace(session.library, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_string_equal(session.event.outcome, "migrated");
    assert_string_equal(session.outcome, "migrated");
    assert_int_equal(session.event.objects, 100);
    assert_true(session.event.types > 0);
    assert_true(session.event.pause_ns > 0);
    assert_true(session.event.since_save_ns > session.event.pause_ns);
    assert_int_equal(session.event.generation, 2);
    assert_non_null(strstr(session.event.report_json, "Frog"));
    assert_non_null(strstr(session.event.detail, "weight"));
    assert_string_equal(session.event.trigger, session.library);
    assert_int_equal(session.before, 1);
    assert_int_equal(session.after, 1);
    assert_true(molt_reload_frame(session.reload)); /* the game checks every value itself */

    sandbox_replace(session.library, FIXTURE_POND_1);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_int_equal(molt_reload_generation(session.reload), 3);
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

static void new_code_on_equal_types_is_a_code_reload(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_1, NULL);
    sandbox_replace(session.library, FIXTURE_POND_5);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_string_equal(session.event.outcome, "code");
    assert_int_equal(session.event.objects, 0);
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

static void function_that_is_gone_refuses(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_1, NULL);
    MoltHash digest = molt_heap_digest(molt_reload_heap(session.reload));
    force(&session, FIXTURE_POND_3, MOLT_EVENT_REFUSED);
    MoltHash now = molt_heap_digest(molt_reload_heap(session.reload));
    assert_memory_equal(&now, &digest, sizeof now);
    assert_memory_equal(&now, &session.digest, sizeof now);
    assert_string_equal(session.event.outcome, "refused");
    assert_non_null(strstr(session.event.detail, "rest"));
    assert_int_equal(session.event.generation, 1);
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

static void field_that_must_have_a_source_refuses(void **state)
{
    Session session = {0};
    char *before = NULL, *after = NULL;
    open_session(&session, state, FIXTURE_POND_1, NULL);
    assert_int_equal(molt_reload_dump(session.reload, true, &before, NULL, NULL), MOLT_OK);
    force(&session, FIXTURE_POND_4, MOLT_EVENT_REFUSED);
    assert_non_null(strstr(session.event.detail, "age"));
    assert_int_equal(molt_reload_dump(session.reload, true, &after, NULL, NULL), MOLT_OK);
    assert_string_equal(before, after);
    free(before);
    free(after);
    force(&session, FIXTURE_POND_2, MOLT_EVENT_RELOADED); /* and nothing stands in its way later */
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

static void refused_library_is_not_tried_again_by_itself(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_1, NULL);
    sandbox_replace(session.library, FIXTURE_POND_4);
    wait_event(&session, MOLT_EVENT_REFUSED);
    for (int i = 0; i < 50; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        sandbox_sleep(2);
    }
    sandbox_replace(session.library, FIXTURE_POND_5);
    wait_event(&session, MOLT_EVENT_RELOADED);
    close_session(&session);
}

static void vanished_field_is_told_with_the_one_that_it_looks_renamed_to(void **state)
{
    Session session = {0};
    char usage[600];
    snprintf(usage, sizeof usage, "%s.usage", sandbox_path(state, "game.so"));
    sandbox_replace(usage, FIXTURE_POND_1 ".usage");
    open_session(&session, state, FIXTURE_POND_1, NULL);
    sandbox_replace(usage, FIXTURE_POND_6 ".usage");
    force(&session, FIXTURE_POND_6, MOLT_EVENT_RELOADED);
    if (strstr(session.event.detail, "It looks renamed to leaps (1 of 1 uses are alike, in hop): "
                                     "annotate that with MOLT_WAS(\"jumps\")") == NULL) {
        fail_msg("%s", session.event.detail);
    }
    force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED); /* and nothing was moved on a guess */
    assert_true(molt_reload_frame(session.reload));
    force(&session, FIXTURE_POND_6, MOLT_EVENT_RELOADED); /* the session knows that it was none */
    assert_non_null(strstr(session.event.detail, "Frog.jumps"));
    assert_null(strstr(session.event.detail, "renamed"));
    close_session(&session);

    open_session(&session, state, FIXTURE_POND_1, NULL); /* another one knows nothing of that */
    sandbox_text(usage, "molt-usage 1\ndamaged\n");
    force(&session, FIXTURE_POND_6, MOLT_EVENT_RELOADED);
    if (strstr(session.event.detail, "If it was renamed, annotate the new field") == NULL) {
        fail_msg("%s", session.event.detail);
    }
    close_session(&session);
}

/* ---- libraries that are not ready ---------------------------------------------------------- */

static void half_written_library_is_waited_for(void **state)
{
    Session session = {0};
    size_t size;
    open_session(&session, state, FIXTURE_POND_1, NULL);
    unsigned char *bytes = sandbox_read(FIXTURE_POND_2, &size);
    sandbox_write(session.library, bytes, size / 2);
    for (int i = 0; i < 100; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        assert_true(molt_reload_frame(session.reload));
        sandbox_sleep(2);
    }
    sandbox_write(session.library, bytes, size);
    free(bytes);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

static void library_that_stays_half_written_is_reported(void **state)
{
    Session session = {0};
    size_t size;
    open_session(&session, state, FIXTURE_POND_1, NULL);
    unsigned char *bytes = sandbox_read(FIXTURE_POND_2, &size);
    sandbox_write(session.library, bytes, size - 100);
    free(bytes);
    wait_event(&session, MOLT_EVENT_LOAD_FAILED);
    assert_string_equal(session.event.outcome, "load-failed");
    assert_non_null(strstr(session.event.detail, "cut off"));
    assert_true(molt_reload_frame(session.reload));
    sandbox_replace(session.library, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_RELOADED);
    close_session(&session);
}

static void library_that_vanishes_leaves_the_game_running(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_1, NULL);
    unlink(session.library);
    for (int i = 0; i < 20; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        assert_true(molt_reload_frame(session.reload));
        sandbox_sleep(2);
    }
    molt_reload_force(session.reload, &session.event);
    assert_int_equal(session.event.kind, MOLT_EVENT_LOAD_FAILED);
    assert_true(molt_reload_frame(session.reload));
    sandbox_replace(session.library, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_RELOADED);
    close_session(&session);
}

/* ---- hooks of the game --------------------------------------------------------------------- */

/* Pond is {frames, first, begun, ended, version}. */
static void check_hooks(const Session *session, uint32_t begun, uint32_t ended)
{
    const unsigned char *pond = molt_reload_state(session->reload);
    uint32_t counts[2];
    memcpy(counts, pond + sizeof(uint64_t) + sizeof(void *), sizeof counts);
    assert_int_equal(counts[0], begun);
    assert_int_equal(counts[1], ended);
}

static void begin_and_end_come_in_pairs(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_HOOKS_1, NULL);
    force(&session, FIXTURE_POND_HOOKS_2, MOLT_EVENT_RELOADED);
    check_hooks(&session, 1, 1);
    force(&session, FIXTURE_POND_HOOKS_1, MOLT_EVENT_RELOADED);
    check_hooks(&session, 2, 2);
    force(&session, FIXTURE_POND_HOOKS_3, MOLT_EVENT_REFUSED);
    check_hooks(&session, 3, 3);
    force(&session, FIXTURE_POND_4, MOLT_EVENT_REFUSED); /* refused before the game stops */
    check_hooks(&session, 3, 3);
    force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED); /* new code without end_reload */
    check_hooks(&session, 4, 3);
    close_session(&session);
}

/* ---- starting ------------------------------------------------------------------------------ */

static void refuse_start(void **state, const char *library, const char *words)
{
    Session session = {0};
    MoltError error = {0};
    snprintf(session.library, sizeof session.library, "%s", sandbox_path(state, "game.so"));
    sandbox_replace(session.library, library);
    MoltReloadDesc desc = describe(&session);
    assert_int_equal(molt_reload_create(&desc, &session.reload, &error), MOLT_OK);
    assert_int_not_equal(molt_reload_start(session.reload, &error), MOLT_OK);
    if (strstr(error.text, words) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", error.text, words);
    }
    assert_false(molt_reload_poll(session.reload, &session.event));
    close_session(&session);
    assert_int_equal(sandbox_mappings("/game."), 0);
}

static void start_up_must_return_the_root(void **state)
{
    refuse_start(state, FIXTURE_WRONG_NULL, "returned NULL");
    refuse_start(state, FIXTURE_WRONG_OUTSIDE, "no block of the Molt heap");
    refuse_start(state, FIXTURE_WRONG_INSIDE, "inside a block of Tree");
    refuse_start(state, FIXTURE_WRONG_TYPE, "block of Leaf, but MOLT_ROOT names Tree");
}

/* ---- building ------------------------------------------------------------------------------ */

/* The build copies the file that `choice` names over the library, or fails when there is none. */
static void write_manifest(void **state)
{
    char text[2048];
    snprintf(text, sizeof text,
             "{\"library\": \"game.so\", \"watch\": [\"src\"], \"build\": [\"sh\", \"-c\","
             "\"echo building; if [ -s choice ]; then cp \\\"$(cat choice)\\\" game.tmp && "
             "mv game.tmp game.so; else echo 'pond.c:3:1: error: expected something' >&2; exit 1; "
             "fi\"]}");
    sandbox_text(sandbox_path(state, "game.so.molt"), text);
    sandbox_folder(sandbox_path(state, "src"));
}

static void save(void **state, const char *library)
{
    sandbox_text(sandbox_path(state, "choice"), library);
    sandbox_text(sandbox_path(state, "src/pond.c"), "saved");
}

static void save_builds_and_reloads(void **state)
{
    Session session = {0};
    write_manifest(state);
    open_session(&session, state, FIXTURE_POND_1, NULL);
    assert_true(molt_reload_can_build(session.reload));

    save(state, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    assert_string_equal(session.event.trigger, sandbox_path(state, "src/pond.c"));
    assert_true(molt_reload_building(session.reload));
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    assert_string_equal(session.event.output, "building\n");
    assert_true(session.event.reload_follows);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_string_equal(session.event.outcome, "migrated");
    assert_string_equal(session.event.trigger, sandbox_path(state, "src/pond.c"));
    assert_true(molt_reload_frame(session.reload));

    save(state, "");
    wait_event(&session, MOLT_EVENT_BUILD_FAILED);
    assert_string_equal(session.event.outcome, "build-failed");
    assert_string_equal(session.outcome, "build-failed");
    assert_string_equal(session.event.detail, "pond.c:3:1: error: expected something\n");
    assert_non_null(strstr(session.event.headline, "pond.c:3:1"));
    assert_int_equal(session.before, 2);
    assert_int_equal(session.after, 2);
    assert_true(molt_reload_frame(session.reload));

    save(state, FIXTURE_POND_1);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_true(molt_reload_frame(session.reload));
    close_session(&session);
}

static void save_during_a_build_builds_again(void **state)
{
    Session session = {0};
    sandbox_text(sandbox_path(state, "game.so.molt"),
                 "{\"watch\": [\"src\"], \"build\": [\"sh\", \"-c\", \"sleep 0.15; cp \\\"$(cat "
                 "choice)\\\" game.tmp && mv game.tmp game.so\"]}");
    sandbox_folder(sandbox_path(state, "src"));
    open_session(&session, state, FIXTURE_POND_1, NULL);
    save(state, FIXTURE_POND_5);
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    sandbox_sleep(50);
    sandbox_text(sandbox_path(state, "src/pond.c"), "saved again");
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    save(state, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    wait_event(&session, MOLT_EVENT_RELOADED);
    close_session(&session);
}

static void build_that_changes_nothing_says_so(void **state)
{
    Session session = {0};
    sandbox_text(sandbox_path(state, "game.so.molt"),
                 "{\"watch\": [\"src\"], \"build\": [\"true\"]}");
    sandbox_folder(sandbox_path(state, "src"));
    open_session(&session, state, FIXTURE_POND_1, NULL);
    save(state, "");
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    assert_false(session.event.reload_follows);
    assert_int_equal(molt_reload_generation(session.reload), 1);
    close_session(&session);
}

static void program_that_is_missing_fails_the_build(void **state)
{
    Session session = {0};
    sandbox_text(sandbox_path(state, "game.so.molt"),
                 "{\"watch\": [\"src\"], \"build\": [\"molt-no-such-program\"]}");
    sandbox_folder(sandbox_path(state, "src"));
    open_session(&session, state, FIXTURE_POND_1, NULL);
    save(state, "");
    wait_event(&session, MOLT_EVENT_BUILD_FAILED);
    assert_non_null(strstr(session.event.detail, "molt-no-such-program"));
    close_session(&session);
}

static void running_build_ends_with_the_host(void **state)
{
    Session session = {0};
    sandbox_text(sandbox_path(state, "game.so.molt"),
                 "{\"watch\": [\"src\"], \"build\": [\"sleep\", \"30\"]}");
    sandbox_folder(sandbox_path(state, "src"));
    open_session(&session, state, FIXTURE_POND_1, NULL);
    save(state, "");
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    close_session(&session);
    assert_int_equal(sandbox_zombies(), 0);
}

static void no_build_only_watches_the_library(void **state)
{
    Session session = {0};
    write_manifest(state);
    MoltReloadDesc desc = describe(&session);
    desc.no_build = true;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    assert_false(molt_reload_can_build(session.reload));
    save(state, FIXTURE_POND_2);
    for (int i = 0; i < 50; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        sandbox_sleep(2);
    }
    sandbox_replace(session.library, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_RELOADED);
    close_session(&session);
}

static void no_watch_reloads_only_when_forced(void **state)
{
    Session session = {0};
    MoltReloadDesc desc = describe(&session);
    desc.no_watch = true;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    sandbox_replace(session.library, FIXTURE_POND_2);
    for (int i = 0; i < 50; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        sandbox_sleep(1);
    }
    molt_reload_force(session.reload, &session.event);
    assert_int_equal(session.event.kind, MOLT_EVENT_RELOADED);
    close_session(&session);
}

/* ---- back to earlier code ------------------------------------------------------------------- */

static void step(Session *session, int32_t steps, MoltEventKind kind, uint32_t generation)
{
    assert_true(molt_reload_step(session->reload, steps, &session->event));
    assert_int_equal(session->event.kind, kind);
    assert_int_equal(session->event.steps, steps);
    assert_int_equal(molt_reload_generation(session->reload), generation);
    assert_int_equal(session->event.generation, generation);
    assert_true(molt_reload_frame(session->reload));
}

static char *dump(const Session *session)
{
    char *text = NULL;
    assert_int_equal(molt_reload_dump(session->reload, false, &text, NULL, NULL), MOLT_OK);
    return text;
}

static void undo_carries_the_state_back_and_redo_forward(void **state)
{
    Session session = {0};
    uint32_t numbers[4], at = 9;
    open_session(&session, state, FIXTURE_POND_1, NULL);
    assert_false(molt_reload_step(session.reload, -1, &session.event));
    assert_int_equal(session.event.kind, MOLT_EVENT_NONE);
    char *first = dump(&session);
    force(&session, FIXTURE_POND_2, MOLT_EVENT_RELOADED);
    char *second = dump(&session);
    assert_true(molt_reload_step(session.reload, -1, &session.event));
    char *again = dump(&session);
    assert_string_equal(first, again);
    assert_non_null(strstr(session.event.headline, "undone"));
    free(again);
    assert_true(molt_reload_frame(session.reload));
    assert_true(molt_reload_step(session.reload, 1, &session.event));
    assert_non_null(strstr(session.event.headline, "redone"));
    assert_false(molt_reload_step(session.reload, 1, &session.event));
    assert_int_equal(molt_reload_generation(session.reload), 2);
    step(&session, -1, MOLT_EVENT_RELOADED, 1);

    force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED); /* forgets generation 2 */
    assert_false(molt_reload_step(session.reload, 1, &session.event));
    assert_int_equal(molt_reload_history(session.reload, numbers, 4, &at), 2);
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[1], 3);
    assert_int_equal(at, 1);
    free(first);
    free(second);
    close_session(&session);
}

static void several_steps_are_one_reload(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_1, NULL);
    force(&session, FIXTURE_POND_2, MOLT_EVENT_RELOADED);
    force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED);
    force(&session, FIXTURE_POND_2, MOLT_EVENT_RELOADED);
    step(&session, -3, MOLT_EVENT_RELOADED, 1);
    step(&session, 2, MOLT_EVENT_RELOADED, 3);
    assert_false(molt_reload_step(session.reload, 2, &session.event));
    assert_false(molt_reload_step(session.reload, -3, &session.event));
    close_session(&session);
}

/* The first frog, whose first field is hp. */
static void *first_frog(const Session *session)
{
    struct {
        uint64_t frames;
        void *first;
    } pond;
    memcpy(&pond, molt_reload_state(session->reload), sizeof pond);
    return pond.first;
}

static void way_back_that_is_refused_leaves_the_running_code(void **state)
{
    Session session = {0};
    MoltReloadDesc desc = describe(&session);
    desc.policy = MOLT_POLICY_STRICT;
    uint32_t at = 9;
    const float half = 0.5f, none = 0;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    force(&session, FIXTURE_POND_2, MOLT_EVENT_RELOADED);
    memcpy(first_frog(&session), &half, sizeof half); /* which was an int in version 1 */
    assert_true(molt_reload_step(session.reload, -1, &session.event));
    assert_int_equal(session.event.kind, MOLT_EVENT_REFUSED);
    assert_int_equal(molt_reload_generation(session.reload), 2);
    assert_int_equal(molt_reload_history(session.reload, NULL, 0, &at), 2);
    assert_int_equal(at, 1);
    memcpy(first_frog(&session), &none, sizeof none);
    assert_true(molt_reload_frame(session.reload));
    step(&session, -1, MOLT_EVENT_RELOADED, 1);
    close_session(&session);
}

static void undone_code_comes_back_only_when_it_changes(void **state)
{
    Session session = {0};
    open_session(&session, state, FIXTURE_POND_1, NULL);
    sandbox_replace(session.library, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_RELOADED);
    step(&session, -1, MOLT_EVENT_RELOADED, 1);
    for (int i = 0; i < 50; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        sandbox_sleep(2);
    }
    sandbox_replace(session.library, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_int_equal(molt_reload_generation(session.reload), 3);
    close_session(&session);
}

static void history_has_a_bound(void **state)
{
    Session session = {0};
    MoltReloadDesc desc = describe(&session);
    desc.history = 3;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    for (int i = 0; i < 6; i++) {
        force(&session, i % 2 == 0 ? FIXTURE_POND_2 : FIXTURE_POND_1, MOLT_EVENT_RELOADED);
    }
    uint32_t numbers[3], at = 9;
    assert_int_equal(molt_reload_history(session.reload, numbers, 3, &at), 3);
    assert_int_equal(numbers[0], 5);
    assert_int_equal(at, 2);
    assert_false(molt_reload_step(session.reload, -3, &session.event));
    step(&session, -2, MOLT_EVENT_RELOADED, 5);
    close_session(&session);

    desc = describe(&session);
    desc.no_history = true;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    force(&session, FIXTURE_POND_2, MOLT_EVENT_RELOADED);
    assert_false(molt_reload_step(session.reload, -1, &session.event));
    close_session(&session);
}

/* ---- many times ---------------------------------------------------------------------------- */

/* Bytes that malloc has handed out; a sanitizer's malloc does not tell. */
static size_t bytes_in_use(void)
{
    return mallinfo2().uordblks;
}

static void thousand_reloads_leave_nothing_behind(void **state)
{
    Session session = {0};
    MoltReloadDesc desc = describe(&session);
    desc.no_watch = true;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    unsigned files = 0, libraries = 0, mappings = 0, closed = sandbox_closed_mappings();
    size_t bytes = 0;
    for (int i = 0; i < 1000; i++) {
        force(&session, i % 2 == 0 ? FIXTURE_POND_2 : FIXTURE_POND_1, MOLT_EVENT_RELOADED);
        assert_true(molt_reload_frame(session.reload));
        if (i % 10 == 5) {
            force(&session, FIXTURE_POND_4, MOLT_EVENT_REFUSED);
            assert_true(molt_reload_frame(session.reload));
        }
        molt_reload_poll(session.reload, &session.event); /* the old generation goes here */
        if (i == 99) {
            files = sandbox_open_files();
            libraries = sandbox_mappings("/game.");
            mappings = sandbox_mappings("") - sandbox_closed_mappings();
        }
        if (i == 499) {
            bytes = bytes_in_use(); /* how malloc cuts its remainders has settled by then */
        }
    }
    assert_int_equal(molt_reload_generation(session.reload), 1001);
    assert_int_equal(sandbox_open_files(), files);
    assert_int_equal(sandbox_mappings("/game."), libraries);
    assert_true(sandbox_mappings("") - sandbox_closed_mappings() <= mappings + 8 + SANDBOX_PARTS);
    assert_true(sandbox_closed_mappings() <= closed + 256); /* where libraries were */
    assert_true(bytes_in_use() <= bytes + (size_t)500 * 16); /* the smallest block takes 32 bytes */
    close_session(&session);
    assert_int_equal(sandbox_mappings("/game."), 0);
}

/* The root of all versions. */
typedef struct PondBytes {
    uint64_t frames;
    void *first;
    uint32_t begun, ended, version;
    void (*unfollowed)(void *);
    const int *stone;
} PondBytes;

/* Version 7 stores a pointer to a function of its own where nobody follows it. */
static void library_that_a_pointer_leads_into_stays_loaded(void **state)
{
    Session session = {0};
    PondBytes pond;
    MoltReloadDesc desc = describe(&session);
    desc.no_watch = true;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    unsigned one = sandbox_mappings("/game.");
    force(&session, FIXTURE_POND_7, MOLT_EVENT_RELOADED);
    assert_false(molt_reload_poll(session.reload, &session.event));
    assert_int_equal(sandbox_mappings("/game."), one);
    assert_true(molt_reload_frame(session.reload));

    force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED);
    assert_true(molt_reload_poll(session.reload, &session.event));
    assert_int_equal(session.event.kind, MOLT_EVENT_LIBRARY_HELD);
    if (strstr(session.event.detail, "Pond.unfollowed, in Pond:0") == NULL) {
        fail_msg("%s", session.event.detail);
    }
    assert_false(molt_reload_poll(session.reload, &session.event));
    assert_int_equal(sandbox_mappings("/game."), 2 * one);
    memcpy(&pond, molt_reload_state(session.reload), sizeof pond);
    unsigned char frog[256] = {0};
    pond.unfollowed(frog); /* which is still there */

    force(&session, FIXTURE_POND_5, MOLT_EVENT_RELOADED);
    assert_false(molt_reload_poll(session.reload, &session.event)); /* told once */
    assert_int_equal(sandbox_mappings("/game."), 2 * one);
    pond.unfollowed = NULL;
    memcpy(molt_reload_state(session.reload), &pond, sizeof pond);
    assert_true(molt_reload_frame(session.reload));
    force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED);
    assert_false(molt_reload_poll(session.reload, &session.event));
    assert_int_equal(sandbox_mappings("/game."), one);
    close_session(&session);
    assert_int_equal(sandbox_mappings("/game."), 0);
}

/* Version 5 stores an address of its own numbers as one of a struct, which no cast shows. */
static void pointer_that_a_reload_passed_over_follows_later(void **state)
{
    Session session = {0};
    PondBytes pond;
    struct {
        int32_t hp;
        void *act, *kind;
        const int *table; /* where it must lead, too */
    } frog;
    MoltReloadDesc desc = describe(&session);
    desc.no_watch = true;
    open_session(&session, state, FIXTURE_POND_1, &desc);
    unsigned one = sandbox_mappings("/game.");
    force(&session, FIXTURE_POND_5, MOLT_EVENT_RELOADED);
    assert_true(molt_reload_frame(session.reload));
    for (int round = 0; round < 2; round++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        assert_int_equal(sandbox_mappings("/game."), one);
        force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED);
        memcpy(&pond, molt_reload_state(session.reload), sizeof pond);
        memcpy(&frog, pond.first, sizeof frog);
        assert_int_equal(*pond.stone, 33); /* of the library before, which is still there */
        assert_int_equal(pond.stone == frog.table, round == 1); /* then it is known, and followed at once */
        assert_false(molt_reload_poll(session.reload, &session.event));
        memcpy(&pond, molt_reload_state(session.reload), sizeof pond);
        assert_ptr_equal(pond.stone, frog.table);
    }
    close_session(&session);
}

static void equal_runs_with_and_without_reloads_end_alike(void **state)
{
    char *texts[2] = {NULL, NULL};
    for (int run = 0; run < 2; run++) {
        Session session = {0};
        open_session(&session, state, FIXTURE_POND_1, NULL);
        for (int frame = 0; frame < 100; frame++) {
            if (run == 1 && frame % 10 == 0) {
                force(&session, FIXTURE_POND_1, MOLT_EVENT_RELOADED);
            }
            assert_true(molt_reload_frame(session.reload));
        }
        assert_int_equal(molt_reload_dump(session.reload, false, &texts[run], NULL, NULL), MOLT_OK);
        close_session(&session);
    }
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(new_library_migrates_the_state),
        TEST(new_code_on_equal_types_is_a_code_reload),
        TEST(function_that_is_gone_refuses),
        TEST(field_that_must_have_a_source_refuses),
        TEST(refused_library_is_not_tried_again_by_itself),
        TEST(vanished_field_is_told_with_the_one_that_it_looks_renamed_to),
        TEST(half_written_library_is_waited_for),
        TEST(library_that_stays_half_written_is_reported),
        TEST(library_that_vanishes_leaves_the_game_running),
        TEST(begin_and_end_come_in_pairs),
        TEST(start_up_must_return_the_root),
        TEST(save_builds_and_reloads),
        TEST(save_during_a_build_builds_again),
        TEST(build_that_changes_nothing_says_so),
        TEST(program_that_is_missing_fails_the_build),
        TEST(running_build_ends_with_the_host),
        TEST(no_build_only_watches_the_library),
        TEST(no_watch_reloads_only_when_forced),
        TEST(undo_carries_the_state_back_and_redo_forward),
        TEST(several_steps_are_one_reload),
        TEST(way_back_that_is_refused_leaves_the_running_code),
        TEST(undone_code_comes_back_only_when_it_changes),
        TEST(history_has_a_bound),
        TEST(thousand_reloads_leave_nothing_behind),
        TEST(library_that_a_pointer_leads_into_stays_loaded),
        TEST(pointer_that_a_reload_passed_over_follows_later),
        TEST(equal_runs_with_and_without_reloads_end_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
