/* Lines from a pipe that come whole, in pieces, too long, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "console.h"

typedef struct Pipe {
    int write_end;
    MoltConsole console;
    char line[MOLT__CONSOLE_LINE];
} Pipe;

static Pipe pipe_under_test;

static int open_pipe(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pipe_under_test = (Pipe){.write_end = ends[1], .console = {.fd = ends[0]}};
    *state = &pipe_under_test;
    return 0;
}

static void close_write_end(Pipe *p)
{
    if (p->write_end >= 0)
        close(p->write_end);
    p->write_end = -1;
}

static int close_pipe(void **state)
{
    Pipe *p = *state;
    close_write_end(p);
    close(p->console.fd);
    return 0;
}

static void say(Pipe *p, const char *text)
{
    assert_int_equal(write(p->write_end, text, strlen(text)), strlen(text));
}

static bool next(Pipe *p)
{
    return molt__console_next(&p->console, p->line);
}

static void nothing_said_does_not_wait(void **state)
{
    assert_false(next(*state));
}

static void lines_come_one_at_a_time(void **state)
{
    Pipe *p = *state;
    say(p, "frames\ndump a b.json\r\n\nquit\n");
    assert_true(next(p));
    assert_string_equal(p->line, "frames");
    assert_true(next(p));
    assert_string_equal(p->line, "dump a b.json");
    assert_true(next(p));
    assert_string_equal(p->line, "");
    assert_true(next(p));
    assert_string_equal(p->line, "quit");
    assert_false(next(p));
}

static void line_in_pieces_waits_for_its_end(void **state)
{
    Pipe *p = *state;
    say(p, "fra");
    assert_false(next(p));
    say(p, "mes\nqu");
    assert_true(next(p));
    assert_string_equal(p->line, "frames");
    assert_false(next(p));
}

static void last_line_needs_no_newline(void **state)
{
    Pipe *p = *state;
    say(p, "frames\nquit");
    close_write_end(p);
    assert_true(next(p));
    assert_true(next(p));
    assert_string_equal(p->line, "quit");
    assert_false(next(p));
    assert_true(p->console.ended);
}

static void long_line_comes_in_pieces(void **state)
{
    static char text[3 * MOLT__CONSOLE_LINE];
    Pipe *p = *state;
    size_t total = 0;
    memset(text, 'x', sizeof text - 2);
    text[sizeof text - 2] = '\n';
    say(p, text);
    while (next(p))
        total += strlen(p->line);
    assert_int_equal(total, sizeof text - 2);
}

int main(void)
{
#define PIPE_TEST(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)
    const struct CMUnitTest tests[] = {
        PIPE_TEST(nothing_said_does_not_wait),
        PIPE_TEST(lines_come_one_at_a_time),
        PIPE_TEST(line_in_pieces_waits_for_its_end),
        PIPE_TEST(last_line_needs_no_newline),
        PIPE_TEST(long_line_comes_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
