/* A game of many types with few objects each, where it counts what a heap takes for a type that is hardly
 * there. */
#include "benches.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <molt/builder.h>

#include "edit.h"

enum { TYPES = 200, OBJECTS = 20 };

static uint32_t size_of(int type)
{
    return 16 + (uint32_t)type % 16 * 8;
}

static MoltSchema *make_schema(void)
{
    MoltError error = {.text = "out of memory"};
    MoltSchema *schema = NULL;
    MoltBuilder *builder = molt_builder_create(NULL);
    for (int i = 0; i < TYPES; i++) {
        char name[32];
        snprintf(name, sizeof name, "Few%d", i);
        molt_builder_add_type(builder, &(MoltType){.name = molt_builder_string(builder, name),
                                                   .kind = MOLT_KIND_STRUCT,
                                                   .size = size_of(i),
                                                   .align = 8,
                                                   .elem = MOLT_NO_TYPE});
    }
    if (molt_builder_finish(builder, &schema, &error) != MOLT_OK)
        fprintf(stderr, "molt-bench: %s\n", error.text);
    molt_builder_destroy(builder);
    return schema;
}

static void **make_blocks(MoltHeap *heap, double *requested)
{
    static void *blocks[TYPES * OBJECTS];
    bool ok = true;
    *requested = 0;
    for (int i = 0; ok && i < TYPES * OBJECTS; i++) {
        uint32_t size = size_of(i % TYPES);
        blocks[i] = heap ? molt_heap_new(heap, (MoltTypeId)(i % TYPES), 1) : calloc(1, size);
        ok = blocks[i] != NULL;
        *requested += size;
    }
    return ok ? blocks : NULL;
}

bool bench_few(Table *table)
{
    MoltSchema *schema = make_schema();
    MoltHeap *heap = schema ? bench_heap(schema) : NULL;
    double requested, before, ours, theirs;
    void **blocks = NULL;
    malloc_trim(0);
    before = bench_resident();
    if (heap)
        blocks = make_blocks(heap, &requested);
    ours = bench_resident() - before;
    bool ok = blocks != NULL;
    molt_heap_destroy(heap);
    malloc_trim(0);
    before = bench_resident();
    blocks = ok ? make_blocks(NULL, &requested) : NULL;
    theirs = bench_resident() - before;
    for (int i = 0; blocks && i < TYPES * OBJECTS; i++)
        free(blocks[i]);
    if (blocks) {
        bench_add_memory(table, "memory of 200 types of 20 objects by molt_new", ours,
                         "the bytes that were asked for", requested, 0);
        bench_add_memory(table, "memory of 200 types of 20 objects by glibc's calloc", theirs,
                         "the bytes that were asked for", requested, 0);
    }
    molt_schema_free(schema);
    return blocks != NULL;
}
