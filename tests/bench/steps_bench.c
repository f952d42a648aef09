/* From the hand-written loop to what a migration has to do, step by step: where the time between the two can
 * go. Written by hand all of it, for the mixed edit of ants; nothing of Molt runs here. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include "ant_edit.h"

/* The next object begins so many bytes further, as in a heap with slack between blocks. */
enum { BEFORE_STRIDE = 104, AFTER_STRIDE = 120, BATCH = 128 };

typedef struct Bench {
    uint64_t count, reciprocal, odd;
    char *source, *target;
    uint64_t *live_bits;
} Bench;

static const char *const steps[] = {
    "blocks with slack between them",      "and new blocks zeroed before they are filled",
    "and pointers by spans and live bits", "and 64-bit integers looked at for addresses",
    "pointers by spans, nothing zeroed",
};
enum { STEPS = sizeof steps / sizeof steps[0] };

/* By a reciprocal, as a heap does that knows the stride when it runs and not when it is compiled. */
static inline bool by_span(const Bench *bench, const void *pointer, AntAfter **out)
{
    uint64_t at = (uint64_t)((const char *)pointer - bench->source);
    uint64_t index = (uint64_t)(__extension__(unsigned __int128) at * bench->reciprocal >> 64);
    if (at != index * BEFORE_STRIDE || index >= bench->count ||
        (bench->live_bits[index / 64] >> (index % 64) & 1) == 0)
        return false;
    *out = (AntAfter *)(void *)(bench->target + index * AFTER_STRIDE);
    return true;
}

static inline AntAfter *by_subtraction(const Bench *bench, const AntBefore *pointer)
{
    uint64_t index = (uint64_t)((const char *)pointer - bench->source) / BEFORE_STRIDE;
    return pointer ? (AntAfter *)(void *)(bench->target + index * AFTER_STRIDE) : NULL;
}

static inline void convert(Bench *bench, const AntBefore *was, AntAfter *is, bool spans)
{
    AntAfter *next = NULL, *prey = NULL;
    if (spans) {
        bench->odd += was->next && !by_span(bench, was->next, &next);
        bench->odd += was->prey && !by_span(bench, was->prey, &prey);
    } else {
        next = by_subtraction(bench, was->next);
        prey = by_subtraction(bench, was->prey);
    }
    bench_ant_take(is, is, was, 0, 0);
    is->next = next;
    is->prey = prey;
}

/* The steps are constants here, so that each gets a loop of its own. */
static inline __attribute__((always_inline)) void run(Bench *bench, bool zero, bool spans,
                                                      bool look)
{
    for (uint64_t first = 0; first < bench->count; first += BATCH) {
        uint64_t n = bench->count - first < BATCH ? bench->count - first : BATCH;
        const char *source = bench->source + first * BEFORE_STRIDE;
        char *target = bench->target + first * AFTER_STRIDE;
        if (zero)
            memset(target, 0, n * AFTER_STRIDE);
        for (uint64_t i = 0; i < n; i++)
            convert(bench, (const AntBefore *)(const void *)(source + i * BEFORE_STRIDE),
                    (AntAfter *)(void *)(target + i * AFTER_STRIDE), spans);
        for (uint64_t i = 0; look && i < n; i++) {
            const AntBefore *was = (const AntBefore *)(const void *)(source + i * BEFORE_STRIDE);
            bench->odd +=
                was->born - (uint64_t)(uintptr_t)bench->source < bench->count * BEFORE_STRIDE;
        }
    }
    __asm__ volatile("" : : "r"(bench->target) : "memory");
}

static void take_step(Bench *bench, int step, Samples *samples)
{
    uint64_t started = bench_now();
    switch (step) {
    case 0: run(bench, false, false, false); break;
    case 1: run(bench, true, false, false); break;
    case 2: run(bench, true, true, false); break;
    case 3: run(bench, true, true, true); break;
    default: run(bench, false, true, false); break;
    }
    bench_sample(samples, bench_now() - started);
}

static void fill(Bench *bench, AntBefore *packed)
{
    bench_ants_fill_array(packed, bench->count);
    for (uint64_t i = 0; i < bench->count; i++) {
        AntBefore *ant = (AntBefore *)(void *)(bench->source + i * BEFORE_STRIDE);
        AntBefore *last = (AntBefore *)(void *)(bench->source + (i - 1) * BEFORE_STRIDE);
        *ant = packed[i];
        ant->next = packed[i].next ? last : NULL;
        ant->prey = packed[i].prey ? last : NULL;
    }
    memset(bench->target, 0, bench->count * AFTER_STRIDE);
    memset(bench->live_bits, 0xff, (bench->count / 64 + 1) * sizeof *bench->live_bits);
    bench->reciprocal = UINT64_MAX / BEFORE_STRIDE + 1;
}

static bool is_right(const Bench *bench)
{
    for (uint64_t i = 0; i < bench->count; i++) {
        const AntAfter *ant = (const AntAfter *)(const void *)(bench->target + i * AFTER_STRIDE);
        const void *last = i > 0 ? (const char *)ant - AFTER_STRIDE : NULL;
        if (!bench_ant_is(ant, i) || ant->next != last || ant->prey != (i % 3 == 0 ? last : NULL))
            return false;
    }
    return bench->odd == 0;
}

bool bench_steps(Table *table, uint64_t count, int rounds)
{
    Bench bench = {.count = count};
    Samples samples[STEPS] = {{.count = 0}}, hand = {.count = 0}, warm_up = {.count = 0};
    char name[96], size[32];
    uint64_t bytes = count * sizeof(AntBefore), words = (count / 64 + 1) * sizeof(uint64_t);
    AntBefore *packed = bench_map(bytes);
    bench.source = bench_map(count * BEFORE_STRIDE);
    bench.target = bench_map(count * AFTER_STRIDE);
    bench.live_bits = bench_map(words);
    bool ok = packed && bench.source && bench.target && bench.live_bits;
    if (ok)
        fill(&bench, packed);
    for (int round = -1; ok && round < rounds; round++) {
        uint64_t started = bench_now();
        bench_ants_convert(packed, (AntAfter *)(void *)bench.target, count);
        bench_sample(round < 0 ? &warm_up : &hand, bench_now() - started);
        for (int step = 0; ok && step < STEPS; step++) {
            take_step(&bench, step, round < 0 ? &warm_up : &samples[step]);
            ok = is_right(&bench);
        }
    }
    for (int step = 0; ok && step < STEPS; step++) {
        snprintf(name, sizeof name, "steps: %s objects, %s", bench_number(count, size),
                 steps[step]);
        bench_add(table, name, &samples[step], "a hand-written loop", &hand, (double)count, 0);
    }
    if (!ok)
        fputs("molt-bench: a step of the hand-written loop went wrong\n", stderr);
    bench_unmap(packed, bytes);
    bench_unmap(bench.source, count * BEFORE_STRIDE);
    bench_unmap(bench.target, count * AFTER_STRIDE);
    bench_unmap(bench.live_bits, words);
    return ok;
}
