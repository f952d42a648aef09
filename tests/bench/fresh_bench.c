/* The mixed edit of ants into memory that was not there before: what the first migration of a session
 * takes, and any of more than a heap keeps warm. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include "ant_edit.h"

typedef struct Bench {
    uint64_t count;
    MoltSchema *before, *after;
    Edit edit;
    AntBefore *source;
    char *bytes; /* as many as the destination holds, and warm */
    Samples ours, sudden, hand, copy;
} Bench;

/* By the first migration of a heap: no memory of it has been let go before. With room as a reload has it, or
 * without. */
static bool migrate_fresh(Bench *bench, bool room)
{
    MoltHeap *heap = bench_heap(bench->before);
    bench->edit.room = room;
    bool ok = heap && bench_ants_fill(heap, bench->count) &&
              bench_migrate(heap, &bench->edit, room ? &bench->ours : &bench->sudden);
    if (ok && !bench_ants_right(heap, bench->count)) {
        fputs("molt-bench: a migrated object has wrong values\n", stderr);
        ok = false;
    }
    molt_heap_destroy(heap);
    return ok;
}

static bool copy_fresh(Bench *bench)
{
    uint64_t bytes = bench->count * sizeof(AntAfter), started = bench_now();
    char *target = bench_map(bytes);
    if (target)
        memcpy(target, bench->bytes, bytes);
    __asm__ volatile("" : : "r"(target) : "memory");
    bench_sample(&bench->copy, bench_now() - started);
    bench_unmap(target, bytes);
    return target != NULL;
}

static bool convert_fresh(Bench *bench)
{
    uint64_t bytes = bench->count * sizeof(AntAfter), started = bench_now();
    AntAfter *target = bench_map(bytes);
    if (target)
        bench_ants_convert(bench->source, target, bench->count);
    bench_sample(&bench->hand, bench_now() - started);
    bench_unmap(target, bytes);
    return target != NULL;
}

bool bench_fresh(Table *table, uint64_t count, int rounds)
{
    Bench bench = {.count = count};
    char name[96], size[32];
    bench.before = bench_schema(&bench_ant_before, 1);
    bench.after = bench_schema(&bench_ant_after, 1);
    bench.source = bench_map(count * sizeof *bench.source);
    bench.bytes = bench_map(count * sizeof(AntAfter));
    bool ok = bench.source && bench.bytes &&
              bench_edit_make(bench.before, bench.after, true, &bench.edit);
    if (ok) {
        bench_ants_fill_array(bench.source, count);
        memset(bench.bytes, 1, count * sizeof(AntAfter));
    }
    for (int round = 0; ok && round < rounds; round++)
        ok = copy_fresh(&bench) && convert_fresh(&bench) &&
             migrate_fresh(&bench, true) && migrate_fresh(&bench, false);
    if (ok) {
        snprintf(name, sizeof name, "mixed edit of %s objects, fresh destination",
                 bench_number(count, size));
        bench_add(table, name, &bench.ours, "memcpy into as many fresh huge pages", &bench.copy,
                  (double)count, 1.3);
        bench_add(table, name, &bench.ours, "a hand-written loop into fresh huge pages",
                  &bench.hand, (double)count, 0);
        snprintf(name, sizeof name, "mixed edit of %s objects, fresh, pages not asked for before",
                 bench_number(count, size));
        bench_add(table, name, &bench.sudden, "memcpy into as many fresh huge pages", &bench.copy,
                  (double)count, 1.3);
        bench_add(table, name, &bench.sudden, "a hand-written loop into fresh huge pages",
                  &bench.hand, (double)count, 0);
    }
    bench_edit_free(&bench.edit);
    molt_schema_free(bench.before);
    molt_schema_free(bench.after);
    bench_unmap(bench.source, count * sizeof *bench.source);
    bench_unmap(bench.bytes, count * sizeof(AntAfter));
    return ok;
}
