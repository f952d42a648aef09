#include "sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "diagnostics.h"
#include "manifest.h"
#include "progress.h"

static MoltBuild *make_build(const char *directory, const char *script)
{
    MoltBuild *build = NULL;
    const char *const arguments[] = {"sh", "-c", script, NULL};
    assert_int_equal(molt__build_create(arguments, directory, &build, NULL), MOLT_OK);
    return build;
}

static MoltBuildState run(MoltBuild *build)
{
    assert_int_equal(molt__build_start(build, NULL), MOLT_OK);
    for (int i = 0; i < 5000; i++) {
        MoltBuildState state = molt__build_poll(build);
        if (state != MOLT_BUILD_RUNNING) {
            return state;
        }
        sandbox_sleep(2);
    }
    fail_msg("the build does not end");
    return MOLT_BUILD_RUNNING;
}

static void output_of_both_streams_is_kept(void **state)
{
    (void)state;
    MoltBuild *build = make_build(NULL, "echo to stdout; echo to stderr >&2; sleep 0.05");
    assert_int_equal(run(build), MOLT_BUILD_SUCCEEDED);
    assert_string_equal(molt__build_output(build, NULL), "to stdout\nto stderr\n");
    assert_string_equal(molt__build_ending(build), "exit status 0");
    assert_true(molt__build_duration_ns(build) > 40000000u);
    assert_int_equal(run(build), MOLT_BUILD_SUCCEEDED); /* again, from an empty output */
    assert_string_equal(molt__build_output(build, NULL), "to stdout\nto stderr\n");
    molt__build_destroy(build);
}

static void failure_has_its_status(void **state)
{
    (void)state;
    MoltBuild *build = make_build(NULL, "echo broken; exit 3");
    assert_int_equal(run(build), MOLT_BUILD_FAILED);
    assert_string_equal(molt__build_ending(build), "exit status 3");
    molt__build_destroy(build);
    build = make_build(NULL, "kill -9 $$");
    assert_int_equal(run(build), MOLT_BUILD_FAILED);
    assert_string_equal(molt__build_ending(build), "killed by signal 9");
    molt__build_destroy(build);
}

static void runs_in_its_directory_without_input(void **state)
{
    MoltBuild *build = make_build(*state, "cat; basename \"$PWD\"");
    assert_int_equal(run(build), MOLT_BUILD_SUCCEEDED);
    assert_non_null(strstr(molt__build_output(build, NULL), "molt-test-"));
    molt__build_destroy(build);
}

static void long_output_keeps_its_end(void **state)
{
    size_t length;
    (void)state;
    MoltBuild *build = make_build(NULL, "seq 1 300000; echo the end");
    assert_int_equal(run(build), MOLT_BUILD_SUCCEEDED);
    const char *output = molt__build_output(build, &length);
    assert_true(length <= MOLT__BUILD_OUTPUT_LIMIT);
    assert_true(length > MOLT__BUILD_OUTPUT_LIMIT - 100);
    assert_string_equal(output + length - 8, "the end\n");
    assert_int_equal(output[6], '\n'); /* begins with a whole line of six digits */
    molt__build_destroy(build);
}

static void missing_program_is_named(void **state)
{
    MoltBuild *build = NULL;
    MoltError error = {0};
    const char *const arguments[] = {"molt-no-such-program", NULL};
    (void)state;
    assert_int_equal(molt__build_create(arguments, NULL, &build, NULL), MOLT_OK);
    assert_int_equal(molt__build_start(build, &error), MOLT_NOT_FOUND);
    assert_non_null(strstr(error.text, "molt-no-such-program"));
    assert_int_equal(molt__build_poll(build), MOLT_BUILD_IDLE);
    molt__build_destroy(build);
}

static void cancel_ends_the_whole_group(void **state)
{
    const char *path = sandbox_path(state, "pid");
    char script[1200];
    snprintf(script, sizeof script, "sleep 30 & echo $! > %s.tmp; mv %s.tmp %s; wait", path, path,
             path);
    MoltBuild *build = make_build(NULL, script);
    assert_int_equal(molt__build_start(build, NULL), MOLT_OK);
    for (int i = 0; i < 1000 && access(path, F_OK) != 0; i++) {
        sandbox_sleep(2);
    }
    size_t size;
    unsigned char *text = sandbox_read(path, &size);
    pid_t sleeper = (pid_t)atoi((const char *)text);
    free(text);
    assert_int_equal(kill(sleeper, 0), 0);
    molt__build_cancel(build);
    assert_int_equal(molt__build_poll(build), MOLT_BUILD_IDLE);
    for (int i = 0; i < 500 && kill(sleeper, 0) == 0; i++) {
        sandbox_sleep(2);
    }
    /* Its new parent may not have reaped it yet where there is no init; it must be dead, though. */
    char line[64];
    snprintf(line, sizeof line, "/proc/%d/status", (int)sleeper);
    if (kill(sleeper, 0) == 0) {
        text = sandbox_read("/proc/self/comm", &size);
        free(text);
        FILE *file = fopen(line, "r");
        bool zombie = false;
        while (file != NULL && fgets(line, sizeof line, file) != NULL) {
            zombie = zombie || strncmp(line, "State:\tZ", 8) == 0;
        }
        if (file != NULL) {
            fclose(file);
            assert_true(zombie);
        }
    }
    assert_int_equal(sandbox_zombies(), 0);
    molt__build_destroy(build);
}

static void stubborn_build_is_killed(void **state)
{
    (void)state;
    MoltBuild *build = make_build(NULL, "trap '' TERM; while :; do sleep 0.01; done");
    assert_int_equal(molt__build_start(build, NULL), MOLT_OK);
    sandbox_sleep(30);
    molt__build_destroy(build);
    assert_int_equal(sandbox_zombies(), 0);
}

/* Build tools put compilers into groups of their own, where a signal to the tool's group misses them. */
static void interrupted_build_ends_with_all_it_started(void **state)
{
    const char *path = sandbox_path(state, "pid");
    char script[1200];
    snprintf(script, sizeof script,
             "set -m; (trap '' TERM; echo x > %s; while :; do sleep 0.01; done) & wait", path);
    MoltBuild *build = make_build(NULL, script);
    assert_int_equal(molt__build_start(build, NULL), MOLT_OK);
    for (int i = 0; i < 1000 && access(path, F_OK) != 0; i++) {
        sandbox_sleep(2);
    }
    molt__build_interrupt(build);
    sandbox_sleep(50);
    assert_int_equal(molt__build_poll(build), MOLT_BUILD_RUNNING); /* what it started is still there */
    for (int i = 0; i < 3000 && molt__build_poll(build) == MOLT_BUILD_RUNNING; i++) {
        sandbox_sleep(2);
    }
    assert_int_equal(molt__build_poll(build), MOLT_BUILD_IDLE);
    assert_string_equal(molt__build_ending(build), "cancelled");
    assert_int_equal(sandbox_zombies(), 0);
    molt__build_destroy(build);

    build = make_build(NULL, "sleep 30"); /* and one that obeys does not wait */
    assert_int_equal(molt__build_start(build, NULL), MOLT_OK);
    molt__build_interrupt(build);
    for (int i = 0; i < 500 && molt__build_poll(build) == MOLT_BUILD_RUNNING; i++) {
        sandbox_sleep(2);
    }
    assert_int_equal(molt__build_poll(build), MOLT_BUILD_IDLE);
    molt__build_destroy(build);
}

static void many_runs_leave_nothing_behind(void **state)
{
    (void)state;
    MoltBuild *build = make_build(NULL, "true");
    unsigned before = sandbox_open_files();
    for (int i = 0; i < 50; i++) {
        assert_int_equal(run(build), MOLT_BUILD_SUCCEEDED);
    }
    assert_int_equal(sandbox_open_files(), before);
    assert_int_equal(sandbox_zombies(), 0);
    molt__build_destroy(build);
}

/* ---- diagnostics --------------------------------------------------------------------------- */

static void first(const char *output, const char *wanted)
{
    char text[2048], lines[1024];
    snprintf(text, sizeof text, "%s", output);
    molt__diagnostics_clean(text, strlen(text));
    molt__diagnostics_first(text, 2, lines, sizeof lines);
    assert_string_equal(lines, wanted);
}

static void compiler_errors_are_found(void **state)
{
    (void)state;
    first("[1/3] Building C object ant.o\n"
          "FAILED: ant.o\n"
          "ant.c: In function \xe2\x80\x98step\xe2\x80\x99:\n"
          "ant.c:12:5: warning: unused variable\n"
          "\x1b[1mant.c:14:9: \x1b[31merror: \x1b[mexpected \xe2\x80\x98;\xe2\x80\x99 before x\n"
          "   14 |     int y\n"
          "ant.c:20:1: fatal error: no.h: No such file\n"
          "ant.c:30:1: error: a third one\n",
          "ant.c:14:9: error: expected ';' before x\n"
          "ant.c:20:1: fatal error: no.h: No such file\n");
    first("/usr/bin/ld: ant.o: in function `step':\n"
          "ant.c:5: undefined reference to `hatch'\n"
          "collect2: error: ld returned 1 exit status\n",
          "ant.c:5: undefined reference to `hatch'\n");
}

static void output_without_errors_gives_its_last_lines(void **state)
{
    (void)state;
    first("one\ntwo\n\nthree\n\n\n", "three\n");
    first("", "");
    first("one\ntwo\nthree", "two\nthree\n");
}

static void long_lines_are_cut(void **state)
{
    char buffer[16];
    (void)state;
    assert_int_equal(
        molt__diagnostics_first("a.c:1:1: error: very long text\n", 3, buffer, sizeof buffer), 1);
    assert_int_equal(strlen(buffer), sizeof buffer - 1);
    assert_int_equal(buffer[sizeof buffer - 2], '\n');
    assert_int_equal(molt__diagnostics_first("x", 3, buffer, 0), 0);
}

static void progress_is_read(void **state)
{
    static const struct {
        const char *text;
        uint32_t done, total;
    } rows[] = {
        {"", 0, 0},
        {"[3/22] Building C object ant.o\n", 3, 22},
        {"ninja: Entering directory\n[1/4] cc\n[2/4] cc\nant.c:3: warning: x\n", 2, 4},
        {"[  7%] Building C object ant.o\n[ 50%] Linking\n", 50, 100},
        {"[9/4] beyond\n", 4, 4},
        {"[3/0] of nothing\n", 0, 0},
        {"[-Wunused]\n[x/3]\n[4\n[4%\n[999999999999/3]\n", 0, 0},
        {"behind [3/22]\n", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t done = 0, total = 0;
        bool found = molt__progress_read(rows[i].text, strlen(rows[i].text), &done, &total);
        assert_int_equal(found, rows[i].total != 0);
        assert_int_equal(done, rows[i].done);
        assert_int_equal(total, rows[i].total);
    }
    uint32_t done = 0, total = 0;
    MoltBuild *build = make_build(NULL, "echo '[2/5] step'; sleep 30");
    assert_int_equal(molt__build_start(build, NULL), MOLT_OK);
    for (int i = 0; i < 1000 && !molt__build_progress(build, &done, &total); i++) {
        sandbox_sleep(2);
        molt__build_poll(build);
    }
    assert_int_equal(done, 2);
    assert_int_equal(total, 5);
    molt__build_destroy(build);
}

/* ---- manifest ------------------------------------------------------------------------------ */

static void manifest_paths_are_its_own(void **state)
{
    MoltManifest *manifest = NULL;
    const char *path = sandbox_path(state, "game.so.molt");
    sandbox_text(path, "{\"library\": \"game.so\", \"build\": [\"cmake\", \"--build\", \".\"],"
                       " \"watch\": [\"src\", \"/abs\"], \"later\": 1}");
    assert_int_equal(molt__manifest_read(path, &manifest, NULL), MOLT_OK);
    assert_string_equal(manifest->library, sandbox_path(state, "game.so"));
    assert_string_equal(manifest->build[0], "cmake");
    assert_string_equal(manifest->build[2], ".");
    assert_null(manifest->build[3]);
    assert_string_equal(manifest->watch[0], sandbox_path(state, "src"));
    assert_string_equal(manifest->watch[1], "/abs");
    assert_null(manifest->watch[2]);
    assert_null(manifest->schema);
    molt__manifest_free(manifest);
}

static void broken_manifest_is_refused_in_words(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "{\"build\": \"make\"}", "{\"watch\": [1]}", "{\"library\": []}"};
    const char *path = sandbox_path(state, "game.so.molt");
    MoltManifest *manifest = NULL;
    assert_int_equal(molt__manifest_read(path, &manifest, NULL), MOLT_NOT_FOUND);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        MoltError error = {0};
        sandbox_text(path, texts[i]);
        assert_int_equal(molt__manifest_read(path, &manifest, &error), MOLT_INVALID);
        assert_non_null(strstr(error.text, "game.so.molt"));
        assert_null(manifest);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(output_of_both_streams_is_kept),
        TEST(failure_has_its_status),
        TEST(runs_in_its_directory_without_input),
        TEST(long_output_keeps_its_end),
        TEST(missing_program_is_named),
        TEST(cancel_ends_the_whole_group),
        TEST(stubborn_build_is_killed),
        TEST(interrupted_build_ends_with_all_it_started),
        TEST(progress_is_read),
        TEST(many_runs_leave_nothing_behind),
        TEST(compiler_errors_are_found),
        TEST(output_without_errors_gives_its_last_lines),
        TEST(long_lines_are_cut),
        TEST(manifest_paths_are_its_own),
        TEST(broken_manifest_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
