/* libFuzzer's entry to plans and migrations: two schemas and a state of the first, all from the input,
 * which is migrated there, back and there again, sometimes without enough memory. A refusal must leave
 * the state as it was to the byte, a state that was migrated must be one that can be dumped, and all
 * memory must come back.
 *
 * The input is options, then either the records of fuzz_schema.h or, for pairs that were seen elsewhere,
 * two schemas as JSON, each ended by a NUL; then the state. `--seeds DIR [SCHEMA...]` writes what to
 * begin with; each of the SCHEMAs is migrated to the next one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counting_allocator.h"
#include "fuzz_schema.h"
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

static MoltSchema *read_schema(FuzzBytes *bytes)
{
    MoltSchema *schema = NULL;
    MoltError error;
    const uint8_t *end = memchr(bytes->at, 0, (size_t)(bytes->end - bytes->at));
    size_t length = (size_t)((end ? end : bytes->end) - bytes->at);
    if (molt_schema_from_json((const char *)bytes->at, length, NULL, &schema, &error) != MOLT_OK)
        schema = NULL;
    bytes->at = end ? end + 1 : bytes->end;
    return schema;
}

static void take(FuzzBytes *bytes, void *out, size_t size)
{
    size_t there = (size_t)(bytes->end - bytes->at);
    memset(out, 0, size);
    memcpy(out, bytes->at, there < size ? there : size);
    bytes->at += there < size ? there : size;
}

static bool read_input(Run *run, FuzzBytes *bytes)
{
    take(bytes, &run->options, sizeof run->options);
    if ((run->options.flags & AS_JSON) != 0) {
        run->before = read_schema(bytes);
        run->after = run->before ? read_schema(bytes) : NULL;
    } else {
        FuzzRecords records;
        FuzzPatch patches[FUZZ_PATCHES];
        bool plain = (run->options.flags & PLAIN) != 0;
        take(bytes, &records, sizeof records);
        take(bytes, patches, sizeof patches);
        run->before = fuzz_schema(&records, plain);
        for (int i = 0; i < FUZZ_PATCHES; i++)
            fuzz_patch(&records, &patches[i]);
        run->after = run->before ? fuzz_schema(&records, plain) : NULL;
    }
    return run->after != NULL;
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

static void write_seed(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        fprintf(stderr, "migrate_fuzz: cannot write %s\n", path);
        exit(1);
    }
}

/* Reads a file and the NUL behind it; the bytes that it took. */
static size_t read_text(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(out, 1, room - 1, file) : 0;
    if (!file || fclose(file) != 0 || length == 0) {
        fprintf(stderr, "migrate_fuzz: cannot read %s\n", path);
        exit(1);
    }
    out[length] = '\0';
    return length + 1;
}

static void write_seeds(const char *folder, char **schemas, int count)
{
    static char text[1 << 20];
    char name[32];
    uint64_t chance = 88172645463325252u;
    for (int i = 0; i < 64; i++) {
        uint8_t bytes[sizeof(Options) + sizeof(FuzzRecords) + sizeof(FuzzPatch[FUZZ_PATCHES]) + 64];
        for (size_t b = 0; b < sizeof bytes; b++) {
            chance = chance * 6364136223846793005u + 1442695040888963407u;
            bytes[b] = (uint8_t)(chance >> 56);
        }
        bytes[0] &= (uint8_t)~AS_JSON;
        snprintf(name, sizeof name, "made-%d", i);
        write_seed(folder, name, bytes, sizeof bytes);
    }
    for (int i = 0; i + 1 < count; i++) {
        const Options options = {.flags = AS_JSON};
        memcpy(text, &options, sizeof options);
        size_t size = sizeof options;
        size += read_text(schemas[i], text + size, sizeof text / 2);
        size += read_text(schemas[i + 1], text + size, sizeof text / 2 - sizeof options);
        snprintf(name, sizeof name, "pair-%d", i);
        write_seed(folder, name, text, size);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (*argc >= 3 && strcmp((*argv)[1], "--seeds") == 0) {
        write_seeds((*argv)[2], *argv + 3, *argc - 3);
        exit(0);
    }
    return 0;
}
