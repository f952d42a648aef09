#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "file.h"
#include "molt/byte_size.h"
#include "molt/code_names.h"
#include "molt/import.h"
#include "progress.h"
#include "report_words.h"
#include "state.h"

static int fail(const MoltToolCommand *command, const MoltError *error)
{
    fprintf(stderr, "molt %s: %s\n", command->name, error->text);
    return error->status == MOLT_REFUSED ? MOLT__EXIT_REFUSED : MOLT__EXIT_USAGE;
}

/* ---- molt verify ---------------------------------------------------------------------------------- */

static const char verify_help[] = "molt verify FILE...      is each snapshot file sound?\n"
                                  "\n"
                                  "Reads every byte: checksums, tables, each pointer. Says what is "
                                  "in a sound file, and of a damaged\n"
                                  "one the section and the offset. " MOLT__PROGRESS_HELP "\n"
                                  "\n"
                                  "  --json   print JSON instead of text\n"
                                  "\n"
                                  "Exit 0: all are; 2: one is not, or cannot be read.\n";

static void print_verified(const char *name, const MoltToolState *state, const MoltError *error,
                           bool json)
{
    uint64_t blocks = 0;
    char schema[33] = "";
    if (state != NULL) {
        const MoltTables *tables = &molt_heap_schema(state->heap)->tables;
        for (MoltTypeId type = 0; type < tables->type_count; type++) {
            MoltHeapStats stats;
            molt_heap_stats(state->heap, type, &stats);
            blocks += stats.blocks;
        }
        MoltHash hash = molt_schema_source_hash(molt_heap_schema(state->heap));
        snprintf(schema, sizeof schema, "%016llx%016llx", (unsigned long long)hash.high,
                 (unsigned long long)hash.low);
    }
    if (json) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "file", name);
        cJSON_AddBoolToObject(item, "sound", state != NULL);
        if (state != NULL) {
            cJSON_AddStringToObject(item, "written_by", molt_snapshot_file_version(state->file));
            cJSON_AddStringToObject(item, "schema", schema);
            cJSON_AddNumberToObject(item, "blocks", (double)blocks);
        } else {
            cJSON_AddStringToObject(item, "error", error->text);
        }
        char *text = cJSON_PrintUnformatted(item);
        puts(text != NULL ? text : "null");
        free(text);
        cJSON_Delete(item);
    } else if (state != NULL) {
        printf("%s: sound, %llu blocks, written by Molt %s under schema %s\n", name,
               (unsigned long long)blocks, molt_snapshot_file_version(state->file), schema);
    } else {
        fprintf(stderr, "molt verify: %s\n", error->text);
    }
}

static int run_verify(int argc, char **argv)
{
    bool json = false;
    const MoltToolOption options[] = {{"--json", NULL, &json}, {NULL, NULL, NULL}};
    int operands = molt__tool_words(&molt__command_verify, argc, argv, options);
    int result = MOLT__EXIT_OK;
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands == 0) {
        return molt__tool_misuse(&molt__command_verify, "at least one snapshot file is needed");
    }
    if (!molt__tool_one_input(&molt__command_verify, (const char *const *)argv, operands)) {
        return MOLT__EXIT_USAGE;
    }
    for (int i = 0; i < operands; i++) {
        MoltToolState state;
        MoltReport report;
        MoltError error;
        molt_report_init(&report, NULL);
        molt__progress_begin(&molt__command_verify, argv[i], false);
        bool sound = molt__tool_state_open(argv[i], NULL, MOLT_POLICY_STRICT,
                                           MOLT_MISSING_FUNCTIONS_REFUSE, &state, &report,
                                           &error) == MOLT_OK;
        molt__progress_end();
        print_verified(argv[i], sound ? &state : NULL, &error, json);
        if (sound) {
            molt__tool_state_close(&state);
        } else {
            result = MOLT__EXIT_USAGE;
        }
        molt_report_clear(&report);
    }
    return result;
}

const MoltToolCommand molt__command_verify = {"verify", "is a snapshot file sound?", verify_help,
                                              run_verify};

/* ---- molt dump ------------------------------------------------------------------------------------ */

static const char dump_help[] =
    "molt dump FILE      the state of a snapshot file as JSON\n"
    "\n" MOLT__PROGRESS_HELP "\n"
    "\n"
    "  --path PATH   one value: state.ants[3].target->pos, Ant:17.pos\n"
    "  -o FILE       write to FILE instead of standard output\n"
    "  --json        taken as every command takes it; a dump is JSON anyway\n"
    "\n"
    "Exit 0: done; 2: wrong usage, a file that cannot be read, a path that leads nowhere.\n";

static int run_dump(int argc, char **argv)
{
    const char *path = NULL, *out = "-";
    bool json;
    const MoltToolOption options[] = {
        {"--path", &path, NULL}, {"-o", &out, NULL}, {"--json", NULL, &json}, {NULL, NULL, NULL}};
    int operands = molt__tool_words(&molt__command_dump, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands != 1) {
        return molt__tool_misuse(&molt__command_dump, "one snapshot file is needed");
    }
    if (!molt__tool_spares(&molt__command_dump, (const char *const *)argv, 1, out, NULL)) {
        return MOLT__EXIT_USAGE;
    }
    MoltToolState state = {0};
    MoltReport report;
    MoltError error;
    molt_report_init(&report, NULL);
    molt__progress_begin(&molt__command_dump, argv[0], strcmp(out, "-") == 0);
    bool good =
        molt__tool_state_open(argv[0], NULL, MOLT_POLICY_STRICT, MOLT_MISSING_FUNCTIONS_REFUSE,
                              &state, &report, &error) == MOLT_OK &&
        molt__tool_state_write(&state, path, out, &error) == MOLT_OK;
    molt__progress_end();
    molt__tool_state_close(&state);
    molt_report_clear(&report);
    return good ? MOLT__EXIT_OK : fail(&molt__command_dump, &error);
}

const MoltToolCommand molt__command_dump = {"dump", "the state of a snapshot file as JSON",
                                            dump_help, run_dump};

/* ---- molt import ---------------------------------------------------------------------------------- */

static const char import_help[] =
    "molt import --schema SCHEMA.json STATE.json -o FILE      a snapshot file of a state in JSON\n"
    "\n"
    "  --schema FILE   of the program that is to load it\n"
    "  -o FILE         the snapshot file\n"
    "  --lenient       leave out members that the types do not have, and give those that are "
    "missing\n"
    "                  their defaults, with a line for each; otherwise both are errors\n"
    "  --json          print those lines as JSON; where it fails also the error, as \"error\"\n"
    "  --max-memory N  bytes that the state may take, and a text from a pipe: 2G, 512M, 100K. "
    "Without, a\n"
    "                  state 256M and 64 for each byte of its text, which is more than any needs "
    "but\n"
    "                  where blocks of char are mostly zeros; a text from a pipe 1G\n"
    "\n"
    "STATE.json is what `molt dump` and the host write, also after an edit. Every error has its "
    "line,\n"
    "column and path, and then nothing is written. Functions, constants and literals stay the "
    "names\n"
    "that they are; the library that loads FILE must have them. What a host keeps in a file "
    "beside\n"
    "the state (molt-host: frames and seed) is not in JSON.\n" MOLT__PROGRESS_HELP "\n"
    "Exit 0: done; 1: refused; 2: wrong usage or bad input.\n";

static bool stands_before(const char *text, const char *words, const char *end)
{
    const char *at = strstr(text, words);
    return at != NULL && (end == NULL || at < end);
}

/* Whether the state was written under just this schema, as far as its text says, and not under one that has
 * the type of memory without a type too, which schemas of sources do not have and games do whose malloc goes
 * to the heap. */
static bool is_of_just(const char *text, const MoltSchema *schema)
{
    char hash[33];
    const char *end = strstr(text, "\"objects\"");
    MoltHash own = molt_schema_source_hash(schema);
    snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)own.high,
             (unsigned long long)own.low);
    return stands_before(text, hash, end) && !stands_before(text, "\"untyped_memory\"", end) &&
           strstr(text, "\"" MOLT_UNTYPED_NAME) == NULL;
}

static MoltStatus set_schema(MoltHeap *heap, const MoltSchema *schema, const char *text,
                             MoltSchema **larger, MoltError *error)
{
    MoltStatus status = MOLT_OK;
    if (!is_of_just(text, schema)) {
        status = molt_schema_copy_plain(&schema->tables, NULL, larger, error);
    }
    return status == MOLT_OK ? molt_heap_set_schema(heap, *larger != NULL ? *larger : schema) : status;
}

typedef struct Import {
    const char *source, *out;
    uint64_t most; /* bytes of memory; 0: the default */
    bool lenient;
} Import;

static MoltStatus import_state(const MoltSchema *schema, const Import *words, MoltReport *report,
                               MoltError *error)
{
    const char *source = words->source;
    MoltHeap *heap = NULL;
    MoltSchema *larger = NULL;
    MoltCodeNames *names = molt_code_names_create(NULL);
    size_t length = 0;
    char *text = molt__tool_read(source, words->most, &length, error);
    const MoltHeapDesc range = {.reserve = molt__tool_state_reserve()};
    MoltStatus status = text != NULL ? molt_heap_create(&range, &heap, error) : MOLT_SYSTEM;
    if (status == MOLT_OK && names == NULL) {
        status = molt_error(error, MOLT_OUT_OF_MEMORY, "no memory for names");
    }
    if (status == MOLT_OK) {
        status = set_schema(heap, schema, text, &larger, error);
    }
    if (status == MOLT_OK) {
        bool limited = false;
        MoltImportDesc desc = {.code = molt_code_names_map(names),
                               .policy = words->lenient ? MOLT_POLICY_LIVE : MOLT_POLICY_STRICT,
                               .name = strcmp(source, "-") == 0 ? "standard input" : source,
                               .for_file = true,
                               .limit = words->most,
                               .limited = &limited,
                               .progress = molt__progress("importing"),
                               .report = report};
        MoltError reason;
        status = molt_import_json(heap, text, length, &desc, &reason);
        if (status != MOLT_OK) {
            molt_error(error, status, "%s%s", reason.text,
                       limited ? "; --max-memory allows more"
                       : status == MOLT_OUT_OF_MEMORY && range.reserve != 0
                           ? "; this process may not have more (ulimit -v)"
                           : "");
        }
    }
    if (status == MOLT_OK) {
        status = molt__tool_state_save(heap, molt_code_names_map(names), NULL, words->out, report,
                                       error);
    }
    molt_heap_destroy(heap);
    molt_code_names_free(names);
    molt_schema_free(larger);
    free(text);
    return status;
}

/* As text, with the member "error" when there is one. Freed with free(). */
static char *report_json(const MoltReport *report, const MoltError *error)
{
    char *text = molt__tool_report_json(report);
    cJSON *object = text != NULL && error != NULL ? cJSON_Parse(text) : NULL;
    if (object != NULL && cJSON_AddStringToObject(object, "error", error->text) != NULL) {
        free(text);
        text = cJSON_Print(object);
    }
    cJSON_Delete(object);
    return text;
}

static int run_import(int argc, char **argv)
{
    const char *schema_name = NULL, *most = NULL;
    Import words = {0};
    bool json = false;
    const MoltToolCommand *command = &molt__command_import;
    const MoltToolOption options[] = {{"--schema", &schema_name, NULL},
                                      {"-o", &words.out, NULL},
                                      {"--lenient", NULL, &words.lenient},
                                      {"--max-memory", &most, NULL},
                                      {"--json", NULL, &json},
                                      {NULL, NULL, NULL}};
    int operands = molt__tool_words(command, argc, argv, options);
    if (operands < 0) {
        return MOLT__EXIT_USAGE;
    }
    if (operands != 1 || schema_name == NULL || words.out == NULL) {
        return molt__tool_misuse(command, "--schema, one JSON file and -o are needed");
    }
    const char *const inputs[] = {schema_name, argv[0]};
    if (!molt__tool_one_input(command, inputs, 2) ||
        !molt__tool_one_output(command, words.out, json ? "-" : NULL) ||
        !molt__tool_spares(command, inputs, 2, words.out, NULL)) {
        return MOLT__EXIT_USAGE;
    }
    if (most != NULL && (words.most = molt_byte_size_read(most)) == 0) {
        return molt__tool_misuse(command, "--max-memory takes a size such as 512M, not %s", most);
    }
    words.source = argv[0];
    MoltSchema *schema = NULL;
    MoltReport report;
    MoltError error;
    molt_report_init(&report, NULL);
    bool good = molt__tool_read_schema(schema_name, &schema, &error) == MOLT_OK;
    if (good) {
        molt__progress_begin(command, words.source, false);
        good = import_state(schema, &words, &report, &error) == MOLT_OK;
        molt__progress_end();
    }
    char *text = json                       ? report_json(&report, good ? NULL : &error)
                 : good && report.count > 0 ? molt__tool_report_text(&report)
                                            : NULL;
    if (text != NULL) {
        fprintf(json ? stdout : stderr, json ? "%s\n" : "%s", text);
    }
    free(text);
    if (!good && error.status == MOLT_REFUSED && !json) {
        molt__tool_report_print(argv[0], &report);
        molt_error(&error, MOLT_REFUSED, "%s: refused, nothing was written", argv[0]);
    }
    molt_report_clear(&report);
    molt_schema_free(schema);
    return good ? MOLT__EXIT_OK : fail(command, &error);
}

const MoltToolCommand molt__command_import = {"import", "a snapshot file of a state in JSON",
                                              import_help, run_import};
