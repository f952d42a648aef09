/* The mixed edit of ants on two threads: what is gained, against what the machine gains at copying memory in
 * the same rounds. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include <molt/threads.h>

#include "ant_edit.h"

typedef struct Bench {
    uint64_t count;
    MoltSchema *before, *after;
    Edit edit;
    MoltHeap *heap;
    MoltThreads *threads;
    char *source, *target; /* as many bytes as the objects have */
    Samples ours, copy;    /* time of two threads, in millionths of that of one */
} Bench;

#define PIECE ((uint64_t)1 << 16)

static uint64_t bytes_of(const Bench *bench)
{
    return bench->count * sizeof(AntBefore);
}

static void copy_piece(void *context, uint32_t index)
{
    const Bench *bench = context;
    uint64_t at = index * PIECE, left = bytes_of(bench) - at;
    memcpy(bench->target + at, bench->source + at, left < PIECE ? left : PIECE);
    __asm__ volatile("" : : "r"(bench->target) : "memory");
}

static void share(void *threads, uint32_t count, MoltParallelTask *task, void *context)
{
    molt_threads_parallel_for(threads, count, task, context);
}

static uint64_t copy_pieces(Bench *bench, bool both)
{
    uint32_t pieces = (uint32_t)((bytes_of(bench) + PIECE - 1) / PIECE);
    uint64_t started = bench_now();
    if (both)
        share(bench->threads, pieces, copy_piece, bench);
    for (uint32_t p = 0; !both && p < pieces; p++)
        copy_piece(bench, p);
    return bench_now() - started;
}

/* Nanoseconds that the way forth takes; 0 where it went wrong. */
static uint64_t migrate(Bench *bench, bool both)
{
    const MoltParallel parallel = {
        .threads = both ? 2 : 1, .run = share, .context = bench->threads};
    Samples samples = {0};
    bench->edit.parallel = &parallel;
    if (!bench_migrate(bench->heap, &bench->edit, &samples))
        return 0;
    if (!bench_ants_right(bench->heap, bench->count)) {
        fputs("molt-bench: a migrated object has wrong values\n", stderr);
        return 0;
    }
    return bench_migrate_back(bench->heap, &bench->edit) ? bench_median(&samples) : 0;
}

static bool run_rounds(Bench *bench, int rounds)
{
    for (int round = -1; round < rounds; round++) { /* the first one warms up */
        uint64_t copy_one = copy_pieces(bench, false), copy_both = copy_pieces(bench, true);
        uint64_t one = migrate(bench, false), both = migrate(bench, true);
        if (one == 0 || both == 0 || copy_one == 0)
            return false;
        if (round < 0)
            continue;
        bench_sample(&bench->ours, both * 1000000 / one);
        bench_sample(&bench->copy, copy_both * 1000000 / copy_one);
    }
    return true;
}

bool bench_threads(Table *table, uint64_t count, int rounds)
{
    static Bench bench;
    const MoltThreadsDesc desc = {.count = 2};
    char name[96], size[32];
    bench = (Bench){.count = count};
    bench.before = bench_schema(&bench_ant_before, 1);
    bench.after = bench_schema(&bench_ant_after, 1);
    bench.heap = bench.before ? bench_heap(bench.before) : NULL;
    bench.source = bench_map(bytes_of(&bench));
    bench.target = bench_map(bytes_of(&bench));
    bool ok = bench.source && bench.target && bench.heap && bench_ants_fill(bench.heap, count) &&
              bench_edit_make(bench.before, bench.after, true, &bench.edit) &&
              molt_threads_create(&desc, &bench.threads, NULL) == MOLT_OK;
    if (ok) {
        memset(bench.source, 1, bytes_of(&bench));
        ok = run_rounds(&bench, rounds);
    }
    if (ok) {
        snprintf(name, sizeof name, "mixed edit of %s objects, time of 2 threads of that of one",
                 bench_number(count, size));
        bench_add_share(table, name, &bench.ours, "memcpy, time of 2 threads of that of one",
                        &bench.copy, 1.25); /* 0.8 of its gain */
    }
    molt_threads_destroy(bench.threads);
    molt_heap_destroy(bench.heap);
    bench_edit_free(&bench.edit);
    molt_schema_free(bench.before);
    molt_schema_free(bench.after);
    bench_unmap(bench.source, bytes_of(&bench));
    bench_unmap(bench.target, bytes_of(&bench));
    return ok;
}
