/* Files that a game reads while it runs: what is saved is there in the next frame, what is damaged is not. */
#include "sandbox.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <molt/assets.h>

static MoltAssets *open_assets(void **state)
{
    MoltAssets *assets = NULL;
    const MoltAssetsDesc desc = {.library = sandbox_path(state, "build/libgame.so"),
                                 .folder = *state};
    assert_int_equal(molt_assets_create(&desc, &assets, NULL), MOLT_OK);
    return assets;
}

static void expect(MoltAssets *assets, const char *path, const char *text)
{
    const MoltAsset *asset = molt_assets_get(assets, path);
    if (text == NULL) {
        assert_null(asset);
        return;
    }
    assert_non_null(asset);
    assert_string_equal((const char *)asset->bytes, text);
    assert_int_equal(asset->size, strlen(text));
    assert_true(asset->version != 0);
}

/* Two frames: in the first a content may be refused, in the second it is news. */
static void expect_news(MoltAssets *assets, const char *path, const char *problem)
{
    MoltAssetEvent event;
    molt_assets_turn(assets);
    assert_true(molt_assets_poll(assets, &event));
    assert_string_equal(event.path, path);
    assert_int_equal(event.kept, problem != NULL);
    if (problem != NULL && strstr(event.problem, problem) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", event.problem, problem);
    }
    assert_false(molt_assets_poll(assets, &event));
}

static void expect_no_news(MoltAssets *assets)
{
    MoltAssetEvent event;
    for (int i = 0; i < 3; i++) {
        molt_assets_turn(assets);
        assert_false(molt_assets_poll(assets, &event));
    }
}

static void saved_file_is_there_in_the_next_frame(void **state)
{
    MoltAssets *assets = open_assets(state);
    sandbox_text(sandbox_path(state, "a.txt"), "one");
    expect(assets, "a.txt", "one");
    expect_no_news(assets);
    const MoltAsset *before = molt_assets_get(assets, "a.txt");
    uint64_t version = before->version;
    sandbox_text(sandbox_path(state, "a.txt"), "two");
    expect(assets, "a.txt", "one"); /* in the same frame */
    molt_assets_turn(assets);
    expect(assets, "a.txt", "two");
    assert_true(molt_assets_get(assets, "a.txt")->version != version);
    expect_news(assets, "a.txt", NULL);

    sandbox_replace(sandbox_path(state, "a.txt"), sandbox_path(state, "a.txt"));
    expect_no_news(assets); /* the same content */
    sandbox_text(sandbox_path(state, "a.txt"), "one");
    molt_assets_turn(assets);
    expect(assets, "a.txt", "one");
    assert_true(molt_assets_get(assets, "a.txt")->version ==
                version); /* equal content, equal version */
    molt_assets_destroy(assets);
}

static void refused_content_leaves_the_one_before(void **state)
{
    MoltAssets *assets = open_assets(state);
    const char *path = sandbox_path(state, "a.txt");
    sandbox_text(path, "good");
    expect(assets, "a.txt", "good");
    uint64_t good = molt_assets_get(assets, "a.txt")->version;
    sandbox_text(path, "bad");
    molt_assets_turn(assets);
    const MoltAsset *bad = molt_assets_get(assets, "a.txt");
    assert_string_equal((const char *)bad->bytes, "bad");
    molt_assets_refuse(assets, "a.txt", "line 1: bad");
    assert_string_equal((const char *)bad->bytes,
                        "bad"); /* whoever looks at it still can, in this frame */
    expect(assets, "a.txt", "good");
    assert_true(molt_assets_get(assets, "a.txt")->version == good);
    expect_news(assets, "a.txt", "line 1: bad");
    sandbox_text(path, "bad");
    expect_no_news(assets); /* refused already */
    expect(assets, "a.txt", "good");
    sandbox_text(path, "good");
    expect_news(assets, "a.txt", NULL); /* mended: the message can go */
    expect(assets, "a.txt", "good");
    sandbox_text(path, "better");
    molt_assets_turn(assets);
    expect(assets, "a.txt", "better");
    molt_assets_destroy(assets);
}

/* Two saves that the game saw only the second of: what is refused gives way to what was good. */
static void content_that_nobody_saw_is_none_to_go_back_to(void **state)
{
    MoltAssets *assets = open_assets(state);
    sandbox_text(sandbox_path(state, "a.txt"), "good");
    expect(assets, "a.txt", "good");
    sandbox_text(sandbox_path(state, "a.txt"), "bad");
    molt_assets_turn(assets);
    sandbox_text(sandbox_path(state, "a.txt"), "worse");
    expect_no_news(assets); /* not before the game has looked at it */
    expect(assets, "a.txt", "worse");
    molt_assets_refuse(assets, "a.txt", "no good");
    expect(assets, "a.txt", "good");
    molt_assets_destroy(assets);
}

static void first_content_may_be_refused(void **state)
{
    MoltAssets *assets = open_assets(state);
    sandbox_text(sandbox_path(state, "a.txt"), "bad");
    expect(assets, "a.txt", "bad");
    molt_assets_refuse(assets, "a.txt", "no good");
    expect(assets, "a.txt", NULL);
    molt_assets_refuse(assets, "a.txt", "nothing is there to be refused");
    expect_news(assets, "a.txt", "no good");
    sandbox_text(sandbox_path(state, "a.txt"), "good");
    molt_assets_turn(assets);
    expect(assets, "a.txt", "good");
    molt_assets_destroy(assets);
}

/* New code with a mistake refuses what is good; without it the content is there again. */
static void other_code_is_asked_again(void **state)
{
    MoltAssets *assets = open_assets(state);
    sandbox_text(sandbox_path(state, "a.txt"), "good");
    expect(assets, "a.txt", "good");
    molt_assets_refuse(assets, "a.txt", "line 1: bad");
    expect(assets, "a.txt", NULL);
    expect_news(assets, "a.txt", "line 1: bad");
    molt_assets_ask_again(assets);
    expect(assets, "a.txt", "good");
    molt_assets_refuse(assets, "a.txt", "line 1: bad"); /* said already */
    expect_no_news(assets);
    expect(assets, "a.txt", NULL);
    molt_assets_ask_again(assets);
    expect(assets, "a.txt", "good");
    molt_assets_refuse(assets, "a.txt", "line 1: worse");
    expect_news(assets, "a.txt", "line 1: worse");
    molt_assets_ask_again(assets);
    expect(assets, "a.txt", "good");
    expect_news(assets, "a.txt", NULL);
    expect_no_news(assets);
    molt_assets_ask_again(assets);
    expect_no_news(assets);
    molt_assets_destroy(assets);
}

static void wait_for_news(MoltAssets *assets, const char *problem)
{
    MoltAssetEvent event = {0};
    for (int i = 0; i < 1000 && !molt_assets_poll(assets, &event); i++) {
        sandbox_sleep(10);
        molt_assets_turn(assets);
    }
    assert_non_null(event.path);
    assert_int_equal(event.kept, problem != NULL);
    assert_true(problem == NULL || strstr(event.problem, problem) != NULL);
}

static void file_that_goes_is_told_once(void **state)
{
    MoltAssets *assets = open_assets(state);
    const char *path = sandbox_path(state, "a.txt");
    sandbox_text(path, "here");
    expect(assets, "a.txt", "here");
    expect_no_news(assets);
    assert_int_equal(unlink(path), 0);
    wait_for_news(assets, "no file is there any more");
    expect_no_news(assets);
    expect(assets, "a.txt", "here");
    sandbox_text(path, "here");
    wait_for_news(assets, NULL);
    expect_no_news(assets);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("nowhere", path), 0);
    wait_for_news(assets, "");
    expect(assets, "a.txt", "here");
    molt_assets_destroy(assets);
}

/* In place, by renaming, and with another link in its place. */
static void target_of_a_link_is_watched(void **state)
{
    MoltAssets *assets = open_assets(state);
    const char *link = sandbox_path(state, "a.txt");
    sandbox_folder(sandbox_path(state, "real"));
    const char *target = sandbox_path(state, "real/t.txt");
    sandbox_text(target, "one");
    assert_int_equal(symlink("real/hop", link), 0);
    assert_int_equal(symlink("t.txt", sandbox_path(state, "real/hop")), 0);
    expect(assets, "a.txt", "one");
    sandbox_text(target, "two");
    molt_assets_turn(assets);
    expect(assets, "a.txt", "two");
    sandbox_text(sandbox_path(state, "real/new"), "three");
    assert_int_equal(rename(sandbox_path(state, "real/new"), target), 0);
    molt_assets_turn(assets);
    expect(assets, "a.txt", "three");
    sandbox_text(sandbox_path(state, "real/u.txt"), "four");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("real/u.txt", link), 0);
    molt_assets_turn(assets);
    expect(assets, "a.txt", "four");
    sandbox_text(sandbox_path(state, "real/u.txt"), "five");
    molt_assets_turn(assets);
    expect(assets, "a.txt", "five");
    molt_assets_destroy(assets);
}

static void missing_file_has_words_and_may_come(void **state)
{
    MoltAssets *assets = open_assets(state);
    expect(assets, "later/a.txt", NULL);
    expect_news(assets, "later/a.txt", "No such file");
    sandbox_folder(sandbox_path(state, "later"));
    sandbox_text(sandbox_path(state, "later/a.txt"), "here");
    for (int i = 0; i < 1000 && molt_assets_get(assets, "later/a.txt") == NULL; i++) {
        sandbox_sleep(2);
        molt_assets_turn(assets);
    }
    expect(assets, "later/a.txt", "here");
    expect_news(assets, "later/a.txt", NULL);
    unlink(sandbox_path(state, "later/a.txt"));
    expect_no_news(assets); /* what was read stays */
    expect(assets, "later/a.txt", "here");
    sandbox_folder(sandbox_path(state, "folder"));
    expect(assets, "folder", NULL);
    expect_news(assets, "folder", "not a file");
    molt_assets_destroy(assets);
}

/* A writer that is in the middle of it, and one that ends: only the whole file counts. */
static void half_written_file_is_not_taken(void **state)
{
    MoltAssets *assets = open_assets(state);
    const char *path = sandbox_path(state, "a.txt");
    sandbox_text(path, "old");
    expect(assets, "a.txt", "old");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("half", file);
    fflush(file);
    expect_no_news(assets);
    expect(assets, "a.txt", "old");
    fputs(" and half", file);
    fclose(file);
    molt_assets_turn(assets);
    expect(assets, "a.txt", "half and half");
    sandbox_text(path, "");
    molt_assets_turn(assets);
    expect(assets, "a.txt", ""); /* for the game to say whether that is damaged */
    molt_assets_destroy(assets);
}

static void paths_stay_inside_of_the_folder(void **state)
{
    static const char *const paths[] = {"", "/etc/passwd", "..", "../a.txt", "a/../../b", "a/.."};
    MoltAssets *assets = open_assets(state);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        expect(assets, paths[i], NULL);
        expect_news(assets, paths[i], "folder of the assets");
    }
    sandbox_text(sandbox_path(state, "..a"), "a name like any other");
    expect(assets, "..a", "a name like any other");
    molt_assets_destroy(assets);
}

static void manifest_names_the_folder(void **state)
{
    MoltAssets *assets = NULL;
    char library[1024];
    snprintf(library, sizeof library, "%s", sandbox_path(state, "build/libgame.so"));
    sandbox_folder(sandbox_path(state, "build"));
    sandbox_folder(sandbox_path(state, "data"));
    sandbox_text(sandbox_path(state, "build/a.txt"), "beside the library");
    sandbox_text(sandbox_path(state, "data/a.txt"), "in the folder");
    assert_int_equal(molt_assets_create(&(MoltAssetsDesc){.library = library}, &assets, NULL),
                     MOLT_OK);
    expect(assets, "a.txt", "beside the library");
    molt_assets_destroy(assets);
    sandbox_text(sandbox_path(state, "build/libgame.so.molt"), "{\"assets\": \"../data\"}");
    assert_int_equal(molt_assets_create(&(MoltAssetsDesc){.library = library}, &assets, NULL),
                     MOLT_OK);
    expect(assets, "a.txt", "in the folder");
    molt_assets_destroy(assets);
}

static void many_saves_leave_nothing_behind(void **state)
{
    MoltAssets *assets = open_assets(state);
    char text[32];
    sandbox_text(sandbox_path(state, "a.txt"), "0");
    expect(assets, "a.txt", "0");
    unsigned files = sandbox_open_files();
    for (int i = 1; i < 200; i++) {
        snprintf(text, sizeof text, "%d", i);
        sandbox_text(sandbox_path(state, "a.txt"), text);
        molt_assets_turn(assets);
        expect(assets, "a.txt", text);
        if (i % 3 == 0) {
            molt_assets_refuse(assets, "a.txt", "every third");
        }
    }
    assert_int_equal(sandbox_open_files(), files);
    molt_assets_destroy(assets);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_setup, sandbox_teardown)
    const struct CMUnitTest tests[] = {
        TEST(saved_file_is_there_in_the_next_frame),
        TEST(refused_content_leaves_the_one_before),
        TEST(content_that_nobody_saw_is_none_to_go_back_to),
        TEST(first_content_may_be_refused),
        TEST(other_code_is_asked_again),
        TEST(file_that_goes_is_told_once),
        TEST(target_of_a_link_is_watched),
        TEST(missing_file_has_words_and_may_come),
        TEST(half_written_file_is_not_taken),
        TEST(paths_stay_inside_of_the_folder),
        TEST(manifest_names_the_folder),
        TEST(many_saves_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
