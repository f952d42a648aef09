#include "session_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void molt__session_dump(Session *session, const char *path, const char *command)
{
    MoltError error;
    MoltStatus status = molt__dumps_write_state(session->reload, session->options->dump_addresses,
                                                path, &error);
    if (status)
        molt__session_complain(&error);
    if (command)
        molt__events_done(session->events, command, status ? error.text : NULL);
}

MoltStatus molt__session_load_json(Session *session, const char *path, MoltError *error)
{
    MoltPolicy policy = session->options->strict ? MOLT_POLICY_STRICT : MOLT_POLICY_LIVE;
    MoltReport report;
    molt_report_init(&report, NULL);
    MoltStatus status =
        molt__dumps_read_state(session->reload, policy, path, &report, error);
    char *text = !status && report.count > 0 ? molt_report_to_text(&report) : NULL;
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

/* The argument of `line` when it is the command `name`, NULL otherwise. */
static const char *argument_of(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0 || line[length] != ' ')
        return NULL;
    line += length + strspn(line + length, " ");
    return *line ? line : NULL;
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
        molt__events_done(session->events, command, "a thread of the game does not return from its step");
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
        molt__events_done(session->events, command, "out of memory");
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

static void run_command(Session *session, const char *line)
{
    const char *path;
    if ((path = argument_of(line, "screenshot"))) {
        snprintf(session->shot, sizeof session->shot, "%s", path);
        snprintf(session->command, sizeof session->command, "%s", line);
    } else if ((path = argument_of(line, "dump"))) {
        molt__session_dump(session, path, line);
    } else if ((path = argument_of(line, "save"))) {
        molt__session_save(session, path, line);
    } else if ((path = argument_of(line, "load"))) {
        molt__session_load(session, path, line);
    } else if ((path = argument_of(line, "load-json"))) {
        load_json_command(session, path, line);
    } else if ((path = argument_of(line, "show"))) {
        show_command(session, path, line);
    } else if (strcmp(line, "leaks") == 0) {
        list_leaks(session, line);
    } else if (strcmp(line, "undo") == 0 || strcmp(line, "redo") == 0) {
        molt__events_done(session->events, line, molt__session_step(session, *line == 'u' ? -1 : 1));
    } else if (strcmp(line, "history") == 0) {
        list_history(session, line);
    } else if (strcmp(line, "frames") == 0) {
        molt__events_frame(session->events, session->platform.frame);
        molt__events_done(session->events, line, NULL);
    } else if (strcmp(line, "quit") == 0) {
        molt__events_done(session->events, line, NULL);
        session->quitting = true;
    } else if (*line) {
        molt__events_done(session->events, line,
                          "unknown command; there are: screenshot PATH, dump PATH, save PATH, "
                          "load PATH, load-json PATH, show VALUE, leaks, undo, redo, history, "
                          "frames, quit");
    }
}

void molt__session_run_commands(Session *session)
{
    char line[MOLT__CONSOLE_LINE];
    while (session->console_open && !session->shot[0] && !session->quitting) {
        if (molt__console_next(&session->console, line)) {
            run_command(session, line);
            continue;
        }
        if (session->console.ended) {
            session->console_open = false;
            session->quitting = !session->options->frames;
        }
        return;
    }
}
