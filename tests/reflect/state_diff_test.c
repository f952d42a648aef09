/* Two states compared: heaps, dumps, and one of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "import_sample.h"
#include "molt/import.h"
#include "molt/state_diff.h"

static int set_up(void **context)
{
    *context = sample_create();
    return 0;
}

static int tear_down(void **context)
{
    sample_destroy(*context);
    return 0;
}

typedef struct Differences {
    uint64_t count;
    char last[200]; /* path */
    size_t a, b;    /* lengths of the last one's values */
} Differences;

static bool wants_all(void *context, const char *path)
{
    (void)context;
    (void)path;
    return true;
}

static void take_difference(void *context, const char *path, MoltDiffText a, MoltDiffText b)
{
    Differences *differences = context;
    differences->count++;
    snprintf(differences->last, sizeof differences->last, "%s", path);
    differences->a = a.length;
    differences->b = b.length;
}

static MoltStatus differ(const MoltDiffSide *a, const MoltDiffSide *b, Differences *out)
{
    const MoltDiffSink sink = {.wants = wants_all, .take = take_difference, .context = out};
    MoltError error = {0};
    *out = (Differences){0};
    return molt_state_diff(a, b, &sink, &error);
}

/* A heap beside its own dump, and beside one that differs in a value longer than a writer's buffer. */
static void a_comparison_gives_memory_back_when_it_runs_out(void **context)
{
    enum { LONG = 100000 };
    Sample *sample = *context;
    CountingAllocator counting = {0};
    MoltAllocator allocator = counting_allocator(&counting);
    MoltHeapDesc desc = {.allocator = &allocator, .reserve = (uint64_t)64 << 20};
    MoltCodeMap code = sample_code();
    MoltHeap *heap = NULL;
    Differences found;
    sample_fill(sample);
    char *chars = molt_heap_new(sample->heap, sample->character, LONG);
    memset(chars, 'x', LONG - 1);
    char *text = sample_dump(sample->heap);
    assert_int_equal(molt_heap_create(&desc, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, sample->schema), MOLT_OK);
    assert_int_equal(
        molt_import_json(heap, text, strlen(text), &(MoltImportDesc){.code = &code}, NULL),
        MOLT_OK);
    const MoltDiffSide sides[] = {{.heap = heap, .code = &code},
                                  {.heap = sample->heap, .code = &code},
                                  {.text = text, .length = strlen(text), .name = "state.json"}};
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            assert_int_equal(differ(&sides[a], &sides[b], &found), MOLT_OK);
            if (found.count > 0)
                fail_msg("%d and %d: %s", a, b, found.last);
        }
    }
    chars[LONG - 2] = 'y';
    for (int b = 1; b < 3; b++) {
        MoltStatus status = MOLT_OUT_OF_MEMORY;
        uint64_t blocks = counting.blocks;
        if (b == 2)
            ((Vec *)molt_heap_root(heap, 0))->x += 1; /* of a Thing: its first bytes */
        for (uint64_t n = 1; status != MOLT_OK && n < 1000; n++) {
            counting.calls = 0;
            counting.fail_at = n;
            status = differ(&sides[0], &sides[b], &found);
            counting.fail_at = 0;
            assert_true(status == MOLT_OK || status == MOLT_OUT_OF_MEMORY);
            assert_int_equal(counting.blocks, blocks);
        }
        assert_int_equal(status, MOLT_OK);
        assert_true(found.count > 0);
        if (b == 1) {
            assert_string_equal(found.last, "char:8");
            assert_int_equal(found.a, LONG + 1);
            assert_int_equal(found.b, LONG + 1);
        }
    }
    molt_heap_destroy(heap);
    assert_int_equal(counting.blocks, 0);
    free(text);
}

static void texts_that_are_no_dumps_are_not_compared(void **context)
{
    Sample *sample = *context;
    static const char *const wrong[] = {"",
                                        "[]",
                                        "{\"objects\":[{\"type\":\"Vec\"}]}",
                                        "{\"objects\":[{\"id\":\"Vec\"}]}",
                                        "{\"objects\":[{\"id\":7}]}",
                                        "{\"roots\":{}}",
                                        "{\"objects\":[]} x",
                                        "{\"objects\":[],\"objects\":[]",
                                        "{\"objects\":[{\"id\":\"Vec:99999999999999999999\"}]}"};
    Differences found;
    const MoltDiffSide heap = {.heap = sample->heap};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const MoltDiffSide text = {
            .text = wrong[i], .length = strlen(wrong[i]), .name = "state.json"};
        assert_int_equal(differ(&heap, &text, &found), MOLT_INVALID);
        assert_int_equal(differ(&text, &heap, &found), MOLT_INVALID);
        assert_int_equal(found.count, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_comparison_gives_memory_back_when_it_runs_out),
        TEST(texts_that_are_no_dumps_are_not_compared),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
