#include "benches.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <molt/builder.h>
#include <molt/migrate.h>
#include <molt/stale_pointer.h>

#include "converters.h"

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

/* ---- what the machine needs ------------------------------------------------------------------ */

/* Two warm places: the objects before and after the edit. */
typedef struct Warm {
    AntBefore *before;
    AntAfter *after;
    uint64_t count;
} Warm;

static bool make_warm(Warm *warm, uint64_t count)
{
    *warm = (Warm){malloc(count * sizeof *warm->before), malloc(count * sizeof *warm->after), count};
    if (!warm->before || !warm->after)
        return false;
    memset(warm->before, 0, count * sizeof *warm->before);
    memset(warm->after, 0, count * sizeof *warm->after);
    for (uint64_t i = 1; i < count; i++)
        warm->before[i] = (AntBefore){.next = &warm->before[i - 1],
                                      .prey = i % 3 == 0 ? &warm->before[i - 1] : NULL,
                                      .energy = (int32_t)i, .id = (uint32_t)i};
    return true;
}

/* As many bytes as the objects have. */
static void copy_all(const Warm *warm, Samples *samples)
{
    uint64_t started = bench_now();
    memcpy(warm->after, warm->before, warm->count * sizeof *warm->before);
    /* Keeps the copy, whose result nobody reads. */
    __asm__ volatile("" : : "r"(warm->after) : "memory");
    bench_sample(samples, bench_now() - started);
}

static AntAfter *follow(const Warm *warm, const AntBefore *pointer)
{
    return pointer ? warm->after + (pointer - warm->before) : NULL;
}

/* What somebody would write who knows both structs, and that all objects lie in one array. */
static void convert_by_hand(const Warm *warm, Samples *samples)
{
    uint64_t started = bench_now();
    for (uint64_t i = 0; i < warm->count; i++) {
        const AntBefore *was = &warm->before[i];
        AntAfter *is = &warm->after[i];
        is->next = follow(warm, was->next);
        is->prey = follow(warm, was->prey);
        is->age = was->age;
        is->speed = was->speed;
        is->x = was->x;
        is->y = was->y;
        is->heading_x = was->heading_x;
        is->heading_y = was->heading_y;
        is->energy = was->energy;
        is->hunger = was->hunger;
        is->wounds = 0;
        is->fear = 0;
        is->born = was->born;
        is->caste = was->caste;
        is->task = was->task;
        is->id = was->id;
        is->nest = was->nest;
        memcpy(is->load, was->load, sizeof is->load);
    }
    __asm__ volatile("" : : "r"(warm->after) : "memory");
    bench_sample(samples, bench_now() - started);
}

static void free_warm(Warm *warm)
{
    free(warm->before);
    free(warm->after);
}

/* ---- the edit ------------------------------------------------------------------------------- */

/* Forth and back, by the plans or by what they compile to. */
typedef struct Edit {
    MoltPlan *forth, *back;
    MoltConverters *forth_converters, *back_converters;
} Edit;

static bool make_edit(const MoltSchema *before, const MoltSchema *after, bool compiled, Edit *edit)
{
    MoltError error = {.text = "out of memory"};
    static uint32_t number;
    *edit = (Edit){0};
    if (molt_plan_build(before, after, MOLT_POLICY_LIVE, NULL, &edit->forth, NULL, &error) != MOLT_OK ||
        molt_plan_build(after, before, MOLT_POLICY_LIVE, NULL, &edit->back, NULL, &error) != MOLT_OK) {
        fprintf(stderr, "molt-bench: %s\n", error.text);
        return false;
    }
    if (!compiled)
        return true;
    const char *folder = getenv("TMPDIR");
    folder = folder && *folder ? folder : "/tmp";
    uint64_t bytes[64];
    for (int i = 0; i < 64; i++)
        bytes[i] = UINT64_MAX / 64;
    edit->forth_converters =
        molt__converters_make(edit->forth, bytes, MOLT_CONVERTERS_ALWAYS, folder, number++);
    edit->back_converters =
        molt__converters_make(edit->back, bytes, MOLT_CONVERTERS_ALWAYS, folder, number++);
    if (!edit->forth_converters || !edit->back_converters)
        fputs("molt-bench: no compiler called cc, so nothing is compiled\n", stderr);
    return edit->forth_converters && edit->back_converters;
}

static void free_edit(Edit *edit)
{
    molt_plan_free(edit->forth);
    molt_plan_free(edit->back);
    molt__converters_free(edit->forth_converters);
    molt__converters_free(edit->back_converters);
}

/* What closing the old library waits for: no pointer of the state leads into it. */
static bool look(const MoltHeap *heap, Samples *samples)
{
    MoltStalePointers found;
    MoltError error = {.text = ""};
    uint64_t started = bench_now();
    bool ok = molt_heap_find_stale(heap, 1, 4096, &found, &error) == MOLT_OK && found.count == 0;
    bench_sample(samples, bench_now() - started);
    if (!ok)
        fprintf(stderr, "molt-bench: %s\n", error.text);
    return ok;
}

static bool there_and_back(MoltHeap *heap, const Edit *edit, uint64_t count, Samples *samples)
{
    if (!migrate(heap, edit->forth, samples))
        return false;
    if (!is_right(heap, count)) {
        fprintf(stderr, "molt-bench: a migrated object has wrong values\n");
        return false;
    }
    return migrate(heap, edit->back, NULL);
}

static bool run_rounds(MoltHeap *heap, const Edit *plan, const Edit *compiled, uint64_t count,
                       int rounds, Table *table)
{
    bool ok = false;
    Warm warm;
    Samples by_plan = {0}, by_code = {0}, copy = {0}, hand = {0}, looked = {0}, warm_up = {0};
    MoltTypeId type = molt_schema_find(molt_heap_schema(heap), "Ant");
    if (!make_warm(&warm, count) || !fill(heap, type, count))
        goto cleanup;
    for (int round = -1; round < rounds; round++) { /* the first one warms up */
        bool first = round < 0;
        copy_all(&warm, first ? &warm_up : &copy);
        convert_by_hand(&warm, first ? &warm_up : &hand);
        if (!there_and_back(heap, plan, count, first ? &warm_up : &by_plan) ||
            !there_and_back(heap, compiled, count, first ? &warm_up : &by_code) ||
            !look(heap, first ? &warm_up : &looked))
            goto cleanup;
    }
    const char *size = count == 10000 ? "10,000" : count == 1000000 ? "1,000,000" : "some";
    char name[80];
    snprintf(name, sizeof name, "mixed edit of %s objects of 96 bytes, compiled", size);
    bench_add(table, name, &by_code, "a hand-written loop", &hand, (double)count, 1.1);
    bench_add(table, name, &by_code, "memcpy of their bytes", &copy, (double)count, 1.5);
    snprintf(name, sizeof name, "mixed edit of %s objects of 96 bytes, by the plan", size);
    bench_add(table, name, &by_plan, "a hand-written loop", &hand, (double)count, 0);
    bench_add(table, name, &by_plan, "memcpy of their bytes", &copy, (double)count, 0);
    bench_add(table, "looking at their pointers for the old library", &looked, "memcpy of their bytes",
              &copy, (double)count, 0);
    if (count == 10000) {
        Samples frame = bench_budget(1000000000 / 60);
        bench_add(table, name, &by_plan, "one frame at 60 Hz", &frame, 1, 1);
    }
    ok = true;

cleanup:
    free_warm(&warm);
    return ok;
}

bool bench_migration(Table *table, uint64_t count, int rounds)
{
    bool ok = false;
    MoltHeap *heap = NULL;
    Edit plan = {0}, compiled = {0};
    MoltError error = {.text = "out of memory"};
    MoltSchema *before = make_schema(before_members, sizeof before_members / sizeof *before_members,
                                     sizeof(AntBefore), &error);
    MoltSchema *after = make_schema(after_members, sizeof after_members / sizeof *after_members,
                                    sizeof(AntAfter), &error);
    if (!before || !after || molt_heap_create(NULL, &heap, &error) != MOLT_OK ||
        molt_heap_set_schema(heap, before) != MOLT_OK)
        fprintf(stderr, "molt-bench: %s\n", error.text);
    else if (make_edit(before, after, false, &plan) && make_edit(before, after, true, &compiled))
        ok = run_rounds(heap, &plan, &compiled, count, rounds, table);
    molt_heap_destroy(heap);
    free_edit(&plan);
    free_edit(&compiled);
    molt_schema_free(before);
    molt_schema_free(after);
    return ok;
}
