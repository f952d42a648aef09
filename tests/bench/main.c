/* molt-bench: pauses of a reload beside what the machine needs for the same work without Molt. All in
 * one run and in turns; medians; ratios first. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benches.h"

#define MIB(n) ((uint64_t)(n) << 20)

static const char usage[] =
    "usage: molt-bench [--json FILE] [--game LIBRARY] [--size MIB] [--only BENCH] [--quick]\n"
    "  --json FILE     the table as a JSON array, instead of printing it\n"
    "  --game LIBRARY  game library to reload; default: the sample game\n"
    "  --size MIB      of the states that are reloaded, migrated, saved, loaded and\n"
    "                  dumped; default: 1024. Six times as much memory is needed, and\n"
    "                  as much on the disk at TMPDIR\n"
    "  --only BENCH    reload, sections, frame, migration, losses, fresh, graph,\n"
    "                  part, scaling, libraries, allocator, crash, dump or snapshot;\n"
    "                  default: all of them\n"
    "  --quick         few rounds and objects, only to see that it works\n";

/* What the options say. */
typedef struct Options {
    const char *json, *game, *only; /* `only` is NULL or names a bench */
    uint64_t size;                  /* MiB */
    bool quick;
} Options;

/* Of bytes or rounds: the whole, or only to see that it works. */
static uint64_t amount(const Options *options, uint64_t whole, uint64_t quick)
{
    return options->quick ? quick : whole;
}

static int rounds(const Options *options, int whole)
{
    return options->quick && whole > 2 ? 2 : whole;
}

static bool run_reload(Table *table, const Options *options)
{
    return bench_code_reload(table, options->game, amount(options, options->size, 4),
                             options->quick ? 3 : 41);
}

static bool run_crash(Table *table, const Options *options)
{
    return bench_restart(table, options->game, options->quick ? 1 : 5) &&
           bench_checkpoint(table, amount(options, MIB(64), MIB(2)), rounds(options, 9));
}

static bool run_migration(Table *table, const Options *options)
{
    uint64_t count = amount(options, 1000000, 1000);
    return bench_migration(table, amount(options, 10000, 100), rounds(options, 41)) &&
           bench_migration(table, count, rounds(options, 15)) &&
           bench_steps(table, amount(options, 10000, 100), rounds(options, 41)) &&
           bench_steps(table, count, rounds(options, 9));
}

static bool run_losses(Table *table, const Options *options)
{
    return bench_losses(table, amount(options, 1000000, 1000), rounds(options, 9));
}

static bool run_fresh(Table *table, const Options *options)
{
    return bench_fresh(table, amount(options, 1000000, 1000), rounds(options, 9)) &&
           bench_threads(table, amount(options, 1000000, 20000), rounds(options, 15));
}

static bool run_graph(Table *table, const Options *options)
{
    return bench_graph(table, amount(options, 1000000, 1000), rounds(options, 9));
}

static bool run_part(Table *table, const Options *options)
{
    return bench_part(table, amount(options, options->size << 20, MIB(1)), rounds(options, 9));
}

/* The curves go to four times the size where there is memory for old, new and what the heap keeps warm. */
static bool run_scaling(Table *table, const Options *options)
{
    uint64_t most = options->size << 20;
    uint64_t free_bytes = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (4 * most * 3 < free_bytes)
        most *= 4;
    return bench_scaling(table, amount(options, most, MIB(1)), rounds(options, 3));
}

static bool run_allocator(Table *table, const Options *options)
{
    return bench_allocator(table, amount(options, 1000000, 50000), rounds(options, 9));
}

static bool run_sections(Table *table, const Options *options)
{
    return bench_sections(table, options->game, BENCH_SECTIONS, rounds(options, 21));
}

static bool run_frame(Table *table, const Options *options)
{
    return bench_frame(table, options->game, BENCH_PLAIN, options->quick ? 1 : 60,
                       options->quick ? 30 : 1500, options->quick ? 2 : 24);
}

static bool run_libraries(Table *table, const Options *options)
{
    return bench_libraries(table, amount(options, 100000, 200), rounds(options, 3));
}

static bool run_dump(Table *table, const Options *options)
{
    return bench_dump(table, amount(options, 8, 1), amount(options, options->size, 1),
                      options->quick ? 1 : 5);
}

static bool run_snapshot(Table *table, const Options *options)
{
    return bench_snapshot(table, amount(options, (options->size << 20) / 96, 5000),
                          options->quick ? 1 : 5);
}

/* In the order in which they run. */
static const struct {
    const char *name;
    bool (*run)(Table *table, const Options *options);
} benches[] = {{"reload", run_reload},       {"sections", run_sections},   {"frame", run_frame},
               {"migration", run_migration}, {"losses", run_losses},       {"fresh", run_fresh},
               {"graph", run_graph},         {"part", run_part},           {"scaling", run_scaling},
               {"libraries", run_libraries}, {"allocator", run_allocator}, {"crash", run_crash},
               {"dump", run_dump},           {"snapshot", run_snapshot}};

static bool is_bench(const char *name)
{
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        if (strcmp(benches[i].name, name) == 0)
            return true;
    return false;
}

/* False: they are not understood. */
static bool read_options(int argc, char **argv, Options *out)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0 && i + 1 < argc)
            out->json = argv[++i];
        else if (strcmp(argv[i], "--game") == 0 && i + 1 < argc)
            out->game = argv[++i];
        else if (strcmp(argv[i], "--size") == 0 && i + 1 < argc)
            out->size = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc && is_bench(argv[i + 1]))
            out->only = argv[++i];
        else if (strcmp(argv[i], "--quick") == 0)
            out->quick = true;
        else
            return false;
    }
    return out->size > 0 && out->size < 65536;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "--go-on") == 0)
        return bench_go_on(argv[2], argv[3], argv[5]);
    if (argc == 6 && strcmp(argv[1], "--play") == 0)
        return bench_play(argv[2], argv[3], argv[4], strcmp(argv[5], "guard") == 0);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    Options options = {.game = BENCH_GAME, .size = 1024};
    if (!read_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }

    static Table table;
    bool ok = true;
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++)
        if (!options.only || strcmp(benches[i].name, options.only) == 0)
            ok = benches[i].run(&table, &options) && ok;
    if (!options.json)
        bench_print(&table);
    if (options.json && !bench_write_json(&table, options.json)) {
        fprintf(stderr, "molt-bench: %s: %s\n", options.json, strerror(errno));
        ok = false;
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
