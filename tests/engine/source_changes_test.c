/* Which of the files that change below the sources ask for a build. */
#include "sandbox.h"

#include <stdio.h>
#include <string.h>

#include "source_changes.h"

static MoltSourceChanges *make(void)
{
    MoltSourceChanges *changes = NULL;
    MoltError error = {0};
    assert_int_equal(molt__source_changes_create("build/libgame.so", &changes, &error), MOLT_OK);
    return changes;
}

static MoltChangeUse write_and_take(void **state, MoltSourceChanges *changes, const char *name,
                                    int content, bool during)
{
    char text[32];
    const char *path = sandbox_path(state, name);
    snprintf(text, sizeof text, "%d", content);
    sandbox_text(path, text);
    return molt__source_changes_take(changes, path, false, during);
}

static void sources_are_saved_and_other_files_wait(void **state)
{
    MoltSourceChanges *changes = make();
    static const char *const saved[] = {"a.c", "b.h", "c.inc", "CMakeLists.txt", "Makefile", "d.cmake"},
                             *const waiting[] = {"a.txt", "game.log", "c", "h", "x.png"},
                             *const none[] = {"libgame.so", "libgame.so.new", "libgame.so.molt"};
    for (size_t i = 0; i < sizeof saved / sizeof *saved; i++) {
        assert_int_equal(write_and_take(state, changes, saved[i], 1, false), MOLT__CHANGE_SAVED);
    }
    for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) {
        assert_int_equal(write_and_take(state, changes, waiting[i], 1, true), MOLT__CHANGE_WAITS);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(write_and_take(state, changes, none[i], 1, true), MOLT__CHANGE_NONE);
    }
    const char *named = sandbox_path(state, "level.txt");
    sandbox_text(named, "1");
    assert_int_equal(molt__source_changes_take(changes, named, true, true), MOLT__CHANGE_SAVED);
    molt__source_changes_destroy(changes);
}

/* Builds that write a source, each time with another content, `streak` of them; how long the next waits. */
static uint64_t written_by_builds(void **state, MoltSourceChanges *changes, int streak,
                                  const char **told)
{
    static int content = 1000;
    for (int i = 0; i < streak; i++) {
        molt__source_changes_begin(changes);
        write_and_take(state, changes, "version.h", content++, true);
        *told = molt__source_changes_end(changes, MOLT__BUILD_MADE);
    }
    return molt__source_changes_hold_ns(changes);
}

static void file_that_each_build_writes_is_given_to_them(void **state)
{
    MoltSourceChanges *changes = make();
    const char *told = NULL;
    assert_int_equal(written_by_builds(state, changes, 4, &told), 0);
    assert_true(written_by_builds(state, changes, 1, &told) != 0);
    assert_null(told);
    written_by_builds(state, changes, 4, &told);
    assert_non_null(told);
    assert_non_null(strstr(told, "version.h"));
    assert_false(molt__source_changes_ask(changes));
    written_by_builds(state, changes, 1, &told);
    assert_null(told);
    assert_false(molt__source_changes_ask(changes));
    /* somebody else does */
    assert_int_equal(write_and_take(state, changes, "version.h", 77, false), MOLT__CHANGE_SAVED);
    assert_true(molt__source_changes_ask(changes));
    assert_int_equal(molt__source_changes_hold_ns(changes), 0);
    /* a build does no more */
    molt__source_changes_begin(changes);
    molt__source_changes_end(changes, MOLT__BUILD_MADE);
    molt__source_changes_begin(changes);
    assert_int_equal(write_and_take(state, changes, "version.h", 78, true), MOLT__CHANGE_SAVED);
    molt__source_changes_destroy(changes);
}

static void burst_of_saves_is_none_of_builds(void **state)
{
    MoltSourceChanges *changes = make();
    const char *told = NULL;
    assert_true(written_by_builds(state, changes, 6, &told) != 0);
    assert_int_equal(write_and_take(state, changes, "version.h", 50, false), MOLT__CHANGE_SAVED);
    assert_int_equal(molt__source_changes_hold_ns(changes), 0);
    assert_int_equal(written_by_builds(state, changes, 4, &told), 0);
    /* another source waits for nothing */
    assert_true(written_by_builds(state, changes, 2, &told) != 0);
    write_and_take(state, changes, "a.c", 1, false);
    assert_int_equal(molt__source_changes_hold_ns(changes), 0);
    molt__source_changes_destroy(changes);
}

static void same_content_of_each_build_asks_for_nothing(void **state)
{
    MoltSourceChanges *changes = make();
    molt__source_changes_begin(changes);
    assert_int_equal(write_and_take(state, changes, "version.h", 1, true), MOLT__CHANGE_SAVED);
    molt__source_changes_end(changes, MOLT__BUILD_OVERTAKEN);
    molt__source_changes_begin(changes);
    assert_int_equal(write_and_take(state, changes, "version.h", 1, true), MOLT__CHANGE_NONE);
    molt__source_changes_end(changes, MOLT__BUILD_MADE);
    assert_false(molt__source_changes_ask(changes));
    molt__source_changes_begin(changes);
    assert_int_equal(write_and_take(state, changes, "version.h", 1, true), MOLT__CHANGE_NONE);
    molt__source_changes_end(changes, MOLT__BUILD_MADE);
    molt__source_changes_begin(changes);
    assert_int_equal(write_and_take(state, changes, "version.h", 2, true), MOLT__CHANGE_WAITS);
    molt__source_changes_end(changes, MOLT__BUILD_MADE);
    assert_true(molt__source_changes_ask(changes));
    molt__source_changes_destroy(changes);
}

static void builds_in_vain_become_rare(void **state)
{
    MoltSourceChanges *changes = make();
    uint64_t before = 0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write_and_take(state, changes, "notes.txt", i, false), MOLT__CHANGE_WAITS);
        uint64_t hold = molt__source_changes_hold_ns(changes);
        assert_true(i == 0 ? hold == 0 : hold > before);
        before = hold;
        molt__source_changes_begin(changes);
        molt__source_changes_end(changes, MOLT__BUILD_VAIN);
    }
    write_and_take(state, changes, "a.c", 1, false);
    assert_int_equal(molt__source_changes_hold_ns(changes), 0);
    molt__source_changes_begin(changes);
    molt__source_changes_end(changes, MOLT__BUILD_VAIN);
    assert_int_equal(write_and_take(state, changes, "a.c", 2, false), MOLT__CHANGE_SAVED);
    assert_int_equal(molt__source_changes_hold_ns(changes), 0);
    molt__source_changes_destroy(changes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sources_are_saved_and_other_files_wait),
        TEST(file_that_each_build_writes_is_given_to_them),
        TEST(burst_of_saves_is_none_of_builds),
        TEST(same_content_of_each_build_asks_for_nothing),
        TEST(builds_in_vain_become_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
