#include "event.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "diagnostics.h"

#define ERROR_LINES 8

const char *molt_event_id(MoltEventKind kind)
{
    static const char *const ids[] = {
#define X(name, id) id,
        MOLT_EVENT_LIST(X)
#undef X
    };
    return (unsigned)kind < sizeof ids / sizeof ids[0] ? ids[kind] : "unknown";
}

void molt__event_clear(MoltEventTexts *texts)
{
    free(texts->library);
    free(texts->trigger);
    free(texts->headline);
    free(texts->detail);
    free(texts->output);
    free(texts->report_json);
    molt__diagnostic_list_clear(&texts->diagnostics);
    memset(texts, 0, sizeof *texts);
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *pattern, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, pattern);
    if (vasprintf(&text, pattern, arguments) < 0) {
        text = NULL;
    }
    va_end(arguments);
    return text;
}

/* Points the event at the texts, so that no string of it is NULL. */
static void connect(MoltReloadEvent *event, const MoltEventTexts *texts)
{
    event->library = or_empty(texts->library);
    event->trigger = or_empty(texts->trigger);
    event->headline = or_empty(texts->headline);
    event->detail = or_empty(texts->detail);
    event->output = or_empty(texts->output);
    event->report_json = texts->report_json != NULL ? texts->report_json : "{}";
    event->diagnostics = texts->diagnostics.items;
    event->diagnostic_count = texts->diagnostics.count;
}

MoltReloadEvent molt__event_none(uint32_t generation)
{
    static const MoltEventTexts none;
    MoltReloadEvent event = {.kind = MOLT_EVENT_NONE, .outcome = "", .generation = generation};
    connect(&event, &none);
    return event;
}

static void set_cause(MoltReloadEvent *event, MoltEventTexts *texts, const MoltCause *cause)
{
    texts->trigger = cause->path != NULL ? strdup(cause->path) : NULL;
    event->since_save_ns = cause->first_ns != 0 ? molt__clock_ns() - cause->first_ns : 0;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* ---- builds -------------------------------------------------------------------------------- */

static void describe_failure(MoltEventTexts *texts, const MoltBuild *build)
{
    char lines[4096];
    size_t count =
        molt__diagnostics_first(molt__build_output(build, NULL), ERROR_LINES, lines, sizeof lines);
    texts->detail = strdup(lines);
    if (count == 0) {
        texts->headline =
            format("build failed (%s) and printed nothing", molt__build_ending(build));
        return;
    }
    texts->headline = format("build failed: %.*s", (int)strcspn(lines, "\n"), lines);
}

MoltReloadEvent molt__event_build(MoltEventTexts *texts, MoltEventKind kind, const MoltBuild *build,
                                  const MoltError *error, const MoltCause *cause)
{
    MoltReloadEvent event = {.kind = kind, .outcome = ""};
    molt__event_clear(texts);
    set_cause(&event, texts, cause);
    if (kind == MOLT_EVENT_BUILD_FAILED) {
        event.outcome = "build-failed";
    }
    if (build == NULL) {
        texts->headline = strdup("build failed: the command cannot be started");
        texts->detail = strdup(error->text);
    } else if (kind == MOLT_EVENT_BUILD_STARTED) {
        texts->headline = format("building %s", file_name(or_empty(cause->path)));
    } else if (kind == MOLT_EVENT_BUILD_CANCELLED) {
        event.build_ns = molt__build_duration_ns(build);
        texts->headline = strdup("build cancelled: there is a newer save");
    } else {
        event.build_ns = molt__build_duration_ns(build);
        texts->output = strdup(molt__build_output(build, NULL));
        molt__diagnostic_list_read(&texts->diagnostics, molt__build_output(build, NULL));
        if (kind == MOLT_EVENT_BUILD_FAILED) {
            describe_failure(texts, build);
        } else {
            texts->headline = format("built in %.2f s", (double)event.build_ns / 1e9);
        }
    }
    connect(&event, texts);
    return event;
}

/* ---- attempts ------------------------------------------------------------------------------ */

static void describe_success(MoltReloadEvent *event, MoltEventTexts *texts,
                             const MoltTransactionResult *result)
{
    const char *way = event->steps < 0 ? "undone: " : event->steps > 0 ? "redone: " : "";
    double milliseconds = (double)event->pause_ns / 1e6;
    bool migrated = event->types > 0 || event->objects > 0;
    event->kind = MOLT_EVENT_RELOADED;
    event->outcome = migrated ? "migrated" : "code";
    if (migrated) {
        texts->headline = format("%smigrated %" PRIu32 " type%s, %" PRIu64 " object%s in %.2f ms", way,
                                 event->types, event->types == 1 ? "" : "s", event->objects,
                                 event->objects == 1 ? "" : "s", milliseconds);
    } else {
        texts->headline = format("%scode reloaded in %.2f ms", way, milliseconds);
    }
    char *text = molt_report_to_text(event->report);
    bool more = result->note[0] != 0;
    texts->detail = format("%s%s%s", or_empty(text), result->note, more ? "\n" : "");
    free(text);
}

static void describe_refusal(MoltReloadEvent *event, MoltEventTexts *texts,
                             const MoltTransactionResult *result)
{
    const MoltFinding *finding = molt_report_refusal(result->report);
    char line[1024];
    event->kind = MOLT_EVENT_REFUSED;
    event->outcome = "refused";
    if (result->begin_crashed) {
        texts->headline = strdup("refused: begin_reload() crashed");
        texts->detail = format("%s\nThe old code goes on with the state of before. The next reload does "
                               "without its begin_reload().",
                               result->error.text);
        return;
    }
    if (finding == NULL) {
        bool thread = result->thread.text[0] != 0;
        texts->headline = thread ? format("refused: %s cannot go on in the new code",
                                          result->thread.text)
                                 : strdup("refused: the running state cannot be carried over");
        texts->detail = strdup(result->error.text);
        return;
    }
    molt_finding_text(finding, line, sizeof line);
    texts->headline = strdup(line);
    char *text = molt_report_to_text(result->report);
    bool more = result->note[0] != 0;
    texts->detail = format("%s%s%s", or_empty(text), result->note, more ? "\n" : "");
    free(text);
}

MoltReloadEvent molt__event_attempt(MoltEventTexts *texts, const MoltTransactionResult *result,
                                    const char *library, const MoltCause *cause)
{
    MoltReloadEvent event = {.report = result->report, .steps = cause->steps};
    molt__event_clear(texts);
    set_cause(&event, texts, cause);
    event.pause_ns = result->pause_ns;
    event.prepare_ns = result->prepare_ns;
    texts->library = strdup(library);
    if (result->status == MOLT_OK) {
        event.types = result->report->types_changed;
        event.objects = result->report->objects_migrated;
        describe_success(&event, texts, result);
    } else if (result->stage == MOLT_STAGE_LOAD) {
        event.kind = MOLT_EVENT_LOAD_FAILED;
        event.outcome = "load-failed";
        texts->headline = format("%s cannot be loaded; the old code goes on", file_name(library));
        texts->detail = strdup(result->error.text);
    } else {
        describe_refusal(&event, texts, result);
    }
    texts->report_json = molt_report_to_json(result->report);
    if (texts->report_json != NULL) {
        cJSON_Minify(texts->report_json); /* hosts put it into logs of one line per event */
    }
    connect(&event, texts);
    return event;
}

/* Something to know beside what became of a reload. */
static MoltReloadEvent notice(MoltEventTexts *texts, MoltEventKind kind, const char *headline,
                              const char *why)
{
    MoltReloadEvent event = {.kind = kind, .outcome = ""};
    molt__event_clear(texts);
    texts->headline = strdup(headline);
    texts->detail = strdup(why);
    connect(&event, texts);
    return event;
}

MoltReloadEvent molt__event_held(MoltEventTexts *texts, const char *why)
{
    return notice(texts, MOLT_EVENT_LIBRARY_HELD, "an earlier library stays loaded", why);
}

MoltReloadEvent molt__event_no_checkpoint(MoltEventTexts *texts, const char *why)
{
    return notice(texts, MOLT_EVENT_NO_CHECKPOINT, "no checkpoint for a new process", why);
}

MoltReloadEvent molt__event_postponed(MoltEventTexts *texts, const char *name, uint64_t waited_ns,
                                      const char *library, const MoltCause *cause)
{
    MoltReloadEvent event = {.kind = MOLT_EVENT_POSTPONED,
                             .outcome = "postponed",
                             .steps = cause->steps,
                             .pause_ns = waited_ns};
    molt__event_clear(texts);
    set_cause(&event, texts, cause);
    texts->library = strdup(library);
    texts->headline = format("postponed: %s did not return from its step in %.1f s", name,
                             (double)waited_ns / 1e9);
    texts->detail = format("The old code goes on, and the new code is loaded when that step of %s has "
                           "returned. Let a step do less, or let it ask api->reload_pending() and "
                           "return true early.",
                           name);
    connect(&event, texts);
    return event;
}

/* ---- crashes ------------------------------------------------------------------------------- */

MoltReloadEvent molt__event_crash(MoltEventTexts *texts, const char *headline, const char *detail)
{
    MoltReloadEvent event = {.kind = MOLT_EVENT_CRASHED, .outcome = "crashed"};
    molt__event_clear(texts);
    texts->headline = strdup(headline);
    texts->detail = strdup(detail);
    connect(&event, texts);
    return event;
}
