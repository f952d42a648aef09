/* The JSON form of schemas: its text, the way back, and texts that are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "schema_sample.h"

/* ---- JSON ----------------------------------------------------------------------------------- */

static char *sample_json(void)
{
    char *json = NULL;
    MoltError error = {0};
    MoltSchema *schema = build_variation(&plain);
    if (molt_schema_to_json(schema, &json, &error))
        fail_msg("%s", error.text);
    molt_schema_free(schema);
    return json;
}

static void json_shows_one_member_a_line(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\n  \"molt_schema\": 1,\n  \"abi\": {\"pointer_size\":8,\"long_size\":8,",
        "\n  \"roots\": {\n    \"state\": \"Game\"\n  },\n",
        "\n    \"struct Ant\": \"Ant\"\n  },\n",
        "\n    {\"name\":\"Ant\",\"kind\":\"struct\",\"size\":128,\"align\":8,"
        "\"file\":\"game/ant.h\",\"line\":10,\"fields\":[\n",
        "\n      {\"name\":\"hp\",\"type\":\"int\",\"offset\":0,\"line\":11,"
        "\"was\":[\"life\",\"health\"],\"default\":{\"text\":\"42\",\"bytes\":\"2a000000\"},"
        "\"convert\":[\"saturate\"]},\n",
        "\n      {\"name\":\"carrying\",\"type\":\"unsigned int\",\"bits\":[64,1],\"line\":12},\n",
        "\n    {\"name\":\"float\",\"kind\":\"float\",\"size\":4,\"align\":4,\"ieee\":true},\n",
        "\n      {\"name\":\"IDLE\",\"value\":-1,\"fallback\":true},\n",
        "\n      {\"name\":\"DIG\",\"value\":\"4611686018427387904\"},\n",
        "\n      {\"name\":\"LOWEST\",\"value\":\"-9223372036854775808\"}\n    ]},\n",
        "\"kind\":\"function\",\"returns\":\"void\",\"params\":[\"Ant *\",\"int\"]}\n  ]\n}\n",
    };
    char *json = sample_json();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!strstr(json, lines[i]))
            fail_msg("missing:%s\nin\n%s", lines[i], json);
    }
    free(json);
}

static void json_round_trip_is_exact(void **state)
{
    (void)state;
    Variation reversed = plain;
    reversed.reversed = true;
    MoltSchema *source = build_variation(&reversed), *schema = NULL;
    char *json = sample_json(), *other = NULL, *again = NULL;
    MoltError error = {0};
    assert_int_equal(molt_schema_to_json(source, &other, NULL), MOLT_OK);
    assert_string_equal(json, other); /* whatever the order of types */
    if (molt_schema_from_json(json, strlen(json), NULL, &schema, &error))
        fail_msg("%s", error.text);
    assert_memory_equal(&schema->tables.hash, &source->tables.hash, sizeof(MoltHash));
    assert_int_equal(schema->tables.type_count, source->tables.type_count);
    assert_int_equal(schema->tables.field_count, source->tables.field_count);
    MoltTypeId ant = molt_schema_find(schema, "Ant");
    const MoltField *cells = &schema->tables.fields[molt_schema_find_field(schema, ant, "cells")];
    assert_int_equal(cells->flags, MOLT_FIELD_TRANSIENT);
    assert_int_equal(molt_schema_to_json(schema, &again, NULL), MOLT_OK);
    assert_string_equal(json, again);
    molt_schema_free(source);
    molt_schema_free(schema);
    free(json);
    free(other);
    free(again);
}

/* `json` with the first `from` replaced by `to`. */
static char *edited(const char *json, const char *from, const char *to)
{
    const char *at = strstr(json, from);
    if (!at)
        fail_msg("\"%s\" is not in the JSON", from);
    size_t before = (size_t)(at - json), size = strlen(json) + strlen(to) + 1;
    char *text = malloc(size);
    snprintf(text, size, "%.*s%s%s", (int)before, json, to, at + strlen(from));
    return text;
}

static void wrong_json_is_refused_by_place(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *text;
        MoltStatus status;
    } edits[] = {
        {"{\n", "", "line 1, column 1", MOLT_INVALID},
        {"\"abi\":", "\"abi\" ", "line 3", MOLT_INVALID},
        {"  ]\n}\n", "  ]\n}\nmore", "follows the end", MOLT_INVALID},
        {"\"molt_schema\": 1", "\"molt_schema\": 2", "version 2", MOLT_VERSION},
        {"\"molt_schema\": 1", "\"molt_schema\": -1", "whole number", MOLT_INVALID},
        {"\"molt_schema\": 1,", "", "molt_schema", MOLT_INVALID},
        {"\"molt_schema\": 1,", "\"molt_schema\": 1, \"extra\": 2,", "\"extra\" is not known",
         MOLT_INVALID},
        {"\"pointer_size\":8", "\"pointer_size\":4", "4-byte pointers", MOLT_VERSION},
        {"\"pointer_size\":8", "\"pointer_size\":300", "from 0 to 255", MOLT_INVALID},
        {"\"hash\": \"", "\"hash\": \"0", "32 digits", MOLT_INVALID},
        {"\"offset\":0,\"line\":11", "\"offset\":4,\"line\":11", "hash", MOLT_INVALID},
        {"\"Game\"\n", "\"Gone\"\n", "\"state\" names the type \"Gone\"", MOLT_INVALID},
        {"\"state\": \"Game\"", "\"state\": \"Game\", \"state\": \"Game\"", "repeated",
         MOLT_INVALID},
        {"\"kind\":\"struct\"", "\"kind\":\"class\"", "types[0] \"Ant\": \"kind\"", MOLT_INVALID},
        {"\"kind\":\"struct\"", "\"kind\":7", "\"kind\"", MOLT_INVALID},
        {"\"kind\":\"struct\"", "\"kind\":\"array\"", "\"fields\" is not known", MOLT_INVALID},
        {"\"kind\":\"struct\",", "\"kind\":\"struct\",\"kind\":\"struct\",", "\"kind\" is repeated",
         MOLT_INVALID},
        {"\"size\":128", "\"size\":12.5", "\"size\" must be a whole", MOLT_INVALID},
        {"\"size\":128", "\"size\":1e300", "\"size\" must be a whole", MOLT_INVALID},
        {"\"size\":128", "\"size\":\"99999999999999999999\"", "\"size\" must be", MOLT_INVALID},
        {"\"size\":128", "\"size\":\"18446744073709551608\"", "size of such a type", MOLT_INVALID},
        {"\"size\":128", "\"size\":\"\"", "\"size\" must be", MOLT_INVALID},
        {"\"size\":128,", "", "\"size\" is missing", MOLT_INVALID},
        {"\"align\":8,\"file\"", "\"align\":4294967296,\"file\"", "\"align\"", MOLT_INVALID},
        {"\"name\":\"Ant\",", "", "\"name\" is expected", MOLT_INVALID},
        {"\"name\":\"Ant\",", "\"name\":\"Ant *\",", "same name", MOLT_INVALID},
        {"\"name\":\"hp\",", "", "types[0] \"Ant\", fields[0] \"\": the key \"name\" is missing",
         MOLT_INVALID},
        {"\"name\":\"hp\",", "\"name\":\"pos\",", "two fields", MOLT_INVALID},
        {"\"type\":\"int\"", "\"type\":\"itn\"",
         "fields[0] \"hp\": \"type\" names the type \"itn\"", MOLT_INVALID},
        {"\"type\":\"int\"", "\"type\":[]", "\"type\" must be a string", MOLT_INVALID},
        {"\"offset\":0", "\"offset\":\"18446744073709551615\"", "\"offset\"", MOLT_INVALID},
        {"\"offset\":0,", "", "either \"offset\" or \"bits\"", MOLT_INVALID},
        {"\"bits\":[64,1]", "\"bits\":[64]", "\"bits\" must", MOLT_INVALID},
        {"\"bits\":[64,1]", "\"bits\":[64,1,1]", "\"bits\" must", MOLT_INVALID},
        {"\"bits\":[64,1]", "\"bits\":[\"x\",1]", "\"bits\" must", MOLT_INVALID},
        {"\"bits\":[64,1]", "\"bits\":[64,99]", "cannot have 99 bits", MOLT_INVALID},
        {"[\"life\",\"health\"]", "\"life\"", "\"was\" must be an array", MOLT_INVALID},
        {"[\"life\",\"health\"]", "[\"life\",1]", "\"was\" must be a string", MOLT_INVALID},
        {"[\"life\",\"health\"]", "[\"\"]", "earlier name is empty", MOLT_INVALID},
        {"2a000000", "2a00000", "pairs of", MOLT_INVALID},
        {"2a000000", "2a0000zz", "pairs of", MOLT_INVALID},
        {"2a000000", "2a", "has 1 bytes", MOLT_INVALID},
        {"\"text\":\"42\",", "", "\"text\" is missing", MOLT_INVALID},
        {"\"saturate\"", "\"guess\"", "unknown conversion", MOLT_INVALID},
        {"\"transient\":true", "\"transient\":1", "true or false", MOLT_INVALID},
        {"\"value\":-1", "\"value\":-0.5", "enumerators[0] \"IDLE\": \"value\"", MOLT_INVALID},
        {"\"value\":-1", "\"value\":\"9223372036854775808\"", "\"storage\" holds", MOLT_INVALID},
        {"\"value\":-1", "\"value\":\"-9223372036854775809\"", "\"storage\" holds", MOLT_INVALID},
        {"\"storage\":\"long\"", "\"storage\":\"Ant\"", "\"storage\" holds", MOLT_INVALID},
        {"[\"Ant *\",\"int\"]", "[\"Ant *\",null]", "params[1]", MOLT_INVALID},
        {"[\"Ant *\",\"int\"]", "{}", "\"params\" must be an array", MOLT_INVALID},
        {"\"length\":16", "\"length\":17", "17 elements", MOLT_INVALID},
        {"\"types\": [", "\"types\": [3,", "types[0]", MOLT_INVALID},
    };
    char *json = sample_json();
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char *text = edited(json, edits[i].from, edits[i].to);
        MoltSchema *schema = NULL;
        MoltError error = {0};
        MoltStatus status = molt_schema_from_json(text, strlen(text), NULL, &schema, &error);
        if (status != edits[i].status || !strstr(error.text, edits[i].text))
            fail_msg("%s -> %s: status %d, \"%s\" lacks \"%s\"", edits[i].from, edits[i].to, status,
                     error.text, edits[i].text);
        assert_null(schema);
        free(text);
    }
    free(json);
}

static void hostile_json_is_refused(void **state)
{
    (void)state;
    MoltSchema *schema = NULL;
    MoltError error = {0};
    size_t size = 200000;
    char *deep = malloc(size);
    memset(deep, '[', size);
    assert_int_equal(molt_schema_from_json(deep, size, NULL, &schema, &error), MOLT_INVALID);
    free(deep);
    static const char *const texts[] = {"",
                                        " ",
                                        "null",
                                        "[]",
                                        "{}",
                                        "3",
                                        "\"",
                                        "{\"molt_schema\":",
                                        "{\"molt_schema\":1}",
                                        "{\"molt_schema\":null}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        MoltStatus status =
            molt_schema_from_json(texts[i], strlen(texts[i]), NULL, &schema, &error);
        assert_int_equal(status, MOLT_INVALID);
        assert_true(strlen(error.text) > 10);
    }
    assert_null(schema);
}

/* Cut and damaged texts; each in a block of its own length, so that a sanitizer sees overruns. */
static void damaged_json_never_crashes(void **state)
{
    (void)state;
    char *json = sample_json();
    const size_t length = strlen(json);
    uint32_t seed = 777;
    for (size_t round = 0; round < length + 3000; round++) {
        size_t size = round < length ? round : length;
        char *text = malloc(size + 1);
        memcpy(text, json, size);
        for (int n = 0; round >= length && n < 2; n++)
            text[next_random(&seed) % size] = "\"{}[],:0-9ex\\ "[next_random(&seed) % 14];
        char *exact = malloc(size ? size : 1);
        memcpy(exact, text, size);
        MoltSchema *schema = NULL;
        MoltStatus status = molt_schema_from_json(exact, size, NULL, &schema, NULL);
        assert_true(round >= length - 1 || status == MOLT_INVALID);
        assert_true((status == MOLT_OK) == (schema != NULL));
        molt_schema_free(schema);
        free(text);
        free(exact);
    }
    free(json);
}

static unsigned json_allocations_left;

static void *allocate_json(size_t size)
{
    return json_allocations_left && json_allocations_left-- ? malloc(size) : NULL;
}

static void writing_json_may_run_out_of_memory(void **state)
{
    (void)state;
    MoltSchema *schema = build_variation(&plain);
    cJSON_Hooks hooks = {allocate_json, free};
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    char *json = NULL;
    cJSON_InitHooks(&hooks);
    for (unsigned count = 0; status; count++) {
        json_allocations_left = count;
        status = molt_schema_to_json(schema, &json, NULL);
        assert_true(status == MOLT_OUT_OF_MEMORY || status == MOLT_OK);
        assert_true((status == MOLT_OK) == (json != NULL));
        assert_true(count < 5000);
    }
    cJSON_InitHooks(NULL);
    free(json);
    molt_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_shows_one_member_a_line),
        cmocka_unit_test(json_round_trip_is_exact),
        cmocka_unit_test(wrong_json_is_refused_by_place),
        cmocka_unit_test(hostile_json_is_refused),
        cmocka_unit_test(damaged_json_never_crashes),
        cmocka_unit_test(writing_json_may_run_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
