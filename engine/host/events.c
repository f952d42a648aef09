#include "events.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct MoltEvents {
    FILE *file; /* NULL after a failed write */
    bool owned;
};

MoltStatus molt__events_open(const char *path, MoltEvents **out, MoltError *error)
{
    bool standard = strcmp(path, "-") == 0;
    MoltEvents *events = calloc(1, sizeof *events);
    if (!events)
        return molt_error(error, MOLT_OUT_OF_MEMORY, "No memory for the event stream.");
    events->owned = !standard;
    events->file = standard ? stdout : fopen(path, "ae");
    if (!events->file) {
        free(events);
        return molt_error(error, MOLT_SYSTEM, "Cannot write events to %s: %s.", path,
                          strerror(errno));
    }
    *out = events;
    return MOLT_OK;
}

void molt__events_close(MoltEvents *events)
{
    if (!events)
        return;
    if (events->file && events->owned)
        fclose(events->file);
    free(events);
}

/* NULL when nothing is to be written; the cJSON functions accept that and do nothing. */
static cJSON *begin(const MoltEvents *events, const char *kind)
{
    if (!events || !events->file)
        return NULL;
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "event", kind);
    return line;
}

/* Exact, where a cJSON number would pass through a double. */
static void add_count(cJSON *line, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    cJSON_AddRawToObject(line, name, text);
}

static void add_ms(cJSON *line, const char *name, uint64_t nanoseconds)
{
    char text[40];
    snprintf(text, sizeof text, "%" PRIu64 ".%06" PRIu64, nanoseconds / 1000000,
             nanoseconds % 1000000);
    cJSON_AddRawToObject(line, name, text);
}

/* The moment, for whoever has the same clock. */
static void add_time(cJSON *line)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    add_count(line, "time_ns", (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

static void add_path(cJSON *line, const char *name, const char *path)
{
    if (path)
        cJSON_AddStringToObject(line, name, path);
}

/* JSON that is already text, on one line. Minified instead of parsed, which would round its numbers. */
static void add_json(cJSON *line, const char *name, const char *json)
{
    char *text = line ? strdup(json) : NULL;
    if (!text)
        return;
    cJSON_Minify(text);
    cJSON_AddRawToObject(line, name, text);
    free(text);
}

static void end(MoltEvents *events, cJSON *line)
{
    if (!line)
        return;
    char *text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    if (!text || fputs(text, events->file) < 0 || fputc('\n', events->file) == EOF ||
        fflush(events->file) != 0) {
        fprintf(stderr, "molt-host: the event stream ends here: %s\n",
                text ? strerror(errno) : "out of memory");
        if (events->owned)
            fclose(events->file);
        events->file = NULL;
    }
    cJSON_free(text);
}

void molt__events_started(MoltEvents *events, uint32_t generation, uint64_t frame, uint64_t objects,
                          const MoltSchema *schema)
{
    cJSON *line = begin(events, "started");
    MoltHash hash = molt_schema_source_hash(schema);
    char text[33];
    snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
    cJSON_AddStringToObject(line, "schema", text);
    add_count(line, "generation", generation);
    add_count(line, "frame", frame);
    add_count(line, "objects", objects);
    end(events, line);
}

void molt__events_build_started(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame)
{
    cJSON *line = begin(events, "build-started");
    add_count(line, "frame", frame);
    cJSON_AddStringToObject(line, "trigger", event->trigger);
    add_time(line);
    end(events, line);
}

void molt__events_build_cancelled(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame)
{
    cJSON *line = begin(events, "build-cancelled");
    add_count(line, "frame", frame);
    add_ms(line, "build_ms", event->build_ns);
    end(events, line);
}

static void add_diagnostics(cJSON *line, const MoltReloadEvent *event)
{
    cJSON *list = cJSON_AddArrayToObject(line, "diagnostics");
    for (uint32_t i = 0; i < event->diagnostic_count; i++) {
        const MoltDiagnostic *diagnostic = &event->diagnostics[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "severity", molt_diagnostic_id(diagnostic->kind));
        cJSON_AddStringToObject(item, "file", diagnostic->file);
        cJSON_AddNumberToObject(item, "line", diagnostic->line);
        cJSON_AddNumberToObject(item, "column", diagnostic->column);
        cJSON_AddStringToObject(item, "message", diagnostic->message);
        cJSON_AddStringToObject(item, "included", diagnostic->included);
        cJSON_AddItemToArray(list, item);
    }
}

void molt__events_build(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame, bool ok)
{
    cJSON *line = begin(events, "build");
    cJSON_AddBoolToObject(line, "ok", ok);
    add_count(line, "frame", frame);
    add_ms(line, "build_ms", event->build_ns);
    if (ok)
        cJSON_AddBoolToObject(line, "reload_follows", event->reload_follows);
    add_count(line, "resident_runs", event->resident_runs);
    add_count(line, "resident_kib", event->resident_kib);
    add_count(line, "resident_signal", (uint64_t)event->resident_signal);
    add_time(line);
    add_diagnostics(line, event);
    cJSON_AddStringToObject(line, "output", event->output);
    end(events, line);
}

void molt__events_reload(MoltEvents *events, const MoltReloadEvent *event,
                         const MoltReloadRecord *record)
{
    cJSON *line = begin(events, "reload");
    add_count(line, "sequence", record->sequence);
    cJSON_AddStringToObject(line, "outcome", event->outcome);
    add_count(line, "generation", event->generation);
    cJSON_AddNumberToObject(line, "steps", event->steps);
    add_count(line, "frame", record->frame);
    add_count(line, "types", event->types);
    add_count(line, "objects", event->objects);
    add_ms(line, "pause_ms", event->pause_ns);
    add_ms(line, "prepare_ms", event->prepare_ns);
    add_ms(line, "build_ms", event->build_ns);
    add_ms(line, "since_save_ms", event->since_save_ns);
    add_ms(line, "dump_ms", record->dump_ns);
    cJSON_AddStringToObject(line, "headline", event->headline);
    cJSON_AddStringToObject(line, "detail", event->detail);
    cJSON_AddStringToObject(line, "trigger", event->trigger);
    add_json(line, "report", event->report_json);
    add_path(line, "before", record->before);
    add_path(line, "after", record->after);
    end(events, line);
}

void molt__events_asset(MoltEvents *events, const MoltAssetEvent *event, uint64_t frame)
{
    cJSON *line = begin(events, "asset");
    cJSON_AddBoolToObject(line, "ok", !event->kept);
    cJSON_AddStringToObject(line, "path", event->path);
    add_count(line, "frame", frame);
    if (event->kept)
        cJSON_AddStringToObject(line, "error", event->problem);
    end(events, line);
}

void molt__events_crashed(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame)
{
    cJSON *line = begin(events, "crashed");
    add_count(line, "generation", event->generation);
    add_count(line, "frame", frame);
    add_count(line, "frames_back", event->frames_back);
    cJSON_AddStringToObject(line, "headline", event->headline);
    cJSON_AddStringToObject(line, "detail", event->detail);
    end(events, line);
}

void molt__events_no_checkpoint(MoltEvents *events, const MoltReloadEvent *event, uint64_t frame)
{
    cJSON *line = begin(events, "no-checkpoint");
    add_count(line, "generation", event->generation);
    add_count(line, "frame", frame);
    cJSON_AddStringToObject(line, "detail", event->detail);
    end(events, line);
}

void molt__events_restarted(MoltEvents *events, const MoltRestartParts *parts, uint64_t frame)
{
    cJSON *line = begin(events, "restarted");
    add_count(line, "frame", frame);
    add_ms(line, "ms", parts->process_ns + parts->display_ns + parts->state_ns + parts->picture_ns);
    add_ms(line, "process_ms", parts->process_ns);
    add_ms(line, "display_ms", parts->display_ns);
    add_ms(line, "state_ms", parts->state_ns);
    add_ms(line, "picture_ms", parts->picture_ns);
    end(events, line);
}

void molt__events_running(MoltEvents *events, const MoltReloadRecord *record)
{
    cJSON *line = begin(events, "running");
    add_count(line, "sequence", record->sequence);
    add_count(line, "frame", record->frame);
    add_time(line);
    add_ms(line, "dump_ms", record->dump_ns);
    end(events, line);
}

void molt__events_state(MoltEvents *events, const char *kind, const char *path, uint64_t frame,
                        uint64_t nanoseconds, const MoltReport *report, const char *problem)
{
    cJSON *line = begin(events, kind);
    char *json = line && report ? molt_report_to_json(report) : NULL;
    cJSON_AddBoolToObject(line, "ok", problem == NULL);
    cJSON_AddStringToObject(line, "path", path);
    add_count(line, "frame", frame);
    add_ms(line, "ms", nanoseconds);
    if (problem)
        cJSON_AddStringToObject(line, "error", problem);
    if (json)
        add_json(line, "report", json);
    free(json);
    end(events, line);
}

void molt__events_frame(MoltEvents *events, uint64_t frame)
{
    cJSON *line = begin(events, "frame");
    add_count(line, "frame", frame);
    end(events, line);
}

void molt__events_history(MoltEvents *events, const uint32_t *generations, uint32_t count, uint32_t at)
{
    cJSON *line = begin(events, "history");
    cJSON *list = cJSON_AddArrayToObject(line, "generations");
    for (uint32_t i = 0; i < count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber(generations[i]));
    if (count > 0)
        add_count(line, "running", generations[at]);
    end(events, line);
}

void molt__events_log(MoltEvents *events, uint64_t frame, const char *text)
{
    cJSON *line = begin(events, "log");
    add_count(line, "frame", frame);
    cJSON_AddStringToObject(line, "text", text);
    end(events, line);
}

void molt__events_leaks(MoltEvents *events, const MoltHeap *heap, const MoltLeaks *leaks)
{
    cJSON *line = begin(events, "leaks");
    add_count(line, "blocks", leaks->blocks);
    add_count(line, "bytes", leaks->bytes);
    cJSON *list = cJSON_AddArrayToObject(line, "leaks");
    for (uint32_t i = 0; i < leaks->count; i++) {
        char text[512];
        molt_leak_text(heap, &leaks->items[i], text, sizeof text);
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
    end(events, line);
}

void molt__events_done(MoltEvents *events, const char *command, const char *problem)
{
    cJSON *line = begin(events, "done");
    cJSON_AddStringToObject(line, "command", command);
    cJSON_AddBoolToObject(line, "ok", problem == NULL);
    if (problem)
        cJSON_AddStringToObject(line, "error", problem);
    end(events, line);
}

void molt__events_value(MoltEvents *events, const char *json)
{
    cJSON *line = begin(events, "value");
    add_json(line, "dump", json);
    end(events, line);
}

void molt__events_fault(MoltEvents *events, uint64_t frame, const char *text)
{
    cJSON *line = begin(events, "fault");
    add_count(line, "frame", frame);
    cJSON_AddStringToObject(line, "text", text);
    end(events, line);
}

void molt__events_exit(MoltEvents *events, int status, const char *text, uint64_t frame)
{
    cJSON *line = begin(events, "exit");
    add_count(line, "frame", frame);
    cJSON_AddNumberToObject(line, "status", status);
    cJSON_AddStringToObject(line, "text", text);
    end(events, line);
}

void molt__events_quit(MoltEvents *events, uint64_t frame)
{
    cJSON *line = begin(events, "quit");
    add_count(line, "frame", frame);
    end(events, line);
}
