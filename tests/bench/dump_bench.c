#include "benches.h"

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <molt/builder.h>
#include <molt/dump.h>

/* What a game's object has: numbers of all kinds, an enum, text, pointers. */
typedef struct Ant {
    struct Ant *next, *prey;
    float x, y, heading, hunger;
    double age;
    uint64_t born;
    int32_t caste; /* enum */
    uint32_t id;
    int16_t load[6];
    bool resting, lost;
    char name[18];
} Ant;

typedef struct Bench {
    MoltSchema *schema;
    MoltHeap *heap;
    MoltError error;
    FILE *nothing;
    uint64_t length; /* of the dump */
    char *text;
    Samples dump, tree, print;
} Bench;

static const char *const castes[] = {"WORKER", "SCOUT", "SOLDIER", "QUEEN"};

/* ---- the state ------------------------------------------------------------------------------ */

static MoltTypeId add(MoltBuilder *builder, const char *name, MoltType type)
{
    type.name = molt_builder_string(builder, name);
    type.align = type.align ? type.align : (uint32_t)type.size;
    return molt_builder_add_type(builder, &type);
}

static MoltField field(MoltBuilder *builder, const char *name, MoltTypeId type, size_t offset)
{
    return (MoltField){
        .name = molt_builder_string(builder, name), .type = type, .bit_offset = offset * 8};
}

static MoltTypeId add_caste(MoltBuilder *builder, MoltTypeId number)
{
    MoltEnumerator items[4];
    MoltTypeId caste = add(
        builder, "Caste",
        (MoltType){.kind = MOLT_KIND_ENUM, .flags = MOLT_TYPE_SIGNED, .size = 4, .elem = number});
    for (uint32_t i = 0; i < 4; i++)
        items[i] = (MoltEnumerator){.name = molt_builder_string(builder, castes[i]), .value = i};
    molt_builder_set_enumerators(builder, caste, items, 4);
    return caste;
}

static void set_fields(MoltBuilder *builder, MoltTypeId ant)
{
    enum { S = MOLT_TYPE_SIGNED, B = MOLT_TYPE_BINARY_FLOAT };
    MoltTypeId i16 =
        add(builder, "short", (MoltType){.kind = MOLT_KIND_INT, .flags = S, .size = 2});
    MoltTypeId i32 = add(builder, "int", (MoltType){.kind = MOLT_KIND_INT, .flags = S, .size = 4});
    MoltTypeId u32 = add(builder, "unsigned int", (MoltType){.kind = MOLT_KIND_INT, .size = 4});
    MoltTypeId u64 = add(builder, "unsigned long", (MoltType){.kind = MOLT_KIND_INT, .size = 8});
    MoltTypeId f32 =
        add(builder, "float", (MoltType){.kind = MOLT_KIND_FLOAT, .flags = B, .size = 4});
    MoltTypeId f64 =
        add(builder, "double", (MoltType){.kind = MOLT_KIND_FLOAT, .flags = B, .size = 8});
    MoltTypeId truth = add(builder, "_Bool", (MoltType){.kind = MOLT_KIND_BOOL, .size = 1});
    MoltTypeId letter = add(
        builder, "char", (MoltType){.kind = MOLT_KIND_INT, .flags = S | MOLT_TYPE_CHAR, .size = 1});
    MoltTypeId link =
        add(builder, "Ant *", (MoltType){.kind = MOLT_KIND_POINTER, .size = 8, .elem = ant});
    MoltTypeId load =
        add(builder, "short[6]",
            (MoltType){.kind = MOLT_KIND_ARRAY, .size = 12, .align = 2, .elem = i16, .length = 6});
    MoltTypeId name = add(
        builder, "char[18]",
        (MoltType){.kind = MOLT_KIND_ARRAY, .size = 18, .align = 1, .elem = letter, .length = 18});
    const MoltField fields[] = {
        field(builder, "next", link, offsetof(Ant, next)),
        field(builder, "prey", link, offsetof(Ant, prey)),
        field(builder, "x", f32, offsetof(Ant, x)),
        field(builder, "y", f32, offsetof(Ant, y)),
        field(builder, "heading", f32, offsetof(Ant, heading)),
        field(builder, "hunger", f32, offsetof(Ant, hunger)),
        field(builder, "age", f64, offsetof(Ant, age)),
        field(builder, "born", u64, offsetof(Ant, born)),
        field(builder, "caste", add_caste(builder, i32), offsetof(Ant, caste)),
        field(builder, "id", u32, offsetof(Ant, id)),
        field(builder, "load", load, offsetof(Ant, load)),
        field(builder, "resting", truth, offsetof(Ant, resting)),
        field(builder, "lost", truth, offsetof(Ant, lost)),
        field(builder, "name", name, offsetof(Ant, name))};
    molt_builder_set_fields(builder, ant, fields, sizeof fields / sizeof *fields);
}

static MoltSchema *make_schema(MoltError *error)
{
    MoltSchema *schema = NULL;
    MoltBuilder *builder = molt_builder_create(NULL);
    MoltTypeId ant =
        add(builder, "Ant", (MoltType){.kind = MOLT_KIND_STRUCT, .size = sizeof(Ant), .align = 8});
    set_fields(builder, ant);
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
    if (molt_heap_create(NULL, &bench->heap, &bench->error) != MOLT_OK ||
        molt_heap_set_schema(bench->heap, bench->schema) != MOLT_OK)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        Ant *ant = molt_heap_new(bench->heap, type, 1);
        if (!ant)
            return false;
        chance ^= chance << 13, chance ^= chance >> 7, chance ^= chance << 17;
        *ant = (Ant){.next = last,
                     .prey = chance % 3 == 0 ? last : NULL,
                     .x = (float)(chance % 100000) / 64,
                     .y = (float)(chance >> 32) / 7,
                     .heading = (float)(chance % 6283) / 1000,
                     .hunger = (float)(chance % 11) / 10,
                     .age = (double)chance / 3e15,
                     .born = i * 17,
                     .caste = (int32_t)(chance % 4),
                     .id = (uint32_t)i,
                     .load = {(int16_t)chance, 1, 2, (int16_t)-3},
                     .resting = chance % 2 == 0};
        snprintf(ant->name, sizeof ant->name, "ant %u", ant->id);
        last = ant;
    }
    molt_heap_set_root(bench->heap, 0, last);
    return true;
}

/* ---- what is compared ------------------------------------------------------------------------ */

static MoltStatus count_text(void *context, const char *text, size_t length, MoltError *error)
{
    Bench *bench = context;
    bench->length += length;
    return fwrite(text, 1, length, bench->nothing) == length
               ? MOLT_OK
               : molt_error(error, MOLT_SYSTEM, "cannot write to /dev/null");
}

static bool stream(Bench *bench)
{
    const MoltTextSink sink = {count_text, bench};
    bench->length = 0;
    return molt_dump_write(bench->heap, NULL, &sink, &bench->error) == MOLT_OK;
}

/* A copy of a tree takes the calls that make one, less the work of finding out what to put in. */
static bool build_and_print(const cJSON *tree)
{
    cJSON *built = cJSON_Duplicate(tree, true);
    char *text = built ? cJSON_PrintUnformatted(built) : NULL;
    bool ok = text != NULL;
    cJSON_free(text);
    cJSON_Delete(built);
    return ok;
}

/* Tidies up what the tree left, which a large allocation would do in one of the others. */
static void settle_memory(void)
{
    malloc_trim(0);
}

static void print_link(FILE *out, const char *key, const Ant *ant)
{
    if (ant)
        fprintf(out, "\"%s\":{\"ref\":\"Ant:%u\"},", key, ant->id);
    else
        fprintf(out, "\"%s\":null,", key);
}

/* The same fields by a program that knows them. */
static void print_all(const Bench *bench)
{
    uint64_t cursor = 0;
    MoltBlock block;
    FILE *out = bench->nothing;
    while (molt_heap_next(bench->heap, MOLT_NO_TYPE, &cursor, &block)) {
        const Ant *ant = block.start;
        fprintf(out, "{\"id\":\"Ant:%u\",\"type\":\"Ant\",\"value\":{", ant->id);
        print_link(out, "next", ant->next);
        print_link(out, "prey", ant->prey);
        fprintf(out, "\"x\":%.9g,\"y\":%.9g,\"heading\":%.9g,\"hunger\":%.9g,\"age\":%.17g,",
                (double)ant->x, (double)ant->y, (double)ant->heading, (double)ant->hunger,
                ant->age);
        fprintf(out, "\"born\":%llu,\"caste\":\"%s\",\"id\":%u,\"load\":[%d,%d,%d,%d,%d,%d],",
                (unsigned long long)ant->born, castes[ant->caste], ant->id, ant->load[0],
                ant->load[1], ant->load[2], ant->load[3], ant->load[4], ant->load[5]);
        fprintf(out, "\"resting\":%s,\"lost\":%s,\"name\":\"%s\"}},\n",
                ant->resting ? "true" : "false", ant->lost ? "true" : "false", ant->name);
    }
    fflush(out);
}

/* Each output through a FILE of its own buffer, /dev/null behind it: no disk is measured. */
static bool run_rounds(Bench *bench, int rounds)
{
    size_t length = 0;
    bool ok = molt_dump_json(bench->heap, NULL, &bench->text, &length, &bench->error) == MOLT_OK;
    cJSON *tree = ok ? cJSON_ParseWithLength(bench->text, length) : NULL;
    ok = tree != NULL;
    settle_memory();
    for (int round = 0; round < rounds && ok; round++) {
        uint64_t start = bench_now();
        ok = stream(bench) && bench->length == length;
        bench_sample(&bench->dump, bench_now() - start);
        start = bench_now();
        ok = ok && build_and_print(tree);
        bench_sample(&bench->tree, bench_now() - start);
        settle_memory();
        start = bench_now();
        print_all(bench);
        bench_sample(&bench->print, bench_now() - start);
    }
    cJSON_Delete(tree);
    free(bench->text);
    bench->text = NULL;
    return ok;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* A line of /proc/self/status in bytes; 0 where there is none. */
static double status_of(const char *name)
{
    char line[256];
    double kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            kilobytes = strtod(line + strlen(name) + 1, NULL);
    if (file)
        fclose(file);
    return kilobytes * 1024;
}

/* Makes the peak what is in memory now. */
static bool reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bool ok = file && fputs("5", file) >= 0;
    return file && fclose(file) == 0 && ok;
}

static bool measure_memory(Bench *bench, Table *table, uint64_t size)
{
    char name[96];
    if (!fill(bench, (size << 20) / sizeof(Ant)) || !reset_peak())
        return false;
    double before = status_of("VmRSS"), start = (double)bench_now();
    if (before <= 0 || !stream(bench))
        return false;
    double seconds = ((double)bench_now() - start) / 1e9, peak = status_of("VmHWM");
    snprintf(name, sizeof name,
             "memory beside %llu MiB of state for its dump (%.0f MB at %.0f MB/s)",
             (unsigned long long)size, (double)bench->length / 1e6,
             (double)bench->length / 1e6 / seconds);
    bench_add_memory(table, name, peak - before, "64 MiB", 64 << 20, 1);
    return true;
}

bool bench_dump(Table *table, uint64_t size, uint64_t large, int rounds)
{
    static Bench bench;
    char name[96];
    bench = (Bench){.error = {.text = "out of memory, or no /proc"}};
    bench.nothing = fopen("/dev/null", "w");
    bench.schema = make_schema(&bench.error);
    bool ok = bench.nothing && bench.schema && fill(&bench, (size << 20) / sizeof(Ant)) &&
              run_rounds(&bench, rounds);
    if (ok) {
        snprintf(name, sizeof name, "dump of %llu MiB of state as %.0f MB of JSON",
                 (unsigned long long)size, (double)bench.length / 1e6);
        bench_add(table, name, &bench.dump, "building and printing a cJSON tree", &bench.tree, 1,
                  0.1);
        bench_add(table, name, &bench.dump, "fprintf of the same fields", &bench.print, 1, 0);
    }
    molt_heap_destroy(bench.heap);
    bench.heap = NULL;
    ok = ok && measure_memory(&bench, table, large);
    if (!ok)
        fprintf(stderr, "molt-bench: dump: %s\n", bench.error.text);
    molt_heap_destroy(bench.heap);
    molt_schema_free(bench.schema);
    if (bench.nothing)
        fclose(bench.nothing);
    return ok;
}
