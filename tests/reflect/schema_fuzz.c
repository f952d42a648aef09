/* libFuzzer's entry to the reader of schemas: any text. A schema that is read must write a text that
 * reads to the same hash and writes itself again. `--seeds DIR [SCHEMA...]` writes texts to begin with
 * and copies those schemas beside them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void write_seed(const char *folder, const char *name, const char *text, size_t length)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(text, 1, length, file) != length || fclose(file) != 0) {
        fprintf(stderr, "schema_fuzz: cannot write %s\n", path);
        exit(1);
    }
}

static void write_made(const char *folder, const char *name, MoltSchema *schema)
{
    if (!schema)
        return;
    char *text = write_schema(schema);
    write_seed(folder, name, text, strlen(text));
    free(text);
    molt_schema_free(schema);
}

static void copy_schema(const char *folder, const char *name, const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text, file) : 0;
    if (!file || fclose(file) != 0 || length == 0) {
        fprintf(stderr, "schema_fuzz: cannot read %s\n", path);
        exit(1);
    }
    write_seed(folder, name, text, length);
}

static void write_seeds(const char *folder, char **schemas, int count)
{
    char name[32];
    uint64_t chance = 88172645463325252u;
    for (int i = 0; i < 12; i++) {
        FuzzRecords records;
        uint8_t *bytes = (uint8_t *)&records;
        for (size_t b = 0; b < sizeof records; b++) {
            chance = chance * 6364136223846793005u + 1442695040888963407u;
            bytes[b] = (uint8_t)(chance >> 56);
        }
        snprintf(name, sizeof name, "made-%d", i);
        write_made(folder, name, fuzz_schema(&records, i % 2 != 0));
    }
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "recorded-%d", i);
        copy_schema(folder, name, schemas[i]);
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
