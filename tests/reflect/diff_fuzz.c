/* libFuzzer's entry to the comparison of two states, made of one input: heaps of two schemas, two snapshot
 * files, or two texts. States of heaps are compared as they lie and as dumps, in every pair and both ways
 * round, sometimes without enough memory: all of these must find the same values, a state must equal itself
 * and its dump, and all memory must come back. Of texts that nobody wrote a comparison must end, with
 * nothing handed over of what is no dump.
 *
 * The input is options, then for heaps two schemas as fuzz_pair.h reads them and bytes that fill both, else
 * two pieces: the second one is the first one but for patches of single bytes, or what follows it. `--seeds
 * DIR [SCHEMA...]` writes what to begin with; each of the SCHEMAs is compared with the next one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "counting_allocator.h"
#include "fuzz_bytes.h"
#include "fuzz_pair.h"
#include "fuzz_state.h"
#include "import_sample.h"
#include "molt/snapshot_file.h"
#include "molt/state_diff.h"
#include "snapshot_seal.h"
#include "snapshot_state.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum Made { OF_HEAPS, OF_FILES, OF_TEXTS, MADE_COUNT } Made;

enum {
    AS_JSON = 1u << 0, /* the schemas of heaps */
    PLAIN = 1u << 1,   /* heaps with memory without a type */
    LIBRARY = 1u << 2, /* heaps beside one, files loaded into one that runs */
    APART = 1u << 3,   /* the second piece follows the first one */
    PICKY = 1u << 4,   /* some paths are not wanted */
    PATCHES = 8,
    LARGE = 1 << 14 /* bytes of two dumps */
};

typedef struct Options {
    uint8_t made, flags, fail_at, reserved;
    FuzzPatch patches[PATCHES]; /* of the second piece, or of the bytes that fill the second heap */
} Options;

/* One of the two states. */
typedef struct Part {
    MoltSchema *schema;
    MoltSnapshotFile *file;
    MoltHeap *heap;
    const MoltCodeMap *code;
    uint8_t *bytes; /* of the file, or the text */
    size_t size;
    char *dump;
    size_t length;
} Part;

typedef struct Run {
    Options options;
    Part states[2];
    CountingAllocator counting;
    MoltAllocator allocator;
    Library library;
} Run;

/* The state of the game that LIBRARY loads files into. */
static MoltSchema *game;

/* ---- one comparison -------------------------------------------------------------------------- */

/* What was handed over, in any order, and the same with the two states' places changed. */
typedef struct Tally {
    bool picky;
    uint64_t count, there, back;
} Tally;

static bool wants(void *context, const char *path)
{
    const Tally *tally = context;
    return !tally->picky || XXH3_64bits(path, strlen(path)) % 4 != 0;
}

static uint64_t hash_value(MoltDiffText value)
{
    return value.bytes ? XXH3_64bits(value.bytes, value.length) : 1;
}

static void take(void *context, const char *path, MoltDiffText a, MoltDiffText b)
{
    Tally *tally = context;
    uint64_t of[3] = {XXH3_64bits(path, strlen(path)), hash_value(a), hash_value(b)};
    uint64_t swapped[3] = {of[0], of[2], of[1]};
    if (!a.bytes && !b.bytes)
        abort();
    tally->count++;
    tally->there += XXH3_64bits(of, sizeof of);
    tally->back += XXH3_64bits(swapped, sizeof swapped);
}

static MoltStatus differ(const Run *run, const MoltDiffSide *a, const MoltDiffSide *b, Tally *out)
{
    *out = (Tally){.picky = (run->options.flags & PICKY) != 0};
    const MoltDiffSink sink = {.wants = wants, .take = take, .context = out};
    MoltError error = {0};
    MoltStatus status = molt_state_diff(a, b, &sink, &error);
    if (status != MOLT_OK && (error.status != status || error.text[0] == '\0'))
        abort();
    return status;
}

static MoltDiffSide as_heap(const Part *state)
{
    return (MoltDiffSide){.heap = state->heap, .code = state->code};
}

static MoltDiffSide as_text(const Part *state)
{
    return (MoltDiffSide){.text = state->dump, .length = state->length, .name = "dump"};
}

/* ---- heaps ----------------------------------------------------------------------------------- */

static void expect_same(const Run *run, const MoltDiffSide *a, const MoltDiffSide *b,
                        const Tally *known)
{
    Tally there, back;
    if (differ(run, a, b, &there) != MOLT_OK || differ(run, b, a, &back) != MOLT_OK)
        abort();
    if (there.count != known->count || there.there != known->there || back.count != known->count ||
        back.back != known->there)
        abort();
}

static void compare_without_memory(Run *run, const MoltDiffSide *a, const MoltDiffSide *b)
{
    Tally tally;
    uint64_t blocks = run->counting.blocks;
    run->counting.fail_at = run->counting.calls + run->options.fail_at;
    MoltStatus status = differ(run, a, b, &tally);
    run->counting.fail_at = 0;
    if ((status != MOLT_OK && status != MOLT_OUT_OF_MEMORY) || run->counting.blocks != blocks)
        abort();
}

/* Of states whose dumps are large only the dumps are held against the heaps, one way round, and of still
 * larger ones nothing, so that a run goes on. */
static void compare_heaps(Run *run)
{
    static const Tally nothing;
    MoltDiffSide heaps[2], texts[2];
    Tally known, found;
    size_t length = 0;
    for (int s = 0; s < 2; s++) {
        Part *state = &run->states[s];
        const MoltDumpDesc how = {.code = state->code};
        if (molt_dump_json(state->heap, &how, &state->dump, &state->length, NULL) != MOLT_OK)
            abort();
        heaps[s] = as_heap(state);
        texts[s] = as_text(state);
        length += state->length;
    }
    if (differ(run, &heaps[0], &heaps[1], &known) != MOLT_OK)
        abort();
    if (length > LARGE) {
        if (length < 8 * LARGE && (differ(run, &texts[0], &texts[1], &found) != MOLT_OK ||
                                   found.count != known.count || found.there != known.there))
            abort();
        return;
    }
    expect_same(run, &texts[0], &texts[1], &known);
    expect_same(run, &heaps[0], &heaps[1], &known);
    expect_same(run, &heaps[0], &texts[1], &known);
    expect_same(run, &texts[0], &heaps[1], &known);
    for (int s = 0; s < 2; s++) {
        expect_same(run, &heaps[s], &heaps[s], &nothing);
        expect_same(run, &heaps[s], &texts[s], &nothing);
    }
    if (run->options.fail_at > 0) {
        compare_without_memory(run, &heaps[0], &heaps[1]);
        compare_without_memory(run, &heaps[0], &texts[1]);
    }
}

static void patch(const Run *run, uint8_t *bytes, size_t size)
{
    for (int i = 0; i < PATCHES && size > 0; i++) {
        const FuzzPatch *by = &run->options.patches[i];
        if (by->what % 2 == 1)
            bytes[(by->at + 65536u * (by->what / 2u)) % size] = by->value;
    }
}

static void fill_heap(Run *run, int s, const uint8_t *bytes, size_t size)
{
    Part *state = &run->states[s];
    const MoltHeapDesc desc = {.reserve = (uint64_t)64 << 20, .allocator = &run->allocator};
    bool library = (run->options.flags & LIBRARY) != 0;
    FuzzBytes left = {.at = bytes, .end = bytes + size, .more = size};
    if (molt_heap_create(&desc, &state->heap, NULL) != MOLT_OK ||
        molt_heap_set_schema(state->heap, state->schema) != MOLT_OK)
        abort();
    FuzzState filled = {.heap = state->heap,
                        .schema = state->schema,
                        .code = library ? (uintptr_t)run->library.image : 0,
                        .code_size = sizeof run->library.image,
                        .bytes = &left};
    fuzz_state(&filled);
    state->code = library ? &run->library.map : NULL;
}

static void go_heaps(Run *run, FuzzBytes *bytes)
{
    MoltSchema *pair[2];
    bool good = fuzz_pair(bytes, (run->options.flags & AS_JSON) != 0,
                          (run->options.flags & PLAIN) != 0, pair);
    size_t size = (size_t)(bytes->end - bytes->at);
    uint8_t *patched = malloc(size + 1);
    run->states[0].schema = pair[0];
    run->states[1].schema = pair[1];
    if (good && patched) {
        memcpy(patched, bytes->at, size);
        patch(run, patched, size);
        fill_heap(run, 0, bytes->at, size);
        fill_heap(run, 1, patched, size);
        compare_heaps(run);
    }
    free(patched);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool load_file(Run *run, Part *state)
{
    bool library = (run->options.flags & LIBRARY) != 0;
    const MoltLoadDesc desc = {
        .schema = library ? game : NULL,
        .code = library ? &run->library.map : NULL,
        .heap = {.reserve = (uint64_t)64 << 20, .allocator = &run->allocator}};
    MoltReport report;
    MoltError error;
    if (state->size < sizeof(MoltFileHeader))
        return false;
    mend(state->bytes, state->size);
    molt_report_init(&report, NULL);
    bool good =
        molt_snapshot_file_open_memory(state->bytes, state->size, &run->allocator, &state->file,
                                       &error) == MOLT_OK &&
        molt_snapshot_file_load(state->file, &desc, &state->heap, &report, &error) == MOLT_OK;
    molt_report_clear(&report);
    if (!good)
        state->heap = NULL;
    state->code = library ? &run->library.map : good ? molt_snapshot_file_code(state->file) : NULL;
    return good;
}

/* Two pieces, each with a NUL behind it. The first one of two that follow each other has the bytes that its
 * header says, or those up to a NUL. */
static bool cut(Run *run, const FuzzBytes *bytes)
{
    size_t size = (size_t)(bytes->end - bytes->at), first = size;
    bool apart = (run->options.flags & APART) != 0;
    if (apart && run->options.made % MADE_COUNT == OF_FILES) {
        uint64_t told = molt_snapshot_file_size(bytes->at, size);
        first = told < size ? (size_t)told : size;
    } else if (apart) {
        FuzzBytes left = *bytes;
        fuzz_text_up_to_nul(&left, &first);
        size -= left.at > bytes->at + first; /* the NUL */
    }
    for (int s = 0; s < 2; s++) {
        Part *state = &run->states[s];
        const uint8_t *from = apart && s == 1 ? bytes->end - (size - first) : bytes->at;
        state->size = apart && s == 1 ? size - first : first;
        state->bytes = malloc(state->size + 1);
        if (!state->bytes)
            return false;
        memcpy(state->bytes, from, state->size);
        state->bytes[state->size] = 0;
    }
    patch(run, run->states[1].bytes, run->states[1].size);
    return true;
}

static void go_files(Run *run, const FuzzBytes *bytes)
{
    if (cut(run, bytes) && load_file(run, &run->states[0]) && load_file(run, &run->states[1]))
        compare_heaps(run);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Texts may have a member twice, so that which one is compared depends on who asks; nothing else may. */
static void go_texts(Run *run, const FuzzBytes *bytes)
{
    MoltDiffSide sides[2];
    MoltStatus own[2];
    Tally tally;
    if (!cut(run, bytes))
        return;
    for (int s = 0; s < 2; s++) {
        const Part *state = &run->states[s];
        sides[s] = (MoltDiffSide){.text = (const char *)state->bytes, .length = state->size};
        own[s] = differ(run, &sides[s], &sides[s], &tally);
        if (tally.count != 0)
            abort();
    }
    for (int s = 0; s < 2; s++) {
        MoltStatus status = differ(run, &sides[s], &sides[1 - s], &tally);
        bool both = own[0] == MOLT_OK && own[1] == MOLT_OK;
        if (status != (both ? MOLT_OK : MOLT_INVALID) || (!both && tally.count != 0))
            abort();
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Run run;
    FuzzBytes bytes = {.at = data, .end = data + size, .more = size};
    run = (Run){.allocator = counting_allocator(&run.counting)};
    library_load(&run.library);
    fuzz_take(&bytes, &run.options, sizeof run.options);
    switch (run.options.made % MADE_COUNT) {
    case OF_HEAPS: go_heaps(&run, &bytes); break;
    case OF_FILES: go_files(&run, &bytes); break;
    default: go_texts(&run, &bytes); break;
    }
    for (int s = 0; s < 2; s++) {
        Part *state = &run.states[s];
        molt_heap_destroy(state->heap);
        molt_snapshot_file_close(state->file);
        molt_schema_free(state->schema);
        free(state->bytes);
        free(state->dump);
    }
    if (run.counting.bytes != 0)
        abort();
    return 0;
}

/* ---- seeds ----------------------------------------------------------------------------------- */

/* Behind options a piece, and another one where they are apart. */
typedef struct Seed {
    uint8_t bytes[1 << 18];
    size_t size;
} Seed;

static void begin_seed(Seed *seed, Made made, unsigned flags)
{
    const Options options = {.made = (uint8_t)made,
                             .flags = (uint8_t)flags,
                             .patches = {{.what = 1, .value = 1, .at = 4000}}};
    memcpy(seed->bytes, &options, sizeof options);
    seed->size = sizeof options;
}

static void add_piece(Seed *seed, const void *bytes, size_t size)
{
    if (size > sizeof seed->bytes - seed->size)
        abort();
    memcpy(seed->bytes + seed->size, bytes, size);
    seed->size += size;
}

static void write_heaps(const char *folder, char **schemas, int count)
{
    uint8_t bytes[sizeof(Options) + FUZZ_PAIR_SIZE + 64];
    uint64_t chance = 88172645463325252u;
    for (int i = 0; i < 32; i++) {
        fuzz_chance(&chance, bytes, sizeof bytes);
        bytes[0] = OF_HEAPS;
        bytes[1] &= (uint8_t)~AS_JSON;
        fuzz_write_seed(folder, "made", i, bytes, sizeof bytes);
    }
    const Options options = {.made = OF_HEAPS, .flags = AS_JSON};
    for (int i = 0; i + 1 < count; i++)
        fuzz_write_pair(folder, i, &options, sizeof options, schemas + i);
}

static void add_file(Seed *seed, const char *folder, Library *library, unsigned nodes)
{
    char path[4096];
    MoltHeap *heap = NULL;
    MoltReport report;
    const MoltSaveDesc desc = {.code = &library->map};
    const MoltHeapDesc how = {.reserve = (uint64_t)64 << 20};
    molt_report_init(&report, NULL);
    snprintf(path, sizeof path, "%s/piece", folder);
    if (molt_heap_create(&how, &heap, NULL) != MOLT_OK ||
        molt_heap_set_schema(heap, game) != MOLT_OK)
        abort();
    make_state(heap, library, nodes, 0);
    if (molt_snapshot_file_save(heap, path, &desc, &report, NULL) != MOLT_OK)
        abort();
    seed->size += fuzz_read_file(path, seed->bytes + seed->size, sizeof seed->bytes - seed->size);
    remove(path);
    molt_heap_destroy(heap);
    molt_report_clear(&report);
}

static void write_files(const char *folder)
{
    static Seed seed;
    Library library;
    library_load(&library);
    for (int i = 0; i < 6; i++) {
        bool apart = i % 2 == 1;
        begin_seed(&seed, OF_FILES, (apart ? APART : 0) | (i > 3 ? LIBRARY : 0));
        add_file(&seed, folder, &library, 3u * (unsigned)i);
        if (apart)
            add_file(&seed, folder, &library, 3u * (unsigned)i + 1);
        fuzz_write_seed(folder, "files", i, seed.bytes, seed.size);
    }
}

static void write_texts(const char *folder)
{
    static Seed seed;
    Sample *state = sample_create();
    sample_new(state, state->bag, 3);
    sample_new(state, state->row, 2);
    sample_new(state, state->vec, 2);
    char *small = sample_dump(state->heap);
    sample_fill(state);
    char *graph = sample_dump(state->heap);
    char *const texts[] = {small, graph};
    for (int i = 0; i < 4; i++) {
        const char *a = texts[i % 2], *b = texts[1 - i % 2];
        begin_seed(&seed, OF_TEXTS, i >= 2 ? APART : 0);
        add_piece(&seed, a, strlen(a) + (i >= 2));
        if (i >= 2)
            add_piece(&seed, b, strlen(b));
        fuzz_write_seed(folder, "texts", i, seed.bytes, seed.size);
    }
    free(small);
    free(graph);
    sample_destroy(state);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    game = spec_schema(state_specs, 2);
    if (*argc >= 3 && strcmp((*argv)[1], "--seeds") == 0) {
        write_heaps((*argv)[2], *argv + 3, *argc - 3);
        write_files((*argv)[2]);
        write_texts((*argv)[2]);
        molt_schema_free(game);
        exit(0);
    }
    return 0;
}
