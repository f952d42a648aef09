/* What it costs to be able to go back: checkpoints of a state of which a part was written since the last
 * one, with the faults of the writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/builder.h>
#include <molt/checkpoint.h>

#include "benches.h"

#define PAGE 4096u
#define BLOCK ((uint64_t)1 << 20)

static MoltSchema *make_schema(MoltError *error)
{
    MoltSchema *schema = NULL;
    MoltBuilder *builder = molt_builder_create(NULL);
    if (!builder)
        return NULL;
    molt_builder_add_type(builder,
                          &(MoltType){.name = molt_builder_string(builder, "unsigned char"),
                                      .kind = MOLT_KIND_INT,
                                      .size = 1,
                                      .align = 1,
                                      .elem = MOLT_NO_TYPE});
    molt_builder_finish(builder, &schema, error);
    molt_builder_destroy(builder);
    return schema;
}

/* Writes every page of which the number is a multiple of `step`. */
static void write_pages(unsigned char *const *blocks, uint64_t count, unsigned step,
                        unsigned char value)
{
    for (uint64_t i = 0; i < count; i++)
        for (uint64_t at = i * (BLOCK / PAGE) % step * PAGE; at < BLOCK;
             at += (uint64_t)step * PAGE)
            blocks[i][at] = value;
}

typedef struct Bench {
    MoltHeap *heap;
    unsigned char **blocks;
    uint64_t count;
    unsigned char *aside; /* as many bytes */
    unsigned char value;
} Bench;

/* One way, one part written: writing and taking, less writing alone, against a plain copy. */
static bool measure(Table *table, Bench *bench, uint64_t tracked_above, unsigned step, int rounds)
{
    MoltCheckpoint *checkpoint = NULL;
    MoltError error = {.text = ""};
    Samples taken = {.count = 0}, copied = {.count = 0};
    char name[96];
    bool ok = molt_checkpoint_create(tracked_above, NULL, &checkpoint, &error) == MOLT_OK &&
              molt_checkpoint_take(checkpoint, bench->heap, &error) == MOLT_OK;
    for (int round = 0; ok && round < rounds; round++) {
        uint64_t start = bench_now();
        write_pages(bench->blocks, bench->count, step, ++bench->value);
        ok = molt_checkpoint_take(checkpoint, bench->heap, &error) == MOLT_OK;
        uint64_t middle = bench_now();
        for (uint64_t i = 0; i < bench->count; i++)
            memcpy(bench->aside + i * BLOCK, bench->blocks[i], BLOCK);
        bench_sample(&copied, bench_now() - middle);
        bench_sample(&taken, middle - start);
    }
    if (!ok) {
        fprintf(stderr, "molt-bench: %s\n", error.text);
    } else {
        bool tracked = molt_checkpoint_cost(checkpoint).tracked;
        snprintf(name, sizeof name, "checkpoint of %llu MiB, %u %% written, %s",
                 (unsigned long long)(bench->count * BLOCK >> 20), 100 / step,
                 tracked ? "tracked" : "copied");
        bench_add(table, name, &taken, "memcpy of the bytes", &copied, 1, 0);
    }
    molt_checkpoint_free(checkpoint);
    return ok;
}

bool bench_checkpoint(Table *table, uint64_t bytes, int rounds)
{
    static const unsigned steps[] = {100, 10, 1};
    MoltError error = {.text = ""};
    Bench bench = {.count = bytes / BLOCK};
    MoltSchema *schema = make_schema(&error);
    bool ok = schema && molt_heap_create(NULL, &bench.heap, &error) == MOLT_OK &&
              molt_heap_set_schema(bench.heap, schema) == MOLT_OK;
    bench.blocks = calloc(bench.count, sizeof *bench.blocks);
    bench.aside = malloc(bench.count * BLOCK);
    ok = ok && bench.blocks && bench.aside;
    for (uint64_t i = 0; ok && i < bench.count; i++) {
        bench.blocks[i] = molt_heap_new(bench.heap, 0, BLOCK);
        ok = bench.blocks[i] != NULL;
    }
    if (!ok)
        fprintf(stderr, "molt-bench: no state to measure checkpoints with: %s\n", error.text);
    if (ok)
        memset(bench.aside, 1, bench.count * BLOCK);
    for (size_t i = 0; ok && i < sizeof steps / sizeof steps[0]; i++)
        ok = measure(table, &bench, UINT64_MAX, steps[i], rounds) &&
             measure(table, &bench, 0, steps[i], rounds);
    free(bench.aside);
    free(bench.blocks);
    molt_heap_destroy(bench.heap);
    molt_schema_free(schema);
    return ok;
}
