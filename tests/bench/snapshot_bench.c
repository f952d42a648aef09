#include "benches.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include <molt/builder.h>
#include <molt/snapshot_file.h>

#define CHUNK ((size_t)1 << 20)

typedef struct Ant {
    struct Ant *next, *prey;
    uint64_t values[10];
} Ant;

_Static_assert(sizeof(Ant) == 96, "the figures are stated for 96-byte objects");

typedef struct Bench {
    MoltSchema *schema;
    MoltHeap *heap;
    MoltReport report;
    MoltError error;
    char path[4096], plain[4096];
    unsigned char *bytes; /* as many as the objects have, elsewhere */
    Samples save, write, load, read, map;
} Bench;

static MoltSchema *make_schema(MoltError *error)
{
    MoltSchema *schema = NULL;
    MoltBuilder *builder = molt_builder_create(NULL);
    if (!builder)
        return NULL;
    MoltTypeId number = molt_builder_add_type(
        builder, &(MoltType){.name = molt_builder_string(builder, "unsigned long"),
                             .kind = MOLT_KIND_INT,
                             .size = 8,
                             .align = 8,
                             .elem = MOLT_NO_TYPE});
    MoltTypeId numbers = molt_builder_add_type(
        builder, &(MoltType){.name = molt_builder_string(builder, "unsigned long[10]"),
                             .kind = MOLT_KIND_ARRAY,
                             .size = 80,
                             .align = 8,
                             .length = 10,
                             .elem = number});
    MoltTypeId ant =
        molt_builder_add_type(builder, &(MoltType){.name = molt_builder_string(builder, "Ant"),
                                                   .kind = MOLT_KIND_STRUCT,
                                                   .size = sizeof(Ant),
                                                   .align = 8,
                                                   .elem = MOLT_NO_TYPE});
    MoltTypeId link =
        molt_builder_add_type(builder, &(MoltType){.name = molt_builder_string(builder, "Ant *"),
                                                   .kind = MOLT_KIND_POINTER,
                                                   .size = 8,
                                                   .align = 8,
                                                   .elem = ant});
    const MoltField fields[] = {
        {.name = molt_builder_string(builder, "next"), .type = link},
        {.name = molt_builder_string(builder, "prey"), .type = link, .bit_offset = 64},
        {.name = molt_builder_string(builder, "values"), .type = numbers, .bit_offset = 128},
    };
    molt_builder_set_fields(builder, ant, fields, 3);
    molt_builder_add_root(builder, "state", ant);
    molt_builder_finish(builder, &schema, error);
    molt_builder_destroy(builder);
    return schema;
}

static bool fill(Bench *bench, uint64_t count)
{
    MoltTypeId type = molt_schema_find(bench->schema, "Ant");
    Ant *last = NULL;
    uint64_t chance = 88172645463325252u;
    for (uint64_t i = 0; i < count; i++) {
        Ant *ant = molt_heap_new(bench->heap, type, 1);
        if (!ant)
            return false;
        chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
        *ant = (Ant){.next = last, .prey = chance % 3 == 0 ? last : NULL, .values = {chance, i}};
        last = ant;
    }
    molt_heap_set_root(bench->heap, 0, last);
    return true;
}

/* ---- baselines ------------------------------------------------------------------------------ */

/* A copy of all objects, as a program without pointers and padding would write them. */
static bool copy_objects(Bench *bench, uint64_t count)
{
    MoltBlock block;
    uint64_t cursor = 0, copied = 0;
    bench->bytes = malloc(count * sizeof(Ant));
    while (bench->bytes && copied < count &&
           molt_heap_next(bench->heap, MOLT_NO_TYPE, &cursor, &block))
        memcpy(bench->bytes + copied++ * sizeof(Ant), block.start, sizeof(Ant));
    return bench->bytes && copied == count;
}

/* As many bytes to a new file, flushed to the disk like a save. */
static bool write_plain(Bench *bench, uint64_t size)
{
    int fd = open(bench->plain, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0;
    for (uint64_t at = 0; at < size && ok; at += CHUNK) {
        size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        ok = pwrite(fd, bench->bytes + at, part, (off_t)at) == (ssize_t)part;
    }
    ok = ok && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* The file into new memory of its size, and the hash of it. */
static bool read_and_hash(Bench *bench, uint64_t size)
{
    unsigned char *bytes = malloc(size);
    XXH3_state_t *state = XXH3_createState();
    int fd = open(bench->path, O_RDONLY | O_CLOEXEC);
    bool ok = bytes && state && fd >= 0 && XXH3_64bits_reset(state) == XXH_OK;
    for (uint64_t at = 0; at < size && ok; at += CHUNK) {
        size_t part = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
        ok = pread(fd, bytes + at, part, (off_t)at) == (ssize_t)part;
        XXH3_64bits_update(state, bytes + at, part);
    }
    uint64_t hash = state ? XXH3_64bits_digest(state) : 0;
    __asm__ volatile("" : : "r"(hash) : "memory"); /* nobody reads it */
    if (fd >= 0)
        close(fd);
    XXH3_freeState(state);
    free(bytes);
    return ok;
}

/* ---- molt ----------------------------------------------------------------------------------- */

static MoltHeap *load(Bench *bench, bool trusted)
{
    MoltSnapshotFile *file = NULL;
    MoltHeap *heap = NULL;
    MoltLoadDesc desc = {.schema = bench->schema};
    if (molt_snapshot_file_open(bench->path, trusted, NULL, &file, &bench->error) == MOLT_OK)
        molt_snapshot_file_load(file, &desc, &heap, &bench->report, &bench->error);
    molt_snapshot_file_close(file);
    return heap;
}

static bool time_load(Bench *bench, bool trusted, uint64_t count, Samples *samples)
{
    uint64_t start = bench_now();
    MoltHeap *heap = load(bench, trusted);
    bench_sample(samples, bench_now() - start);
    const Ant *ant = heap ? molt_heap_root(heap, 0) : NULL;
    bool right = ant && ant->values[1] == count - 1 && ant->next->values[1] == count - 2;
    if (heap && !right)
        fprintf(stderr, "molt-bench: a loaded object has wrong values\n");
    molt_heap_destroy(heap);
    return right;
}

/* Neither replaces a file of the round before, whose pages the system would have to give back. */
static bool run_round(Bench *bench, uint64_t count)
{
    uint64_t size = count * sizeof(Ant), start = bench_now();
    bool ok = write_plain(bench, size);
    bench_sample(&bench->write, bench_now() - start);
    unlink(bench->plain);
    unlink(bench->path);
    start = bench_now();
    ok = ok && molt_snapshot_file_save(bench->heap, bench->path, NULL, &bench->report,
                                       &bench->error) == MOLT_OK;
    bench_sample(&bench->save, bench_now() - start);
    return ok;
}

static bool run_rounds(Bench *bench, uint64_t count, int rounds)
{
    bool ok = copy_objects(bench, count);
    for (int round = 0; round < rounds && ok; round++)
        ok = run_round(bench, count);
    free(bench->bytes);
    bench->bytes = NULL;
    molt_heap_destroy(bench->heap); /* what is loaded comes to its place */
    bench->heap = NULL;
    for (int round = 0; round < rounds && ok; round++) {
        uint64_t start = bench_now();
        ok = read_and_hash(bench, count * sizeof(Ant));
        bench_sample(&bench->read, bench_now() - start);
        ok = ok && time_load(bench, false, count, &bench->load);
        ok = ok && time_load(bench, true, count, &bench->map);
    }
    return ok;
}

bool bench_snapshot(Table *table, uint64_t count, int rounds)
{
    static Bench bench;
    const char *folder = getenv("TMPDIR");
    char name[64];
    bench = (Bench){.error = {.text = "out of memory, or the disk is full"}};
    molt_report_init(&bench.report, NULL);
    folder = folder && *folder ? folder : "/tmp";
    snprintf(bench.path, sizeof bench.path, "%s/molt-bench-%d.molt", folder, (int)getpid());
    snprintf(bench.plain, sizeof bench.plain, "%s/molt-bench-%d.plain", folder, (int)getpid());
    bench.schema = make_schema(&bench.error);
    bool ok = bench.schema && molt_heap_create(NULL, &bench.heap, &bench.error) == MOLT_OK &&
              molt_heap_set_schema(bench.heap, bench.schema) == MOLT_OK && fill(&bench, count) &&
              run_rounds(&bench, count, rounds);
    if (ok) {
        Samples budget = bench_budget(10000000);
        snprintf(name, sizeof name, "save of %llu objects of 96 bytes", (unsigned long long)count);
        bench_add(table, name, &bench.save, "plain write and fsync", &bench.write, 1, 1.25);
        snprintf(name, sizeof name, "load of %llu objects of 96 bytes", (unsigned long long)count);
        bench_add(table, name, &bench.load, "read and hash", &bench.read, 1, 1.25);
        snprintf(name, sizeof name, "trusted load of %llu objects", (unsigned long long)count);
        bench_add(table, name, &bench.map, "10 ms", &budget, 1, 1);
    } else {
        fprintf(stderr, "molt-bench: snapshots: %s\n", bench.error.text);
    }
    unlink(bench.path);
    unlink(bench.plain);
    molt_heap_destroy(bench.heap);
    molt_schema_free(bench.schema);
    molt_report_clear(&bench.report);
    free(bench.bytes);
    return ok;
}
