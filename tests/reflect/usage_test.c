/* Uses of members: lines are told apart by what they say without the member's name, and what is used
 * alike is told with the places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <molt/usage.h>

static uint32_t line(const char *text, const char *member)
{
    return molt_usage_line(text, strlen(text), member);
}

static void lines_are_alike_but_for_the_name_and_blanks(void **state)
{
    (void)state;
    assert_int_equal(line("ant->hunger += rate;", "hunger"), line("  ant->appetite+=rate;", "appetite"));
    assert_int_not_equal(line("ant->hunger += rate;", "hunger"), line("ant->hunger -= rate;", "hunger"));
    assert_int_not_equal(line("a.hunger = hungers;", "hunger"), line("a.x = xs;", "x"));
    assert_int_not_equal(line("f(a.x);", "x"), line("f(a.y, a.y);", "y"));
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A usage of one struct, S: words "member function line". */
static MoltUsage *make(const char *const *uses, size_t count)
{
    char text[2048] = MOLT_USAGE_HEAD, lines[16][64];
    const char *sorted[16];
    MoltError error = {.text = ""};
    MoltUsage *usage = NULL;
    for (size_t i = 0; i < count; i++) {
        char member[16], function[16];
        unsigned number;
        sscanf(uses[i], "%15s %15s %u", member, function, &number);
        snprintf(lines[i], sizeof lines[i], "%016llx S\t%s\t%s\t%u\n",
                 (unsigned long long)molt_usage_member("S", member), member, function, number);
        sorted[i] = lines[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_lines);
    for (size_t i = 0; i < count; i++)
        strcat(text, strchr(sorted[i], ' ') + 1);
    if (molt_usage_from_text(text, strlen(text), &usage, &error) != MOLT_OK)
        fail_msg("%s", error.text);
    return usage;
}

static void likeness_names_the_functions(void **state)
{
    (void)state;
    static const char *const was[] = {"hunger eat 1", "hunger eat 2", "hunger walk 3", "hunger rest 4",
                                      "age rest 5"};
    static const char *const is[] = {"appetite eat 1", "appetite eat 2", "appetite walk 3",
                                     "appetite rest 9", "thirst drink 7"};
    MoltUsage *before = make(was, 5), *after = make(is, 5);
    MoltLikeness like = molt_usage_compare(before, molt_usage_member("S", "hunger"), after,
                                           molt_usage_member("S", "appetite"));
    assert_int_equal(like.before, 4);
    assert_int_equal(like.after, 4);
    assert_int_equal(like.same, 3);
    assert_int_equal(like.functions, 3);
    assert_int_equal(like.percent, (300 * 3 + 100 * 3) / (3 * 4 + 3));
    assert_string_equal(like.where, "eat, rest and 1 more");
    like = molt_usage_compare(before, molt_usage_member("S", "hunger"), after,
                              molt_usage_member("S", "thirst"));
    assert_int_equal(like.percent, 0);
    like = molt_usage_compare(before, molt_usage_member("S", "none"), NULL, 0);
    assert_int_equal(like.before + like.after + like.percent, 0);
    molt_usage_free(before);
    molt_usage_free(after);
}

static void damaged_text_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "molt-usage 2\n", MOLT_USAGE_HEAD "S\ta\tf\n", MOLT_USAGE_HEAD "S\ta\tf\t1\nS\ta\tf\tx\n",
        MOLT_USAGE_HEAD "S\ta\tf\t99999999999\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        MoltUsage *usage = NULL;
        MoltError error = {.text = ""};
        assert_int_equal(molt_usage_from_text(texts[i], strlen(texts[i]), &usage, &error),
                         MOLT_INVALID);
        assert_null(usage);
        assert_true(error.text[0] != '\0');
    }
    /* out of order, which a search would not find */
    uint64_t a = molt_usage_member("S", "a"), b = molt_usage_member("S", "b");
    char text[128];
    snprintf(text, sizeof text, MOLT_USAGE_HEAD "S\t%s\tf\t1\nS\t%s\tf\t1\n", a < b ? "b" : "a",
             a < b ? "a" : "b");
    MoltUsage *usage = NULL;
    MoltError error;
    assert_int_equal(molt_usage_from_text(text, strlen(text), &usage, &error), MOLT_INVALID);
    assert_non_null(strstr(error.text, "line 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_alike_but_for_the_name_and_blanks),
        cmocka_unit_test(likeness_names_the_functions),
        cmocka_unit_test(damaged_text_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
