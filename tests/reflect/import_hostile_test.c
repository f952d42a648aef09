/* Texts that nobody sane would write: a dump cut at every byte, with every byte changed, and with
 * pieces of it elsewhere. Each is read or refused; a refusal leaves the state alone, and what was read
 * is a state whose dump can be read again. Run with sanitizers, this is what proves the reader safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import_sample.h"
#include "molt/import.h"

#define MUTATIONS 30000

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

static MoltStatus load(MoltHeap *heap, const char *text, size_t length, MoltPolicy policy)
{
    MoltCodeMap code = sample_code();
    MoltError error = {0};
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltImportDesc desc = {
        .code = &code, .policy = policy, .limit = (uint64_t)8 << 20, .report = &report};
    /* A copy of just this length, so that a read beyond it is seen. */
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, text, length);
    MoltStatus status = molt_import_json(heap, copy + 1, length, &desc, &error);
    if (status != MOLT_OK)
        assert_non_null(strstr(error.text, ": $"));
    molt_report_clear(&report);
    free(copy);
    return status;
}

/* A dump with a bit of everything that is short enough to be read as often as it has bytes. */
static char *short_dump(Sample *sample)
{
    Thing *thing = sample_new(sample, sample->thing, 1);
    Vec *vecs = sample_new(sample, sample->vec, 2);
    Bag *bag = sample_new(sample, sample->bag, 6);
    memcpy(bag->label, "\xc3\xa9\x01\"", 4);
    sample_numbers(thing);
    thing->next = thing;
    thing->any = &vecs[1].y;
    thing->act = (void (*)(void))((uintptr_t)sample_image + SAMPLE_HIDDEN);
    thing->text = (char *)(sample_image + SAMPLE_LITERAL);
    thing->table = (const int *)(void *)(sample_image + SAMPLE_TABLE + 4);
    molt_heap_set_root(sample->heap, 1, thing);
    return sample_dump(sample->heap);
}

static void a_text_cut_anywhere_is_refused(void **context)
{
    Sample *sample = *context;
    char *text = short_dump(sample);
    size_t length = strlen(text) - 1; /* the last newline may be missing */
    MoltHash before = molt_heap_digest(sample->heap), after;
    for (size_t i = 0; i < length; i++) {
        assert_int_equal(load(sample->heap, text, i, MOLT_POLICY_LIVE), MOLT_INVALID);
        after = molt_heap_digest(sample->heap);
        assert_memory_equal(&before, &after, sizeof before);
    }
    assert_int_equal(load(sample->heap, text, length, MOLT_POLICY_STRICT), MOLT_OK);
    free(text);
}

/* Reads the text; on success its dump must be one that reads back to itself. */
static bool survives(Sample *sample, const char *text, size_t length, MoltPolicy policy)
{
    MoltHash before = molt_heap_digest(sample->heap), after;
    if (load(sample->heap, text, length, policy) != MOLT_OK) {
        after = molt_heap_digest(sample->heap);
        assert_memory_equal(&before, &after, sizeof before);
        return false;
    }
    char *first = sample_dump(sample->heap);
    assert_int_equal(load(sample->heap, first, strlen(first), MOLT_POLICY_STRICT), MOLT_OK);
    char *second = sample_dump(sample->heap);
    assert_string_equal(first, second);
    free(first);
    free(second);
    return true;
}

static void every_byte_may_be_another(void **context)
{
    static const char others[] = "\0\"{}[],:-09.eE\\u/x \n\x80\xff";
    Sample *sample = *context;
    char *text = short_dump(sample);
    size_t length = strlen(text);
    uint64_t read = 0, refused = 0;
    for (size_t i = 0; i < length; i++) {
        char kept = text[i];
        text[i] = others[(i * 7) % (sizeof others - 1)];
        ++*(survives(sample, text, length, MOLT_POLICY_LIVE) ? &read : &refused);
        text[i] = (char)(kept ^ 1);
        ++*(survives(sample, text, length, MOLT_POLICY_LIVE) ? &read : &refused);
        text[i] = kept;
    }
    assert_true(read > 20 && refused > length);
    free(text);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* A piece of the text in place of another piece of it. */
static char *transplant(const char *text, size_t length, uint64_t *seed, size_t *out)
{
    size_t from = next_random(seed) % length, to = next_random(seed) % length;
    size_t size = next_random(seed) % 40, gone = next_random(seed) % 40;
    size = size < length - from ? size : length - from;
    gone = gone < length - to ? gone : length - to;
    char *made = malloc(length + size);
    assert_non_null(made);
    memcpy(made, text, to);
    memcpy(made + to, text + from, size);
    memcpy(made + to + size, text + to + gone, length - to - gone);
    *out = length + size - gone;
    return made;
}

static void pieces_may_stand_elsewhere(void **context)
{
    Sample *sample = *context;
    char *text = short_dump(sample);
    size_t length = strlen(text), made_length;
    uint64_t seed = 88172645463325252u, read = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        char *made = transplant(text, length, &seed, &made_length);
        read += survives(sample, made, made_length, i % 2 ? MOLT_POLICY_LIVE : MOLT_POLICY_STRICT);
        free(made);
    }
    assert_true(read > 10);
    free(text);
}

/* Numbers of objects that would need more memory than there is. */
static void numbers_far_apart_are_no_reason_for_memory(void **context)
{
    static const char *const ids[] = {"Vec:9223372036854775807",
                                      "Vec:4611686018427387904",
                                      "Vec:70000",
                                      "Vec:65536",
                                      "Vec:65535",
                                      "Vec:9"};
    Sample *sample = *context;
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "{\"molt_dump\":1,\"roots\":{\"spare\":null,\"state\":null},"
                                   "\"objects\":[");
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s{\"id\":\"%s\",\"value\":{\"x\":1,\"y\":2}}", i > 0 ? "," : "",
                                 ids[i]);
    used += (size_t)snprintf(text + used, sizeof text - used, "]}");
    assert_true(survives(sample, text, used, MOLT_POLICY_STRICT));
    MoltHeapStats stats;
    molt_heap_stats(sample->heap, MOLT_NO_TYPE, &stats);
    assert_int_equal(stats.blocks, sizeof ids / sizeof *ids);
}

/* A span for each: little text, and pages that it alone has. */
static void numbers_far_apart_count_as_memory(void **context)
{
    enum { COUNT = 50 };
    Sample *sample = *context;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fputs("{\"molt_dump\":1,\"roots\":{\"spare\":null,\"state\":null},\"objects\":[", out);
    for (int i = 1; i <= COUNT; i++)
        fprintf(out, "%s{\"id\":\"Vec:%d00000\",\"value\":{\"x\":1,\"y\":2}}", i > 1 ? "," : "", i);
    fputs("]}", out);
    fclose(out);
    MoltHash before = molt_heap_digest(sample->heap), after;
    MoltError error;
    MoltImportDesc desc = {.limit = (uint64_t)1 << 20};
    assert_int_equal(molt_import_json(sample->heap, text, size, &desc, &error),
                     MOLT_OUT_OF_MEMORY);
    assert_non_null(strstr(error.text, "]: more memory than is allowed"));
    after = molt_heap_digest(sample->heap);
    assert_memory_equal(&before, &after, sizeof before);
    desc.limit = 0;
    assert_int_equal(molt_import_json(sample->heap, text, size, &desc, &error), MOLT_OK);
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_text_cut_anywhere_is_refused),
        TEST(every_byte_may_be_another),
        TEST(pieces_may_stand_elsewhere),
        TEST(numbers_far_apart_are_no_reason_for_memory),
        TEST(numbers_far_apart_count_as_memory),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
