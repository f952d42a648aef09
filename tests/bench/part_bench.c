/* A large state of which a hundredth changes its layout: what the rest costs, when it cannot point there
 * and when every tenth object of it does. */
#include "benches.h"

#include <stdio.h>
#include <string.h>

#include "ant_edit.h"

/* The rest, in objects of the size of an ant. Only marks can point at one; a ledger's numbers have room for
 * an address, which a migration tells of when it is one that an edit makes stale. */
typedef struct Stone {
    float values[24];
} Stone;

typedef struct Ledger {
    uint64_t values[12];
} Ledger;

typedef struct Mark {
    void *ant;
    float values[22];
} Mark;

static const Member stone_members[] = {{"values", "float[24]", offsetof(Stone, values)}};
static const Member ledger_members[] = {{"values", "unsigned long[12]", offsetof(Ledger, values)}};
static const Member mark_members[] = {{"ant", "Ant *", offsetof(Mark, ant)},
                                      {"values", "float[22]", offsetof(Mark, values)}};

typedef struct Bench {
    uint64_t ants, rest;
    MoltSchema *before, *after;
    Edit edit;
    MoltHeap *part, *whole; /* the ants alone, and with the rest */
    AntBefore *source;
    AntAfter *target;
    Mark *marks; /* as many as the rest has, beside the heap */
    Samples part_ns, whole_ns, hand;
} Bench;

static bool open_bench(Bench *bench, uint64_t bytes)
{
    Struct structs[] = {bench_ant_before, BENCH_STRUCT("Stone", stone_members, Stone),
                        BENCH_STRUCT("Ledger", ledger_members, Ledger),
                        BENCH_STRUCT("Mark", mark_members, Mark)};
    *bench = (Bench){.rest = bytes / sizeof(AntBefore)};
    bench->ants = bench->rest / 100;
    bench->before = bench_schema(structs, 4);
    structs[0] = bench_ant_after;
    bench->after = bench_schema(structs, 4);
    bench->source = bench_map(bench->ants * sizeof *bench->source);
    bench->target = bench_map(bench->ants * sizeof *bench->target);
    bench->marks = bench_map(bench->rest * sizeof *bench->marks);
    if (!bench->source || !bench->target || !bench->marks ||
        !bench_edit_make(bench->before, bench->after, true, &bench->edit))
        return false;
    bench_ants_fill_array(bench->source, bench->ants);
    bench->part = bench_heap(bench->before);
    bench->whole = bench_heap(bench->before);
    return bench->part && bench->whole && bench_ants_fill(bench->part, bench->ants) &&
           bench_ants_fill(bench->whole, bench->ants);
}

static void close_bench(Bench *bench)
{
    molt_heap_destroy(bench->part);
    molt_heap_destroy(bench->whole);
    bench_edit_free(&bench->edit);
    molt_schema_free(bench->before);
    molt_schema_free(bench->after);
    bench_unmap(bench->source, bench->ants * sizeof *bench->source);
    bench_unmap(bench->target, bench->ants * sizeof *bench->target);
    bench_unmap(bench->marks, bench->rest * sizeof *bench->marks);
}

/* Objects that hold numbers only. */
static bool add_numbers(Bench *bench, const char *name)
{
    MoltTypeId type = molt_schema_find(bench->before, name);
    for (uint64_t i = 0; i < bench->rest; i++) {
        char *object = molt_heap_new(bench->whole, type, 1);
        if (!object)
            return false;
        memset(object + i % 24 * 4, 1, 4);
    }
    return true;
}

/* Every tenth of the marks has an ant, which is found from the root on by its number. */
static bool add_marks(Bench *bench)
{
    MoltTypeId type = molt_schema_find(bench->before, "Mark");
    AntBefore *ant = molt_heap_root(bench->whole, 0);
    for (uint64_t i = 0; i < bench->rest; i++) {
        Mark *mark = molt_heap_new(bench->whole, type, 1);
        if (!mark)
            return false;
        mark->values[i % 22] = 1;
        bench->marks[i] = *mark;
        if (i % 10 != 0)
            continue;
        mark->ant = ant;
        bench->marks[i].ant = &bench->source[ant->id];
        ant = ant->next ? ant->next : molt_heap_root(bench->whole, 0);
    }
    return true;
}

/* The ants, and exactly the pointers that lead to them, in the objects that have one. */
static void do_by_hand(Bench *bench, Samples *samples)
{
    uint64_t started = bench_now();
    bench_ants_convert(bench->source, bench->target, bench->ants);
    for (uint64_t i = 0; i < bench->rest; i += 10) {
        const AntBefore *ant = bench->marks[i].ant;
        bench->marks[i].ant = &bench->target[ant - bench->source];
    }
    __asm__ volatile("" : : "r"(bench->marks) : "memory");
    bench_sample(samples, bench_now() - started);
    for (uint64_t i = 0; i < bench->rest; i += 10) {
        const AntAfter *ant = bench->marks[i].ant;
        bench->marks[i].ant = &bench->source[ant - bench->target];
    }
}

static bool marks_are_right(const Bench *bench)
{
    const AntAfter *ant = molt_heap_root(bench->whole, 0);
    uint64_t cursor = 0, number = 0;
    MoltBlock block;
    while (molt_heap_next(bench->whole, molt_schema_find(bench->after, "Mark"), &cursor, &block)) {
        const Mark *mark = block.start;
        if (mark->ant != (number % 10 == 0 ? ant : NULL))
            return false;
        if (number++ % 10 == 0)
            ant = ant->next ? ant->next : molt_heap_root(bench->whole, 0);
    }
    return true;
}

static bool there_and_back(Bench *bench, MoltHeap *heap, Samples *samples)
{
    return bench_migrate(heap, &bench->edit, samples) && bench_ants_right(heap, bench->ants) &&
           marks_are_right(bench) && bench_migrate_back(heap, &bench->edit);
}

static bool run_rounds(Bench *bench, bool marks, int rounds)
{
    Samples warm_up = {.count = 0};
    for (int round = -1; round < rounds; round++) {
        if (!there_and_back(bench, bench->whole, round < 0 ? &warm_up : &bench->whole_ns))
            return false;
        if (marks)
            do_by_hand(bench, round < 0 ? &warm_up : &bench->hand);
        else if (!bench_migrate(bench->part, &bench->edit, round < 0 ? NULL : &bench->part_ns) ||
                 !bench_migrate_back(bench->part, &bench->edit))
            return false;
    }
    return true;
}

/* With a rest of that type, which has no pointers. */
static bool measure_numbers(Table *table, uint64_t bytes, const char *type, const char *what,
                            double goal, int rounds)
{
    static Bench bench;
    char name[96];
    bool ok =
        open_bench(&bench, bytes) && add_numbers(&bench, type) && run_rounds(&bench, false, rounds);
    if (ok) {
        snprintf(name, sizeof name, "%llu MiB of which 1 %% changes, the rest %s",
                 (unsigned long long)bytes >> 20, what);
        bench_add(table, name, &bench.whole_ns, "that 1 % alone", &bench.part_ns, 1, goal);
    } else {
        fputs("molt-bench: the hundredth of a state was not migrated\n", stderr);
    }
    close_bench(&bench);
    return ok;
}

/* Who makes checkpoints knows which pages are written, so that a reload looks for the pointers while the game
 * runs; without, the migration does. */
static bool measure_marks(Table *table, uint64_t bytes, bool looks, int rounds)
{
    static Bench bench;
    static Samples settled;
    const char *against = "that 1 % and those pointers by hand";
    char name[112];
    settled.count = 0;
    bool ok = open_bench(&bench, bytes) && add_marks(&bench);
    if (looks) {
        bench.edit.settled = &settled;
        ok = ok && molt_checkpoint_create(0, NULL, &bench.edit.checkpoint, NULL) == MOLT_OK;
    }
    ok = ok && run_rounds(&bench, true, rounds);
    if (!ok)
        fputs("molt-bench: what points at the hundredth of a state is wrong\n", stderr);
    if (ok) {
        snprintf(name, sizeof name,
                 "%llu MiB of which 1 %% changes, a tenth of the rest points there%s",
                 (unsigned long long)bytes >> 20, looks ? "" : ", not looked for before");
        bench_add(table, name, &bench.whole_ns, against, &bench.hand, 1, looks ? 1.5 : 0);
    }
    if (ok && looks) {
        snprintf(name, sizeof name, "%llu MiB, a tenth points there: their pages let go before",
                 (unsigned long long)bytes >> 20);
        bench_add(table, name, &settled, against, &bench.hand, 1, 0);
    }
    molt_checkpoint_free(bench.edit.checkpoint);
    close_bench(&bench);
    return ok;
}

bool bench_part(Table *table, uint64_t bytes, int rounds)
{
    return measure_numbers(table, bytes, "Stone", "cannot point there", 1.2, rounds) &&
           measure_numbers(table, bytes, "Ledger", "has room for addresses", 0, rounds) &&
           measure_marks(table, bytes, true, rounds) && measure_marks(table, bytes, false, rounds);
}
