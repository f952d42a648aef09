/* molt-bench: pauses of a reload beside what the machine needs for the same work without Molt. All in
 * one run and in turns; medians; ratios first. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benches.h"

static const char usage[] =
    "usage: molt-bench [--json FILE] [--game LIBRARY] [--size MIB] [--only BENCH] [--quick]\n"
    "  --json FILE     the table as a JSON array\n"
    "  --game LIBRARY  game library to reload; default: the sample game\n"
    "  --size MIB      of the states that are reloaded, saved, loaded and dumped;\n"
    "                  default: 1024. Twice as much memory is needed, and\n"
    "                  as much on the disk at TMPDIR\n"
    "  --only BENCH    reload, crash, migration, dump or snapshot; default: all of them\n"
    "  --quick         few rounds and objects, only to see that it works\n";

/* `only` is NULL or names a bench. */
static bool wanted(const char *only, const char *bench)
{
    return !only || strcmp(only, bench) == 0;
}

static bool is_bench(const char *name)
{
    return wanted("reload", name) || wanted("crash", name) || wanted("migration", name) ||
           wanted("dump", name) || wanted("snapshot", name);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "--go-on") == 0)
        return bench_go_on(argv[2], argv[3], argv[5]);
    const char *json = NULL, *game = BENCH_GAME, *only = NULL;
    bool quick = false;
    unsigned long size = 1024;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            json = argv[++i];
        } else if (strcmp(argv[i], "--game") == 0 && i + 1 < argc) {
            game = argv[++i];
        } else if (strcmp(argv[i], "--size") == 0 && i + 1 < argc &&
                   (size = strtoul(argv[++i], NULL, 10)) > 0 && size < 65536) {
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc && is_bench(argv[i + 1])) {
            only = argv[++i];
        } else if (strcmp(argv[i], "--quick") == 0) {
            quick = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        } else {
            fputs(usage, stderr);
            return 2;
        }
    }

    static Table table;
    int rounds = quick ? 3 : 41;
    bool ok = true;
    if (wanted(only, "reload"))
        ok = bench_code_reload(&table, game, quick ? 4 : size, rounds);
    if (wanted(only, "migration"))
        ok = bench_migration(&table, quick ? 100 : 10000, rounds) &&
             bench_migration(&table, quick ? 1000 : 1000000, quick ? 2 : 9) && ok;
    if (wanted(only, "crash"))
        ok = bench_restart(&table, game, quick ? 1 : 5) &&
             bench_checkpoint(&table, quick ? (uint64_t)2 << 20 : (uint64_t)64 << 20,
                              quick ? 2 : 9) &&
             ok;
    if (wanted(only, "dump"))
        ok = bench_dump(&table, quick ? 1 : 8, quick ? 1 : size, quick ? 1 : 5) && ok;
    if (wanted(only, "snapshot"))
        ok =
            bench_snapshot(&table, quick ? 5000 : ((uint64_t)size << 20) / 96, quick ? 1 : 5) && ok;
    bench_print(&table);
    if (json && !bench_write_json(&table, json)) {
        fprintf(stderr, "molt-bench: %s: %s\n", json, strerror(errno));
        ok = false;
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
