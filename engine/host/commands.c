#include "session_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* To the events or, without them, where something is wrong, to standard error. */
static void answer(Session *session, const char *command, const char *problem)
{
    if (!session->events && problem)
        fprintf(stderr, "molt-host: %s: %s\n", command, problem);
    molt__events_done(session->events, command, problem);
}

void molt__session_dump(Session *session, const char *path, const char *command)
{
    MoltError error;
    molt_reload_own_file(session->reload, path);
    MoltStatus status =
        molt__dumps_write_state(session->reload, session->options->dump_addresses, path, &error);
    if (status)
        molt__session_complain(&error);
    if (command)
        molt__events_done(session->events, command, status ? error.text : NULL);
}

MoltStatus molt__session_load_json(Session *session, const char *path, MoltError *error)
{
    const MoltDumpsRead how = {
        .path = path,
        .policy = session->options->strict ? MOLT_POLICY_STRICT : MOLT_POLICY_LIVE,
        .most = session->options->max_memory};
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltStatus status = molt__dumps_read_state(session->reload, &how, &report, error);
    char *text = !status && report.count > 0 ? molt_report_findings_to_text(&report) : NULL;
    if (text)
        fprintf(stderr, "molt-host: state read from %s\n%s", path, text);
    free(text);
    molt_report_clear(&report);
    return status;
}

static void load_json_command(Session *session, const char *path, const char *command)
{
    MoltError error;
    MoltStatus status = molt__session_load_json(session, path, &error);
    if (status)
        molt__session_complain(&error);
    molt__events_done(session->events, command, status ? error.text : NULL);
}

/* One value, to the events or, without them, to standard error. */
static void show_command(Session *session, const char *path, const char *command)
{
    MoltError error;
    char *text = NULL;
    size_t length = 0;
    MoltStatus status = molt_reload_dump_path(session->reload, path, &text, &length, &error);
    if (status)
        molt__session_complain(&error);
    else if (session->events)
        molt__events_value(session->events, text);
    else
        fputs(text, stderr);
    free(text);
    molt__events_done(session->events, command, status ? error.text : NULL);
}

void molt__session_save(Session *session, const char *path, const char *command)
{
    MoltError error;
    MoltStatus status = molt__saves_save(&session->saves, path, false, molt__session_ms(), &error);
    if (command)
        molt__events_done(session->events, command, status ? error.text : NULL);
}

void molt__session_load(Session *session, const char *path, const char *command)
{
    MoltError error;
    MoltStatus status = molt__saves_load(&session->saves, path, molt__session_ms(), &error);
    if (command)
        molt__events_done(session->events, command, status ? error.text : NULL);
}

/* For people who typed the command; programs have --events. */
static void print_leaks(const MoltHeap *heap, const MoltLeaks *leaks)
{
    fprintf(stderr, "molt-host: %llu blocks, %llu bytes that nothing reaches\n",
            (unsigned long long)leaks->blocks, (unsigned long long)leaks->bytes);
    for (uint32_t i = 0; i < leaks->count; i++) {
        char text[512];
        molt_leak_text(heap, &leaks->items[i], text, sizeof text);
        fprintf(stderr, "  %s\n", text);
    }
}

static void list_leaks(Session *session, const char *command)
{
    MoltError error;
    MoltLeaks leaks;
    const MoltHeap *heap = molt_reload_heap(session->reload);
    if (!molt_threads_rest(session->threads)) {
        answer(session, command, "a thread of the game does not return from its step");
        return;
    }
    MoltStatus status = molt_leaks_find(heap, &leaks, &error);
    molt_threads_go_on(session->threads);
    if (status == MOLT_OK) {
        print_leaks(heap, &leaks);
        molt__events_leaks(session->events, heap, &leaks);
        molt_leaks_clear(&leaks);
    }
    molt__events_done(session->events, command, status ? error.text : NULL);
}

/* The generations that are kept, to the events or, without them, to standard error. */
static void list_history(Session *session, const char *command)
{
    uint32_t at, count = molt_reload_history(session->reload, NULL, 0, &at);
    uint32_t *numbers = calloc(count + 1, sizeof *numbers);
    if (!numbers) {
        answer(session, command, "out of memory");
        return;
    }
    molt_reload_history(session->reload, numbers, count, NULL);
    if (session->events)
        molt__events_history(session->events, numbers, count, at);
    for (uint32_t i = 0; !session->events && i < count; i++)
        fprintf(stderr, "generation %" PRIu32 "%s\n", numbers[i], i == at ? ", which runs" : "");
    free(numbers);
    molt__events_done(session->events, command, NULL);
}

static void take_picture(Session *session, const char *path, const char *command)
{
    snprintf(session->shot, sizeof session->shot, "%s", path);
    snprintf(session->command, sizeof session->command, "%s", command);
}

static void undo_or_redo(Session *session, const char *command)
{
    answer(session, command, molt__session_step(session, *command == 'u' ? -1 : 1));
}

static void tell_frames(Session *session, const char *command)
{
    if (!session->events)
        fprintf(stderr, "molt-host: frame %" PRIu64 "\n", session->platform.frame);
    molt__events_frame(session->events, session->platform.frame);
    answer(session, command, NULL);
}

static void quit(Session *session, const char *command)
{
    answer(session, command, NULL);
    session->quitting = true;
}

/* What can be typed. `argument` names what a command wants after it, and then `with` runs it. */
typedef struct Command {
    const char *name, *argument;
    void (*with)(Session *session, const char *argument, const char *command);
    void (*alone)(Session *session, const char *command);
} Command;

static const Command commands[] = {
    {"screenshot", "PATH", take_picture, NULL},
    {"dump", "PATH", molt__session_dump, NULL},
    {"save", "PATH", molt__session_save, NULL},
    {"load", "PATH", molt__session_load, NULL},
    {"load-json", "PATH", load_json_command, NULL},
    {"show", "VALUE", show_command, NULL},
    {"leaks", NULL, NULL, list_leaks},
    {"undo", NULL, NULL, undo_or_redo},
    {"redo", NULL, NULL, undo_or_redo},
    {"history", NULL, NULL, list_history},
    {"frames", NULL, NULL, tell_frames},
    {"quit", NULL, NULL, quit},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void list_commands(char *text, size_t size)
{
    int used = snprintf(text, size, "unknown command; there are: ");
    for (size_t i = 0; i < COMMAND_COUNT && used >= 0 && (size_t)used < size; i++) {
        const char *argument = commands[i].argument;
        used += snprintf(text + used, size - (size_t)used, "%s%s%s%s", i ? ", " : "",
                         commands[i].name, argument ? " " : "", argument ? argument : "");
    }
}

/* `line` has no blanks at its ends. */
static void run_command(Session *session, const char *line)
{
    char text[400];
    size_t length = strcspn(line, " \t");
    const char *argument = line + length + strspn(line + length, " \t");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const Command *command = &commands[i];
        if (strlen(command->name) != length || strncmp(line, command->name, length) != 0)
            continue;
        if (!command->argument == !*argument) {
            if (command->with)
                command->with(session, argument, line);
            else
                command->alone(session, line);
            return;
        }
        snprintf(text, sizeof text, "usage: %s%s%s", command->name, command->argument ? " " : "",
                 command->argument ? command->argument : "");
        answer(session, line, text);
        return;
    }
    list_commands(text, sizeof text);
    answer(session, line, text);
}

/* Without the blanks at its ends, which a name could have but nobody means. */
static const char *trim(char *line)
{
    size_t length = strlen(line);
    while (length > 0 && strchr(" \t\r", line[length - 1]))
        length--;
    line[length] = '\0';
    return line + strspn(line, " \t");
}

void molt__session_run_commands(Session *session)
{
    char line[MOLT__CONSOLE_LINE];
    while (session->console_open && !session->shot[0] && !session->quitting) {
        if (molt__console_next(&session->console, line)) {
            const char *command = trim(line);
            if (*command)
                run_command(session, command);
            continue;
        }
        if (session->console.ended) {
            session->console_open = false;
            session->quitting = !session->options->frames;
        }
        return;
    }
}
