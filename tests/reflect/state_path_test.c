/* Paths to values of a state, as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import_sample.h"
#include "state_path.h"

static int set_up(void **context)
{
    Sample *sample = sample_create();
    sample_fill(sample);
    *context = sample;
    return 0;
}

static int tear_down(void **context)
{
    sample_destroy(*context);
    return 0;
}

static void expect(const Sample *sample, const char *path, const char *wanted)
{
    MoltCodeMap code = sample_code();
    MoltDumpDesc desc = {.code = &code};
    MoltError error = {0};
    char *text = NULL;
    size_t length = 0;
    if (molt_dump_path_json(sample->heap, &desc, path, &text, &length, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    assert_int_equal(strlen(text), length);
    if (!strstr(text, wanted))
        fail_msg("%s\nis not in\n%s", wanted, text);
    free(text);
}

static void expect_error(const Sample *sample, const char *path, MoltStatus status,
                         const char *words)
{
    MoltError error = {0};
    char *text = NULL;
    assert_int_equal(molt_dump_path_json(sample->heap, NULL, path, &text, NULL, &error), status);
    assert_null(text);
    if (!strstr(error.text, words))
        fail_msg("\"%s\" has not \"%s\"", error.text, words);
}

static void members_and_elements_are_found(void **context)
{
    const Sample *sample = *context;
    expect(sample, "state.small",
           "\"path\":\"state.small\",\"type\":\"signed char\",\"value\":-128}");
    expect(sample, "state->pos[1].x", "\"type\":\"float\",\"value\":0.1}");
    expect(sample, "state.grid[1]", "\"value\":[0,0,0]}");
    expect(sample, "state.high", "\"value\":-16}");
    expect(sample, "state.sort", "\"value\":3}");
    expect(sample, "state.whole", "\"value\":16909060}");
    expect(sample, "state.counter", "\"type\":\"int\",\"value\":-2147483648}");
    expect(sample, "state.plane", "\"value\":[\"Infinity\",-0.0]}");
    expect(sample, "state", "\"type\":\"Thing\",\"value\":{\"huge\":18446744073709551615,");
}

static void pointers_are_shown_at_the_end_and_followed_before(void **context)
{
    const Sample *sample = *context;
    expect(sample, "state.next", "\"type\":\"Thing *\",\"value\":{\"ref\":");
    expect(sample, "state.next->next.small", "\"value\":-128}");
    expect(sample, "state.next[0].huge", "\"value\":1152921504606846976}");
    expect(sample, "state.text[2]", "\"type\":\"char\",\"value\":34}");
    expect(sample, "state.watched[0]", "\"type\":\"float\",\"value\":0}");
    expect(sample, "state.act", "\"value\":{\"code\":\"act\"}}");
    expect(sample, "state.outside", "\"value\":{\"external\":true}}");
}

static void objects_are_found_by_their_ids(void **context)
{
    const Sample *sample = *context;
    expect(sample, "Vec:0", "\"count\":5,\"value\":[\n");
    expect(sample, "Vec:0[2].y", "\"value\":0}");
    expect(sample, "char:0", "\"count\":20,\"value\":\"a \\\"q\\\"");
    expect(sample, "Bag:0.label", "\"value\":\"sack\"}");
    expect(sample, "ground.c:Row:0.values[2]", "\"type\":\"double\",\"value\":5e-324}");
    expect(sample, "Tuned:0[1].value", "\"value\":{\"whole\":-5}}");
    expect(sample, "Tuned:0[0].value.thing->next", "\"value\":null}");
    expect(sample, "Tuned:0[2].value", "\"value\":{\"bytes\":");
}

static void wrong_paths_say_how_far_they_led(void **context)
{
    const Sample *sample = *context;
    expect_error(sample, "", MOLT_NOT_FOUND, "starts with a root");
    expect_error(sample, "stat", MOLT_NOT_FOUND, "starts with a root");
    expect_error(sample, "state.hp", MOLT_NOT_FOUND, "after 6 characters: Thing has no member hp");
    expect_error(sample, "state.pos[2]", MOLT_NOT_FOUND, "there are 2 elements");
    expect_error(sample, "state.pos[x]", MOLT_INVALID, "an index is a number");
    expect_error(sample, "state.pos[99999999999999999999]", MOLT_INVALID, "too large");
    expect_error(sample, "state.small[0]", MOLT_NOT_FOUND, "signed char has no elements");
    expect_error(sample, "state.low.x", MOLT_NOT_FOUND, "no member x");
    expect_error(sample, "state.next.text[17]", MOLT_NOT_FOUND, "no such element in char:0");
    expect_error(sample, "state.next->next->next->next.next.watched->x", MOLT_NOT_FOUND,
                 "no member x");
    expect_error(sample, "state.any[0]", MOLT_NOT_FOUND, "no such element in Thing:0, which has 3");
    expect_error(sample, "state.act[0]", MOLT_NOT_FOUND, "leads out of the state");
    expect_error(sample, "state.next.any->huge", MOLT_NOT_FOUND, "into the middle of Thing");
    expect_error(sample, "state pos", MOLT_NOT_FOUND, "starts with a root");
    expect_error(sample, "state.pos[1]x", MOLT_INVALID, "'.', '->' or '[' is missing");
    expect_error(sample, "Vec:9", MOLT_NOT_FOUND, "no object is called Vec:9");
    expect_error(sample, "Nobody:0", MOLT_NOT_FOUND, "no object is called Nobody:0");
    expect_error(sample, "Vec:", MOLT_INVALID, "such as Ant:17");
    expect_error(sample, "Vec:0.x", MOLT_NOT_FOUND, "a list of Vec has no member x");
    expect_error(sample, "Vec:0[5]", MOLT_NOT_FOUND, "there are 5 elements");
    expect_error(sample, "Bag:0.label[12]", MOLT_NOT_FOUND, "there are 12 elements");
}

/* A pointer into an array shows no more than that array has, and a union no arm but its tag's. */
static void what_a_path_shows_has_the_type_it_says(void **context)
{
    const Sample *sample = *context;
    MoltTypeId thing = molt_schema_find(sample->schema, "Thing");
    uint64_t cursor = 0;
    MoltBlock block;
    assert_true(molt_heap_next(sample->heap, thing, &cursor, &block));
    Thing *first = block.start;
    float *was = first->watched;
    first->watched = (float *)(void *)&first->grid[0][2];
    expect_error(sample, "Thing:0[0].watched[0]", MOLT_NOT_FOUND, "where no float begins");
    first->watched = &first->pos[1].y;
    expect(sample, "Thing:0[0].watched[0]", "\"type\":\"float\",\"value\":");
    expect_error(sample, "Thing:0[0].watched[1]", MOLT_NOT_FOUND,
                 "after 21 characters: there is no such element: the pointer goes to "
                 "Thing:0[0].pos[1].y, and the array ends 1 element from there");
    first->watched = &first->real;
    expect(sample, "Thing:0[0].watched[0]", "\"type\":\"float\",\"value\":");
    first->watched = was;
    expect_error(sample, "Tuned:0[1].value.thing", MOLT_NOT_FOUND,
                 "after 17 characters: the tag \"kind\" selects the arm whole, not thing");
    expect_error(sample, "Tuned:0[0].value.whole", MOLT_NOT_FOUND,
                 "selects the arm thing, not whole");
    expect_error(sample, "Tuned:0[2].value.whole", MOLT_NOT_FOUND, "\"kind\" selects no arm");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(members_and_elements_are_found),
        TEST(pointers_are_shown_at_the_end_and_followed_before),
        TEST(objects_are_found_by_their_ids),
        TEST(wrong_paths_say_how_far_they_led),
        TEST(what_a_path_shows_has_the_type_it_says),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
