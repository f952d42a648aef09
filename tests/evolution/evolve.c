/* Runs one edit through the real reload: loads version 1 of a game, lets it make its state, replaces
 * the library file by version 2, forces the reload, lets the code that then runs check the state, and
 * under the live policy goes back to version 1. Prints one line for the outcome and one for each
 * finding; exit 0 when code and state agree. Libraries between the two are edits on the way there. With
 * --refused-between the first of them must be refused, and the next one is made all the same. With
 * --through-json the states before and after are replaced by their own dumps, and nothing is undone: what
 * edits took away does not go through a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "molt/reload.h"

enum { LONG_DUMP = 8 << 20 };

static void log_line(const MoltPlatformApi *api, const char *text)
{
    (void)api;
    fprintf(stderr, "%s\n", text);
}

static void misuse(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "evolve: misuse of the heap: %s\n", text);
    exit(1);
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
                                        "{\"unnamed\":true}"};
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
    if (event->report)
        printf("changed %u types, %llu objects\nkept %llu objects\n", event->report->types_changed,
               (unsigned long long)event->report->objects_migrated,
               (unsigned long long)event->report->attic_objects);
    for (uint32_t f = 0; event->report && f < event->report->count; f++) {
        const MoltFinding *finding = &event->report->findings[f];
        printf("finding %s %s %s %llu\n", molt_severity_id(finding->severity),
               molt_rule_id(finding->rule), finding->path ? finding->path : "-",
               (unsigned long long)finding->objects);
        char text[2048];
        molt_finding_text(finding, text, sizeof text);
        printf("says %s\n", text);
        if (finding->remedy)
            printf("remedy %s\n", finding->remedy);
    }
    if (event->kind != MOLT_EVENT_RELOADED)
        printf("detail %s: %s\n", event->headline, event->detail);
}

static bool put_library(const char *library, const char *work)
{
    unlink(work);
    if (copy_file(library, work))
        return true;
    fail(work, "cannot be replaced");
    return false;
}

/* Goes to another version and says whether the state is as it was before in that version. */
static bool go_back(MoltReload *reload, const char *library, const char *work, const char *before,
                    const char *word)
{
    MoltReloadEvent event;
    char *after = NULL;
    if (!put_library(library, work))
        return false;
    molt_reload_force(reload, &event);
    if (event.kind == MOLT_EVENT_RELOADED)
        after = dump(reload);
    bool same = after && before && strcmp(after, before) == 0;
    if (event.kind != MOLT_EVENT_RELOADED)
        printf("%s %s\n%s\n", word, event.outcome, event.detail);
    else if (same)
        printf("%s same\n", word);
    else
        printf("%s differs\nbefore:\n%s\nafter:\n%s\n", word, before, after);
    free(after);
    return same;
}

/* Undoing the edit brings back the state as it was, whatever the edit took away; and so does doing and
 * undoing it once more, which is left out for states that take long to dump. */
static void undo(MoltReload *reload, const char *const libraries[2], const char *work,
                 const char *const dumps[2])
{
    static const char *const words[] = {"undo", "redo", "undo-again"};
    int steps = dumps[0] && strlen(dumps[0]) < LONG_DUMP ? 3 : 1;
    for (int step = 0; step < steps; step++) {
        if (!go_back(reload, libraries[step % 2], work, dumps[step % 2], words[step]))
            return;
    }
}

typedef struct Run {
    MoltPolicy policy;
    MoltConverterUse converters;
    bool through_json;
    bool refused_between;
    const char *dump_file; /* for the state after the edit; NULL: nowhere */
    const char *libraries[4];
    int count; /* of the libraries, the first and the last version included */
    const char *work;
} Run;

static bool write_dump(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool good = file && fputs(text, file) >= 0;
    if (file)
        good = fclose(file) == 0 && good;
    return good;
}

/* From a running version 1 on: 0 when code and state agree. */
static int run_edit(const Run *run, MoltReload *reload)
{
    MoltHash digest = molt_heap_digest(molt_reload_heap(reload));
    MoltReloadEvent event = {0};
    char *before = dump(reload), *after = NULL;
    int result = 1;
    for (int v = 1; v < run->count; v++) {
        if (!put_library(run->libraries[v], run->work))
            goto cleanup;
        molt_reload_force(reload, &event);
        if (run->refused_between && v == 1) {
            print_event(&event);
            if (event.kind == MOLT_EVENT_RELOADED ||
                check_untouched(reload, &digest, before) != 0 || !molt_reload_frame(reload)) {
                fail("between", "it must be refused, and nothing changed");
                goto cleanup;
            }
            printf("between refused\n");
        } else if (event.kind != MOLT_EVENT_RELOADED) {
            break;
        }
    }
    bool reloaded = event.kind == MOLT_EVENT_RELOADED;
    print_event(&event);
    molt_reload_poll(reload, &event); /* closes the library that no longer runs */
    result = reloaded ? 0 : check_untouched(reload, &digest, before);
    if (result == 0 && run->through_json)
        result = read_back(reload, reloaded ? "version 2" : "version 1");
    if (result == 0 && !molt_reload_frame(reload))
        result = fail("check", "the state is not what the edit should have made of it");
    after = dump(reload); /* also a check: it follows every pointer of the new state */
    if (!after || (run->dump_file && !write_dump(run->dump_file, after)))
        result = 1;
    if (result == 0 && reloaded && !run->through_json && run->policy == MOLT_POLICY_LIVE) {
        const char *const libraries[2] = {run->libraries[0], run->libraries[run->count - 1]};
        const char *const dumps[2] = {before, after};
        undo(reload, libraries, run->work, dumps);
    }
cleanup:
    free(before);
    free(after);
    return result;
}

static bool parse(int argc, char **argv, Run *run)
{
    int at = 1;
    *run = (Run){.policy = MOLT_POLICY_LIVE, .converters = MOLT_CONVERTERS_NEVER};
    if (at < argc && strcmp(argv[at], "--strict") == 0) {
        run->policy = MOLT_POLICY_STRICT;
        at++;
    }
    if (at < argc && strcmp(argv[at], "--through-json") == 0) {
        run->through_json = true;
        at++;
    }
    if (at < argc && strcmp(argv[at], "--converters") == 0) {
        run->converters = MOLT_CONVERTERS_ALWAYS;
        at++;
    }
    if (at < argc && strcmp(argv[at], "--refused-between") == 0) {
        run->refused_between = true;
        at++;
    }
    if (at + 1 < argc && strcmp(argv[at], "--dump") == 0) {
        run->dump_file = argv[at + 1];
        at += 2;
    }
    run->count = argc - at - 1;
    if (run->count < 2 || run->count > 4)
        return false;
    for (int v = 0; v < run->count; v++)
        run->libraries[v] = argv[at + v];
    run->work = argv[argc - 1];
    return true;
}

int main(int argc, char **argv)
{
    Run run;
    if (!parse(argc, argv, &run)) {
        fprintf(stderr, "usage: evolve [--strict] [--through-json] [--converters] [--refused-between] "
                        "[--dump FILE] V1.so [BETWEEN.so]... V2.so "
                        "WORK.so\nWORK.so is the path that is reloaded\n");
        return 2;
    }
    MoltPlatformApi api = {.size = sizeof api,
                           .version = MOLT_PLATFORM_VERSION,
                           .frame = zero,
                           .seed = zero,
                           .log = log_line};
    MoltReloadDesc desc = {.library = run.work,
                           .api = &api,
                           .policy = run.policy,
                           .converters = run.converters,
                           .fault = misuse,
                           .no_build = true,
                           .no_watch = true};
    MoltReload *reload = NULL;
    MoltError error = {0};
    int result = 1;
    const MoltThreadsDesc two = {.count = 2}; /* which convert together */
    if (run.converters == MOLT_CONVERTERS_ALWAYS &&
        molt_threads_create(&two, &desc.threads, &error) != MOLT_OK)
        return fail("threads", error.text);
    if (!copy_file(run.libraries[0], run.work)) {
        fail(run.work, "cannot be written");
    } else if (molt_reload_create(&desc, &reload, &error) != MOLT_OK ||
               molt_reload_start(reload, &error) != MOLT_OK) {
        fail("start", error.text);
    } else if (run.through_json && read_back(reload, "version 1") != 0) {
        fail("version 1", "its dump cannot be read back");
    } else if (!molt_reload_frame(reload)) {
        fail("version 1", "its own check fails");
    } else {
        result = run_edit(&run, reload);
        molt_reload_stop(reload);
    }
    molt_reload_destroy(reload);
    molt_threads_destroy(desc.threads);
    return result;
}
