/* Reports: what is kept, what is pushed out, and how it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "counting_allocator.h"
#include "molt/report.h"

static MoltFinding finding_of(MoltSeverity severity, MoltRule rule, const char *path)
{
    return (MoltFinding){.severity = severity, .rule = rule, .path = path};
}

static void add(MoltReport *report, MoltSeverity severity, const char *path)
{
    MoltFinding finding = finding_of(severity, MOLT_RULE_FIELD_REMOVED, path);
    molt_report_add(report, &finding);
}

static void add_many(MoltReport *report, MoltSeverity severity, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "Colony.field_%u", i);
        add(report, severity, path);
    }
}

static uint32_t stored(const MoltReport *report, MoltSeverity severity)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < report->count; i++)
        count += report->findings[i].severity == severity;
    return count;
}

static void assert_text_is_bounded(const MoltReport *report)
{
    char *text = molt_report_to_text(report);
    assert_non_null(text);
    assert_true(strlen(text) < MOLT_REPORT_LIMIT);
    free(text);
}

static void ids_name_every_rule_and_severity(void **state)
{
    (void)state;
    assert_string_equal(molt_rule_id(MOLT_RULE_FIELD_ADDED), "field-added");
    assert_string_equal(molt_rule_id(MOLT_RULE_ROOT_CHANGED), "root-changed");
    assert_string_equal(molt_rule_id((MoltRule)1000), "unknown");
    assert_string_equal(molt_severity_id(MOLT_LOSS), "loss");
    assert_string_equal(molt_severity_id((MoltSeverity)7), "unknown");
}

static void finding_reads_as_one_line(void **state)
{
    (void)state;
    MoltFinding finding = {
        MOLT_LOSS,       MOLT_RULE_NUMBER_OUT_OF_RANGE,       "Ant.hp", "int hp", "uint8_t hp",
        "300 in Ant:17", "MOLT_CONVERT(saturate) allows it.", 3,        false};
    char text[256];
    molt_finding_text(&finding, text, sizeof text);
    assert_string_equal(text, "loss   number-out-of-range    Ant.hp: int hp -> uint8_t hp, "
                              "3 objects, first 300 in Ant:17. MOLT_CONVERT(saturate) allows it.");
}

static void finding_without_facts_names_its_path(void **state)
{
    (void)state;
    char text[256];
    MoltFinding finding = finding_of(MOLT_INFO, MOLT_RULE_TYPE_ADDED, "Nest");
    molt_finding_text(&finding, text, sizeof text);
    assert_string_equal(text, "info   type-added             Nest.");

    finding.after = "struct Nest";
    finding.objects = 1;
    molt_finding_text(&finding, text, sizeof text);
    assert_string_equal(text, "info   type-added             Nest: now struct Nest, 1 object.");
}

static void finding_text_is_cut_at_every_size(void **state)
{
    (void)state;
    MoltFinding finding = finding_of(MOLT_REFUSE, MOLT_RULE_ENUMERATOR_REMOVED, "Ant.state");
    finding.value = "LARVA is gone but live in 12 objects";
    char whole[256];
    molt_finding_text(&finding, whole, sizeof whole);
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        char *text = malloc(size);
        assert_non_null(text);
        molt_finding_text(&finding, text, size);
        assert_int_equal(strlen(text), size - 1);
        assert_memory_equal(text, whole, size - 1);
        free(text);
    }
    molt_finding_text(&finding, NULL, 0);
}

static void report_owns_its_strings(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    char path[] = "Ant.hp";
    add(&report, MOLT_INFO, path);
    memset(path, 'x', sizeof path - 1);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.findings[0].path, "Ant.hp");
    assert_null(report.findings[0].before);
    molt_report_clear(&report);
    assert_int_equal(report.count, 0);
    add(&report, MOLT_INFO, "Ant.age");
    assert_string_equal(report.findings[0].path, "Ant.age");
    molt_report_clear(&report);
}

static void strings_become_one_line_of_utf8(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    add(&report, MOLT_INFO, "a\nb\x01 \xc3\xa9 \xff \xc0\xaf \xe2\x82");
    assert_string_equal(report.findings[0].path, "a?b? \xc3\xa9 ? ?? ??");
    molt_report_clear(&report);
}

static void long_strings_are_cut(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    char *path = malloc(100001);
    assert_non_null(path);
    memset(path, 'a', 100000);
    path[100000] = '\0';
    add(&report, MOLT_INFO, path);
    free(path);
    assert_int_equal(report.count, 1);
    size_t length = strlen(report.findings[0].path);
    assert_true(length < 500);
    assert_string_equal(report.findings[0].path + length - 3, "...");
    molt_report_clear(&report);
}

static void hundred_thousand_findings_stay_bounded(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    add_many(&report, MOLT_INFO, 100000);
    assert_true(report.count > 500);
    assert_int_equal(molt_report_total(&report, MOLT_INFO), 100000);
    assert_int_equal(report.count + report.left_out[MOLT_INFO], 100000);
    assert_text_is_bounded(&report);
    molt_report_clear(&report);
}

static void refusal_pushes_out_notes(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    add_many(&report, MOLT_INFO, 5000);
    uint32_t notes = stored(&report, MOLT_INFO);
    add(&report, MOLT_LOSS, "Ant.hp");
    add(&report, MOLT_REFUSE, "Ant.state");
    assert_int_equal(report.left_out[MOLT_REFUSE], 0);
    assert_int_equal(report.left_out[MOLT_LOSS], 0);
    assert_true(stored(&report, MOLT_INFO) < notes);
    assert_int_equal(molt_report_total(&report, MOLT_INFO), 5000);
    assert_string_equal(molt_report_refusal(&report)->path, "Ant.state");
    assert_string_equal(report.findings[0].path, "Colony.field_0"); /* the latest went */
    assert_text_is_bounded(&report);
    molt_report_clear(&report);
}

static void worse_findings_are_kept_first(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    add_many(&report, MOLT_INFO, 3000);
    add_many(&report, MOLT_LOSS, 3000);
    assert_int_equal(stored(&report, MOLT_INFO), 0);
    add_many(&report, MOLT_REFUSE, 3000);
    assert_int_equal(stored(&report, MOLT_LOSS), 0);
    assert_int_equal(stored(&report, MOLT_REFUSE), report.count);
    add_many(&report, MOLT_LOSS, 10);
    assert_int_equal(stored(&report, MOLT_LOSS), 0);
    assert_int_equal(molt_report_total(&report, MOLT_INFO), 3000);
    assert_int_equal(molt_report_total(&report, MOLT_LOSS), 3010);
    assert_int_equal(molt_report_total(&report, MOLT_REFUSE), 3000);
    assert_string_equal(molt_report_refusal(&report)->path, "Colony.field_0");
    assert_text_is_bounded(&report);
    molt_report_clear(&report);
}

static void text_lists_worst_first(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    assert_null(molt_report_refusal(&report));
    add(&report, MOLT_INFO, "A.note");
    add(&report, MOLT_LOSS, "A.loss");
    add(&report, MOLT_REFUSE, "A.refuse");
    report.types_changed = 1;
    report.objects_migrated = 10000;
    report.left_out[MOLT_INFO] = 4;
    char *text = molt_report_to_text(&report);
    assert_non_null(text);
    const char *expected = "nothing was changed: 1 rule refuses this edit\n"
                           "refuse field-removed          A.refuse.\n"
                           "loss   field-removed          A.loss.\n"
                           "info   field-removed          A.note.\n"
                           "left out: 4 info\n";
    assert_string_equal(text, expected);
    free(text);
    molt_report_clear(&report);
}

static void totals_stand_first_when_nothing_refuses(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    report.types_changed = 1;
    report.objects_migrated = 10000;
    report.pointers_changed = 1;
    char *text = molt_report_to_text(&report);
    assert_non_null(text);
    assert_string_equal(text, "1 type changed, 10000 objects migrated (0 -> 0 bytes), 0 visited, "
                              "1 pointer changed\n");
    free(text);
    molt_report_clear(&report);
}

static void equal_declarations_are_written_once(void **state)
{
    (void)state;
    char text[256];
    MoltFinding finding = finding_of(MOLT_REFUSE, MOLT_RULE_FUNCTION_MISSING, "Ant.act");
    finding.before = finding.after = "Act *act";
    finding.value = "forage of ants.c in Ant:0";
    finding.objects = 1;
    finding.remedy = "keep the function";
    molt_finding_text(&finding, text, sizeof text);
    assert_string_equal(text, "refuse function-missing       Ant.act: Act *act, 1 object, "
                              "forage of ants.c in Ant:0. Keep the function.");
}

static void json_says_the_same(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltFinding finding = finding_of(MOLT_LOSS, MOLT_RULE_STRING_TRUNCATED, "Ant.name");
    finding.value = "\"x\" in Ant:3";
    finding.objects = 7;
    molt_report_add(&report, &finding);
    add(&report, MOLT_REFUSE, "Ant.state");
    report.pointers_changed = 12;
    char *text = molt_report_to_json(&report);
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    assert_int_equal(cJSON_GetObjectItem(root, "pointers_changed")->valueint, 12);
    const cJSON *findings = cJSON_GetObjectItem(root, "findings");
    assert_int_equal(cJSON_GetArraySize(findings), 2);
    const cJSON *first = cJSON_GetArrayItem(findings, 0);
    assert_string_equal(cJSON_GetObjectItem(first, "severity")->valuestring, "refuse");
    const cJSON *second = cJSON_GetArrayItem(findings, 1);
    assert_string_equal(cJSON_GetObjectItem(second, "rule")->valuestring, "string-truncated");
    assert_string_equal(cJSON_GetObjectItem(second, "path")->valuestring, "Ant.name");
    assert_string_equal(cJSON_GetObjectItem(second, "value")->valuestring, "\"x\" in Ant:3");
    assert_int_equal(cJSON_GetObjectItem(second, "objects")->valueint, 7);
    assert_null(cJSON_GetObjectItem(second, "remedy"));
    cJSON_Delete(root);
    free(text);
    molt_report_clear(&report);
}

static void failed_allocation_counts_as_left_out(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1; fail_at < 40; fail_at++) {
        CountingAllocator counting = {.fail_at = fail_at};
        MoltAllocator allocator = counting_allocator(&counting);
        MoltReport report;
        molt_report_init(&report, &allocator);
        add_many(&report, MOLT_LOSS, 20);
        add_many(&report, MOLT_INFO, 20);
        assert_int_equal(molt_report_total(&report, MOLT_LOSS), 20);
        assert_int_equal(molt_report_total(&report, MOLT_INFO), 20);
        assert_int_equal(report.left_out[MOLT_LOSS] + report.left_out[MOLT_INFO],
                         counting.calls >= fail_at ? 1 : 0);
        molt_report_clear(&report);
        assert_int_equal(counting.blocks, 0);
    }
}

static void stubs_stand_once_and_within_the_limit(void **state)
{
    (void)state;
    MoltReport report;
    molt_report_init(&report, NULL);
    molt_report_add_stub(&report, "Ant", "first\n");
    molt_report_add_stub(&report, "Ant", "second\n");
    assert_int_equal(report.stub_count, 1);
    assert_string_equal(report.stubs[0].code, "first\n");
    for (int i = 0; i < 20; i++) {
        char type[16], code[4000];
        snprintf(type, sizeof type, "Type%d", i);
        memset(code, 'x', sizeof code - 1);
        code[sizeof code - 1] = '\0';
        molt_report_add_stub(&report, type, code);
    }
    assert_in_range(report.stub_count, 2, 20);
    add_many(&report, MOLT_REFUSE, 5000);
    char *text = molt_report_to_text(&report);
    assert_in_range(strlen(text), 1, MOLT_REPORT_LIMIT);
    assert_non_null(strstr(text, "\nfirst\n"));
    char *json = molt_report_to_json(&report);
    cJSON *root = cJSON_Parse(json);
    const cJSON *stub = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "stubs"), 0);
    assert_string_equal(cJSON_GetObjectItem(stub, "type")->valuestring, "Ant");
    assert_string_equal(cJSON_GetObjectItem(stub, "code")->valuestring, "first\n");
    cJSON_Delete(root);
    free(json);
    free(text);
    molt_report_clear(&report);
}

static void a_stub_without_memory_is_left_out(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 8; n++) {
        CountingAllocator counting = {.fail_at = n};
        MoltAllocator allocator = counting_allocator(&counting);
        MoltReport report;
        molt_report_init(&report, &allocator);
        molt_report_add_stub(&report, "Ant", "code\n");
        assert_int_equal(report.stub_count, counting.calls < n);
        molt_report_clear(&report);
        assert_int_equal(counting.blocks, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_name_every_rule_and_severity),
        cmocka_unit_test(finding_reads_as_one_line),
        cmocka_unit_test(finding_without_facts_names_its_path),
        cmocka_unit_test(finding_text_is_cut_at_every_size),
        cmocka_unit_test(report_owns_its_strings),
        cmocka_unit_test(strings_become_one_line_of_utf8),
        cmocka_unit_test(long_strings_are_cut),
        cmocka_unit_test(hundred_thousand_findings_stay_bounded),
        cmocka_unit_test(refusal_pushes_out_notes),
        cmocka_unit_test(worse_findings_are_kept_first),
        cmocka_unit_test(text_lists_worst_first),
        cmocka_unit_test(totals_stand_first_when_nothing_refuses),
        cmocka_unit_test(equal_declarations_are_written_once),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(failed_allocation_counts_as_left_out),
        cmocka_unit_test(stubs_stand_once_and_within_the_limit),
        cmocka_unit_test(a_stub_without_memory_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
