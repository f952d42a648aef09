/* Command lines that are right, and what is said of those that are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.h"

#define ARGUMENTS_MAX 48

/* Parses `line`, words parted by single spaces. */
static MoltStatus parse(const char *line, MoltOptions *options, MoltError *error)
{
    static char text[512];
    char *argv[ARGUMENTS_MAX + 1];
    int argc = 0;
    snprintf(text, sizeof text, "molt-host %s", line);
    for (char *word = strtok(text, " "); word && argc < ARGUMENTS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return molt__options_parse(argc, argv, options, error);
}

static void assert_wrong(const char *line, const char *named)
{
    MoltOptions options;
    MoltError error = {0};
    assert_int_equal(parse(line, &options, &error), MOLT_INVALID);
    if (!strstr(error.text, named))
        fail_msg("\"%s\" does not name %s", error.text, named);
}

static void library_alone_gives_the_defaults(void **state)
{
    (void)state;
    MoltOptions options;
    assert_int_equal(parse("libgame.so", &options, NULL), MOLT_OK);
    assert_string_equal(options.library, "libgame.so");
    assert_int_equal(options.seed, 1);
    assert_int_equal(options.frames, 0);
    assert_int_equal(options.threads, 0);
    assert_int_equal(options.width, 1280);
    assert_int_equal(options.height, 720);
    assert_false(options.headless || options.console || options.no_build || options.strict);
    assert_true(options.load == NULL && options.save == NULL && options.autosave == 0);
    assert_false(options.null_functions);
    assert_null(options.dump);
    assert_true(!options.no_guard && options.watchdog == 5 && options.resume == NULL);
}

static void every_option_is_taken(void **state)
{
    (void)state;
    MoltOptions options;
    assert_int_equal(parse("--headless --frames 600 libgame.so --seed=18446744073709551615 --dump d "
                           "--dump-addresses --screenshot s --events - --dump-reloads r --console "
                           "--reload-every 10 --no-build --no-resident --fps --size 640x360 --mute --strict "
                           "--load l --save v --autosave 30 --recover --trust "
                           "--reload-through-file --load-json l --max-memory 3M --no-guard --watchdog 9 "
                           "--resume r",
                           &options, NULL), MOLT_OK);
    assert_true(options.no_guard && options.watchdog == 9);
    assert_string_equal(options.resume, "r");
    assert_true(options.headless && options.dump_addresses && options.console && options.no_build &&
                options.no_resident && options.fps && options.mute && options.strict);
    assert_true(options.recover && options.trust && options.through_file);
    assert_string_equal(options.load, "l");
    assert_string_equal(options.load_json, "l");
    assert_int_equal(options.max_memory, 3 << 20);
    assert_string_equal(options.save, "v");
    assert_int_equal(options.autosave, 30);
    assert_string_equal(options.library, "libgame.so");
    assert_int_equal(options.frames, 600);
    assert_true(options.seed == UINT64_MAX);
    assert_int_equal(options.reload_every, 10);
    assert_int_equal(options.width, 640);
    assert_int_equal(options.height, 360);
    assert_string_equal(options.dump, "d");
    assert_string_equal(options.screenshot, "s");
    assert_string_equal(options.events, "-");
    assert_string_equal(options.dump_reloads, "r");
}

static void build_and_what_is_watched_are_taken(void **state)
{
    (void)state;
    MoltOptions options;
    assert_int_equal(parse("libgame.so --build ./build.sh --watch src --watch data/map.txt --assets "
                           "data", &options, NULL), MOLT_OK);
    assert_string_equal(options.assets, "data");
    assert_string_equal(options.build, "./build.sh");
    assert_string_equal(options.watch[0], "src");
    assert_string_equal(options.watch[1], "data/map.txt");
    assert_null(options.watch[2]);
}

static void functions_that_are_gone_refuse_or_become_null(void **state)
{
    (void)state;
    MoltOptions options;
    assert_int_equal(parse("libgame.so --missing-functions null", &options, NULL), MOLT_OK);
    assert_true(options.null_functions);
    assert_int_equal(parse("libgame.so --missing-functions refuse", &options, NULL), MOLT_OK);
    assert_false(options.null_functions);
    assert_int_equal(parse("a.so --missing-functions null --strict --load-live", &options, NULL), MOLT_OK);
    assert_true(options.null_functions && options.strict && options.load_live);
}

static void help_and_version_need_no_library(void **state)
{
    (void)state;
    MoltOptions options;
    assert_int_equal(parse("--help", &options, NULL), MOLT_OK);
    assert_true(options.help);
    assert_int_equal(parse("--version", &options, NULL), MOLT_OK);
    assert_true(options.version);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    static const char *const no_sizes[] = {
        "a.so --max-memory 0",  "a.so --max-memory x",  "a.so --max-memory 3MB",
        "a.so --max-memory 3T", "a.so --max-memory -1", "a.so --max-memory 99999999999G"};
    MoltOptions options;
    assert_int_equal(parse("a.so --frames 0", &options, NULL), MOLT_OK);
    assert_int_equal(options.frames, 0);
    assert_wrong("", "library");
    assert_wrong("a.so b.so", "b.so");
    assert_wrong("a.so --fast", "--fast");
    assert_wrong("a.so -x", "-x");
    assert_wrong("a.so --frames", "--frames");
    assert_wrong("a.so --frames -3", "-3");
    assert_wrong("a.so --threads 0", "--threads");
    assert_wrong("a.so --threads 257", "257");
    assert_wrong("a.so --frames 3x", "3x");
    assert_wrong("a.so --seed 18446744073709551616", "18446744073709551616");
    assert_wrong("a.so --autosave soon", "soon");
    assert_wrong("a.so --swap 5", "--swap");
    for (size_t i = 0; i < sizeof no_sizes / sizeof *no_sizes; i++)
        assert_wrong(no_sizes[i], "--max-memory");
    assert_wrong("a.so --build make --no-build", "--no-build");
    assert_wrong("a.so --missing-functions keep", "keep");
    assert_wrong("a.so --missing-functions null --strict", "--missing-functions");
    assert_wrong("a.so --watch 1 --watch 2 --watch 3 --watch 4 --watch 5 --watch 6 --watch 7 --watch 8 "
                 "--watch 9 --watch 10 --watch 11 --watch 12 --watch 13 --watch 14 --watch 15 --watch 16 "
                 "--watch 17", "--watch");
    assert_wrong("a.so --size 640", "--size");
    assert_wrong("a.so --size 640x", "--size");
    assert_wrong("a.so --size 640x360x2", "--size");
    assert_wrong("a.so --size 1x1", "--size");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_alone_gives_the_defaults),
        cmocka_unit_test(every_option_is_taken),
        cmocka_unit_test(build_and_what_is_watched_are_taken),
        cmocka_unit_test(functions_that_are_gone_refuse_or_become_null),
        cmocka_unit_test(help_and_version_need_no_library),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
