#include "sandbox.h"

#include <fcntl.h>
#include <poll.h>
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

/* ---- editors' ways of saving --------------------------------------------------------------- */

static void write_in_place(const char *path)
{
    sandbox_text(path, "written in place");
}

/* VS Code, nano: the same file, cut and written again through one descriptor, with fsync. */
static void write_synced(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, "half", 4), 4);
    assert_int_equal(fsync(file), 0);
    assert_int_equal(write(file, "rest", 4), 4);
    assert_int_equal(close(file), 0);
}

/* gedit, GNOME's and KDE's editors, `sed -i`, clang-format -i: a file beside it that takes its name. */
static void rename_over(const char *path)
{
    char beside[1100];
    snprintf(beside, sizeof beside, "%.*s/sedXy3aQz", (int)(strrchr(path, '/') - path), path);
    write_synced(beside);
    assert_int_equal(rename(beside, path), 0);
}

/* vim with backupcopy=no: tries whether it may write, moves the old file aside and writes a new one. */
static void save_as_vim(const char *path)
{
    char probe[1100], backup[1100];
    snprintf(probe, sizeof probe, "%.*s/4913", (int)(strrchr(path, '/') - path), path);
    snprintf(backup, sizeof backup, "%s~", path);
    sandbox_text(probe, "");
    assert_int_equal(unlink(probe), 0);
    assert_int_equal(rename(path, backup), 0);
    write_synced(path);
    assert_int_equal(unlink(backup), 0);
}

/* emacs: locks by a link that leads nowhere, keeps the old file as a backup, saves the text as another. */
static void save_as_emacs(const char *path)
{
    char folder[1100], lock[1200], automatic[1200], backup[1200];
    const char *name = strrchr(path, '/') + 1;
    snprintf(folder, sizeof folder, "%.*s", (int)(name - 1 - path), path);
    snprintf(lock, sizeof lock, "%s/.#%s", folder, name);
    snprintf(automatic, sizeof automatic, "%s/#%s#", folder, name);
    snprintf(backup, sizeof backup, "%s~", path);
    assert_int_equal(symlink("somebody@somewhere.1234:1", lock), 0);
    sandbox_text(automatic, "not saved yet");
    assert_int_equal(rename(path, backup), 0);
    write_synced(path);
    assert_int_equal(unlink(lock), 0);
    assert_int_equal(unlink(automatic), 0);
}

/* JetBrains' editors: "safe write". */
static void save_as_jetbrains(const char *path)
{
    char fresh[1100], old[1100];
    snprintf(fresh, sizeof fresh, "%s___jb_tmp___", path);
    snprintf(old, sizeof old, "%s___jb_old___", path);
    sandbox_text(fresh, "new");
    assert_int_equal(rename(path, old), 0);
    assert_int_equal(rename(fresh, path), 0);
    assert_int_equal(unlink(old), 0);
}

static void link_over(const char *path)
{
    char beside[1100];
    snprintf(beside, sizeof beside, "%s.tmp", path);
    sandbox_text(beside, "linked");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(beside, path), 0);
}

/* A file beside it that gets its name, and loses its own before anybody can look. */
static void link_and_unlink(const char *path)
{
    char beside[1100];
    snprintf(beside, sizeof beside, "%s.tmp", path);
    sandbox_text(beside, "linked");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(beside, path), 0);
    assert_int_equal(unlink(beside), 0);
}

/* A file without a name that gets one when it is complete; closed before or after that. */
static void name_at_last(const char *path, bool closed_before)
{
    char folder[1100], held[64];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    snprintf(held, sizeof held, "/proc/self/fd/%d", file);
    assert_int_equal(write(file, "whole", 5), 5);
    if (closed_before) {
        int reader = open(held, O_RDONLY | O_CLOEXEC);
        assert_true(reader >= 0);
        close(file);
        file = reader;
        snprintf(held, sizeof held, "/proc/self/fd/%d", file);
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(linkat(AT_FDCWD, held, AT_FDCWD, path, AT_SYMLINK_FOLLOW), 0);
    if (!closed_before) {
        sandbox_sleep(40); /* and it is still open when it is looked at */
    }
    close(file);
}

static void name_when_closed(const char *path)
{
    name_at_last(path, true);
}

static void name_when_written(const char *path)
{
    name_at_last(path, false);
}

static void exchange_files(const char *path)
{
    char beside[1100];
    snprintf(beside, sizeof beside, "%s.tmp", path);
    write_synced(beside);
    assert_int_equal(renameat2(AT_FDCWD, beside, AT_FDCWD, path, RENAME_EXCHANGE), 0);
    assert_int_equal(unlink(beside), 0);
}

/* The folder of the file is exchanged for another one, or replaces an empty one. */
static void exchange_folders(const char *path)
{
    char folder[1100], beside[1200], file[1300];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(beside, sizeof beside, "%s.tmp", folder);
    snprintf(file, sizeof file, "%s%s", beside, strrchr(path, '/'));
    sandbox_folder(beside);
    write_synced(file);
    assert_int_equal(renameat2(AT_FDCWD, beside, AT_FDCWD, folder, RENAME_EXCHANGE), 0);
    sandbox_remove(beside);
}

static void folder_over_empty(const char *path)
{
    char folder[1100], beside[1200], file[1300];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(beside, sizeof beside, "%s.tmp", folder);
    snprintf(file, sizeof file, "%s%s", beside, strrchr(path, '/'));
    sandbox_folder(beside);
    write_synced(file);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(beside, folder), 0);
}

/* Nothing says at once that these are complete; told once all the same, in the tree and by name. */
static void saves_without_a_close_are_one_change(void **state)
{
    static void (*const ways[])(const char *path) = {
        link_and_unlink,  name_when_closed,  name_when_written, exchange_files,
        exchange_folders, folder_over_empty, link_and_unlink};
    char path[1024];
    snprintf(path, sizeof path, "%s", sandbox_path(state, "src/deep/ant.c"));
    sandbox_folder(sandbox_path(state, "src"));
    sandbox_folder(sandbox_path(state, "src/deep"));
    sandbox_text(path, "first");
    for (int named = 0; named < 2; named++) {
        MoltWatch *watch = make_watch();
        assert_int_equal(named ? molt__watch_add_file(watch, path, 0, NULL)
                               : molt__watch_add_tree(watch, sandbox_path(state, "src"), 0, NULL),
                         MOLT_OK);
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            ways[i](path);
            const char *changed = wait_change(watch, PATIENCE, NULL);
            if (changed == NULL || strcmp(changed, path) != 0) {
                fail_msg("save %zu tells %s", i, changed != NULL ? changed : "nothing");
            }
            expect_quiet(watch);
        }
        molt__watch_destroy(watch);
    }
}

/* Told once per save, at once, and nothing of what editors make beside it. */
static void every_way_of_saving_is_one_change(void **state)
{
    static void (*const ways[])(const char *path) = {
        write_in_place, write_synced,      rename_over, save_as_vim,
        save_as_emacs,  save_as_jetbrains, link_over};
    MoltWatch *watch = NULL;
    MoltWatchChange change;
    const char *path = sandbox_path(state, "src/ant.c");
    char kept[1024];
    snprintf(kept, sizeof kept, "%s", path);
    sandbox_folder(sandbox_path(state, "src"));
    sandbox_text(kept, "first");
    assert_int_equal(molt__watch_create(0, &watch, NULL), MOLT_OK);
    assert_int_equal(molt__watch_add_tree(watch, sandbox_path(state, "src"), 0, NULL), MOLT_OK);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        ways[i](kept);
        if (!molt__watch_poll(watch, &change) || strcmp(change.path, kept) != 0) {
            fail_msg("save %zu is not told at once", i);
        }
        if (molt__watch_poll(watch, &change)) {
            fail_msg("save %zu also tells of %s", i, change.path);
        }
    }
    molt__watch_destroy(watch);
}

/* ---- directories that come and go ---------------------------------------------------------- */

static void expect_changes(MoltWatch *watch, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *changed = wait_change(watch, PATIENCE, NULL);
        bool found = false;
        for (size_t k = 0; k < count; k++) {
            found = found || (changed != NULL && strcmp(changed, paths[k]) == 0);
        }
        if (!found) {
            fail_msg("unexpected change of %s", changed != NULL ? changed : "nothing");
        }
    }
}

/* As git does for another branch: the tree goes and comes back with other files. */
static void source_tree_made_anew_is_watched(void **state)
{
    MoltWatch *watch = make_watch();
    char source[1024], deep[1024], a[1024], b[1024];
    snprintf(source, sizeof source, "%s", sandbox_path(state, "src"));
    snprintf(deep, sizeof deep, "%s", sandbox_path(state, "src/deep"));
    snprintf(a, sizeof a, "%s", sandbox_path(state, "src/a.c"));
    snprintf(b, sizeof b, "%s", sandbox_path(state, "src/deep/b.c"));
    sandbox_folder(source);
    sandbox_folder(deep);
    sandbox_text(a, "one");
    assert_int_equal(molt__watch_add_tree(watch, source, 0, NULL), MOLT_OK);
    for (int round = 0; round < 2; round++) {
        sandbox_remove(source);
        expect_quiet(watch);
        sandbox_folder(source);
        sandbox_folder(deep);
        sandbox_text(a, "two");
        sandbox_text(b, "two");
        expect_changes(watch, (const char *const[]){a, b}, 2);
        sandbox_text(b, "three");
        expect_change(watch, b);
    }
    /* And without a moment in which it is missing. */
    char other[1024], aside[1024];
    snprintf(other, sizeof other, "%s", sandbox_path(state, "other"));
    snprintf(aside, sizeof aside, "%s", sandbox_path(state, "aside"));
    sandbox_folder(other);
    sandbox_text(sandbox_path(state, "other/a.c"), "four");
    assert_int_equal(rename(source, aside), 0);
    assert_int_equal(rename(other, source), 0);
    expect_change(watch, a);
    sandbox_text(sandbox_path(state, "aside/a.c"), "not ours any more");
    expect_quiet(watch);
    molt__watch_destroy(watch);
}

static void links_to_directories_are_followed(void **state)
{
    MoltWatch *watch = make_watch();
    char one[1024], two[1024], root[1024], inner[1024];
    snprintf(one, sizeof one, "%s", sandbox_path(state, "one"));
    snprintf(two, sizeof two, "%s", sandbox_path(state, "two"));
    snprintf(root, sizeof root, "%s", sandbox_path(state, "src"));
    snprintf(inner, sizeof inner, "%s", sandbox_path(state, "one/inner"));
    sandbox_folder(one);
    sandbox_folder(two);
    sandbox_folder(sandbox_path(state, "linked"));
    assert_int_equal(symlink(one, root), 0);
    assert_int_equal(symlink("../one", sandbox_path(state, "one/cycle")), 0);
    assert_int_equal(symlink("../linked", inner), 0);
    assert_int_equal(molt__watch_add_tree(watch, root, 0, NULL), MOLT_OK);
    sandbox_text(sandbox_path(state, "one/a.c"), "x");
    expect_change(watch, sandbox_path(state, "src/a.c"));
    sandbox_text(sandbox_path(state, "linked/b.c"), "x");
    const char *changed = wait_change(watch, PATIENCE, NULL);
    assert_non_null(changed);
    assert_non_null(strstr(changed, "/b.c"));
    expect_quiet(watch);

    /* The root leads elsewhere now. */
    assert_int_equal(symlink(two, sandbox_path(state, "next")), 0);
    assert_int_equal(rename(sandbox_path(state, "next"), root), 0);
    sandbox_sleep(120);
    expect_quiet(watch);
    sandbox_text(sandbox_path(state, "two/c.c"), "x");
    expect_change(watch, sandbox_path(state, "src/c.c"));
    sandbox_text(sandbox_path(state, "one/a.c"), "not ours any more");
    expect_quiet(watch);

    /* A link inside of the tree that appears, and is set anew. */
    assert_int_equal(symlink(one, sandbox_path(state, "two/way")), 0);
    expect_change(watch, sandbox_path(state, "src/way/a.c"));
    molt__watch_destroy(watch);
}

static void lost_events_make_every_file_a_change(void **state)
{
    MoltWatch *watch = make_watch();
    char a[1024], b[1024], c[1024];
    snprintf(a, sizeof a, "%s", sandbox_path(state, "a.c"));
    snprintf(b, sizeof b, "%s", sandbox_path(state, "b.c"));
    snprintf(c, sizeof c, "%s", sandbox_path(state, "c.c"));
    sandbox_text(c, "written before");
    assert_int_equal(molt__watch_add_tree(watch, *state, 0, NULL), MOLT_OK);
    long most = 16384;
    FILE *limit = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    if (limit != NULL) {
        assert_int_equal(fscanf(limit, "%ld", &most), 1);
        fclose(limit);
    }
    /* Equal events in a row are one, so two files take turns. */
    for (long i = 0; i <= most; i++) {
        int file = open(i % 2 == 0 ? a : b, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(file >= 0);
        close(file);
    }
    expect_changes(watch, (const char *const[]){a, b, c}, 3);
    sandbox_text(c, "and it goes on");
    expect_change(watch, c);
    molt__watch_destroy(watch);
}

static void descriptor_is_readable_when_something_happened(void **state)
{
    MoltWatch *watch = NULL;
    MoltWatchChange change;
    assert_int_equal(molt__watch_create(0, &watch, NULL), MOLT_OK);
    assert_int_equal(molt__watch_add_tree(watch, *state, 0, NULL), MOLT_OK);
    struct pollfd polled = {.fd = molt__watch_descriptor(watch), .events = POLLIN};
    assert_int_equal(poll(&polled, 1, 0), 0);
    sandbox_text(sandbox_path(state, "a.c"), "x");
    assert_int_equal(poll(&polled, 1, 1000), 1);
    assert_true(molt__watch_poll(watch, &change));
    assert_int_equal(poll(&polled, 1, 0), 0);
    assert_true(molt__watch_due_ns(watch) == UINT64_MAX);
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
        TEST(every_way_of_saving_is_one_change),
        TEST(saves_without_a_close_are_one_change),
        TEST(source_tree_made_anew_is_watched),
        TEST(links_to_directories_are_followed),
        TEST(lost_events_make_every_file_a_change),
        TEST(descriptor_is_readable_when_something_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
