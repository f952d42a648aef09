/* libFuzzer's entry to plans and migrations: two schemas and a state of the first, all from the input,
 * which is migrated there, back and there again, sometimes without enough memory. A refusal must leave
 * the state as it was to the byte, a state that was migrated must be one that can be dumped, and all
 * memory must come back.
 *
 * The input is options, the schemas as fuzz_pair.h reads them, then the state. `--seeds DIR [SCHEMA...]`
 * writes what to begin with; each of the SCHEMAs is migrated to the next one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counting_allocator.h"
#include "fuzz_pair.h"
#include "fuzz_state.h"
#include "molt/dump.h"
#include "molt/migrate.h"
#include "snapshot_state.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    AS_JSON = 1u << 0,
    STRICT = 1u << 1,
    DISCARD = 1u << 2, /* what was prepared first */
    PLAIN = 1u << 3,   /* with memory without a type */
    LIBRARY = 1u << 4, /* that goes */
    NO_FLY = 1u << 5   /* the one that comes has a function and a text less */
};

typedef struct Options {
    uint8_t flags, fail_at, fails, reserved;
} Options;

typedef struct Run {
    Options options;
    MoltSchema *before, *after;
    MoltHeap *heap;
    Library library;
    CountingAllocator counting;
} Run;

/* ---- the input ------------------------------------------------------------------------------- */

static bool read_input(Run *run, FuzzBytes *bytes)
{
    MoltSchema *pair[2];
    fuzz_take(bytes, &run->options, sizeof run->options);
    bool good = fuzz_pair(bytes, (run->options.flags & AS_JSON) != 0,
                          (run->options.flags & PLAIN) != 0, pair);
    run->before = pair[0];
    run->after = pair[1];
    return good;
}

/* ---- one way --------------------------------------------------------------------------------- */

static void tell(const MoltReport *report)
{
    free(molt_report_to_text(report));
    free(molt_report_to_json(report));
}

static void dump(const Run *run)
{
    char *text = NULL;
    size_t length = 0;
    MoltDumpDesc how = {.code = (run->options.flags & LIBRARY) != 0 ? &run->library.map : NULL};
    if (molt_dump_json(run->heap, &how, &text, &length, NULL) != MOLT_OK || length == 0)
        abort();
    free(text);
}

static void foresee(const MoltPlan *plan)
{
    MoltReport report;
    molt_report_init(&report, NULL);
    molt_plan_foresee(plan, &report);
    tell(&report);
    molt_report_clear(&report);
}

static void expect_unchanged(const Run *run, const MoltHash *before)
{
    MoltHash now = molt_heap_digest(run->heap);
    if (memcmp(&now, before, sizeof now) != 0)
        abort();
}

static bool prepare(Run *run, const MoltPlan *plan, uint32_t fail_at, MoltReport *report,
                    MoltMigration **out)
{
    MoltError error;
    const MoltCodeMap *code = (run->options.flags & LIBRARY) != 0 ? &run->library.map : NULL;
    MoltHash before = molt_heap_digest(run->heap);
    run->counting.fail_at = fail_at > 0 ? run->counting.calls + fail_at : 0;
    MoltStatus status = molt_migrate_prepare(run->heap, plan, code, out, report, &error);
    run->counting.fail_at = 0;
    if (status == MOLT_OK)
        return true;
    if (status == MOLT_REFUSED && molt_report_total(report, MOLT_REFUSE) == 0)
        abort(); /* without a reason */
    expect_unchanged(run, &before);
    return false;
}

static bool migrate(Run *run, const MoltSchema *after, MoltPolicy policy)
{
    MoltPlan *plan = NULL;
    MoltMigration *migration = NULL;
    MoltReport report;
    MoltError error;
    molt_report_init(&report, NULL);
    MoltStatus status =
        molt_plan_build(molt_heap_schema(run->heap), after, policy, NULL, &plan, &report, &error);
    bool ok = status == MOLT_OK;
    if (status == MOLT_REFUSED && molt_report_total(&report, MOLT_REFUSE) == 0)
        abort();
    if (ok) {
        foresee(plan);
        if (run->options.fails % 4 == 1 &&
            prepare(run, plan, 1u + run->options.fail_at, &report, &migration))
            molt_migrate_discard(migration);
        MoltHash before = molt_heap_digest(run->heap);
        if ((run->options.flags & DISCARD) != 0 && prepare(run, plan, 0, &report, &migration)) {
            molt_migrate_discard(migration);
            expect_unchanged(run, &before);
        }
        ok = prepare(run, plan, 0, &report, &migration);
    }
    if (ok)
        molt_migrate_commit(migration);
    tell(&report);
    molt_plan_free(plan);
    molt_report_clear(&report);
    return ok;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void fill(Run *run, FuzzBytes *bytes)
{
    bool library = (run->options.flags & LIBRARY) != 0;
    FuzzState state = {.heap = run->heap,
                       .schema = run->before,
                       .code = library ? (uintptr_t)run->library.image : 0,
                       .code_size = sizeof run->library.image,
                       .bytes = bytes};
    fuzz_state(&state);
}

static void go(Run *run, FuzzBytes *bytes)
{
    MoltAllocator allocator = counting_allocator(&run->counting);
    const MoltHeapDesc desc = {.reserve = (uint64_t)64 << 20, .allocator = &allocator};
    MoltPolicy policy = (run->options.flags & STRICT) != 0 ? MOLT_POLICY_STRICT : MOLT_POLICY_LIVE;
    library_load(&run->library);
    run->library.map.stays = false;
    run->library.no_fly = run->library.no_hello = (run->options.flags & NO_FLY) != 0;
    if (molt_heap_create(&desc, &run->heap, NULL) != MOLT_OK ||
        molt_heap_set_schema(run->heap, run->before) != MOLT_OK)
        abort();
    fill(run, bytes);
    dump(run);
    if (migrate(run, run->after, policy)) {
        dump(run);
        if (migrate(run, run->before, MOLT_POLICY_LIVE)) {
            dump(run);
            migrate(run, run->after, MOLT_POLICY_LIVE);
        }
    }
    molt_heap_destroy(run->heap);
    if (run->counting.bytes != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Run run;
    FuzzBytes bytes = {.at = data, .end = data + size, .more = size};
    run = (Run){.heap = NULL};
    if (read_input(&run, &bytes))
        go(&run, &bytes);
    molt_schema_free(run.before);
    molt_schema_free(run.after);
    return 0;
}

/* ---- seeds ----------------------------------------------------------------------------------- */

static void write_seeds(const char *folder, char **schemas, int count)
{
    uint8_t bytes[sizeof(Options) + FUZZ_PAIR_SIZE + 64];
    uint64_t chance = 88172645463325252u;
    for (int i = 0; i < 64; i++) {
        fuzz_chance(&chance, bytes, sizeof bytes);
        bytes[0] &= (uint8_t)~AS_JSON;
        fuzz_write_seed(folder, "made", i, bytes, sizeof bytes);
    }
    const Options options = {.flags = AS_JSON};
    for (int i = 0; i + 1 < count; i++)
        fuzz_write_pair(folder, i, &options, sizeof options, schemas + i);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (*argc >= 3 && strcmp((*argv)[1], "--seeds") == 0) {
        write_seeds((*argv)[2], *argv + 3, *argc - 3);
        exit(0);
    }
    return 0;
}
