/* The heap as an allocator: a game that makes and lets go objects of many sizes, by molt_new and by the
 * routed malloc, against glibc, on one thread and on two; and what memory it takes for them. */
#include "benches.h"

#include <malloc.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/builder.h>
#include <molt/plain_memory.h>

#include "edit.h"

enum { KINDS = 12, LIVE = 50000, THREADS_MAX = 2 };

/* Sizes of a game's objects, and how many of a hundred allocations are of each. */
static const struct {
    uint32_t size, share;
} kinds[KINDS] = {{16, 14}, {24, 12}, {32, 14}, {40, 8},  {48, 10}, {64, 12},
                  {80, 8},  {96, 9},  {128, 6}, {200, 4}, {512, 2}, {2048, 1}};

typedef enum Way { BY_NEW, BY_ROUTED_MALLOC, BY_CALLOC, BY_MALLOC, WAYS } Way;

typedef struct Bench {
    MoltSchema *schema;
    MoltCallSites *call_sites;
    const MoltHeapApi *api;
    MoltSite sites[KINDS];
    unsigned char kinds[4096]; /* of allocations, one after the other */
} Bench;

/* One thread's objects, apart from the other's, who writes each time, by two cache lines. */
typedef struct Worker {
    alignas(128) const Bench *bench;
    Way way;
    uint64_t operations, live, chance, requested;
    void **blocks;
    uint32_t *sizes;
    bool ok;
} Worker;

static MoltSchema *make_schema(Bench *bench)
{
    MoltError error = {.text = "out of memory"};
    MoltSchema *bare = NULL, *schema = NULL;
    MoltBuilder *builder = molt_builder_create(NULL);
    MoltTypeId byte = molt_builder_add_type(
        builder, &(MoltType){.name = molt_builder_string(builder, "unsigned char"),
                             .kind = MOLT_KIND_INT,
                             .size = 1,
                             .align = 1,
                             .elem = MOLT_NO_TYPE});
    for (int i = 0; i < KINDS; i++) {
        char name[32];
        snprintf(name, sizeof name, "unsigned char[%u]", kinds[i].size);
        MoltTypeId array =
            molt_builder_add_type(builder, &(MoltType){.name = molt_builder_string(builder, name),
                                                       .kind = MOLT_KIND_ARRAY,
                                                       .size = kinds[i].size,
                                                       .align = 1,
                                                       .length = kinds[i].size,
                                                       .elem = byte});
        snprintf(name, sizeof name, "Kind%d", i);
        MoltTypeId id =
            molt_builder_add_type(builder, &(MoltType){.name = molt_builder_string(builder, name),
                                                       .kind = MOLT_KIND_STRUCT,
                                                       .size = kinds[i].size,
                                                       .align = 8,
                                                       .elem = MOLT_NO_TYPE});
        molt_builder_set_fields(
            builder, id, &(MoltField){.name = molt_builder_string(builder, "bytes"), .type = array},
            1);
        bench->sites[i] = (MoltSite){
            .spelling = "a kind", .file = __FILE__, .size = kinds[i].size, .align = 8, .type = id};
    }
    if (molt_builder_finish(builder, &bare, &error) != MOLT_OK ||
        molt_schema_copy_plain(&bare->tables, NULL, &schema, &error) != MOLT_OK)
        fprintf(stderr, "molt-bench: %s\n", error.text);
    molt_schema_free(bare);
    molt_builder_destroy(builder);
    return schema;
}

/* A call site for each kind, so that routed blocks have types as those of a game have. */
static bool make_call_sites(Bench *bench)
{
    MoltError error = {.text = "out of memory"};
    MoltCallSite items[KINDS];
    for (int i = 0; i < KINDS; i++)
        items[i] = (MoltCallSite){.address = (uintptr_t)(0x1000 + 0x1000 * i),
                                  .type = bench->sites[i].type,
                                  .file = __FILE__,
                                  .function = "allocate",
                                  .reason = "",
                                  .line = 1};
    return molt_call_sites_create(NULL, items, KINDS, &bench->call_sites, &error) == MOLT_OK;
}

static void *allocate(const Bench *bench, Way way, uint32_t kind)
{
    const MoltCaller caller = {.address = (uintptr_t)(0x1000 + 0x1000 * kind)};
    switch (way) {
    case BY_NEW: return bench->api->create(bench->api, &bench->sites[kind], 1);
    case BY_ROUTED_MALLOC: return bench->api->plain_new(bench->api, &caller, kinds[kind].size, 1);
    case BY_CALLOC: return calloc(1, kinds[kind].size);
    default: return malloc(kinds[kind].size);
    }
}

static void release(const Bench *bench, Way way, void *block)
{
    if (way == BY_NEW)
        bench->api->destroy(bench->api, block);
    else if (way == BY_ROUTED_MALLOC)
        bench->api->plain_free(bench->api, block);
    else
        free(block);
}

/* Lets go an object by chance and makes another one, whose first bytes it writes. */
static void *work(void *context)
{
    Worker *worker = context;
    worker->ok = true;
    for (uint64_t i = 0; worker->ok && i < worker->operations; i++) {
        uint64_t chance = bench_chance(&worker->chance), slot = chance % worker->live;
        uint32_t kind = worker->bench->kinds[chance >> 32 & 4095];
        if (worker->blocks[slot])
            release(worker->bench, worker->way, worker->blocks[slot]);
        worker->blocks[slot] = allocate(worker->bench, worker->way, kind);
        worker->ok = worker->blocks[slot] != NULL;
        if (worker->ok)
            memcpy(worker->blocks[slot], &i, sizeof i);
        worker->requested += kinds[kind].size;
        worker->requested -= worker->sizes[slot];
        worker->sizes[slot] = kinds[kind].size;
    }
    return NULL;
}

static void let_go(Worker *worker)
{
    for (uint64_t i = 0; i < worker->live; i++) {
        if (worker->blocks[i])
            release(worker->bench, worker->way, worker->blocks[i]);
        worker->blocks[i] = NULL;
        worker->sizes[i] = 0;
    }
    worker->requested = 0;
}

/* Time from the start of the threads to the end of the last of them. */
static bool run_workers(Worker *workers, int count, Samples *samples)
{
    pthread_t threads[THREADS_MAX];
    bool ok = true;
    int started = 1;
    uint64_t start = bench_now();
    while (started < count && pthread_create(&threads[started], NULL, work, &workers[started]) == 0)
        started++;
    work(&workers[0]);
    for (int i = 1; i < started; i++)
        ok = pthread_join(threads[i], NULL) == 0 && ok;
    if (samples)
        bench_sample(samples, bench_now() - start);
    for (int i = 0; i < count; i++)
        ok = ok && workers[i].ok;
    return ok && started == count;
}

/* The tables are memory by now, not only when they are written. */
static bool set_workers(const Bench *bench, Way way, uint64_t operations, uint64_t live, int count,
                        Worker *workers)
{
    for (int i = 0; i < count; i++) {
        workers[i] = (Worker){.bench = bench,
                              .way = way,
                              .operations = operations,
                              .live = live,
                              .chance = 88172645463325252u + (uint64_t)i,
                              .blocks = malloc(live * sizeof(void *)),
                              .sizes = malloc(live * sizeof(uint32_t))};
        if (!workers[i].blocks || !workers[i].sizes)
            return false;
        for (uint64_t slot = 0; slot < live; slot++) {
            workers[i].blocks[slot] = NULL;
            workers[i].sizes[slot] = 0;
        }
    }
    return true;
}

static void free_workers(Worker *workers, int count)
{
    for (int i = 0; i < count; i++) {
        if (workers[i].blocks)
            let_go(&workers[i]);
        free(workers[i].blocks);
        free(workers[i].sizes);
    }
}

/* What of the memory is what: bytes of blocks that nobody asked for, bookkeeping, and blocks that are free
 * again, in pages that are there with what was never used of them. */
static void add_causes(Table *table, const MoltHeap *heap, const char *name, double bytes,
                       double requested)
{
    const char *against = "the bytes that were asked for";
    char part[128];
    MoltHeapStats stats;
    molt_heap_stats(heap, MOLT_NO_TYPE, &stats);
    double around = (double)stats.block_bytes - requested, tables = (double)stats.table_bytes;
    snprintf(part, sizeof part, "%s: slack and alignment", name);
    bench_add_memory(table, part, around, against, requested, 0);
    snprintf(part, sizeof part, "%s: bookkeeping of spans", name);
    bench_add_memory(table, part, tables, against, requested, 0);
    snprintf(part, sizeof part, "%s: free blocks and pages", name);
    bench_add_memory(table, part, bytes - requested - around - tables, against, requested, 0);
}

/* What the process has more of while `live` objects are there, bookkeeping included, against what was asked
 * for. */
static bool measure_memory(Table *table, Bench *bench, Way way, const char *call, uint64_t live,
                           double goal)
{
    Worker worker = {0};
    char name[96];
    malloc_trim(0);
    MoltHeap *heap = bench_heap(bench->schema);
    bool ok = heap && molt_heap_set_call_sites(heap, bench->call_sites) == MOLT_OK &&
              set_workers(bench, way, 3 * live, live, 1, &worker);
    bench->api = heap ? molt_heap_api(heap) : NULL;
    double before = bench_resident();
    ok = ok && run_workers(&worker, 1, NULL);
    double bytes = bench_resident() - before;
    snprintf(name, sizeof name, "memory of %llu objects by %s", (unsigned long long)live, call);
    if (ok)
        bench_add_memory(table, name, bytes, "the bytes that were asked for",
                         (double)worker.requested, goal);
    if (ok && way != BY_MALLOC)
        add_causes(table, heap, name, bytes, (double)worker.requested);
    free_workers(&worker, 1);
    molt_heap_destroy(heap);
    return ok;
}

static bool measure(Table *table, Bench *bench, Way ours, Way theirs, uint64_t operations,
                    int rounds)
{
    const char *call = ours == BY_NEW ? "molt_new and molt_delete" : "routed malloc and free";
    const char *other = theirs == BY_CALLOC ? "glibc's calloc and free" : "glibc's malloc and free";
    Worker workers[2][THREADS_MAX] = {{{0}}};
    char name[96];
    MoltHeap *heap = bench_heap(bench->schema);
    bool ok = heap && molt_heap_set_call_sites(heap, bench->call_sites) == MOLT_OK &&
              set_workers(bench, ours, operations, LIVE, THREADS_MAX, workers[0]) &&
              set_workers(bench, theirs, operations, LIVE, THREADS_MAX, workers[1]);
    bench->api = heap ? molt_heap_api(heap) : NULL;
    for (int count = 1; ok && count <= THREADS_MAX; count++) {
        Samples samples[2] = {{.count = 0}, {.count = 0}};
        for (int round = -1; ok && round < rounds; round++)
            for (int side = 0; ok && side < 2; side++)
                ok = run_workers(workers[side], count, round < 0 ? NULL : &samples[side]);
        snprintf(name, sizeof name, "%s, %d thread%s", call, count, count > 1 ? "s" : "");
        if (ok)
            bench_add(table, name, &samples[0], other, &samples[1], (double)operations, 1.25);
    }
    free_workers(workers[0], THREADS_MAX);
    free_workers(workers[1], THREADS_MAX);
    molt_heap_destroy(heap);
    return ok;
}

bool bench_allocator(Table *table, uint64_t operations, int rounds)
{
    static Bench bench;
    bench = (Bench){.api = NULL};
    for (uint32_t i = 0, kind = 0, end = kinds[0].share; i < 4096; i++) {
        if (i * 100 / 4096 >= end)
            end += kinds[++kind].share;
        bench.kinds[i] = (unsigned char)kind;
    }
    bench.schema = make_schema(&bench);
    bool ok = bench.schema && make_call_sites(&bench) &&
              measure(table, &bench, BY_NEW, BY_CALLOC, operations, rounds) &&
              measure(table, &bench, BY_ROUTED_MALLOC, BY_MALLOC, operations, rounds) &&
              measure_memory(table, &bench, BY_NEW, "molt_new", operations, 1.125) &&
              measure_memory(table, &bench, BY_ROUTED_MALLOC, "routed malloc", operations, 1.125) &&
              measure_memory(table, &bench, BY_MALLOC, "glibc's malloc", operations, 0) &&
              bench_few(table);
    if (!ok)
        fputs("molt-bench: the allocators could not be compared\n", stderr);
    molt_call_sites_free(bench.call_sites);
    molt_schema_free(bench.schema);
    return ok;
}
