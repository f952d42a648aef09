/* Edits that lose values or only append: what it takes to keep aside what does not fit, and what an edit
 * costs that leaves every old byte where it is. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include "ant_edit.h"

/* AntBefore without `nest`, and with a short for `energy`. */
typedef struct AntNarrow {
    struct AntNarrow *next, *prey;
    float x, y, heading_x, heading_y;
    int16_t energy;
    float hunger;
    uint64_t born;
    uint32_t id;
    int16_t caste, task;
    int32_t load[4];
    double age, speed;
} AntNarrow;

/* AntBefore and a field behind. */
typedef struct AntLonger {
    AntBefore was;
    uint64_t seen;
} AntLonger;

static const Member narrow_members[] = {
    {"next", "Ant *", offsetof(AntNarrow, next)},
    {"prey", "Ant *", offsetof(AntNarrow, prey)},
    {"x", "float", offsetof(AntNarrow, x)},
    {"y", "float", offsetof(AntNarrow, y)},
    {"heading_x", "float", offsetof(AntNarrow, heading_x)},
    {"heading_y", "float", offsetof(AntNarrow, heading_y)},
    {"energy", "short", offsetof(AntNarrow, energy)},
    {"hunger", "float", offsetof(AntNarrow, hunger)},
    {"born", "unsigned long", offsetof(AntNarrow, born)},
    {"id", "unsigned int", offsetof(AntNarrow, id)},
    {"caste", "short", offsetof(AntNarrow, caste)},
    {"task", "short", offsetof(AntNarrow, task)},
    {"load", "int[4]", offsetof(AntNarrow, load)},
    {"age", "double", offsetof(AntNarrow, age)},
    {"speed", "double", offsetof(AntNarrow, speed)},
};

static const Struct ant_narrow = BENCH_STRUCT("Ant", narrow_members, AntNarrow);

/* All of them have a nest, and the energy of every tenth is no short. */
static AntBefore lossy_ant(uint64_t number, AntBefore *last)
{
    AntBefore ant = bench_ant(number);
    ant.next = last;
    ant.prey = NULL;
    ant.nest = (uint32_t)number + 1;
    ant.energy = number % 10 == 0 ? 100000 + (int32_t)(number % 1000) : (int32_t)(number % 30000);
    return ant;
}

typedef struct Bench {
    uint64_t count;
    Edit edit;
    MoltSchema *before, *after;
    MoltHeap *heap;
    AntBefore *source; /* the same objects beside the heap */
    void *target;      /* as many objects of AntLonger */
    uint32_t *nests;   /* what the hand-written code keeps aside */
    struct {
        uint32_t object;
        int32_t energy;
    } * energies;
    Samples ours, hand, copy, warm_up;
} Bench;

static bool fill(Bench *bench)
{
    AntBefore *last = NULL;
    for (uint64_t i = 0; i < bench->count; i++) {
        AntBefore *ant = molt_heap_new(bench->heap, molt_schema_find(bench->before, "Ant"), 1);
        if (!ant)
            return false;
        *ant = lossy_ant(i, last);
        bench->source[i] = lossy_ant(i, i > 0 ? &bench->source[i - 1] : NULL);
        last = ant;
    }
    molt_heap_set_root(bench->heap, 0, last);
    return true;
}

static bool open_bench(Bench *bench, const Struct *after, uint64_t count)
{
    *bench = (Bench){.count = count};
    bench->before = bench_schema(&bench_ant_before, 1);
    bench->after = bench_schema(after, 1);
    bench->source = bench_map(count * sizeof *bench->source);
    bench->target = bench_map(count * sizeof(AntLonger));
    bench->nests = bench_map(count * sizeof *bench->nests);
    bench->energies = bench_map(count * sizeof *bench->energies);
    if (!bench->before || !bench->source || !bench->target || !bench->nests || !bench->energies)
        return false;
    bench->heap = bench_heap(bench->before);
    memset(bench->target, 0, count * sizeof(AntLonger));
    return bench->heap && bench_edit_make(bench->before, bench->after, true, &bench->edit) &&
           fill(bench);
}

static void close_bench(Bench *bench)
{
    molt_heap_destroy(bench->heap);
    bench_edit_free(&bench->edit);
    molt_schema_free(bench->before);
    molt_schema_free(bench->after);
    bench_unmap(bench->source, bench->count * sizeof *bench->source);
    bench_unmap(bench->target, bench->count * sizeof(AntLonger));
    bench_unmap(bench->nests, bench->count * sizeof *bench->nests);
    bench_unmap(bench->energies, bench->count * sizeof *bench->energies);
}

static void copy_all(const Bench *bench, Samples *samples)
{
    uint64_t started = bench_now();
    memcpy(bench->target, bench->source, bench->count * sizeof *bench->source);
    __asm__ volatile("" : : "r"(bench->target) : "memory");
    bench_sample(samples, bench_now() - started);
}

static AntNarrow *follow(const Bench *bench, const AntBefore *pointer)
{
    return pointer ? (AntNarrow *)bench->target + (pointer - bench->source) : NULL;
}

/* Keeps each nest, and each energy that does not fit with the number of its object. */
static void narrow_by_hand(const Bench *bench, Samples *samples)
{
    uint64_t started = bench_now(), kept = 0;
    for (uint64_t i = 0; i < bench->count; i++) {
        const AntBefore *was = &bench->source[i];
        AntNarrow *is = (AntNarrow *)bench->target + i;
        is->next = follow(bench, was->next);
        is->prey = follow(bench, was->prey);
        memcpy(&is->x, &was->x, 4 * sizeof(float));
        bench->nests[i] = was->nest;
        if (was->energy < INT16_MIN || was->energy > INT16_MAX) {
            bench->energies[kept].object = (uint32_t)i;
            bench->energies[kept++].energy = was->energy;
            is->energy = was->energy < 0 ? INT16_MIN : INT16_MAX;
        } else {
            is->energy = (int16_t)was->energy;
        }
        is->hunger = was->hunger;
        is->born = was->born;
        is->id = was->id;
        is->caste = was->caste;
        is->task = was->task;
        memcpy(is->load, was->load, sizeof is->load);
        is->age = was->age;
        is->speed = was->speed;
    }
    __asm__ volatile("" : : "r"(bench->target), "r"(bench->energies) : "memory");
    bench_sample(samples, bench_now() - started);
}

static bool is_narrow(const Bench *bench)
{
    uint64_t number = bench->count;
    for (const AntNarrow *ant = molt_heap_root(bench->heap, 0); ant; ant = ant->next) {
        int32_t energy = bench->source[--number].energy;
        if (ant->id != number || ant->energy != (energy > INT16_MAX ? INT16_MAX : energy))
            return false;
    }
    return number == 0;
}

static bool is_as_before(const Bench *bench)
{
    uint64_t number = bench->count;
    for (const AntBefore *ant = molt_heap_root(bench->heap, 0); ant; ant = ant->next) {
        const AntBefore *was = &bench->source[--number];
        if (ant->nest != was->nest || ant->energy != was->energy || ant->age != was->age)
            return false;
    }
    return number == 0;
}

static bool run_narrow(Bench *bench, int rounds)
{
    for (int round = -1; round < rounds; round++) {
        narrow_by_hand(bench, round < 0 ? &bench->warm_up : &bench->hand);
        if (!bench_migrate(bench->heap, &bench->edit, round < 0 ? NULL : &bench->ours))
            return false;
        bool right = is_narrow(bench);
        if (!bench_migrate_back(bench->heap, &bench->edit))
            return false;
        if (!right || !is_as_before(bench)) {
            fputs("molt-bench: what was kept aside did not come back\n", stderr);
            return false;
        }
    }
    return true;
}

static bool run_longer(Bench *bench, int rounds)
{
    for (int round = -1; round < rounds; round++) {
        copy_all(bench, round < 0 ? &bench->warm_up : &bench->copy);
        if (!bench_migrate(bench->heap, &bench->edit, round < 0 ? NULL : &bench->ours))
            return false;
        const AntLonger *last = molt_heap_root(bench->heap, 0);
        bool right = last->was.id == bench->count - 1 && last->seen == 0;
        if (!bench_migrate_back(bench->heap, &bench->edit) || !right || !is_as_before(bench)) {
            fputs("molt-bench: an object has wrong values after a field was appended\n", stderr);
            return false;
        }
    }
    return true;
}

bool bench_losses(Table *table, uint64_t count, int rounds)
{
    static Bench bench;
    char name[96], size[32];
    bench_number(count, size);
    bool ok = open_bench(&bench, &ant_narrow, count) && run_narrow(&bench, rounds);
    if (ok) {
        snprintf(name, sizeof name, "%s objects, a field dropped, one narrowed (10 %% misfits)",
                 size);
        bench_add(table, name, &bench.ours, "the same by hand, values kept aside", &bench.hand,
                  (double)count, 1.5);
    }
    close_bench(&bench);
    if (!ok)
        return false;

    Member members[32];
    Struct longer = {"Ant", members, bench_ant_before.count + 1, sizeof(AntLonger)};
    memcpy(members, bench_ant_before.members, bench_ant_before.count * sizeof *members);
    members[bench_ant_before.count] = (Member){"seen", "unsigned long", offsetof(AntLonger, seen)};
    ok = open_bench(&bench, &longer, count) && run_longer(&bench, rounds);
    if (ok) {
        snprintf(name, sizeof name, "%s objects of 96 bytes, one field appended", size);
        bench_add(table, name, &bench.ours, "memcpy of their bytes", &bench.copy, (double)count,
                  1.15);
    }
    close_bench(&bench);
    return ok;
}
