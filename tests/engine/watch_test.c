#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watch.h"

#define SETTLE 15u
#define PATIENCE 2000u

static MoltWatch *make_watch(void)
{
    MoltWatch *watch = NULL;
    assert_int_equal(molt__watch_create(SETTLE, &watch, NULL), MOLT_OK);
    return watch;
}

/* Waits for a change; NULL when none comes within the time. */
static const char *wait_change(MoltWatch *watch, unsigned milliseconds, int *tag)
{
    MoltWatchChange change;
    for (unsigned waited = 0; waited <= milliseconds; waited += 2) {
        if (molt__watch_poll(watch, &change)) {
            if (tag != NULL) {
                *tag = change.tag;
            }
            return change.path;
        }
        sandbox_sleep(2);
    }
    return NULL;
}

static void expect_change(MoltWatch *watch, const char *path)
{
    const char *changed = wait_change(watch, PATIENCE, NULL);
    assert_non_null(changed);
    assert_string_equal(changed, path);
}

static void expect_quiet(MoltWatch *watch)
{
    const char *changed = wait_change(watch, 120, NULL);
    if (changed != NULL) {
        fail_msg("unexpected change of %s", changed);
    }
}

static void written_file_is_told_once(void **state)
{
    MoltWatch *watch = make_watch();
    const char *path = sandbox_path(state, "game.so");
    assert_int_equal(molt__watch_add_file(watch, path, 5, NULL), MOLT_OK);
    expect_quiet(watch);
    sandbox_text(path, "one");
    int tag = 0;
    const char *changed = wait_change(watch, PATIENCE, &tag);
    assert_non_null(changed);
    assert_string_equal(changed, path);
    assert_int_equal(tag, 5);
    expect_quiet(watch);
    sandbox_text(sandbox_path(state, "other.so"), "not asked for");
    expect_quiet(watch);
    molt__watch_destroy(watch);
}

static void file_renamed_into_place_is_told(void **state)
{
    MoltWatch *watch = make_watch();
    const char *path = sandbox_path(state, "game.so");
    sandbox_text(path, "old");
    assert_int_equal(molt__watch_add_file(watch, path, 0, NULL), MOLT_OK);
    sandbox_replace(path, path);
    expect_change(watch, path);
    sandbox_replace(path, path);
    expect_change(watch, path);
    molt__watch_destroy(watch);
}

static void link_into_place_is_told(void **state)
{
    MoltWatch *watch = make_watch();
    const char *path = sandbox_path(state, "game.so"), *real = sandbox_path(state, "real.so");
    sandbox_text(real, "target");
    assert_int_equal(molt__watch_add_file(watch, path, 0, NULL), MOLT_OK);
    assert_int_equal(symlink(real, path), 0);
    expect_change(watch, path);
    molt__watch_destroy(watch);
}

static void two_saves_within_a_second_are_two_changes(void **state)
{
    MoltWatch *watch = make_watch();
    const char *path = sandbox_path(state, "a.c");
    assert_int_equal(molt__watch_add_tree(watch, *state, 0, NULL), MOLT_OK);
    sandbox_text(path, "one");
    expect_change(watch, path);
    sandbox_text(path, "two");
    expect_change(watch, path);
    molt__watch_destroy(watch);
}

/* A linker that writes in pieces must not be believed after the first. */
static void change_waits_until_writes_have_settled(void **state)
{
    MoltWatch *watch = NULL;
    MoltWatchChange change;
    const char *path = sandbox_path(state, "game.so");
    assert_int_equal(molt__watch_create(200, &watch, NULL), MOLT_OK);
    assert_int_equal(molt__watch_add_file(watch, path, 0, NULL), MOLT_OK);
    for (int i = 0; i < 5; i++) {
        sandbox_text(path, "piece");
        assert_false(molt__watch_poll(watch, &change));
        assert_true(molt__watch_pending(watch));
        sandbox_sleep(20);
    }
    expect_change(watch, path);
    expect_quiet(watch);
    molt__watch_destroy(watch);
}

static void open_file_is_not_told_before_it_is_closed(void **state)
{
    MoltWatch *watch = make_watch();
    const char *path = sandbox_path(state, "game.so");
    assert_int_equal(molt__watch_add_file(watch, path, 0, NULL), MOLT_OK);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("half", file);
    fflush(file);
    expect_quiet(watch);
    fclose(file);
    expect_change(watch, path);
    molt__watch_destroy(watch);
}

static void noise_of_editors_and_compilers_is_ignored(void **state)
{
    static const char *const names[] = {".#a.c", "a.c~",      ".a.c.swp", "a.c.swp", "4913",
                                        "#a.c#", ".hidden.c", "a.o",      "a.c.tmp", "liba.so"};
    MoltWatch *watch = make_watch();
    assert_int_equal(molt__watch_add_tree(watch, *state, 0, NULL), MOLT_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sandbox_text(sandbox_path(state, names[i]), "noise");
    }
    expect_quiet(watch);
    sandbox_text(sandbox_path(state, "a.c"), "source");
    expect_change(watch, sandbox_path(state, "a.c"));
    molt__watch_destroy(watch);
}

static void subdirectories_are_watched_old_and_new(void **state)
{
    MoltWatch *watch = make_watch();
    sandbox_folder(sandbox_path(state, "old"));
    sandbox_folder(sandbox_path(state, "old/deep"));
    assert_int_equal(molt__watch_add_tree(watch, *state, 0, NULL), MOLT_OK);
    sandbox_text(sandbox_path(state, "old/deep/a.c"), "x");
    expect_change(watch, sandbox_path(state, "old/deep/a.c"));

    /* Files written before the watch on a new directory stands are told as well. */
    sandbox_folder(sandbox_path(state, "new"));
    sandbox_folder(sandbox_path(state, "new/deep"));
    sandbox_text(sandbox_path(state, "new/deep/b.c"), "x");
    expect_change(watch, sandbox_path(state, "new/deep/b.c"));
    expect_quiet(watch);
    sandbox_text(sandbox_path(state, "new/c.c"), "x");
    expect_change(watch, sandbox_path(state, "new/c.c"));

    sandbox_remove(sandbox_path(state, "new"));
    expect_quiet(watch);
    sandbox_folder(sandbox_path(state, "new"));
    sandbox_text(sandbox_path(state, "new/d.c"), "x");
    expect_change(watch, sandbox_path(state, "new/d.c"));
    molt__watch_destroy(watch);
}

static void build_trees_and_hidden_directories_are_left_out(void **state)
{
    MoltWatch *watch = make_watch();
    sandbox_folder(sandbox_path(state, "build"));
    sandbox_text(sandbox_path(state, "build/CMakeCache.txt"), "");
    sandbox_folder(sandbox_path(state, ".git"));
    assert_int_equal(molt__watch_add_tree(watch, *state, 0, NULL), MOLT_OK);
    sandbox_text(sandbox_path(state, "build/generated.c"), "x");
    sandbox_text(sandbox_path(state, ".git/index"), "x");
    expect_quiet(watch);
    sandbox_folder(sandbox_path(state, "later"));
    expect_quiet(watch);
    sandbox_text(sandbox_path(state, "later/CMakeCache.txt"), "");
    expect_quiet(watch);
    sandbox_text(sandbox_path(state, "later/generated.c"), "x");
    expect_quiet(watch);
    molt__watch_destroy(watch);
}

static void removed_directory_is_found_again(void **state)
{
    MoltWatch *watch = make_watch();
    const char *folder = sandbox_path(state, "out"), *path = sandbox_path(state, "out/game.so");
    sandbox_folder(folder);
    sandbox_text(path, "one");
    assert_int_equal(molt__watch_add_file(watch, path, 0, NULL), MOLT_OK);
    sandbox_remove(folder);
    expect_quiet(watch);
    sandbox_folder(folder);
    sandbox_text(path, "two");
    expect_change(watch, path);
    sandbox_sleep(100);
    sandbox_text(path, "three");
    expect_change(watch, path);

    /* Moved away and another put in its place. */
    assert_int_equal(rename(folder, sandbox_path(state, "aside")), 0);
    expect_quiet(watch);
    sandbox_text(sandbox_path(state, "aside/game.so"), "not ours any more");
    expect_quiet(watch);
    assert_int_equal(rename(sandbox_path(state, "aside"), folder), 0);
    expect_change(watch, path);
    molt__watch_destroy(watch);
}

static void directory_may_come_later(void **state)
{
    MoltWatch *watch = make_watch();
    const char *path = sandbox_path(state, "later/game.so");
    assert_int_equal(molt__watch_add_file(watch, path, 0, NULL), MOLT_OK);
    assert_int_equal(molt__watch_add_tree(watch, sandbox_path(state, "src"), 1, NULL), MOLT_OK);
    expect_quiet(watch);
    sandbox_folder(sandbox_path(state, "later"));
    sandbox_text(path, "x");
    expect_change(watch, path);
    sandbox_folder(sandbox_path(state, "src"));
    sandbox_text(sandbox_path(state, "src/a.c"), "x");
    expect_change(watch, sandbox_path(state, "src/a.c"));
    molt__watch_destroy(watch);
}

static void library_inside_a_source_tree_keeps_its_tag(void **state)
{
    MoltWatch *watch = make_watch();
    int tag = -1;
    assert_int_equal(molt__watch_add_file(watch, sandbox_path(state, "game.so"), 1, NULL), MOLT_OK);
    assert_int_equal(molt__watch_add_tree(watch, *state, 0, NULL), MOLT_OK);
    sandbox_text(sandbox_path(state, "game.so"), "x");
    assert_non_null(wait_change(watch, PATIENCE, &tag));
    assert_int_equal(tag, 1);
    sandbox_text(sandbox_path(state, "a.c"), "x");
    assert_non_null(wait_change(watch, PATIENCE, &tag));
    assert_int_equal(tag, 0);
    expect_quiet(watch);
    molt__watch_destroy(watch);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(written_file_is_told_once),
        TEST(file_renamed_into_place_is_told),
        TEST(link_into_place_is_told),
        TEST(two_saves_within_a_second_are_two_changes),
        TEST(change_waits_until_writes_have_settled),
        TEST(open_file_is_not_told_before_it_is_closed),
        TEST(noise_of_editors_and_compilers_is_ignored),
        TEST(subdirectories_are_watched_old_and_new),
        TEST(build_trees_and_hidden_directories_are_left_out),
        TEST(removed_directory_is_found_again),
        TEST(directory_may_come_later),
        TEST(library_inside_a_source_tree_keeps_its_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
