/* Runs one edit through the real reload: loads version 1 of a game, lets it make its state, replaces
 * the library file by version 2, forces the reload, lets the code that then runs check the state, and
 * goes back to version 1. Prints one line for the outcome and one for each finding; exit 0 when code and
 * state agree. With --through-json the states before and after are replaced by their own dumps, and
 * nothing is undone: what edits took away does not go through a file. */
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

static uint64_t zero(const MoltPlatformApi *api)
{
    (void)api;
    return 0;
}

static bool copy_file(const char *from, const char *to)
{
    char buffer[65536];
    size_t got;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    bool good = in && out;
    while (good && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        good = fwrite(buffer, 1, got, out) == got;
    if (in)
        fclose(in);
    if (out)
        good = fclose(out) == 0 && good;
    return good;
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "evolve: %s: %s\n", what, why);
    return 1;
}

static char *dump(const MoltReload *reload)
{
    char *text = NULL;
    size_t length = 0;
    MoltError error = {0};
    if (molt_reload_dump(reload, false, &text, &length, &error) != MOLT_OK)
        fprintf(stderr, "evolve: dump: %s\n", error.text);
    return text;
}

/* Addresses that mean something in one process only do not come back from a file. */
static bool holds_addresses(const char *text)
{
    static const char *const forms[] = {"{\"foreign\":true}", "{\"dangling\":true}",
                                        "{\"unnamed\":true}", "{\"external\":true}"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strstr(text, forms[i]))
            return true;
    return false;
}

/* Puts the state's own dump in its place: the same dump must come of it. The game's own check follows. */
static int read_back(MoltReload *reload, const char *version)
{
    MoltError error = {0};
    char *before = dump(reload), *after = NULL;
    int result = 0;
    if (before && !holds_addresses(before)) {
        MoltImportDesc desc = {.policy = MOLT_POLICY_STRICT, .name = version};
        if (molt_reload_load_json(reload, before, strlen(before), &desc, &error) != MOLT_OK)
            result = fail("reading the dump back", error.text);
        else if (!(after = dump(reload)) || strcmp(before, after) != 0)
            result = fail("the dump of a dump that was read", after ? after : "none");
    }
    free(before);
    free(after);
    return result;
}

/* What a refusal must leave alone. */
static int check_untouched(const MoltReload *reload, const MoltHash *digest, const char *before)
{
    MoltHash now = molt_heap_digest(molt_reload_heap(reload));
    char *after = dump(reload);
    int result = 0;
    if (memcmp(&now, digest, sizeof now) != 0)
        result = fail("refusal", "the state is not bit-identical");
    else if (!after || !before || strcmp(before, after) != 0)
        result = fail("refusal", "the dump differs");
    free(after);
    return result;
}

static void print_event(const MoltReloadEvent *event)
{
    printf("outcome %s\n", event->outcome);
    for (uint32_t f = 0; event->report && f < event->report->count; f++) {
        const MoltFinding *finding = &event->report->findings[f];
        printf("finding %s %s %s %llu\n", molt_severity_id(finding->severity),
               molt_rule_id(finding->rule), finding->path ? finding->path : "-",
               (unsigned long long)finding->objects);
        if (finding->remedy)
            printf("remedy %s\n", finding->remedy);
    }
    if (event->kind != MOLT_EVENT_RELOADED)
        printf("detail %s: %s\n", event->headline, event->detail);
}

/* Undoing the edit brings back the state as it was, whatever the edit took away. */
static void undo(MoltReload *reload, const char *library, const char *work, const char *before)
{
    MoltReloadEvent event;
    char *after = NULL;
    unlink(work);
    if (!copy_file(library, work)) {
        fail(work, "cannot be replaced");
        return;
    }
    molt_reload_force(reload, &event);
    if (event.kind == MOLT_EVENT_RELOADED)
        after = dump(reload);
    bool same = after && before && strcmp(after, before) == 0;
    if (event.kind != MOLT_EVENT_RELOADED)
        printf("undo %s\n%s\n", event.outcome, event.detail);
    else if (same)
        printf("undo same\n");
    else
        printf("undo differs\nbefore:\n%s\nafter:\n%s\n", before, after);
    free(after);
}

static bool has_option(int argc, char **argv, const char *option)
{
    for (int i = 4; i < argc; i++)
        if (strcmp(argv[i], option) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    bool show = has_option(argc, argv, "--dump");
    bool through_json = has_option(argc, argv, "--through-json");
    if (argc != 4 + show + through_json) {
        fprintf(stderr, "usage: evolve V1.so V2.so WORK.so [--dump] [--through-json]\n"
                        "WORK.so is the path to load and reload from\n");
        return 2;
    }
    MoltPlatformApi api = {.size = sizeof api,
                           .version = MOLT_PLATFORM_VERSION,
                           .frame = zero,
                           .seed = zero,
                           .log = log_line};
    MoltReloadDesc desc = {.library = argv[3], .api = &api, .no_build = true, .no_watch = true};
    MoltReload *reload = NULL;
    MoltReloadEvent event;
    MoltError error = {0};
    char *before = NULL;
    int result = 1;
    if (!copy_file(argv[1], argv[3])) {
        fail(argv[3], "cannot be written");
    } else if (molt_reload_create(&desc, &reload, &error) != MOLT_OK ||
               molt_reload_start(reload, &error) != MOLT_OK) {
        fail("start", error.text);
    } else if (through_json && read_back(reload, "version 1") != 0) {
        fail("version 1", "its dump cannot be read back");
    } else if (!molt_reload_frame(reload)) {
        fail("version 1", "its own check fails");
    } else {
        MoltHash digest = molt_heap_digest(molt_reload_heap(reload));
        before = dump(reload);
        unlink(argv[3]);
        if (!copy_file(argv[2], argv[3]))
            fail(argv[3], "cannot be replaced");
        molt_reload_force(reload, &event);
        print_event(&event);
        result = event.kind == MOLT_EVENT_RELOADED ? 0 : check_untouched(reload, &digest, before);
        if (result == 0 && through_json)
            result = read_back(reload, event.kind == MOLT_EVENT_RELOADED ? "version 2" : "version 1");
        if (result == 0 && !molt_reload_frame(reload))
            result = fail("check", "the state is not what the edit should have made of it");
        char *after = dump(reload); /* also a check: it follows every pointer of the new state */
        if (!after)
            result = 1;
        else if (show)
            printf("%s", after);
        free(after);
        if (result == 0 && !through_json && event.kind == MOLT_EVENT_RELOADED)
            undo(reload, argv[1], argv[3], before);
        molt_reload_stop(reload);
    }
    free(before);
    molt_reload_destroy(reload);
    return result;
}
