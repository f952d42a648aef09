/* Two schemas out of a fuzzer's bytes: the records of fuzz_schema.h and patches of them or, for pairs that
 * were seen elsewhere, two as JSON, each ended by a NUL. It must never know states or what is done with the
 * schemas. */
#ifndef MOLT_TEST_FUZZ_PAIR_H
#define MOLT_TEST_FUZZ_PAIR_H

#include "fuzz_bytes.h"
#include "fuzz_schema.h"
#include "molt/schema.h"

enum { FUZZ_PAIR_SIZE = sizeof(FuzzRecords) + sizeof(FuzzPatch[FUZZ_PATCHES]) };

static inline MoltSchema *fuzz_read_schema(FuzzBytes *bytes)
{
    MoltSchema *schema = NULL;
    MoltError error;
    size_t length;
    const char *text = fuzz_text_up_to_nul(bytes, &length);
    return molt_schema_from_json(text, length, NULL, &schema, &error) == MOLT_OK ? schema : NULL;
}

/* Both are to be freed, and either may be NULL where it is false. `plain`: records with memory without a
 * type. */
static inline bool fuzz_pair(FuzzBytes *bytes, bool json, bool plain, MoltSchema *out[2])
{
    if (json) {
        out[0] = fuzz_read_schema(bytes);
        out[1] = out[0] ? fuzz_read_schema(bytes) : NULL;
        return out[1] != NULL;
    }
    FuzzRecords records;
    FuzzPatch patches[FUZZ_PATCHES];
    fuzz_take(bytes, &records, sizeof records);
    fuzz_take(bytes, patches, sizeof patches);
    out[0] = fuzz_schema(&records, plain);
    for (int i = 0; i < FUZZ_PATCHES; i++)
        fuzz_patch(&records, &patches[i]);
    out[1] = out[0] ? fuzz_schema(&records, plain) : NULL;
    return out[1] != NULL;
}

/* Writes a seed of two files of schemas behind options. */
static inline void fuzz_write_pair(const char *folder, int number, const void *options, size_t size,
                                   char *const schemas[2])
{
    static char text[1 << 20];
    memcpy(text, options, size);
    for (int i = 0; i < 2; i++) {
        size += fuzz_read_file(schemas[i], text + size, sizeof text - 1 - size);
        text[size++] = '\0';
    }
    fuzz_write_seed(folder, "pair", number, text, size);
}

#endif
