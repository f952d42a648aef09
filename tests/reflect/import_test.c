/* Dumps read back: the same state comes of them, and whatever does not fit is said with its place and
 * leaves the state alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counting_allocator.h"
#include "import_sample.h"
#include "molt/import.h"

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

static MoltStatus load(MoltHeap *heap, const char *text, MoltPolicy policy, MoltReport *report,
                       MoltError *error)
{
    MoltCodeMap code = sample_code();
    MoltImportDesc desc = {.code = &code, .policy = policy, .name = "state.json", .report = report};
    return molt_import_json(heap, text, strlen(text), &desc, error);
}

static void load_well(MoltHeap *heap, const char *text)
{
    MoltError error = {0};
    if (load(heap, text, MOLT_POLICY_STRICT, NULL, &error) != MOLT_OK)
        fail_msg("%s", error.text);
}

static void expect_dump(const MoltHeap *heap, const char *wanted)
{
    char *text = sample_dump(heap);
    assert_string_equal(text, wanted);
    free(text);
}

/* ---- there and back ------------------------------------------------------------------------- */

static void a_dump_gives_the_same_dump(void **context)
{
    Sample *sample = *context;
    sample_fill(sample);
    char *text = sample_dump(sample->heap);
    MoltHeap *fresh = NULL;
    assert_int_equal(molt_heap_create(NULL, &fresh, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(fresh, sample->schema), MOLT_OK);
    load_well(fresh, text);
    expect_dump(fresh, text);
    load_well(sample->heap, text);
    expect_dump(sample->heap, text);
    molt_heap_destroy(fresh);
    free(text);
}

static const Thing *root_thing(const Sample *sample)
{
    return molt_heap_root(sample->heap, 1);
}

static void values_come_back_to_the_bit(void **context)
{
    Sample *sample = *context;
    sample_fill(sample);
    const Thing before = *root_thing(sample);
    char *text = sample_dump(sample->heap);
    load_well(sample->heap, text);
    const Thing *after = root_thing(sample);
    assert_true(after->huge == UINT64_MAX && after->small == -128 && after->mark == -1);
    assert_true(after->wide == before.wide);
    assert_memory_equal(&after->ratio, &before.ratio, sizeof before.ratio);
    assert_memory_equal(&after->longest, &before.longest, 10);
    assert_memory_equal(&after->plane, &before.plane, sizeof before.plane);
    assert_memory_equal(after->name, before.name, sizeof before.name);
    assert_true(after->low == 5 && after->high == -16 && after->sort == 3);
    assert_true(after->whole == before.whole && after->act == before.act);
    assert_ptr_equal(after->table, before.table);
    free(text);
}

static void sharing_and_cycles_stay(void **context)
{
    Sample *sample = *context;
    sample_fill(sample);
    char *text = sample_dump(sample->heap);
    load_well(sample->heap, text);
    const Thing *first = root_thing(sample);
    assert_ptr_equal(first->next->next, first);
    assert_ptr_equal(first->next->text, first->text + 3);
    const Thing *end = first->any;
    MoltPlace place;
    molt_heap_locate(sample->heap, end, &place);
    assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
    assert_int_equal(place.element, 3);
    assert_int_equal(place.block.count, 3);
    free(text);
}

static void what_comes_later_gets_the_numbers_it_would_have_got(void **context)
{
    Sample *sample = *context, *other = sample_create();
    sample_fill(sample);
    char *text = sample_dump(sample->heap);
    load_well(other->heap, text);
    for (int i = 0; i < 200; i++) {
        sample_new(sample, sample->thing, 1);
        sample_new(other, sample->thing, 1);
    }
    char *wanted = sample_dump(sample->heap);
    expect_dump(other->heap, wanted);
    free(wanted);
    free(text);
    sample_destroy(other);
}

static void external_pointers_of_a_root_are_kept(void **context)
{
    Sample *sample = *context;
    Thing *thing = sample_new(sample, sample->thing, 1), *second;
    int device;
    second = sample_new(sample, sample->thing, 1);
    thing->outside = second->outside = &device;
    thing->next = second;
    molt_heap_set_root(sample->heap, 1, thing);
    char *text = sample_dump(sample->heap);
    load_well(sample->heap, text);
    assert_ptr_equal(root_thing(sample)->outside, &device);
    assert_null(root_thing(sample)->next->outside);
    expect_dump(sample->heap, text);
    free(text);
    MoltDumpDesc desc = {.addresses = true};
    size_t length = 0;
    assert_int_equal(molt_dump_json(sample->heap, &desc, &text, &length, NULL), MOLT_OK);
    load_well(sample->heap, text);
    assert_ptr_equal(root_thing(sample)->outside, &device);
    free(text);
}

static void objects_may_stand_in_any_order(void **context)
{
    Sample *sample = *context;
    load_well(sample->heap,
              " { \"objects\" : [ {\"value\":{\"y\":2,\"x\":1},\"id\":\"Vec:70000\"},\n"
              "{\"id\":\"Vec:3\",\"value\":{\"x\":3,\"y\":4}} ] ,"
              "\"roots\":{\"spare\":{\"ref\":\"Vec:3\"},\"state\":null},\"molt_dump\":1}\n");
    const Vec *root = molt_heap_root(sample->heap, 0);
    assert_true(root->x == 3 && root->y == 4);
    MoltHeapStats stats;
    molt_heap_stats(sample->heap, sample->vec, &stats);
    assert_int_equal(stats.blocks, 2);
}

static void a_type_of_a_long_name_comes_back(void **context)
{
    Sample *sample = *context;
    int *other = sample_new(sample, sample->other, 1);
    *other = 9;
    char *text = sample_dump(sample->heap);
    assert_non_null(strstr(text, sample->long_name));
    load_well(sample->heap, text);
    expect_dump(sample->heap, text);
    free(text);
}

/* ---- what does not fit ----------------------------------------------------------------------- */

/* A document with one object. */
static char *document(const char *object)
{
    size_t size = strlen(object) + 256;
    char *text = malloc(size);
    snprintf(text, size,
             "{\"molt_dump\":1,\"schema\":\"0\",\n\"roots\":{\"spare\":null,\"state\":null},\n"
             "\"objects\":[\n%s\n]}\n",
             object);
    return text;
}

/* A document with the small struct of the long name. */
static char *small_document(const Sample *sample, const char *value)
{
    char object[1024];
    snprintf(object, sizeof object, "{\"id\":\"%s:0\",\"value\":%s}", sample->long_name, value);
    return document(object);
}

static void expect_error_in(const Sample *sample, const char *text, MoltPolicy policy,
                            const char *place, const char *words)
{
    MoltError error = {0};
    MoltHash before = molt_heap_digest(sample->heap);
    MoltStatus status = load(sample->heap, text, policy, NULL, &error);
    MoltHash after = molt_heap_digest(sample->heap);
    if (status == MOLT_OK)
        fail_msg("was read: %s", text);
    if (!strstr(error.text, place) || !strstr(error.text, words))
        fail_msg("\"%s\" has not \"%s\" and \"%s\"", error.text, place, words);
    assert_memory_equal(&before, &after, sizeof before);
}

/* Under both policies. */
static void expect_error(const Sample *sample, const char *object, const char *place,
                         const char *words)
{
    char *text = document(object);
    expect_error_in(sample, text, MOLT_POLICY_LIVE, place, words);
    expect_error_in(sample, text, MOLT_POLICY_STRICT, place, words);
    free(text);
}

/* A member of a Thing. */
static void expect_wrong(const Sample *sample, const char *member, const char *words)
{
    char object[512], path[128];
    snprintf(object, sizeof object, "{\"id\":\"Thing:0\",\"type\":\"Thing\",\"value\":{%s}}",
             member);
    snprintf(path, sizeof path, "$.objects[0].value.%.*s", (int)strcspn(member + 1, "\""),
             member + 1);
    char *text = document(object);
    expect_error_in(sample, text, MOLT_POLICY_LIVE, path, words);
    expect_error_in(sample, text, MOLT_POLICY_LIVE, "state.json:4:", words);
    free(text);
}

static void unknown_members_are_lost_or_errors(void **context)
{
    Sample *sample = *context;
    MoltReport report;
    molt_report_init(&report, NULL);
    char *text = small_document(sample, "{\"zz\":5,\"i\":9}");
    expect_error_in(sample, text, MOLT_POLICY_STRICT, "$.objects[0].value.zz", "no such member");
    assert_int_equal(load(sample->heap, text, MOLT_POLICY_LIVE, &report, NULL), MOLT_OK);
    MoltBlock block;
    uint64_t cursor = 0;
    assert_true(molt_heap_next(sample->heap, sample->other, &cursor, &block));
    assert_int_equal(*(const int *)block.start, 9);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.findings[0].severity, MOLT_LOSS);
    assert_int_equal(report.findings[0].rule, MOLT_RULE_FIELD_REMOVED);
    assert_int_equal(report.findings[0].objects, 1);
    assert_non_null(strstr(report.findings[0].path, ".zz"));
    assert_non_null(strstr(report.findings[0].value, "5 at 4:"));
    assert_non_null(strstr(report.findings[0].value, "$.objects[0].value.zz"));
    molt_report_clear(&report);
    free(text);
    text = small_document(
        sample, "{\"i\":9,\"zz\":[1,\n   {\"long\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\"}]}");
    assert_int_equal(load(sample->heap, text, MOLT_POLICY_LIVE, &report, NULL), MOLT_OK);
    assert_ptr_equal(strstr(report.findings[0].value, "[1, {\"long\":\"\xc3\xa9"),
                     report.findings[0].value);
    assert_non_null(strstr(report.findings[0].value, "\xc3\xa9... at 4:"));
    molt_report_clear(&report);
    free(text);
    text = small_document(sample, "{\"zz\":5,\"i\":9,\"zz\":6}");
    expect_error_in(sample, text, MOLT_POLICY_LIVE, "$.objects[0].value", "twice");
    free(text);
}

static void missing_members_take_defaults_or_are_errors(void **context)
{
    Sample *sample = *context;
    MoltReport report;
    molt_report_init(&report, NULL);
    char *text = small_document(sample, "{}");
    expect_error_in(sample, text, MOLT_POLICY_STRICT, "$.objects[0].value", "member i of");
    assert_int_equal(load(sample->heap, text, MOLT_POLICY_LIVE, &report, NULL), MOLT_OK);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.findings[0].severity, MOLT_INFO);
    assert_int_equal(report.findings[0].rule, MOLT_RULE_FIELD_ADDED);
    assert_string_equal(report.findings[0].after, "int i");
    char *lines = molt_report_findings_to_text(&report);
    assert_non_null(strstr(lines, "now int i = 0, missing at 4:"));
    assert_non_null(strstr(lines, "$.objects[0].value, 1 object."));
    assert_null(strstr(lines, "changed"));
    free(lines);
    molt_report_clear(&report);
    free(text);
}

static void numbers_must_fit(void **context)
{
    Sample *sample = *context;
    expect_wrong(sample, "\"small\":300", "300 does not fit signed char, -128 to 127");
    expect_wrong(sample, "\"small\":-129", "-129 does not fit");
    expect_wrong(sample, "\"small\":3.9", "no whole number");
    expect_wrong(sample, "\"small\":3e1", "no whole number");
    expect_wrong(sample, "\"small\":null", "must be a number, not null");
    expect_wrong(sample, "\"small\":\"3\"", "must be a number, not a string");
    expect_wrong(sample, "\"huge\":18446744073709551616", "does not fit unsigned long, 0 to 1844");
    expect_wrong(sample, "\"huge\":-1", "does not fit");
    expect_wrong(sample, "\"wide\":170141183460469231731687303715884105728", "does not fit");
    expect_wrong(sample, "\"low\":8", "8 does not fit unsigned int, 0 to 7");
    expect_wrong(sample, "\"high\":-17", "-16 to 15");
    expect_wrong(sample, "\"flag\":256", "bool is");
    expect_wrong(sample, "\"ratio\":1e39", "too large for float");
    expect_wrong(sample, "\"precise\":1e309", "too large for double");
    expect_wrong(sample, "\"ratio\":\"nan\"", "one of the words");
    expect_wrong(sample, "\"ratio\":\"NaN(0x3f800000)\"", "one of the words");
    expect_wrong(sample, "\"ratio\":\"NaN(0x7fc0)\"", "one of the words");
    expect_wrong(sample, "\"plane\":[1]", "1 elements stand where 2");
    expect_wrong(sample, "\"grid\":[[1,2,3],[4,5,6],[7]]", "room for 2 elements");
    expect_wrong(sample, "\"grid\":[[1,2],[4,5,6]]", "2 elements stand where 3");
}

static void enumerators_must_exist(void **context)
{
    Sample *sample = *context;
    expect_wrong(sample, "\"kind\":\"SWIM\"", "Kind has no enumerator called SWIM");
    expect_wrong(sample, "\"kind\":\"IDLE|DIG\"", "no enumerator called IDLE|DIG");
    expect_wrong(sample, "\"kind\":2147483648", "does not fit");
    expect_wrong(sample, "\"bits\":\"A|D\"", "no enumerator called D");
    expect_wrong(sample, "\"bits\":\"A|\"", "no enumerator called");
    expect_wrong(sample, "\"bits\":\"0x100000000\"", "more than 32 bits");
    expect_wrong(sample, "\"sort\":4", "0 to 3");
}

static void enumerators_are_read_by_name_and_number(void **context)
{
    Sample *sample = *context;
    char *text = document("{\"id\":\"Thing:0\",\"value\":{\"kind\":\"WORK\",\"bits\":\"C|0x40|A\","
                          "\"sort\":\"TWO\"}},"
                          "{\"id\":\"Thing:1\",\"value\":{\"kind\":-1,\"bits\":5,\"sort\":2}}");
    assert_int_equal(load(sample->heap, text, MOLT_POLICY_LIVE, NULL, NULL), MOLT_OK);
    uint64_t cursor = 0;
    MoltBlock block;
    assert_true(molt_heap_next(sample->heap, sample->thing, &cursor, &block));
    const Thing *thing = block.start;
    assert_true(thing->kind == 1 && thing->bits == 0x45 && thing->sort == 2);
    assert_true(molt_heap_next(sample->heap, sample->thing, &cursor, &block));
    thing = block.start;
    assert_true(thing->kind == -1 && thing->bits == 5 && thing->sort == 2);
    free(text);
}

static void text_and_bytes_must_fit(void **context)
{
    Sample *sample = *context;
    expect_wrong(sample, "\"name\":\"12345678\"", "one more for its NUL; there is room for 8");
    expect_wrong(sample, "\"name\":\"a\\u0000b\"", "first NUL");
    expect_wrong(sample, "\"name\":{\"bytes\":\"00\"}", "8 bytes need two each");
    expect_wrong(sample, "\"name\":{\"bytes\":\"000000000000000g\"}", "digits 0 to 9");
    expect_error(sample, "{\"id\":\"Thing:0\",\"value\":{\"<whole,real>\":{\"bytes\":\"0102\"}}}",
                 "$.objects[0].value[\"<whole,real>\"].bytes", "4 bytes need");
    expect_error(sample, "{\"id\":\"Thing:0\",\"value\":{\"<whole,real>\":5}}",
                 "$.objects[0].value[\"<whole,real>\"]", "must be an object, not a number");
    expect_error(sample, "{\"id\":\"char:0\",\"count\":3,\"value\":\"abc\"}", "4:34", "one more");
    expect_error(sample, "{\"id\":\"char:0\",\"value\":\"abc\"}", "4:1", "has \"count\"");
    expect_error(sample, "{\"id\":\"Bag:0\",\"tail\":2,\"value\":{\"weight\":1,\"label\":\"ab\"}}",
                 "$.objects[0].value.label", "one more");
    expect_error(sample, "{\"id\":\"Bag:0\",\"value\":{\"weight\":1,\"label\":\"ab\"}}", "4:1",
                 "has \"tail\"");
}

static void references_must_lead_somewhere(void **context)
{
    Sample *sample = *context;
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing:1\"}", "no object is called Thing:1");
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing\"}", "such as Ant:17");
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing:00\"}", "such as Ant:17");
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing:99999999999999999999\"}", "such as Ant:17");
    expect_wrong(sample, "\"next\":{\"ref\":\"Nobody:0\"}", "no type called Nobody");
    expect_wrong(sample, "\"next\":{}", "null or has ref");
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing:0\",\"at\":3}", "is a path for ref");
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing:0\",\"to\":3}", "no such member");
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing:0\",\"code\":\"act\"}", "one thing only");
    expect_wrong(sample, "\"next\":{\"external\":true}", "MOLT_EXTERNAL");
    expect_wrong(sample, "\"outside\":{\"ref\":\"Thing:0\"}", "MOLT_EXTERNAL");
    expect_wrong(sample, "\"next\":{\"ref\":\"Thing:0\",\"addr\":\"0x10\"}", "only an external");
    expect_wrong(sample, "\"act\":{\"code\":\"act\",\"at\":4}", "without \"at\"");
    expect_wrong(sample, "\"act\":{\"code\":\"thing.c:\"}", "a name is missing");
    expect_wrong(sample, "\"act\":{\"code\":\"act\\u0000\"}", "a zero is in it");
    expect_wrong(sample, "\"text\":{\"literal\":\"wor\\u0000ker\"}", "only character of zeros");
    expect_wrong(sample, "\"text\":{\"literal\":{\"bytes\":\"6162\"}}", "only character of zeros");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\".hp\"}", "no such field");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\".low\"}", "bit-field");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\".pos[2]\"}", "beyond the array");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\".pos[1\"}", "']' is missing");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\".huge[0]\"}", "no array");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\"[2]\"}", "beyond the elements");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\"[1].pos\"}", "beyond the elements");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\"+100000\"}", "lead out");
    expect_wrong(sample, "\"any\":{\"ref\":\"Thing:0\",\"at\":\"pos\"}", "'.' or '['");
    expect_wrong(sample, "\"act\":{\"code\":\"thing.c:act\"}", "no function thing.c:act");
    expect_wrong(sample, "\"table\":{\"data\":\"thing.c:table\",\"at\":20}", "of that size");
    expect_wrong(sample, "\"text\":{\"literal\":\"nobody\"}", "no literal nobody");
}

static void addresses_of_a_process_are_lost_or_errors(void **context)
{
    Sample *sample = *context;
    MoltReport report;
    char *text = document("{\"id\":\"Thing:0\",\"value\":{\"next\":{\"dangling\":true},"
                          "\"any\":{\"foreign\":true},\"text\":{\"unnamed\":true}}}");
    expect_error_in(sample, text, MOLT_POLICY_STRICT, "$.objects[0].value.next", "dangling");
    molt_report_init(&report, NULL);
    assert_int_equal(load(sample->heap, text, MOLT_POLICY_LIVE, &report, NULL), MOLT_OK);
    assert_int_equal(molt_report_total(&report, MOLT_LOSS), 3);
    assert_string_equal(report.findings[0].path, "Thing.next");
    assert_string_equal(report.findings[0].before, report.findings[0].after);
    assert_non_null(strstr(report.findings[0].after, "Thing *next"));
    assert_non_null(strstr(report.findings[0].value, "a dangling pointer at "));
    assert_non_null(strstr(report.findings[0].value, "$.objects[0].value.next"));
    assert_non_null(report.findings[0].remedy);
    molt_report_clear(&report);
    free(text);
}

/* A state that points at a number of the library, and what the text says of it. */
static char *pointing_document(const char *constants)
{
    char *text = document(
        "{\"id\":\"Thing:0\",\"value\":{\"table\":{\"data\":\"thing.c:table\",\"at\":8}}}");
    size_t length = strlen(text);
    char *longer = realloc(text, length + strlen(constants) + 32);
    assert_non_null(longer);
    sprintf(longer + length - 2, ",\n\"constants\":%s}\n", constants);
    return longer;
}

static void constants_must_be_what_they_were(void **context)
{
    static const char first[] = "{\"data\":\"thing.c:table\",\"at\":8,\"size\":";
    static const char *const wrong[][2] = {
        {"{}", "list"},
        {"[7]", "$.constants[0]"},
        {"[{\"data\":\"x\"}]", "no size"},
        {"[{\"size\":4}]", "no name"},
        {"[{\"data\":\"x\",\"size\":4,\"at\":5}]", "outside"},
        {"[{\"data\":\"x\",\"size\":4,\"at\":3,\"holds\":\"0000\"}]", "outside"},
        {"[{\"data\":\"x\",\"size\":-4}]", "number of bytes"},
        {"[{\"data\":\"x\",\"size\":99999999999999999999}]", "number of bytes"},
        {"[{\"data\":\"x\",\"size\":64,\"holds\":\"0\"}]", "digits"},
        {"[{\"data\":\"x\",\"size\":64,\"holds\":\"zz\"}]", "digits"},
        {"[{\"data\":\"x\",\"size\":64,\"holds\":\"0000000000000000000000000000000000\"}]",
         "digits"},
        {"[{\"data\":\"x\",\"size\":64,\"is\":1}]", "no such member"},
        {"[{\"data\":\"thing.c:table\",\"at\":8,\"size\":20}]", "is another one in the library"},
        {"[{\"data\":\"thing.c:table\",\"at\":8,\"size\":16,\"holds\":\"01000000\"}]",
         "is another one"},
    };
    Sample *sample = *context;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *text = pointing_document(wrong[i][0]);
        expect_error_in(sample, text, MOLT_POLICY_LIVE, "state.json:", wrong[i][1]);
        free(text);
    }
    /* a shorter number at the place begins the longer one; of other constants nobody asks */
    char list[300];
    snprintf(list, sizeof list,
             "[%s16,\"holds\":\"0000\"},%s16,\"holds\":\"00000000\"},"
             "{\"data\":\"thing.c:table\",\"size\":17},{\"data\":\"none\",\"size\":1}]",
             first, first);
    char *text = pointing_document(list), *again = NULL;
    assert_int_equal(load(sample->heap, text, MOLT_POLICY_LIVE, NULL, NULL), MOLT_OK);
    again = sample_dump(sample->heap);
    assert_non_null(strstr(again,
                           "\"constants\":[\n{\"data\":\"thing.c:table\",\"at\":8,\"size\":16,"
                           "\"holds\":\"00000000\"}\n]}\n"));
    sample_image[SAMPLE_TABLE + 9] = 1;
    expect_error_in(sample, again, MOLT_POLICY_LIVE, "$.objects[", "is another one in the library");
    sample_image[SAMPLE_TABLE + 9] = 0;
    expect_dump(sample->heap, again);
    free(again);
    free(text);
}

static void objects_must_be_whole(void **context)
{
    Sample *sample = *context;
    static const char vec[] = "{\"id\":\"Vec:1\",\"value\":{\"x\":1,\"y\":2}}";
    char twice[256];
    snprintf(twice, sizeof twice, "%s,\n%s", vec, vec);
    expect_error(sample, twice, "state.json:5:1: $.objects[1]", "another object is called Vec:1");
    expect_error(sample, "{\"value\":{}}", "4:1", "no id");
    expect_error(sample, "{\"id\":\"Vec:1\"}", "4:1", "no value");
    expect_error(sample, "{\"id\":\"Vec:1\",\"id\":\"Vec:1\"}", "4:15", "twice");
    expect_error(sample, "{\"id\":\"Vec:1\",\"type\":\"Thing\"}", "4:22", "id names, Vec");
    expect_error(sample, "{\"id\":\"Vec:1\",\"size\":8}", "$.objects[0].size", "no such member");
    expect_error(sample, "{\"id\":\"void:1\",\"value\":0}", "$.objects[0].id",
                 "no type called void");
    expect_error(sample, "{\"id\":\"Vec:1\",\"count\":0,\"value\":[]}", "4:1", "at least one");
    expect_error(sample, "{\"id\":\"Vec:1\",\"count\":2,\"value\":[{}]}", "4:1",
                 "a count of 2, and a value of 1");
    expect_error(sample, "{\"id\":\"Vec:1\",\"count\":-1,\"value\":[{}]}", "4:23", "be a count");
    expect_error(sample, "{\"id\":\"char:1\",\"count\":18446744073709551615,\"value\":\"\"}", "4:1",
                 "more than");
    expect_error(sample, "{\"id\":\"Vec:1\",\"value\":{\"x\":1,\"x\":2,\"y\":2}}", "4:30", "twice");
    expect_error(sample, "{\"id\":\"Vec:1\",\"tail\":1,\"value\":{}}", "4:1", "only a struct with");
}

static void documents_must_be_whole(void **context)
{
    const Sample *sample = *context;
    static const char *const wrong[][2] = {
        {"", "1:1: $: the text ends"},
        {"[]", "must be an object, not a list"},
        {"{}", "molt_dump is missing"},
        {"{\"molt_dump\":2}", "version 2"},
        {"{\"molt_dump\":1,\"roots\":{},\"objects\":[]}", "the root spare is missing"},
        {"{\"molt_dump\":1,\"roots\":{\"sate\":null},\"objects\":[]}", "$.roots.sate"},
        {"{\"molt_dump\":1,\"objects\":[]}", "roots is missing"},
        {"{\"molt_dump\":1,\"roots\":{\"spare\":null,\"state\":null},\"objects\":[]} x", "end of"},
        {"{\"molt_dump\":1,\"path\":\"state\"}", "dump of a whole state"},
        {"{\"molt_dump\":1,\"molt_dump\":1}", "twice"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_error_in(sample, wrong[i][0], MOLT_POLICY_LIVE, "state.json:1:", wrong[i][1]);
}

static void roots_must_be_of_their_type(void **context)
{
    const Sample *sample = *context;
    expect_error_in(sample,
                    "{\"molt_dump\":1,\"roots\":{\"spare\":null,\"state\":{\"ref\":\"Vec:0\"}},"
                    "\"objects\":[{\"id\":\"Vec:0\",\"value\":{\"x\":0,\"y\":0}}]}",
                    MOLT_POLICY_LIVE, "$.roots.state", "reference to a Thing");
    MoltImportDesc desc = {.roots_required = true};
    MoltError error = {0};
    char *text = document("");
    assert_int_equal(molt_import_json(sample->heap, text, strlen(text), &desc, &error),
                     MOLT_INVALID);
    assert_non_null(strstr(error.text, "$.roots.spare"));
    free(text);
}

static void memory_has_a_limit(void **context)
{
    Sample *sample = *context;
    MoltError error = {0};
    MoltImportDesc desc = {.limit = 1000};
    char *text = document("{\"id\":\"char:0\",\"count\":1001,\"value\":\"\"}");
    assert_int_equal(molt_import_json(sample->heap, text, strlen(text), &desc, &error),
                     MOLT_OUT_OF_MEMORY);
    assert_non_null(strstr(error.text, "more than the 1000 bytes"));
    free(text);
    text = document("{\"id\":\"char:0\",\"count\":100000000,\"value\":\"\"}");
    assert_int_equal(load(sample->heap, text, MOLT_POLICY_LIVE, NULL, &error), MOLT_OUT_OF_MEMORY);
    free(text);
}

static void depth_has_a_limit(void **context)
{
    const Sample *sample = *context;
    char *text = malloc(200000), *deep = malloc(100001);
    memset(deep, '[', 100000);
    deep[100000] = '\0';
    snprintf(text, 200000, "{\"molt_dump\":1,\"objects\":[{\"id\":\"Vec:0\",\"value\":%s", deep);
    expect_error_in(sample, text, MOLT_POLICY_LIVE, "$", "256 deep");
    free(deep);
    free(text);
}

/* ---- unions and defaults ---------------------------------------------------------------------- */

static const Tuned *load_tuned(Sample *sample, const char *value, MoltReport *report)
{
    char object[512];
    MoltError error = {0};
    MoltBlock block;
    uint64_t cursor = 0;
    snprintf(object, sizeof object, "{\"id\":\"Tuned:0\",\"value\":%s}", value);
    char *text = document(object);
    if (load(sample->heap, text, MOLT_POLICY_LIVE, report, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    free(text);
    assert_true(molt_heap_next(sample->heap, sample->tuned, &cursor, &block));
    return block.start;
}

static void expect_tuned(const Sample *sample, const char *value, const char *words)
{
    char object[512];
    snprintf(object, sizeof object, "{\"id\":\"Tuned:0\",\"value\":%s}", value);
    char *text = document(object);
    expect_error_in(sample, text, MOLT_POLICY_LIVE, "$.objects[0].value", words);
    free(text);
}

static void tags_select_the_arms_that_stand_there(void **context)
{
    Sample *sample = *context;
    const Tuned *tuned =
        load_tuned(sample, "{\"value\":{\"whole\":7},\"kind\":\"DIG\",\"must\":1}", NULL);
    assert_int_equal(tuned->value.whole, 7);
    tuned = load_tuned(sample,
                       "{\"kind\":-1,\"must\":1,\"value\":{\"bytes\":\"0100000000000000\"}}", NULL);
    assert_int_equal(tuned->value.whole, 1);
    expect_tuned(sample, "{\"must\":1,\"value\":{\"whole\":7},\"kind\":\"IDLE\"}",
                 "the tag kind selects thing of value, not whole");
    expect_tuned(sample, "{\"must\":1,\"kind\":\"LOST\",\"value\":{\"whole\":7}}",
                 "selects no arm of value, not whole");
    expect_tuned(sample, "{\"must\":1,\"value\":{\"bytes\":\"0100000000000000\"},\"kind\":\"DIG\"}",
                 "selects whole of value, not bytes");
    expect_tuned(sample, "{\"value\":{\"whole\":7,\"thing\":null}}", "one arm only");
    expect_tuned(sample, "{\"value\":{\"half\":7}}", "no such arm");
    expect_tuned(sample, "{\"value\":{}}", "{\"arm\":value}");
    expect_tuned(sample, "{\"value\":5}", "an object, not a number");
}

static void missing_members_take_their_own_defaults(void **context)
{
    Sample *sample = *context;
    MoltReport report;
    molt_report_init(&report, NULL);
    const Tuned *tuned = load_tuned(sample, "{\"must\":1}", &report);
    assert_true(tuned->speed == 5 && tuned->mode == 6 && tuned->at.x == 1 && tuned->at.y == 2);
    assert_string_equal(tuned->title, "queen");
    assert_true(tuned->scratch == 0 && tuned->kind == 0);
    assert_int_equal(molt_report_total(&report, MOLT_INFO), 6); /* not for what is transient */
    molt_report_clear(&report);
    MoltPlace place;
    molt_heap_locate(sample->heap, tuned->title, &place);
    assert_int_equal(place.kind, MOLT_PLACE_BLOCK);
    assert_int_equal(place.block.count, 6);
    char *text = sample_dump(sample->heap);
    load_well(sample->heap, text);
    expect_dump(sample->heap, text);
    free(text);
    expect_tuned(sample, "{\"speed\":1}", "the member must of Tuned is missing");
}

/* ---- memory that runs out -------------------------------------------------------------------- */

static void failing_allocations_leave_the_state(void **context)
{
    Sample *sample = *context;
    CountingAllocator counting = {0};
    MoltAllocator allocator = counting_allocator(&counting);
    MoltHeapDesc desc = {.allocator = &allocator, .reserve = (uint64_t)64 << 20};
    MoltHeap *heap = NULL;
    MoltError error = {0};
    sample_fill(sample);
    char *text = sample_dump(sample->heap);
    assert_int_equal(molt_heap_create(&desc, &heap, NULL), MOLT_OK);
    assert_int_equal(molt_heap_set_schema(heap, sample->schema), MOLT_OK);
    assert_non_null(molt_heap_new(heap, sample->vec, 3));
    MoltHash before = molt_heap_digest(heap), after;
    MoltStatus status = MOLT_OUT_OF_MEMORY;
    for (uint64_t n = 1; status != MOLT_OK && n < 1000; n++) {
        uint64_t blocks = counting.blocks;
        counting.calls = 0;
        counting.fail_at = n;
        status = load(heap, text, MOLT_POLICY_STRICT, NULL, &error);
        counting.fail_at = 0;
        after = molt_heap_digest(heap);
        if (status != MOLT_OK) {
            assert_int_equal(status, MOLT_OUT_OF_MEMORY);
            assert_memory_equal(&before, &after, sizeof before);
            assert_true(counting.blocks <= blocks + 3); /* tables that the heap keeps for later */
        }
    }
    assert_int_equal(status, MOLT_OK);
    expect_dump(heap, text);
    molt_heap_destroy(heap);
    assert_int_equal(counting.blocks, 0);
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_dump_gives_the_same_dump),
        TEST(values_come_back_to_the_bit),
        TEST(sharing_and_cycles_stay),
        TEST(what_comes_later_gets_the_numbers_it_would_have_got),
        TEST(external_pointers_of_a_root_are_kept),
        TEST(objects_may_stand_in_any_order),
        TEST(a_type_of_a_long_name_comes_back),
        TEST(unknown_members_are_lost_or_errors),
        TEST(missing_members_take_defaults_or_are_errors),
        TEST(numbers_must_fit),
        TEST(enumerators_must_exist),
        TEST(enumerators_are_read_by_name_and_number),
        TEST(text_and_bytes_must_fit),
        TEST(references_must_lead_somewhere),
        TEST(addresses_of_a_process_are_lost_or_errors),
        TEST(constants_must_be_what_they_were),
        TEST(objects_must_be_whole),
        TEST(documents_must_be_whole),
        TEST(roots_must_be_of_their_type),
        TEST(memory_has_a_limit),
        TEST(depth_has_a_limit),
        TEST(tags_select_the_arms_that_stand_there),
        TEST(missing_members_take_their_own_defaults),
        TEST(failing_allocations_leave_the_state),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
