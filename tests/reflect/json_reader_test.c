/* The JSON reader by itself: what is JSON, what is not, and where it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json_reader.h"
#include "number_read.h"

/* Skips the whole text; the error otherwise. */
static bool is_json(const char *text, size_t length, MoltError *error)
{
    MoltJsonReader *reader = malloc(sizeof *reader);
    assert_non_null(reader);
    molt__json_open(reader, text, length, NULL, molt_allocator_default(), error);
    bool good = molt__json_skip(reader, NULL) && molt__json_end(reader);
    molt__json_release(reader);
    free(reader);
    return good;
}

static void every_value_of_json_is_taken(void **context)
{
    static const char *const texts[] = {"null",
                                        " true ",
                                        "false",
                                        "0",
                                        "-0",
                                        "12.5e-3",
                                        "1E+9",
                                        "\"\"",
                                        "\"\\u00e9\\ud83d\\ude00\"",
                                        "\"\xf0\x9f\x98\x80\"",
                                        "[]",
                                        "[ ]",
                                        "{}",
                                        "[1,[2,{\"a\":[]}]]",
                                        "{\"a\":{\"b\":null},\"c\":1}",
                                        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                        "\r\n\t[\n]"};
    (void)context;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        MoltError error = {0};
        if (!is_json(texts[i], strlen(texts[i]), &error))
            fail_msg("%s: %s", texts[i], error.text);
    }
}

static void what_is_no_json_is_said_with_its_place(void **context)
{
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"", "line 1:1: $: the text ends where a value"},
        {"nul", "line 1:4"},
        {"truth", "line 1:4"},
        {"01", "does not start with 0"},
        {"+1", "'+' stands where a value"},
        {".5", "'.' stands where a value"},
        {"1.", "where a digit"},
        {"1e", "where a digit"},
        {"-", "where a digit"},
        {"[1,]", "line 1:4: $[1]: ']' stands where a value"},
        {"[1 2]", "line 1:4: $[0]: '2' stands where ',' or ']'"},
        {"{\"a\":1,}", "where a key in quotes"},
        {"{a:1}", "where a key in quotes"},
        {"{\"a\" 1}", "line 1:6: $.a: '1' stands where ':'"},
        {"{\"a\":}", "$.a: '}' stands where a value"},
        {"[1]]", "where the end of the text"},
        {"\"a", "where the end of a string"},
        {"\"a\\", "where the end of a string"},
        {"\"a\nb\"", "0x0a must be escaped"},
        {"\"\\x\"", "one of \" \\ / b f n r t u"},
        {"\"\\u12g4\"", "hexadecimal digit"},
        {"\"\\ud800\"", "half of a character"},
        {"\"\\udc00\"", "half of a character"},
        {"\"\\ud800\\u0041\"", "second half"},
        {"\"\xff\"", "0xff is no UTF-8"},
        {"\"\xc0\xaf\"", "0xc0 is no UTF-8"},
        {"\"\xed\xa0\x80\"", "0xed is no UTF-8"},
        {"[\n {\"key\": [1,\n 2, x]}]", "line 3:5: $[0].key[2]: 'x'"},
        {"[\"\xc3\xa9\", x]", "line 1:7: $[1]"},
        {"{\"a b\":[x]}", "$[\"a b\"][0]"},
    };
    (void)context;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        MoltError error = {0};
        if (is_json(wrong[i].text, strlen(wrong[i].text), &error))
            fail_msg("%s is taken", wrong[i].text);
        if (!strstr(error.text, wrong[i].words))
            fail_msg("%s: \"%s\" has not \"%s\"", wrong[i].text, error.text, wrong[i].words);
    }
}

static void nul_is_no_end(void **context)
{
    MoltError error = {0};
    (void)context;
    assert_false(is_json("1\0", 2, &error));
    assert_false(is_json("\"a\0b\"", 5, &error));
}

static void long_paths_keep_their_inner_end(void **context)
{
    char text[4096] = "";
    MoltError error = {0};
    (void)context;
    for (int i = 0; i < 100; i++)
        strcat(text, "{\"a_key_of_some_length\":");
    assert_false(is_json(text, strlen(text), &error));
    assert_non_null(strstr(error.text, "$....a_key_of_some_length.a_key"));
    assert_non_null(strstr(error.text, "the text ends"));
}

static void expect_integer(const char *text, uint32_t bits, bool is_signed, MoltNumberRead result,
                           uint64_t wanted)
{
    unsigned char value[16];
    MoltNumberRead got = molt__integer_read(text, strlen(text), bits, is_signed, value);
    if (got != result)
        fail_msg("%s: %d, not %d", text, (int)got, (int)result);
    if (got == MOLT__NUMBER_READ)
        assert_true(molt__integer_word(value) == wanted);
}

static void integers_are_exact_or_nothing(void **context)
{
    (void)context;
    expect_integer("18446744073709551615", 64, false, MOLT__NUMBER_READ, UINT64_MAX);
    expect_integer("18446744073709551616", 64, false, MOLT__NUMBER_OUT_OF_RANGE, 0);
    expect_integer("-9223372036854775808", 64, true, MOLT__NUMBER_READ, (uint64_t)1 << 63);
    expect_integer("-9223372036854775809", 64, true, MOLT__NUMBER_OUT_OF_RANGE, 0);
    expect_integer("9223372036854775808", 64, true, MOLT__NUMBER_OUT_OF_RANGE, 0);
    expect_integer("-0", 8, false, MOLT__NUMBER_READ, 0);
    expect_integer("-1", 8, false, MOLT__NUMBER_OUT_OF_RANGE, 0);
    expect_integer("1", 1, false, MOLT__NUMBER_READ, 1);
    expect_integer("-1", 1, true, MOLT__NUMBER_READ, UINT64_MAX);
    expect_integer("1", 1, true, MOLT__NUMBER_OUT_OF_RANGE, 0);
    expect_integer("1.0", 64, true, MOLT__NUMBER_NOT_WHOLE, 0);
    expect_integer("99999999999999999999999999999999999999999.5", 64, true, MOLT__NUMBER_NOT_WHOLE,
                   0);
    expect_integer("340282366920938463463374607431768211456", 128, false, MOLT__NUMBER_OUT_OF_RANGE,
                   0);
    expect_integer("340282366920938463463374607431768211455", 128, false, MOLT__NUMBER_READ,
                   UINT64_MAX);
}

static void long_numbers_are_read_to_the_nearest(void **context)
{
    char text[2000];
    double number;
    (void)context;
    memset(text, '0', sizeof text);
    memcpy(text, "0.1", 3);
    assert_int_equal(molt__float_read(text, sizeof text, sizeof number, &number),
                     MOLT__NUMBER_READ);
    assert_true(number == 0.1);
    float least;
    assert_int_equal(molt__float_read("1e-45", 5, sizeof least, &least), MOLT__NUMBER_READ);
    assert_true(least > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_of_json_is_taken),
        cmocka_unit_test(what_is_no_json_is_said_with_its_place),
        cmocka_unit_test(nul_is_no_end),
        cmocka_unit_test(long_paths_keep_their_inner_end),
        cmocka_unit_test(integers_are_exact_or_nothing),
        cmocka_unit_test(long_numbers_are_read_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
