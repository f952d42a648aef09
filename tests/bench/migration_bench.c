#include "benches.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/builder.h>
#include <molt/migrate.h>

/* ---- one struct before and after the edit --------------------------------------------------- */

typedef struct AntBefore {
    struct AntBefore *next, *prey;
    float x, y, heading_x, heading_y;
    int32_t energy;
    float hunger;
    uint64_t born;
    uint32_t id, nest;
    int16_t caste, task;
    int32_t load[4];
    double age, speed;
} AntBefore;

typedef struct AntAfter {
    struct AntAfter *next, *prey;
    double age, speed;
    float x, y, heading_x, heading_y;
    int64_t energy;
    double hunger;
    uint32_t wounds;
    float fear;
    uint64_t born;
    int16_t caste, task;
    uint32_t id, nest;
    int32_t load[4];
} AntAfter;

_Static_assert(sizeof(AntBefore) == 96, "the figures are stated for 96-byte objects");

typedef struct Member {
    const char *name, *type;
    size_t offset;
} Member;

static const Member before_members[] = {
    {"next", "Ant *", offsetof(AntBefore, next)},
    {"prey", "Ant *", offsetof(AntBefore, prey)},
    {"x", "float", offsetof(AntBefore, x)},
    {"y", "float", offsetof(AntBefore, y)},
    {"heading_x", "float", offsetof(AntBefore, heading_x)},
    {"heading_y", "float", offsetof(AntBefore, heading_y)},
    {"energy", "int", offsetof(AntBefore, energy)},
    {"hunger", "float", offsetof(AntBefore, hunger)},
    {"born", "unsigned long", offsetof(AntBefore, born)},
    {"id", "unsigned int", offsetof(AntBefore, id)},
    {"nest", "unsigned int", offsetof(AntBefore, nest)},
    {"caste", "short", offsetof(AntBefore, caste)},
    {"task", "short", offsetof(AntBefore, task)},
    {"load", "int[4]", offsetof(AntBefore, load)},
    {"age", "double", offsetof(AntBefore, age)},
    {"speed", "double", offsetof(AntBefore, speed)},
};

static const Member after_members[] = {
    {"next", "Ant *", offsetof(AntAfter, next)},
    {"prey", "Ant *", offsetof(AntAfter, prey)},
    {"age", "double", offsetof(AntAfter, age)},
    {"speed", "double", offsetof(AntAfter, speed)},
    {"x", "float", offsetof(AntAfter, x)},
    {"y", "float", offsetof(AntAfter, y)},
    {"heading_x", "float", offsetof(AntAfter, heading_x)},
    {"heading_y", "float", offsetof(AntAfter, heading_y)},
    {"energy", "long", offsetof(AntAfter, energy)},
    {"hunger", "double", offsetof(AntAfter, hunger)},
    {"wounds", "unsigned int", offsetof(AntAfter, wounds)},
    {"fear", "float", offsetof(AntAfter, fear)},
    {"born", "unsigned long", offsetof(AntAfter, born)},
    {"caste", "short", offsetof(AntAfter, caste)},
    {"task", "short", offsetof(AntAfter, task)},
    {"id", "unsigned int", offsetof(AntAfter, id)},
    {"nest", "unsigned int", offsetof(AntAfter, nest)},
    {"load", "int[4]", offsetof(AntAfter, load)},
};

static void add_number(MoltBuilder *builder, const char *name, MoltKind kind, uint32_t size,
                       unsigned flags)
{
    MoltType type = {.name = molt_builder_string(builder, name), .kind = (uint16_t)kind,
                     .flags = (uint16_t)flags, .size = size, .align = size, .elem = MOLT_NO_TYPE};
    molt_builder_add_type(builder, &type);
}

static MoltSchema *make_schema(const Member *members, uint32_t count, size_t size, MoltError *error)
{
    enum { MEMBERS_MAX = 32 };
    MoltField fields[MEMBERS_MAX] = {{0}};
    MoltSchema *schema = NULL;
    MoltBuilder *builder = molt_builder_create(NULL);
    if (!builder || count > MEMBERS_MAX)
        goto cleanup;
    add_number(builder, "short", MOLT_KIND_INT, 2, MOLT_TYPE_SIGNED);
    add_number(builder, "unsigned int", MOLT_KIND_INT, 4, 0);
    add_number(builder, "long", MOLT_KIND_INT, 8, MOLT_TYPE_SIGNED);
    add_number(builder, "unsigned long", MOLT_KIND_INT, 8, 0);
    add_number(builder, "float", MOLT_KIND_FLOAT, 4, MOLT_TYPE_BINARY_FLOAT);
    add_number(builder, "double", MOLT_KIND_FLOAT, 8, MOLT_TYPE_BINARY_FLOAT);
    add_number(builder, "int", MOLT_KIND_INT, 4, MOLT_TYPE_SIGNED);
    MoltType loads = {.name = molt_builder_string(builder, "int[4]"), .kind = MOLT_KIND_ARRAY,
                      .size = 16, .align = 4, .length = 4,
                      .elem = molt_builder_find_type(builder, "int")};
    molt_builder_add_type(builder, &loads);
    MoltType ant = {.name = molt_builder_string(builder, "Ant"), .kind = MOLT_KIND_STRUCT,
                    .size = size, .align = 8, .elem = MOLT_NO_TYPE};
    MoltTypeId ant_id = molt_builder_add_type(builder, &ant);
    MoltType link = {.name = molt_builder_string(builder, "Ant *"), .kind = MOLT_KIND_POINTER,
                     .size = sizeof(void *), .align = _Alignof(void *), .elem = ant_id};
    molt_builder_add_type(builder, &link);
    for (uint32_t i = 0; i < count; i++) {
        fields[i].name = molt_builder_string(builder, members[i].name);
        fields[i].type = molt_builder_find_type(builder, members[i].type);
        fields[i].bit_offset = (uint64_t)members[i].offset * 8;
    }
    molt_builder_set_fields(builder, ant_id, fields, count);
    molt_builder_add_root(builder, "state", ant_id);
    molt_builder_add_spelling(builder, "Ant", ant_id);
    molt_builder_finish(builder, &schema, error);

cleanup:
    molt_builder_destroy(builder);
    return schema;
}

/* ---- the objects ---------------------------------------------------------------------------- */

static bool fill(MoltHeap *heap, MoltTypeId type, uint64_t count)
{
    AntBefore *last = NULL;
    uint64_t chance = 88172645463325252u;
    for (uint64_t i = 0; i < count; i++) {
        AntBefore *ant = molt_heap_new(heap, type, 1);
        if (!ant)
            return false;
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        *ant = (AntBefore){.next = last, .prey = last && chance % 3 == 0 ? last : NULL,
                           .x = (float)(i % 1280), .y = (float)(i % 720), .energy = (int32_t)i,
                           .hunger = (float)(chance % 1000), .born = chance, .id = (uint32_t)i,
                           .caste = (int16_t)(i % 4), .age = (double)i};
        last = ant;
    }
    molt_heap_set_root(heap, 0, last);
    return true;
}

static bool is_right(const MoltHeap *heap, uint64_t count)
{
    uint64_t id = count;
    for (const AntAfter *ant = molt_heap_root(heap, 0); ant; ant = ant->next) {
        id--;
        if (ant->id != id || ant->energy != (int64_t)(int32_t)id || ant->age != (double)id ||
            ant->fear != 0 || (ant->prey && ant->prey != ant->next))
            return false;
    }
    return id == 0;
}

/* One migration from schema to schema; the plan is compiled before, as a reload does. */
static bool migrate(MoltHeap *heap, const MoltPlan *plan, Samples *samples)
{
    MoltMigration *migration = NULL;
    MoltReport report;
    MoltError error = {.text = ""};
    molt_report_init(&report, NULL);
    uint64_t started = bench_now();
    bool ok = molt_migrate_prepare(heap, plan, NULL, &migration, &report, &error) == MOLT_OK;
    if (ok) {
        molt_migrate_commit(migration);
        if (samples)
            bench_sample(samples, bench_now() - started);
    } else {
        fprintf(stderr, "molt-bench: %s\n", error.text);
    }
    molt_report_clear(&report);
    return ok;
}

/* As many bytes as the objects have, from one warm place to another. */
static void copy_all(unsigned char *buffer, uint64_t count, Samples *samples)
{
    uint64_t size = count * sizeof(AntBefore);
    uint64_t started = bench_now();
    memcpy(buffer + size, buffer, size);
    /* Keeps the copy, whose result nobody reads. */
    __asm__ volatile("" : : "r"(buffer) : "memory");
    bench_sample(samples, bench_now() - started);
}

static bool run_rounds(MoltHeap *heap, const MoltPlan *forth, const MoltPlan *back, uint64_t count,
                       int rounds, Table *table)
{
    bool ok = false;
    Samples molt = {.count = 0}, plain = {.count = 0};
    unsigned char *buffer = malloc(2 * count * sizeof(AntBefore));
    if (!buffer)
        return false;
    memset(buffer, 1, 2 * count * sizeof(AntBefore));
    MoltTypeId type = molt_schema_find(molt_heap_schema(heap), "Ant");
    if (!fill(heap, type, count))
        goto cleanup;
    for (int round = -1; round < rounds; round++) { /* the first one warms up */
        Samples warm_up = {.count = 0};
        copy_all(buffer, count, round < 0 ? &warm_up : &plain);
        if (!migrate(heap, forth, round < 0 ? NULL : &molt))
            goto cleanup;
        if (!is_right(heap, count)) {
            fprintf(stderr, "molt-bench: a migrated object has wrong values\n");
            goto cleanup;
        }
        if (!migrate(heap, back, NULL))
            goto cleanup;
    }
    char name[64];
    snprintf(name, sizeof name, "mixed edit of %llu objects of 96 bytes", (unsigned long long)count);
    bench_add(table, name, &molt, "memcpy of their bytes", &plain, (double)count, 0);
    if (count == 10000) {
        Samples frame = bench_budget(1000000000 / 60);
        bench_add(table, name, &molt, "one frame at 60 Hz", &frame, 1, 1);
    }
    ok = true;

cleanup:
    free(buffer);
    return ok;
}

bool bench_migration(Table *table, uint64_t count, int rounds)
{
    bool ok = false;
    MoltSchema *before = NULL, *after = NULL;
    MoltPlan *forth = NULL, *back = NULL;
    MoltHeap *heap = NULL;
    MoltError error = {.text = "out of memory"};
    before = make_schema(before_members, sizeof before_members / sizeof *before_members,
                         sizeof(AntBefore), &error);
    after = make_schema(after_members, sizeof after_members / sizeof *after_members,
                        sizeof(AntAfter), &error);
    if (before && after &&
        molt_plan_build(before, after, MOLT_POLICY_LIVE, NULL, &forth, NULL, &error) == MOLT_OK &&
        molt_plan_build(after, before, MOLT_POLICY_LIVE, NULL, &back, NULL, &error) == MOLT_OK &&
        molt_heap_create(NULL, &heap, &error) == MOLT_OK &&
        molt_heap_set_schema(heap, before) == MOLT_OK)
        ok = run_rounds(heap, forth, back, count, rounds, table);
    else
        fprintf(stderr, "molt-bench: %s\n", error.text);
    molt_heap_destroy(heap);
    molt_plan_free(forth);
    molt_plan_free(back);
    molt_schema_free(before);
    molt_schema_free(after);
    return ok;
}
