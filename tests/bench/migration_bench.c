/* The mixed edit of ants, warm: by the plan, by what it compiles to, by hand, and what a copy of the bytes
 * takes. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include <molt/stale_pointer.h>

#include "ant_edit.h"

/* Two warm places: the objects before and after the edit. */
typedef struct Warm {
    AntBefore *before;
    AntAfter *after;
    uint64_t count;
} Warm;

static bool make_warm(Warm *warm, uint64_t count)
{
    *warm = (Warm){bench_map(count * sizeof *warm->before), bench_map(count * sizeof *warm->after),
                   count};
    if (!warm->before || !warm->after)
        return false;
    bench_ants_fill_array(warm->before, count);
    memset(warm->after, 0, count * sizeof *warm->after);
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

static void convert_by_hand(const Warm *warm, Samples *samples)
{
    uint64_t started = bench_now();
    bench_ants_convert(warm->before, warm->after, warm->count);
    bench_sample(samples, bench_now() - started);
}

static void free_warm(Warm *warm)
{
    bench_unmap(warm->before, warm->count * sizeof *warm->before);
    bench_unmap(warm->after, warm->count * sizeof *warm->after);
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
    if (!bench_migrate(heap, edit, samples))
        return false;
    if (!bench_ants_right(heap, count)) {
        fprintf(stderr, "molt-bench: a migrated object has wrong values\n");
        return false;
    }
    return bench_migrate_back(heap, edit);
}

static bool run_rounds(MoltHeap *heap, const Edit *plan, const Edit *compiled, uint64_t count,
                       int rounds, Table *table)
{
    bool ok = false;
    Warm warm;
    Samples by_plan = {0}, by_code = {0}, copy = {0}, hand = {0}, looked = {0}, warm_up = {0};
    if (!make_warm(&warm, count) || !bench_ants_fill(heap, count))
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
    char name[96], size[32];
    bench_number(count, size);
    snprintf(name, sizeof name, "mixed edit of %s objects of 96 bytes, compiled", size);
    bench_add(table, name, &by_code, "a hand-written loop", &hand, (double)count, 1.1);
    bench_add(table, name, &by_code, "memcpy of their bytes", &copy, (double)count, 1.5);
    snprintf(name, sizeof name, "mixed edit of %s objects of 96 bytes, by the plan", size);
    bench_add(table, name, &by_plan, "a hand-written loop", &hand, (double)count, 0);
    bench_add(table, name, &by_plan, "memcpy of their bytes", &copy, (double)count, 0);
    if (count == 10000) {
        Samples frame = bench_budget(1000000000 / 60);
        bench_add(table, name, &by_plan, "one frame at 60 Hz", &frame, 1, 1);
    }
    snprintf(name, sizeof name, "looking at the pointers of %s objects for the old library", size);
    bench_add(table, name, &looked, "memcpy of their bytes", &copy, (double)count, 0);
    ok = true;

cleanup:
    free_warm(&warm);
    return ok;
}

bool bench_migration(Table *table, uint64_t count, int rounds)
{
    bool ok = false;
    Edit plan = {0}, compiled = {0};
    MoltSchema *before = bench_schema(&bench_ant_before, 1);
    MoltSchema *after = bench_schema(&bench_ant_after, 1);
    MoltHeap *heap = before && after ? bench_heap(before) : NULL;
    if (heap && bench_edit_make(before, after, false, &plan) &&
        bench_edit_make(before, after, true, &compiled))
        ok = run_rounds(heap, &plan, &compiled, count, rounds, table);
    molt_heap_destroy(heap);
    bench_edit_free(&plan);
    bench_edit_free(&compiled);
    molt_schema_free(before);
    molt_schema_free(after);
    return ok;
}
