/* The mixed edit of ants against what a program does that knows no migration: write the state by a library
 * and read it again into the new structs, warm and with fresh memory. */
#include "benches.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "ant_edit.h"
#include "round_trip.h"

/* Those that were there when the bench was built. */
static const RoundTrip *const libraries[] = {
#ifdef BENCH_CAPNP
    &bench_capnp,
#endif
#ifdef BENCH_MSGPACK
    &bench_msgpack,
#endif
#ifdef BENCH_PROTOBUF
    &bench_protobuf,
#endif
#ifdef BENCH_SQLITE
    &bench_sqlite,
#endif
#ifdef BENCH_JANSSON
    &bench_jansson,
#endif
    &bench_cjson,
};

typedef struct Bench {
    uint64_t count;
    MoltSchema *before, *after;
    Edit edit;
    MoltHeap *heap;
    AntBefore *source;
    AntAfter *target;
} Bench;

static bool is_right(const Bench *bench)
{
    for (uint64_t i = 0; i < bench->count; i++) {
        const AntAfter *ant = &bench->target[i];
        if (!bench_ant_is(ant, i) || ant->next != (i > 0 ? ant - 1 : NULL) ||
            ant->prey != (i > 0 && i % 3 == 0 ? ant - 1 : NULL))
            return false;
    }
    return true;
}

static bool round_trip(const Bench *bench, const RoundTrip *library, Samples *samples)
{
    uint64_t started = bench_now();
    bool ok = library->run(bench->source, bench->target, (uint32_t)bench->count);
    if (samples)
        bench_sample(samples, bench_now() - started);
    if (!ok || !is_right(bench)) {
        fprintf(stderr, "molt-bench: %s did not bring the ants back\n", library->name);
        return false;
    }
    return true;
}

/* Without anything that either of them kept. */
static bool fresh_round(Bench *bench, const RoundTrip *library, Samples *theirs, Samples *ours)
{
    MoltHeap *heap = bench_heap(bench->before);
    bool ok = heap && bench_ants_fill(heap, bench->count) &&
              bench_migrate(heap, &bench->edit, ours) && bench_ants_right(heap, bench->count);
    molt_heap_destroy(heap);
    if (library->forget)
        library->forget();
    malloc_trim(0);
    bench_unmap(bench->target, bench->count * sizeof *bench->target);
    bench->target = bench_map(bench->count * sizeof *bench->target);
    return ok && bench->target && round_trip(bench, library, theirs);
}

static bool warm_round(Bench *bench, const RoundTrip *library, Samples *theirs, Samples *ours)
{
    return bench_migrate(bench->heap, &bench->edit, ours) &&
           bench_ants_right(bench->heap, bench->count) &&
           bench_migrate_back(bench->heap, &bench->edit) && round_trip(bench, library, theirs);
}

/* What somebody would write by hand, in the place of the round trip: the cache holds what it holds then. */
static bool by_hand(const Bench *bench, Samples *samples)
{
    bool ok = bench_migrate(bench->heap, &bench->edit, NULL) &&
              bench_migrate_back(bench->heap, &bench->edit);
    uint64_t started = bench_now();
    bench_ants_convert(bench->source, bench->target, bench->count);
    bench_sample(samples, bench_now() - started);
    return ok;
}

static bool compare(Table *table, Bench *bench, const RoundTrip *library, int rounds)
{
    Samples ours[2] = {{.count = 0}, {.count = 0}}, theirs[2] = {{.count = 0}, {.count = 0}};
    Samples loop = {.count = 0};
    char name[96], against[48], size[32];
    bool quick = library->times < 20; /* one round says little then */
    bool ok = warm_round(bench, library, NULL, NULL);
    for (int round = 0; ok && round < rounds * (quick ? 9 : 1); round++) {
        ok = warm_round(bench, library, &theirs[0], &ours[0]) && (!quick || by_hand(bench, &loop));
    }
    for (int round = 0; ok && round < rounds; round++)
        ok = fresh_round(bench, library, &theirs[1], &ours[1]);
    if (library->forget)
        library->forget();
    snprintf(against, sizeof against, "a round trip by %s", library->name);
    for (int fresh = 0; ok && fresh < 2; fresh++) {
        snprintf(name, sizeof name, "mixed edit of %s objects, %s",
                 bench_number(bench->count, size), fresh ? "fresh" : "warm");
        bench_add(table, name, &ours[fresh], against, &theirs[fresh], (double)bench->count,
                  fresh ? 0 : 1 / library->times);
    }
    snprintf(name, sizeof name, "a hand-written loop over %s objects, warm",
             bench_number(bench->count, size));
    if (ok && quick)
        bench_add(table, name, &loop, against, &theirs[0], (double)bench->count, 0);
    return ok;
}

/* glibc gives large blocks back to the system at once otherwise, and no library would ever be warm. */
static void keep_memory(bool keep)
{
    mallopt(M_MMAP_MAX, keep ? 0 : 65536);
    mallopt(M_TRIM_THRESHOLD, keep ? INT32_MAX : 128 << 10);
}

bool bench_libraries(Table *table, uint64_t count, int rounds)
{
    Bench bench = {.count = count};
    bench.before = bench_schema(&bench_ant_before, 1);
    bench.after = bench_schema(&bench_ant_after, 1);
    bench.heap = bench.before ? bench_heap(bench.before) : NULL;
    bench.source = bench_map(count * sizeof *bench.source);
    bench.target = bench_map(count * sizeof *bench.target);
    bool ok = bench.heap && bench.source && bench.target && bench_ants_fill(bench.heap, count) &&
              bench_edit_make(bench.before, bench.after, true, &bench.edit);
    if (ok)
        bench_ants_fill_array(bench.source, count);
    keep_memory(true);
    for (size_t i = 0; ok && i < sizeof libraries / sizeof *libraries; i++)
        ok = compare(table, &bench, libraries[i], rounds);
    keep_memory(false);
    molt_heap_destroy(bench.heap);
    bench_edit_free(&bench.edit);
    molt_schema_free(bench.before);
    molt_schema_free(bench.after);
    bench_unmap(bench.source, count * sizeof *bench.source);
    bench_unmap(bench.target, count * sizeof *bench.target);
    return ok;
}
