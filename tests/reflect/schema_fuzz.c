/* libFuzzer's entry to the reader of schemas: any text. A schema that is read must write a text that
 * reads to the same hash and writes itself again. `--seeds DIR [SCHEMA...]` writes texts to begin with
 * and copies those schemas beside them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_bytes.h"
#include "fuzz_schema.h"
#include "molt/dump_schema.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *write_schema(const MoltSchema *schema)
{
    char *text = NULL;
    if (molt_schema_to_json(schema, &text, NULL) != MOLT_OK)
        abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MoltSchema *first = NULL, *second = NULL;
    MoltError error;
    char *described = NULL;
    if (molt_schema_from_json((const char *)data, size, NULL, &first, &error) != MOLT_OK)
        return 0;
    char *text = write_schema(first);
    if (molt_schema_from_json(text, strlen(text), NULL, &second, &error) != MOLT_OK)
        abort();
    char *again = write_schema(second);
    const MoltHash *a = &first->tables.hash, *b = &second->tables.hash;
    if (a->low != b->low || a->high != b->high || strcmp(text, again) != 0)
        abort();
    if (molt_dump_schema_json(first, &described, &error) == MOLT_OK)
        free(described);
    free(text);
    free(again);
    molt_schema_free(first);
    molt_schema_free(second);
    return 0;
}

/* ---- seeds ----------------------------------------------------------------------------------- */

static void write_made(const char *folder, int number, MoltSchema *schema)
{
    if (!schema)
        return;
    char *text = write_schema(schema);
    fuzz_write_seed(folder, "made", number, text, strlen(text));
    free(text);
    molt_schema_free(schema);
}

static void write_seeds(const char *folder, char **schemas, int count)
{
    static char text[1 << 20];
    uint64_t chance = 88172645463325252u;
    for (int i = 0; i < 12; i++) {
        FuzzRecords records;
        fuzz_chance(&chance, (uint8_t *)&records, sizeof records);
        write_made(folder, i, fuzz_schema(&records, i % 2 != 0));
    }
    for (int i = 0; i < count; i++) {
        size_t length = fuzz_read_file(schemas[i], text, sizeof text);
        fuzz_write_seed(folder, "recorded", i, text, length);
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
