/* libFuzzer's entry to the import: any text, under both policies. What is read must give a dump that
 * reads back to itself; what is refused must leave the state alone. `--seeds DIR` writes dumps to begin
 * with. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_bytes.h"
#include "import_sample.h"
#include "molt/import.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Sample *sample;

static MoltStatus load(const char *text, size_t length, MoltPolicy policy)
{
    MoltCodeMap code = sample_code();
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltImportDesc desc = {
        .code = &code, .policy = policy, .limit = (uint64_t)1 << 20, .report = &report};
    MoltStatus status = molt_import_json(sample->heap, text, length, &desc, NULL);
    molt_report_clear(&report);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!sample)
        sample = sample_create();
    MoltHash before = molt_heap_digest(sample->heap), after;
    MoltPolicy policy = size > 0 && data[size - 1] == ' ' ? MOLT_POLICY_STRICT : MOLT_POLICY_LIVE;
    if (load((const char *)data, size, policy) != MOLT_OK) {
        after = molt_heap_digest(sample->heap);
        if (memcmp(&before, &after, sizeof before) != 0)
            abort();
        return 0;
    }
    char *first = sample_dump(sample->heap);
    if (load(first, strlen(first), MOLT_POLICY_STRICT) != MOLT_OK)
        abort();
    char *second = sample_dump(sample->heap);
    if (strcmp(first, second) != 0)
        abort();
    free(first);
    free(second);
    return 0;
}

static void write_seeds(const char *folder)
{
    Sample *state = sample_create();
    Thing *thing = sample_new(state, state->thing, 1);
    sample_numbers(thing);
    thing->next = thing;
    thing->text = (char *)(sample_image + SAMPLE_LITERAL);
    char *text = sample_dump(state->heap);
    fuzz_write_seed(folder, "state", 0, text, strlen(text));
    free(text);
    sample_new(state, state->bag, 3);
    sample_new(state, state->row, 2);
    sample_new(state, state->vec, 2);
    sample_new(state, state->quad, 1);
    sample_new(state, state->other, 1);
    molt_heap_delete(state->heap, thing);
    text = sample_dump(state->heap);
    fuzz_write_seed(folder, "state", 1, text, strlen(text));
    free(text);
    sample_fill(state);
    text = sample_dump(state->heap);
    fuzz_write_seed(folder, "state", 2, text, strlen(text));
    free(text);
    sample_destroy(state);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    if (*argc == 3 && strcmp((*argv)[1], "--seeds") == 0) {
        write_seeds((*argv)[2]);
        exit(0);
    }
    return 0;
}
