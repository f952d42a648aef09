/* The mixed edit of ants from kilobytes to gigabytes of state: what an object costs at each size, and what
 * a migration costs that has next to nothing to do. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include "ant_edit.h"

enum { SIZES_MAX = 16 };

typedef struct Point {
    uint64_t bytes, count;
    Samples ours, sudden, hand, copy;
} Point;

typedef struct Bench {
    MoltSchema *before, *after;
    Edit edit;
    Point points[SIZES_MAX];
    int count, linear; /* the point that the larger ones are held against: 64 MiB, or the last */
} Bench;

static bool measure_hand(Point *point, int rounds)
{
    uint64_t from = point->count * sizeof(AntBefore), to = point->count * sizeof(AntAfter);
    AntBefore *before = bench_map(from);
    AntAfter *after = bench_map(to);
    bool ok = before && after;
    if (ok) {
        bench_ants_fill_array(before, point->count);
        memset(after, 0, to);
    }
    for (int round = 0; ok && round < rounds; round++) {
        uint64_t started = bench_now();
        memcpy(after, before, from);
        __asm__ volatile("" : : "r"(after) : "memory");
        uint64_t middle = bench_now();
        bench_ants_convert(before, after, point->count);
        bench_sample(&point->hand, bench_now() - middle);
        bench_sample(&point->copy, middle - started);
    }
    bench_unmap(before, from);
    bench_unmap(after, to);
    return ok;
}

/* With room as a reload has it, or without. */
static bool measure_ours(Bench *bench, Point *point, int rounds, bool room)
{
    MoltHeap *heap = bench_heap(bench->before);
    Samples *samples = room ? &point->ours : &point->sudden;
    bench->edit.room = room;
    bool ok = heap && bench_ants_fill(heap, point->count);
    for (int round = -1; ok && round < rounds; round++) {
        ok = bench_migrate(heap, &bench->edit, round < 0 ? NULL : samples);
        if (ok && round == rounds - 1)
            ok = bench_ants_right(heap, point->count);
        ok = ok && bench_migrate_back(heap, &bench->edit);
    }
    molt_heap_destroy(heap);
    return ok;
}

/* Above what a heap keeps warm a migration has faults where nobody asked for its pages before. */
static bool has_sudden(const Point *point)
{
    return point->bytes > (uint64_t)64 << 20;
}

/* One size after the other, and at each all in turns of few rounds. */
static bool measure(Bench *bench, Point *point, int rounds)
{
    bool ok = true;
    for (int turn = 0; ok && turn < 3; turn++)
        ok = measure_hand(point, rounds) && measure_ours(bench, point, rounds, true) &&
             (!has_sudden(point) || measure_ours(bench, point, rounds, false));
    return ok;
}

static void size_name(uint64_t bytes, char *out, size_t size)
{
    if (bytes >= (uint64_t)1 << 30)
        snprintf(out, size, "%llu GiB", (unsigned long long)bytes >> 30);
    else if (bytes >= (uint64_t)1 << 20)
        snprintf(out, size, "%llu MiB", (unsigned long long)bytes >> 20);
    else
        snprintf(out, size, "%llu KB", (unsigned long long)bytes / 1000);
}

/* Below the first size of the straight line an object may take the fixed cost more, above it a fifth. */
static void add_point(Table *table, const Bench *bench, const Point *point, double fixed)
{
    const Point *linear = &bench->points[bench->linear];
    char size[24], name[96], against[64];
    Samples allowed = {.count = 0};
    double each = (double)bench_median(&linear->ours) / (double)linear->count;
    bool below = point->bytes < linear->bytes;
    size_name(point->bytes, size, sizeof size);
    snprintf(name, sizeof name, "scaling: mixed edit of %s, by the object", size);
    if (below) {
        allowed = bench_budget((uint64_t)(each * (double)point->count + fixed));
        size_name(linear->bytes, size, sizeof size);
        snprintf(against, sizeof against, "an object of %s and the fixed cost", size);
    } else {
        allowed = bench_budget((uint64_t)(each * (double)point->count));
        size_name(linear->bytes, size, sizeof size);
        snprintf(against, sizeof against, "an object of %s", size);
    }
    bench_add(table, name, &point->ours, against, &allowed, (double)point->count,
              below             ? 1
              : point == linear ? 0
                                : 1.2);
    bench_curve(table, "Molt", point->bytes);
    if (has_sudden(point)) {
        char sudden[96];
        size_name(point->bytes, size, sizeof size);
        snprintf(sudden, sizeof sudden, "scaling: the same of %s, pages not asked for before", size);
        bench_add(table, sudden, &point->sudden, against, &allowed, (double)point->count, 1.2);
    }
    bench_add(table, name, &point->ours, "a hand-written loop", &point->hand, (double)point->count,
              0);
    snprintf(name, sizeof name, "scaling: that loop for %llu objects",
             (unsigned long long)point->count);
    bench_add(table, name, &point->hand, "memcpy of their bytes", &point->copy,
              (double)point->count, 0);
    bench_curve(table, "hand-written loop", point->bytes);
}

/* What a migration of one object takes. */
static bool fixed_cost(Bench *bench, Table *table, int rounds, Samples *fixed)
{
    Point one = {.count = 1};
    Samples budget = bench_budget(1000000);
    bool ok = measure_ours(bench, &one, rounds, true);
    *fixed = one.ours;
    if (ok)
        bench_add(table, "scaling: the fixed cost, a migration of one object", fixed, "1 ms",
                  &budget, 1, 0);
    return ok;
}

bool bench_scaling(Table *table, uint64_t most, int rounds)
{
    static const uint64_t sizes[] = {10000,
                                     100000,
                                     1 << 20,
                                     8 << 20,
                                     64 << 20,
                                     256 << 20,
                                     (uint64_t)1 << 30,
                                     (uint64_t)4 << 30,
                                     (uint64_t)16 << 30};
    static Bench bench;
    Samples fixed = {.count = 0};
    bench = (Bench){.before = bench_schema(&bench_ant_before, 1),
                    .after = bench_schema(&bench_ant_after, 1)};
    bool ok = bench_edit_make(bench.before, bench.after, true, &bench.edit) &&
              fixed_cost(&bench, table, BENCH_ROUNDS_MAX, &fixed);
    for (size_t i = 0; ok && i < sizeof sizes / sizeof *sizes && sizes[i] <= most; i++) {
        Point *point = &bench.points[bench.count++];
        *point = (Point){.bytes = sizes[i], .count = sizes[i] / sizeof(AntBefore)};
        if (sizes[i] <= 64 << 20)
            bench.linear = (int)i;
        int many = sizes[i] < 8 << 20    ? 10 * rounds
                   : sizes[i] > 64 << 20 ? (rounds + 1) / 2
                                         : rounds;
        ok = measure(&bench, point, many < 33 ? many : 33);
    }
    for (int i = 0; ok && i < bench.count; i++)
        add_point(table, &bench, &bench.points[i], (double)bench_median(&fixed));
    if (!ok)
        fputs("molt-bench: scaling: memory is out, or an object has wrong values\n", stderr);
    bench_edit_free(&bench.edit);
    molt_schema_free(bench.before);
    molt_schema_free(bench.after);
    return ok;
}
