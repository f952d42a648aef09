/* From a save to the new code while a host drives the build: which build counts, and when. */
#include "sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <molt/reload.h>

typedef struct Session {
    MoltReload *reload;
    MoltReloadEvent event;
    char library[512];
    char source[512];
    char choice[512];  /* holds the path of the library that the build takes */
    char started[512]; /* the builds that have begun, one byte each */
} Session;

static const MoltPlatformApi api = {.size = sizeof api, .version = MOLT_PLATFORM_VERSION};

#define TAKE "cp $(cat choice) game.tmp && mv game.tmp game.so"

static void set_up(Session *session, void **state, const char *script)
{
    char manifest[2048];
    snprintf(session->library, sizeof session->library, "%s", sandbox_path(state, "game.so"));
    snprintf(session->source, sizeof session->source, "%s", sandbox_path(state, "src/pond.c"));
    snprintf(session->choice, sizeof session->choice, "%s", sandbox_path(state, "choice"));
    snprintf(session->started, sizeof session->started, "%s", sandbox_path(state, "started"));
    snprintf(manifest, sizeof manifest,
             "{\"watch\": [\"src\"], \"build\": [\"sh\", \"-c\", \"%s\"]}", script);
    if (script[0] != 0) {
        sandbox_text(sandbox_path(state, "game.so.molt"), manifest);
    }
    sandbox_folder(sandbox_path(state, "src"));
    sandbox_replace(session->library, FIXTURE_POND_1);
}

static void start(Session *session, MoltReloadDesc desc)
{
    MoltError error = {0};
    desc.library = session->library;
    desc.api = &api;
    MoltStatus status = molt_reload_create(&desc, &session->reload, &error);
    if (status == MOLT_OK) {
        status = molt_reload_start(session->reload, &error);
    }
    if (status != MOLT_OK) {
        fail_msg("%s", error.text);
    }
}

static void finish(Session *session)
{
    molt_reload_stop(session->reload);
    molt_reload_destroy(session->reload);
    assert_int_equal(sandbox_zombies(), 0);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* As a host does that has nothing to draw: it only ever waits. */
static void wait_event(Session *session, MoltEventKind kind)
{
    uint64_t end = now_ns() + UINT64_C(20000000000);
    while (now_ns() < end) {
        while (molt_reload_poll(session->reload, &session->event)) {
            if (session->event.kind == kind) {
                return;
            }
            if (session->event.outcome[0] != 0) {
                fail_msg("%s instead of %s: %s\n%s", molt_event_id(session->event.kind),
                         molt_event_id(kind), session->event.headline, session->event.detail);
            }
        }
        molt_reload_wait(session->reload, now_ns() + 50000000u);
    }
    fail_msg("no event %s", molt_event_id(kind));
}

static void save(const Session *session, const char *library)
{
    sandbox_text(session->choice, library);
    sandbox_text(session->source, "saved");
}

static size_t builds_begun(const Session *session)
{
    size_t size;
    free(sandbox_read(session->started, &size));
    return size;
}

static void newer_save_ends_the_build_and_starts_the_next(void **state)
{
    Session session = {0};
    set_up(&session, state, "printf x >> started; if [ -s slow ]; then sleep 30; fi; " TAKE);
    start(&session, (MoltReloadDesc){0});
    const char *slow = sandbox_path(state, "slow");
    sandbox_text(slow, "x");
    save(&session, FIXTURE_POND_3); /* which would be refused */
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    while (access(session.started, F_OK) != 0) {
        sandbox_sleep(2);
    }
    sandbox_text(slow, "");
    uint64_t saved = now_ns();
    save(&session, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_BUILD_CANCELLED);
    assert_string_equal(session.event.outcome, "");
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_true(now_ns() - saved < UINT64_C(15000000000)); /* the first build sleeps for 30 s */
    assert_true(session.event.since_save_ns >= now_ns() - saved); /* counted from the first save */
    assert_int_equal(builds_begun(&session), 2);
    assert_true(molt_reload_frame(session.reload));
    finish(&session);
}

static uint64_t file_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A host listens only some time after it was started; what is older than that was built by whoever wrote
 * it. */
static void save_before_there_is_a_watch_is_built(void **state)
{
    Session session = {0};
    set_up(&session, state, "printf x >> started; " TAKE);
    save(&session, FIXTURE_POND_2);
    sandbox_sleep(20);
    start(&session, (MoltReloadDesc){.since_ns = file_time_ns()});
    for (int i = 0; i < 50; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        sandbox_sleep(2);
    }
    finish(&session);
    uint64_t since = file_time_ns();
    save(&session, FIXTURE_POND_2);
    start(&session, (MoltReloadDesc){.since_ns = since});
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_int_equal(builds_begun(&session), 1);
    finish(&session);
}

/* The state has a field `weight` in pond_2 alone. */
static bool has_weight(const Session *session)
{
    char *text = NULL;
    assert_int_equal(molt_reload_dump(session->reload, false, &text, NULL, NULL), MOLT_OK);
    bool found = strstr(text, "weight") != NULL;
    free(text);
    return found;
}

static void second_of_two_saves_lands(void **state)
{
    Session session = {0};
    set_up(&session, state, "printf x >> started; " TAKE);
    start(&session, (MoltReloadDesc){0});
    for (int round = 0; round < 8; round++) {
        bool weight = round % 2 == 0;
        save(&session, weight ? FIXTURE_POND_5 : FIXTURE_POND_2);
        if (round % 4 < 2) { /* the first one's build has begun, or has not */
            wait_event(&session, MOLT_EVENT_BUILD_STARTED);
        }
        save(&session, weight ? FIXTURE_POND_2 : FIXTURE_POND_1);
        uint64_t end = now_ns() + UINT64_C(10000000000);
        while (has_weight(&session) != weight || molt_reload_building(session.reload)) {
            assert_true(now_ns() < end);
            molt_reload_wait(session.reload, now_ns() + 50000000u);
            while (molt_reload_poll(session.reload, &session.event)) {
                assert_int_not_equal(session.event.kind, MOLT_EVENT_LOAD_FAILED);
            }
        }
        assert_true(molt_reload_frame(session.reload));
    }
    finish(&session);
}

/* The build makes only what is older than its source, and has read that when it is saved again. */
static void save_that_the_running_build_does_not_see_lands(void **state)
{
    Session session = {0};
    set_up(&session, state,
           "[ made -nt src/pond.c ] && exit; trap '' INT TERM; printf x >> started; C=$(cat choice); "
           "sleep 0.4; cp $C game.tmp && mv game.tmp game.so && touch made");
    start(&session, (MoltReloadDesc){0});
    save(&session, FIXTURE_POND_1);
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    while (access(session.started, F_OK) != 0) {
        sandbox_sleep(2);
    }
    sandbox_sleep(50);
    save(&session, FIXTURE_POND_2);
    uint64_t end = now_ns() + UINT64_C(10000000000);
    while (!has_weight(&session)) {
        assert_true(now_ns() < end);
        molt_reload_wait(session.reload, now_ns() + 50000000u);
        while (molt_reload_poll(session.reload, &session.event)) {
            assert_int_not_equal(session.event.kind, MOLT_EVENT_LOAD_FAILED);
        }
    }
    assert_int_equal(builds_begun(&session), 2);
    finish(&session);
}

static void land(Session *session, unsigned *cancelled)
{
    uint64_t end = now_ns() + UINT64_C(20000000000);
    while (!has_weight(session) || molt_reload_building(session->reload)) {
        while (molt_reload_poll(session->reload, &session->event)) {
            *cancelled += session->event.kind == MOLT_EVENT_BUILD_CANCELLED;
            assert_int_not_equal(session->event.kind, MOLT_EVENT_LOAD_FAILED);
        }
        assert_true(now_ns() < end);
        molt_reload_wait(session->reload, now_ns() + 50000000u);
    }
}

/* A build that writes into its own sources. */
static unsigned count_overtaken(void **state, const char *command)
{
    Session session = {0};
    unsigned cancelled = 0;
    char script[512];
    snprintf(script, sizeof script,
             "printf x >> started; %s > src/generated.c; sleep 0.2; " TAKE, command);
    set_up(&session, state, script);
    start(&session, (MoltReloadDesc){0});
    save(&session, FIXTURE_POND_2);
    land(&session, &cancelled);
    finish(&session);
    return cancelled;
}

static void build_that_writes_the_same_source_lands(void **state)
{
    assert_int_equal(count_overtaken(state, "echo x"), 1);
}

static void build_is_not_overtaken_for_ever(void **state)
{
    assert_int_equal(count_overtaken(state, "date +%s%N"), 4);
}

/* What builds, hosts and games write beside the sources ends no build. */
static void files_beside_the_sources_end_no_build(void **state)
{
    Session session = {0};
    unsigned cancelled = 0;
    set_up(&session, state,
           "printf x >> started; cp $(cat choice) src/game.so.new; "
           "for i in 1 2 3 4; do echo $i > src/game.log; echo $i > src/shot.c; sleep 0.1; done; "
           "mv src/game.so.new game.so");
    start(&session, (MoltReloadDesc){0});
    molt_reload_own_file(session.reload, sandbox_path(state, "src/shot.c"));
    save(&session, FIXTURE_POND_2);
    land(&session, &cancelled);
    assert_int_equal(cancelled, 0);
    finish(&session);
}

static void failed_build_has_its_messages_apart(void **state)
{
    Session session = {0};
    set_up(&session, state,
           "echo '[1/2] Building pond.o'; echo 'pond.c:3:7: error: expected something'; "
           "echo 'pond.h:1:1: note: here'; exit 1");
    start(&session, (MoltReloadDesc){0});
    save(&session, "");
    wait_event(&session, MOLT_EVENT_BUILD_FAILED);
    assert_int_equal(session.event.diagnostic_count, 2);
    assert_string_equal(session.event.diagnostics[0].file, "pond.c");
    assert_int_equal(session.event.diagnostics[0].line, 3);
    assert_string_equal(session.event.diagnostics[0].message, "expected something");
    assert_int_equal(session.event.diagnostics[1].kind, MOLT_DIAGNOSTIC_NOTE);
    assert_true(molt_reload_frame(session.reload));
    finish(&session);
}

static void progress_is_told_while_building(void **state)
{
    Session session = {0};
    uint32_t done = 0, total = 0;
    set_up(&session, state, "echo '[3/8] Building'; sleep 30");
    start(&session, (MoltReloadDesc){0});
    assert_false(molt_reload_progress(session.reload, &done, &total));
    save(&session, "");
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    for (int i = 0; i < 2000 && !molt_reload_progress(session.reload, &done, &total); i++) {
        sandbox_sleep(2);
        assert_false(molt_reload_poll(session.reload, &session.event));
    }
    assert_int_equal(done, 3);
    assert_int_equal(total, 8);
    finish(&session);
}

/* Without a manifest: a command and what it is built from are given. */
static void given_command_needs_no_manifest(void **state)
{
    Session session = {0};
    char command[4096], source[512];
    set_up(&session, state, "");
    snprintf(command, sizeof command, "cp \"$(cat '%s')\" '%s.tmp' && mv '%s.tmp' '%s'",
             session.choice, session.library, session.library, session.library);
    snprintf(source, sizeof source, "%s", sandbox_path(state, "src"));
    start(&session,
          (MoltReloadDesc){.build = command, .watch = (const char *const[]){source, NULL}});
    assert_true(molt_reload_can_build(session.reload));
    save(&session, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_RELOADED);
    assert_true(molt_reload_frame(session.reload));
    finish(&session);
}

static void saved_assets_build_nothing(void **state)
{
    Session session = {0};
    set_up(&session, state, "");
    sandbox_text(sandbox_path(state, "game.so.molt"),
                 "{\"watch\": [\"src\"], \"assets\": \"src/assets\", \"build\": [\"true\"]}");
    sandbox_folder(sandbox_path(state, "src/assets"));
    start(&session, (MoltReloadDesc){0});
    sandbox_text(sandbox_path(state, "src/assets/map.txt"), "saved");
    for (int i = 0; i < 20; i++) {
        assert_false(molt_reload_poll(session.reload, &session.event));
        sandbox_sleep(2);
    }
    sandbox_text(session.source, "saved");
    wait_event(&session, MOLT_EVENT_BUILD_STARTED);
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    finish(&session);
}

/* A host that waits sees each step at once: the way takes no fixed time, such as a quiet time or a frame. How
 * long a build takes tells how busy the machine is. */
static void waiting_ends_when_something_happens(void **state)
{
    Session session = {0};
    uint64_t best = UINT64_MAX, least_build = UINT64_MAX;
    set_up(&session, state, TAKE);
    start(&session, (MoltReloadDesc){0});
    uint64_t start_ns = now_ns();
    assert_false(molt_reload_wait(session.reload, start_ns + 20000000u)); /* nothing happens */
    assert_true(now_ns() - start_ns >= 20000000u);
    for (int round = 0; round < 6; round++) {
        save(&session, round % 2 == 0 ? FIXTURE_POND_2 : FIXTURE_POND_1);
        wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
        uint64_t build = session.event.build_ns;
        wait_event(&session, MOLT_EVENT_RELOADED);
        uint64_t own =
            session.event.since_save_ns - build - session.event.prepare_ns - session.event.pause_ns;
        best = own < best ? own : best;
        least_build = build < least_build ? build : least_build;
    }
    assert_in_range(best, 0, 10000000u + least_build);
    finish(&session);
}

/* Stands for the generator: says that it has done one run, and lives as long as its input is open. */
#define GENERATOR                                                                                  \
    "#!/bin/sh\necho $$ > \"${0%/*}/process\"\necho asked 1 answered 1 memory 77\n"                  \
    "echo \"$2\" > \"${0%/*}/socket\"\nread line\n"

static void make_generator(void **state)
{
    const char *path = sandbox_path(state, "generator");
    sandbox_text(path, GENERATOR);
    assert_int_equal(chmod(path, 0700), 0);
    sandbox_text(sandbox_path(state, "game.so.molt"),
                 "{\"watch\": [\"src\"], \"generator\": \"generator\", \"build\": [\"sh\", \"-c\", "
                 "\"printf %s \\\"$MOLT_CODEGEN_SOCKET\\\" > variable; " TAKE "\"]}");
}

/* Once it has said all it says. */
static pid_t generator_process(void **state)
{
    const char *socket = sandbox_path(state, "socket");
    for (int i = 0; i < 5000 && access(socket, F_OK) != 0; i++) {
        sandbox_sleep(2);
    }
    size_t size;
    char *text = (char *)sandbox_read(sandbox_path(state, "process"), &size);
    pid_t process = (pid_t)strtol(text, NULL, 10);
    free(text);
    unlink(socket);
    assert_true(process > 0);
    return process;
}

static void generator_stays_for_the_builds_and_ends_with_the_host(void **state)
{
    Session session = {0};
    set_up(&session, state, "");
    make_generator(state);
    start(&session, (MoltReloadDesc){0});
    save(&session, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    size_t size;
    char *variable = (char *)sandbox_read(sandbox_path(state, "variable"), &size);
    assert_non_null(strstr(variable, "/codegen.socket"));
    free(variable);
    wait_event(&session, MOLT_EVENT_RELOADED);
    pid_t first = generator_process(state);
    kill(first, SIGKILL);
    save(&session, FIXTURE_POND_1);
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    assert_true(session.event.resident_runs >= 1); /* of the one that is gone */
    wait_event(&session, MOLT_EVENT_RELOADED);
    pid_t second = generator_process(state);
    assert_int_not_equal(first, second);
    save(&session, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    assert_int_equal(session.event.resident_runs, 2);
    assert_int_equal(session.event.resident_kib, 77);
    wait_event(&session, MOLT_EVENT_RELOADED);
    finish(&session);
    assert_int_not_equal(kill(second, 0), 0);
}

static void assert_none_serves(void **state, const char *program, bool no_resident)
{
    Session session = {0};
    size_t size;
    set_up(&session, state, "");
    make_generator(state);
    if (program != NULL) {
        sandbox_text(sandbox_path(state, "generator"), program);
    }
    start(&session, (MoltReloadDesc){.no_resident = no_resident});
    save(&session, FIXTURE_POND_2);
    wait_event(&session, MOLT_EVENT_BUILD_SUCCEEDED);
    assert_int_equal(session.event.resident_runs, 0);
    assert_int_equal(session.event.resident_kib, 0);
    wait_event(&session, MOLT_EVENT_RELOADED);
    free(sandbox_read(sandbox_path(state, "variable"), &size));
    assert_true(size == 0 || program != NULL);
    finish(&session);
}

static void generator_that_ends_at_once_is_done_without(void **state)
{
    assert_none_serves(state, "#!/bin/sh\nexit 1\n", false);
}

static void generator_that_is_no_program_is_done_without(void **state)
{
    assert_none_serves(state, "no program", false);
}

static void no_resident_starts_none(void **state)
{
    assert_none_serves(state, NULL, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(newer_save_ends_the_build_and_starts_the_next),
        TEST(save_before_there_is_a_watch_is_built),
        TEST(second_of_two_saves_lands),
        TEST(save_that_the_running_build_does_not_see_lands),
        TEST(build_that_writes_the_same_source_lands),
        TEST(build_is_not_overtaken_for_ever),
        TEST(files_beside_the_sources_end_no_build),
        TEST(failed_build_has_its_messages_apart),
        TEST(progress_is_told_while_building),
        TEST(given_command_needs_no_manifest),
        TEST(saved_assets_build_nothing),
        TEST(waiting_ends_when_something_happens),
        TEST(generator_stays_for_the_builds_and_ends_with_the_host),
        TEST(generator_that_ends_at_once_is_done_without),
        TEST(generator_that_is_no_program_is_done_without),
        TEST(no_resident_starts_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
