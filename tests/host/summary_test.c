/* What a person reads of each outcome. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "summary.h"

static MoltReloadEvent event_of(MoltEventKind kind, const char *outcome, const MoltReport *report)
{
    return (MoltReloadEvent){.kind = kind, .outcome = outcome, .headline = "the headline",
                             .detail = "", .library = "", .trigger = "", .output = "",
                             .report_json = "{}", .report = report, .types = 1, .objects = 10240,
                             .pause_ns = 912345, .generation = 7};
}

static void add(MoltReport *report, MoltSeverity severity, MoltRule rule, const char *path,
                const char *before, const char *after)
{
    molt_report_add(report, &(MoltFinding){.severity = severity, .rule = rule, .path = path,
                                           .before = before, .after = after});
}

static bool has_row(const MoltSummary *summary, const char *text)
{
    for (int i = 0; i < summary->row_count; i++)
        if (strstr(summary->rows[i].text, text))
            return true;
    return false;
}

static void migration_names_types_and_changes(void **state)
{
    (void)state;
    MoltReport report;
    MoltSummary summary;
    molt_report_init(&report, NULL);
    add(&report, MOLT_INFO, MOLT_RULE_FIELD_ADDED, "Ant.hunger", NULL, "int hunger");
    add(&report, MOLT_INFO, MOLT_RULE_FIELD_MOVED, "Tile.food", "int food", "int food");
    add(&report, MOLT_INFO, MOLT_RULE_FIELD_RENAMED, "Ant.health", "int hp", "int health");
    MoltReloadEvent event = event_of(MOLT_EVENT_RELOADED, "migrated", &report);
    molt__summary_write(&event, &summary);
    assert_int_equal(summary.mood, MOLT__MOOD_GOOD);
    assert_string_equal(summary.word, "migrated");
    assert_string_equal(summary.subject, "Ant, Tile");
    assert_string_equal(summary.facts, "10,240 objects   0.91 ms   generation 7");
    assert_string_equal(summary.rows[0].text, "+ Ant: int hunger");
    assert_string_equal(summary.rows[1].text, "~ Ant: int hp -> int health");
    assert_true(has_row(&summary, "reordered in 1 type"));
    molt_report_clear(&report);
}

static void losses_come_first_and_color_the_whole(void **state)
{
    (void)state;
    MoltReport report;
    MoltSummary summary;
    molt_report_init(&report, NULL);
    for (int i = 0; i < 20; i++)
        add(&report, MOLT_INFO, MOLT_RULE_FIELD_ADDED, "Ant.hunger", NULL, "int hunger");
    add(&report, MOLT_LOSS, MOLT_RULE_FIELD_REMOVED, "Ant.hp", "int hp", NULL);
    MoltReloadEvent event = event_of(MOLT_EVENT_RELOADED, "migrated", &report);
    molt__summary_write(&event, &summary);
    assert_int_equal(summary.mood, MOLT__MOOD_LOSS);
    assert_int_equal(summary.rows[0].mood, MOLT__MOOD_LOSS);
    assert_string_equal(summary.rows[0].text, "- Ant: int hp");
    assert_true(has_row(&summary, "and 16 more changes"));
    molt_report_clear(&report);
}

static void code_alone_names_no_types(void **state)
{
    (void)state;
    MoltReport report;
    MoltSummary summary;
    molt_report_init(&report, NULL);
    MoltReloadEvent event = event_of(MOLT_EVENT_RELOADED, "code", &report);
    molt__summary_write(&event, &summary);
    assert_string_equal(summary.word, "new code");
    assert_string_equal(summary.subject, "");
    assert_int_equal(summary.row_count, 0);
    molt_report_clear(&report);
}

static void refusal_says_what_to_do(void **state)
{
    (void)state;
    MoltReport report;
    MoltSummary summary;
    molt_report_init(&report, NULL);
    molt_report_add(&report, &(MoltFinding){.severity = MOLT_REFUSE,
                                            .rule = MOLT_RULE_ENUMERATOR_REMOVED,
                                            .path = "Ant.state",
                                            .value = "CARRY is gone but live",
                                            .remedy = "mark one with MOLT_FALLBACK",
                                            .objects = 3});
    MoltReloadEvent event = event_of(MOLT_EVENT_REFUSED, "refused", &report);
    molt__summary_write(&event, &summary);
    assert_int_equal(summary.mood, MOLT__MOOD_BAD);
    assert_string_equal(summary.subject, "Ant.state");
    assert_true(has_row(&summary, "enumerator removed: CARRY is gone but live"));
    assert_true(has_row(&summary, "What to do: mark one with MOLT_FALLBACK"));
    assert_non_null(strstr(summary.facts, "goes on"));
    molt_report_clear(&report);
}

static void refusal_without_findings_has_words(void **state)
{
    (void)state;
    MoltSummary summary;
    MoltReloadEvent event = event_of(MOLT_EVENT_REFUSED, "refused", NULL);
    event.detail = "first\n\n   \nsecond\n";
    molt__summary_write(&event, &summary);
    assert_int_equal(summary.row_count, 3);
    assert_string_equal(summary.rows[0].text, "the headline");
    assert_string_equal(summary.rows[1].text, "first");
    assert_string_equal(summary.rows[2].text, "second");
}

static void postponed_reload_names_who_holds_it_up(void **state)
{
    (void)state;
    MoltSummary summary;
    MoltReloadEvent event = event_of(MOLT_EVENT_POSTPONED, "postponed", NULL);
    event.detail = "what to do\n";
    molt__summary_write(&event, &summary);
    assert_string_equal(summary.word, "postponed");
    assert_int_equal(summary.mood, MOLT__MOOD_LOSS);
    assert_int_equal(summary.row_count, 2);
    assert_string_equal(summary.rows[0].text, "the headline");
    assert_string_equal(summary.rows[1].text, "what to do");
}

static void broken_build_shows_the_compilers_words(void **state)
{
    (void)state;
    MoltSummary summary;
    MoltReloadEvent event = event_of(MOLT_EVENT_BUILD_FAILED, "build-failed", NULL);
    event.detail = "/home/me/game/ants.c:12:5: error: expected \xE2\x80\x98;\xE2\x80\x99 in a/b\n";
    molt__summary_write(&event, &summary);
    assert_string_equal(summary.word, "build failed");
    assert_string_equal(summary.rows[0].text, "ants.c:12:5: error: expected ';' in a/b");
    event.detail = "";
    event.output = "ninja: fatal\n";
    molt__summary_write(&event, &summary);
    assert_string_equal(summary.rows[0].text, "ninja: fatal");
}

static void crash_says_what_and_where(void **state)
{
    (void)state;
    MoltSummary summary;
    MoltReloadEvent event = event_of(MOLT_EVENT_CRASHED, "crashed", NULL);
    event.headline = "crashed in step (ants.c:12): SIGSEGV (address 0x0)";
    event.detail = "Back to generation 3; save.\nin step (ants.c:12)\ncalled by main_loop (game.c:3)\n";
    molt__summary_write(&event, &summary);
    assert_int_equal(summary.mood, MOLT__MOOD_BAD);
    assert_string_equal(summary.word, "crashed");
    assert_string_equal(summary.rows[0].text, event.headline);
    assert_string_equal(summary.rows[1].text, "Back to generation 3");
    assert_string_equal(summary.rows[3].text, "called by main_loop (game.c:3)");
}

static void foreign_text_becomes_printable_ascii(void **state)
{
    (void)state;
    char text[16];
    molt__summary_clean("a\tb\x1b[1mc", text, sizeof text);
    assert_string_equal(text, "a b [1mc");
    molt__summary_clean("\xC3\xA4\xF0\x9F\x90\x9C\xE2\x86\x92\xFFz", text, sizeof text);
    assert_string_equal(text, "?" "?->?z");
    molt__summary_clean("\xE2", text, sizeof text); /* cut in the middle */
    assert_string_equal(text, "?");
    molt__summary_clean("0123456789abcdefgh", text, sizeof text);
    assert_string_equal(text, "0123456789abcde");
}

static void errors_of_a_build_have_file_line_and_message(void **state)
{
    (void)state;
    static const MoltDiagnostic diagnostics[] = {
        {MOLT_DIAGNOSTIC_WARNING, 3, 1, "a.c", "unused", ""},
        {MOLT_DIAGNOSTIC_NOTE, 4, 1, "a.c", "of the warning", ""},
        {MOLT_DIAGNOSTIC_ERROR, 230, 5, "/home/me/game/colony.h", "unknown type name 'flot'",
         "/home/me/game/ants.c:2"},
        {MOLT_DIAGNOSTIC_NOTE, 0, 0, "", "remedy: float", ""},
        {MOLT_DIAGNOSTIC_ERROR, 0, 0, "", "undefined symbol: hatch", ""},
        {MOLT_DIAGNOSTIC_ERROR, 1, 0, "b.c", "3", ""},
        {MOLT_DIAGNOSTIC_ERROR, 1, 0, "b.c", "4", ""},
        {MOLT_DIAGNOSTIC_ERROR, 1, 0, "b.c", "5", ""},
        {MOLT_DIAGNOSTIC_ERROR, 1, 0, "b.c", "6", ""},
        {MOLT_DIAGNOSTIC_ERROR, 1, 0, "b.c", "7", ""},
        {MOLT_DIAGNOSTIC_ERROR, 1, 0, "b.c", "8", ""},
    };
    MoltSummary summary;
    MoltReloadEvent event = event_of(MOLT_EVENT_BUILD_FAILED, "build-failed", NULL);
    event.detail = "the compiler's own lines";
    event.diagnostics = diagnostics;
    event.diagnostic_count = sizeof diagnostics / sizeof *diagnostics;
    molt__summary_write(&event, &summary);
    assert_string_equal(summary.rows[0].text,
                        "colony.h:230: unknown type name 'flot' (included from ants.c:2)");
    assert_string_equal(summary.rows[1].text, "remedy: float");
    assert_int_equal(summary.rows[1].mood, MOLT__MOOD_QUIET);
    assert_string_equal(summary.rows[2].text, "undefined symbol: hatch");
    assert_string_equal(summary.rows[3].text, "b.c:1: 3");
    assert_string_equal(summary.rows[MOLT__SUMMARY_ROWS - 1].text, "and 2 more errors");
    assert_int_equal(summary.row_count, MOLT__SUMMARY_ROWS);

    event.diagnostic_count = 2; /* without an error among them the lines say more */
    molt__summary_write(&event, &summary);
    assert_string_equal(summary.rows[0].text, "the compiler's own lines");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migration_names_types_and_changes),
        cmocka_unit_test(losses_come_first_and_color_the_whole),
        cmocka_unit_test(code_alone_names_no_types),
        cmocka_unit_test(refusal_says_what_to_do),
        cmocka_unit_test(refusal_without_findings_has_words),
        cmocka_unit_test(postponed_reload_names_who_holds_it_up),
        cmocka_unit_test(broken_build_shows_the_compilers_words),
        cmocka_unit_test(crash_says_what_and_where),
        cmocka_unit_test(foreign_text_becomes_printable_ascii),
        cmocka_unit_test(errors_of_a_build_have_file_line_and_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
