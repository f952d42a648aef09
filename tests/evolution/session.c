/* A game in one process that goes through versions of its library in any order, as live edits, undo
 * and history do: session [--strict] [--through-file] [--null-functions] [--restart] LIBRARY-PREFIX
 * WORK.so STEP...; a step is the number of a version, and `p` lets a frame of it run. With --restart
 * each step is that of another host, which went on with the files that the one before had left. Prints
 * a line for what came of each step, one for each finding, and the dump after it:
 *
 *     step 3 migrated
 *     finding loss field-removed State.hp 1
 *     says ...
 *     dump {...} */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "molt/reload.h"
#include "reload_parts.h"
#include "restart.h"

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

/* ---- another host ---------------------------------------------------------------------------- */

/* What the host leaves in a folder, as a crash that cannot be ended in it would. */
static bool leave(const MoltReload *reload, const char *folder, MoltRestart **out, MoltError *error)
{
    static char name[] = "session";
    char *command[] = {name, NULL}, ready[600];
    MoltRestart *restart = NULL;
    const MoltRestartDesc desc = {.directory = folder, .command = command};
    const MoltRestartState state = {.library = reload->current, .heap = reload->heap};
    if (molt__restart_create(&desc, &restart, error) != MOLT_OK)
        return false;
    *out = restart; /* with which the files go */
    bool good = molt__restart_write(restart, &state);
    snprintf(ready, sizeof ready, "%s/restart", folder);
    for (int i = 0; good && i < 10000 && access(ready, R_OK) != 0; i++) {
        char why[800];
        good = !molt__restart_problem(restart, why, sizeof why);
        if (!good)
            molt_error(error, MOLT_SYSTEM, "%s", why);
        usleep(1000);
    }
    return good;
}

/* The memory where heaps like to be is taken, so that the next one has other addresses. */
static void move_heaps(void)
{
    void *wish = (void *)0x200000000000; /* NOLINT: of the documentation */
    (void)mmap(wish, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

static bool change_hosts(const MoltReloadDesc *desc, MoltReload **reload)
{
    char folder[] = "/tmp/molt-session-XXXXXX";
    MoltReloadDesc next = *desc;
    MoltRestart *restart = NULL;
    MoltError error = {0};
    bool good = mkdtemp(folder) && leave(*reload, folder, &restart, &error);
    next.resume = folder;
    molt_reload_destroy(*reload);
    *reload = NULL;
    move_heaps();
    good = good && molt_reload_create(&next, reload, &error) == MOLT_OK &&
           molt_reload_start(*reload, &error) == MOLT_OK;
    molt__restart_destroy(restart);
    if (!good)
        fprintf(stderr, "session: another host: %s\n", error.text);
    return good;
}

/* ---- the way --------------------------------------------------------------------------------- */

static int run(const MoltReloadDesc *desc, bool restarts, MoltReload **reload, int count,
               char **arguments)
{
    for (int s = 2; s < count; s++) {
        if (s > 2 && restarts && !change_hosts(desc, reload))
            return 1;
        if (s > 2 && !take_step(*reload, arguments[0], arguments[1], arguments[s]))
            return 1;
        char *text = dump(*reload);
        if (!text)
            return 1;
        printf("dump %s\n", text);
        free(text);
    }
    return 0;
}

static bool takes(int *argc, char ***argv, const char *option)
{
    bool is = *argc > 1 && strcmp((*argv)[1], option) == 0;
    *argc -= is;
    *argv += is;
    return is;
}

int main(int argc, char **argv)
{
    bool strict = takes(&argc, &argv, "--strict"), file = takes(&argc, &argv, "--through-file");
    bool null = takes(&argc, &argv, "--null-functions"),
         restarts = takes(&argc, &argv, "--restart");
    char **arguments = argv + 1;
    int count = argc - 1, result = 1;
    if (count < 3) {
        fprintf(stderr, "usage: session [--strict] [--through-file] [--null-functions] [--restart] "
                        "LIBRARY-PREFIX WORK.so STEP...\n");
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
                           .missing_functions =
                               null ? MOLT_MISSING_FUNCTIONS_NULL : MOLT_MISSING_FUNCTIONS_REFUSE,
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
        result = run(&desc, restarts, &reload, count, arguments);
        if (reload)
            molt_reload_stop(reload);
    }
    molt_reload_destroy(reload);
    return result;
}
