/* A fuzzer for snapshot files (libFuzzer). Each input is loaded as it is, and once more with a header
 * and checksums that are right, so that what lies behind them is reached: as a tool would load it, with
 * the file's own schema, and as a game would, into a schema of its own. Called with "--seeds FOLDER" it
 * writes the files that a run begins with. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "molt/dump.h"
#include "molt/snapshot_file.h"
#include "snapshot_seal.h"
#include "snapshot_state.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static Library library;
static MoltSchema *schema;

static void load(const uint8_t *bytes, size_t size, const MoltSchema *into)
{
    MoltSnapshotFile *file = NULL;
    MoltHeap *heap = NULL;
    MoltReport report;
    MoltError error;
    MoltLoadDesc desc = {.schema = into,
                         .code = into ? &library.map : NULL,
                         .heap = {.reserve = (uint64_t)64 << 20}};
    molt_report_init(&report, NULL);
    if (molt_snapshot_file_open_memory(bytes, size, NULL, &file, &error) == MOLT_OK &&
        molt_snapshot_file_load(file, &desc, &heap, &report, &error) == MOLT_OK) {
        char *text = NULL;
        size_t length = 0;
        MoltDumpDesc how = {.code = into ? &library.map : molt_snapshot_file_code(file)};
        if (molt_dump_json(heap, &how, &text, &length, NULL) != MOLT_OK)
            abort();
        free(text);
        molt_heap_destroy(heap);
    }
    molt_report_clear(&report);
    molt_snapshot_file_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    load(bytes, size, schema);
    if (size < sizeof(MoltFileHeader))
        return 0;
    uint8_t *mended = malloc(size);
    if (!mended)
        return 0;
    memcpy(mended, bytes, size);
    mend(mended, size);
    load(mended, size, schema);
    load(mended, size, NULL);
    free(mended);
    return 0;
}

static void write_seed(const char *folder, unsigned nodes)
{
    char path[4096];
    MoltHeap *heap = NULL;
    MoltReport report;
    MoltError error;
    MoltSaveDesc desc = {.code = &library.map, .host = "host", .host_size = 4};
    MoltHeapDesc how = {.reserve = (uint64_t)64 << 20};
    molt_report_init(&report, NULL);
    snprintf(path, sizeof path, "%s/%u.molt", folder, nodes);
    if (molt_heap_create(&how, &heap, &error) != MOLT_OK ||
        molt_heap_set_schema(heap, schema) != MOLT_OK)
        abort();
    make_state(heap, &library, nodes, 0);
    if (molt_snapshot_file_save(heap, path, &desc, &report, &error) != MOLT_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    molt_heap_destroy(heap);
    molt_report_clear(&report);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    library_load(&library);
    schema = spec_schema(state_specs, 2);
    if (*argc == 3 && strcmp((*argv)[1], "--seeds") == 0) {
        for (unsigned nodes = 0; nodes < 20; nodes += 5)
            write_seed((*argv)[2], nodes);
        molt_schema_free(schema);
        exit(0);
    }
    return 0;
}
