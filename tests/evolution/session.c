/* A game in one process that goes through versions of its library in any order, as live edits, undo and
 * history do: session [--strict] [--through-file] [--null-functions] LIBRARY-PREFIX WORK.so STEP...; a step
 * is the number of a version, and `p` lets a frame of it run. Prints a line for what came of each step, one
 * for each finding, and the dump after it:
 *
 *     step 3 migrated
 *     finding loss field-removed State.hp 1
 *     says ...
 *     dump {...} */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "molt/reload.h"

static void log_line(const MoltPlatformApi *api, const char *text)
{
    (void)api;
    fprintf(stderr, "%s\n", text);
}

static void misuse(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "session: misuse of the heap: %s\n", text);
    exit(1);
}

static uint64_t zero(const MoltPlatformApi *api)
{
    (void)api;
    return 0;
}

static bool put_library(const char *prefix, const char *step, const char *work)
{
    char from[1024], buffer[65536];
    size_t got;
    snprintf(from, sizeof from, "%s%s.so", prefix, step);
    unlink(work);
    FILE *in = fopen(from, "rb"), *out = fopen(work, "wb");
    bool good = in && out;
    while (good && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        good = fwrite(buffer, 1, got, out) == got;
    if (in)
        fclose(in);
    if (out)
        good = fclose(out) == 0 && good;
    if (!good)
        fprintf(stderr, "session: %s cannot be copied to %s\n", from, work);
    return good;
}

/* On one line; NULL when there is none. */
static char *dump(const MoltReload *reload)
{
    char *text = NULL;
    size_t length = 0;
    MoltError error = {0};
    if (molt_reload_dump(reload, false, &text, &length, &error) != MOLT_OK)
        fprintf(stderr, "session: dump: %s\n", error.text);
    for (char *c = text; c && *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    return text;
}

static void print_event(const char *step, const MoltReloadEvent *event)
{
    printf("step %s %s\n", step, event->outcome);
    for (uint32_t f = 0; event->report && f < event->report->count; f++) {
        const MoltFinding *finding = &event->report->findings[f];
        char text[2048];
        printf("finding %s %s %s %llu\n", molt_severity_id(finding->severity),
               molt_rule_id(finding->rule), finding->path ? finding->path : "-",
               (unsigned long long)finding->objects);
        molt_finding_text(finding, text, sizeof text);
        printf("says %s\n", text);
    }
    if (event->kind != MOLT_EVENT_RELOADED)
        printf("detail %s\n", event->detail);
}

/* False when the step did not leave a whole state: the new one, or after a refusal the old one to the bit. */
static bool take_step(MoltReload *reload, const char *prefix, const char *work, const char *step)
{
    MoltReloadEvent event = {0};
    MoltHash before = molt_heap_digest(molt_reload_heap(reload));
    if (strcmp(step, "p") == 0) {
        bool good = molt_reload_frame(reload);
        printf("step p %s\n", good ? "played" : "failed");
        return good;
    }
    if (!put_library(prefix, step, work))
        return false;
    molt_reload_force(reload, &event);
    print_event(step, &event);
    MoltHash now = molt_heap_digest(molt_reload_heap(reload));
    if (event.kind != MOLT_EVENT_RELOADED && memcmp(&before, &now, sizeof now) != 0) {
        fprintf(stderr, "session: a refusal changed the state\n");
        return false;
    }
    molt_reload_poll(reload, &event); /* closes the library that no longer runs */
    return true;
}

static int run(MoltReload *reload, int count, char **arguments)
{
    for (int s = 2; s < count; s++) {
        if (s > 2 && !take_step(reload, arguments[0], arguments[1], arguments[s]))
            return 1;
        char *text = dump(reload);
        if (!text)
            return 1;
        printf("dump %s\n", text);
        free(text);
    }
    return 0;
}

int main(int argc, char **argv)
{
    bool strict = argc > 1 && strcmp(argv[1], "--strict") == 0;
    bool file = argc > 1 + strict && strcmp(argv[1 + strict], "--through-file") == 0;
    bool null = argc > 1 + strict + file && strcmp(argv[1 + strict + file], "--null-functions") == 0;
    char **arguments = argv + 1 + strict + file + null;
    int count = argc - 1 - strict - file - null, result = 1;
    if (count < 3) {
        fprintf(stderr, "usage: session [--strict] [--through-file] [--null-functions] LIBRARY-PREFIX "
                        "WORK.so STEP...\n");
        return 2;
    }
    MoltPlatformApi api = {.size = sizeof api,
                           .version = MOLT_PLATFORM_VERSION,
                           .frame = zero,
                           .seed = zero,
                           .log = log_line};
    MoltReloadDesc desc = {.library = arguments[1],
                           .api = &api,
                           .policy = strict ? MOLT_POLICY_STRICT : MOLT_POLICY_LIVE,
                           .missing_functions = null ? MOLT_MISSING_FUNCTIONS_NULL
                                                     : MOLT_MISSING_FUNCTIONS_REFUSE,
                           .through_file = file,
                           .fault = misuse,
                           .no_build = true,
                           .no_watch = true};
    MoltReload *reload = NULL;
    MoltError error = {0};
    if (!put_library(arguments[0], arguments[2], arguments[1]))
        return 1;
    if (molt_reload_create(&desc, &reload, &error) != MOLT_OK ||
        molt_reload_start(reload, &error) != MOLT_OK) {
        fprintf(stderr, "session: start: %s\n", error.text);
    } else {
        result = run(reload, count, arguments);
        molt_reload_stop(reload);
    }
    molt_reload_destroy(reload);
    return result;
}
